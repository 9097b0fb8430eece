// Writes rollouts as labelled answers, for a score head to learn from.

using System.Text.Encodings.Web;
using System.Text.Json;
using InferenceGuard.Model;
using InferenceGuard.Rollouts;

namespace InferenceGuard.Training.Heads;

/// <summary>
/// Writes every answer of rollouts as it was after each cost step, the way a search asks about it: a line of JSON with <c>prompt</c>, <c>response</c>,
/// <c>label</c> (1 = over the budget by then) and <c>score</c> (its reward by then). Texts to a prompt that are equal make one line.
/// </summary>
public static class RolloutExamples
{
    private static readonly JsonWriterOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a file that <see cref="HeadExamples.Read"/> reads.</summary>
    /// <param name="path">The file; replaced.</param>
    /// <param name="store">The rollouts.</param>
    /// <param name="prompts">All prompts of their file.</param>
    /// <param name="vocabulary">The vocabulary of the model that answered.</param>
    /// <returns>The number of lines.</returns>
    /// <exception cref="GuardException">The file cannot be written.</exception>
    public static int Write(string path, RolloutStore store, IReadOnlyList<PromptEntry> prompts, Vocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(vocabulary);
        var texts = prompts.ToDictionary(static prompt => prompt.Id, static prompt => prompt.UserText);
        try
        {
            using var file = File.Create(path);
            var written = new HashSet<(string, string)>();
            foreach (var trajectory in store.Trajectories)
                foreach (var (response, step) in Prefixes(trajectory, vocabulary))
                    if (written.Add((trajectory.PromptId, response)))
                        file.Write([.. Line(texts[trajectory.PromptId], response, trajectory.States[step + 1] < 0, trajectory.StepRewards[step]), (byte)'\n']);
            return written.Count;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The labelled answers '{path}' cannot be written: {e.Message} Make room or name another file; the rollouts are kept.", e);
        }
    }

    // The whole answer first: it is also the prefix of a last step that only ended it, and earned what an end earns.
    private static IEnumerable<(string Response, int Step)> Prefixes(Trajectory trajectory, Vocabulary vocabulary)
    {
        var tokens = Array.ConvertAll(trajectory.Tokens, static token => new TokenId(token));
        for (var step = trajectory.StepCosts.Length - 1; step >= 0; step--)
            // A character that is still incomplete is no text yet.
            yield return (vocabulary.Detokenize(tokens.AsSpan(..Math.Min(tokens.Length, (step + 1) * trajectory.TokensPerCharge))).TrimEnd('\uFFFD'), step);
    }

    private static byte[] Line(string prompt, string response, bool isUnsafe, double reward)
    {
        using var line = new MemoryStream();
        using (var writer = new Utf8JsonWriter(line, s_readable))
        {
            writer.WriteStartObject();
            writer.WriteString("prompt", prompt);
            writer.WriteString("response", response);
            writer.WriteNumber("label", isUnsafe ? 1 : 0);
            writer.WriteNumber("score", reward);
            writer.WriteEndObject();
        }
        return line.ToArray();
    }
}
