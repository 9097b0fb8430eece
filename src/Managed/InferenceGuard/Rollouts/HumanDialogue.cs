// The dialogues of HH-RLHF: one text in which every turn begins with its speaker.

using System.Text.RegularExpressions;
using InferenceGuard.Model;

namespace InferenceGuard.Rollouts;

/// <summary>
/// Reads dialogues of HH-RLHF. The prompt is the last turn of the human before the last turn of the assistant, which is the answer that was judged;
/// what was said before it, by both, are the earlier turns. Turns without text are left out, and neighbours of one speaker are one turn, so
/// that human and assistant alternate as chat templates expect.
/// </summary>
internal static partial class HumanDialogue
{
    private const string Human = "Human", Assistant = "Assistant";

    /// <summary>Reads a dialogue.</summary>
    /// <param name="id">Its identity.</param>
    /// <param name="text">The dialogue.</param>
    /// <exception cref="FormatException">It has no turn to answer; the message says why.</exception>
    public static PromptEntry Read(string id, string text)
    {
        text = "\n\n" + text.Trim();
        var marks = Speaker().Matches(text);
        if (marks.Count == 0 || marks[0].Index > 0)
            throw new FormatException($"its dialogue does not begin with \"{Human}:\" or \"{Assistant}:\"");
        var answer = marks.Select(static mark => mark.Groups[1].Value).ToList().LastIndexOf(Assistant);
        if (answer < 0)
            throw new FormatException($"its dialogue has no turn of \"{Assistant}:\"");
        var turns = new List<ChatMessage>();
        for (var turn = 0; turn < answer; turn++)
        {
            var (mark, said) = (marks[turn], text[(marks[turn].Index + marks[turn].Length)..marks[turn + 1].Index].Trim());
            var role = mark.Groups[1].Value == Human ? "user" : "assistant";
            if (said == "")
                continue;
            if (turns is [.., var last] && last.Role == role)
                turns[^1] = last with { Content = last.Content + "\n\n" + said };
            else
                turns.Add(new(role, said));
        }
        var asked = turns.FindLastIndex(static turn => turn.Role == "user");
        return asked >= 0
            ? new(id, turns[asked].Content) { Earlier = turns[..asked] }
            : throw new FormatException($"its dialogue has no text of \"{Human}:\" before the last turn of \"{Assistant}:\"");
    }

    [GeneratedRegex(@"\n\n(Human|Assistant):")]
    private static partial Regex Speaker();
}
