// The inputs that a prompt and an answer become: one, or a window that slides over a long answer.

namespace InferenceGuard.Onnx;

/// <summary>Makes a classifier's inputs of tokens.</summary>
/// <param name="layout">How they are put together.</param>
/// <param name="room">Tokens of an input without special ones; 2 or more.</param>
/// <param name="stride">Tokens from one window to the next; null = half of a window.</param>
internal sealed class TextWindows(PairLayout layout, int room, int? stride)
{
    /// <summary>The inputs of an answer so far. Windows begin at multiples of the stride, so that only the last one changes as it grows.</summary>
    /// <param name="prompt">Tokens of the prompt; of a long one the newest that fill half of the input.</param>
    /// <param name="answer">Tokens of the answer.</param>
    public IEnumerable<ClassifierInput> Of(IReadOnlyList<int> prompt, IReadOnlyList<int> answer)
    {
        var kept = layout.HasPrompt ? Math.Min(prompt.Count, room / 2) : 0;
        int[] before = [.. prompt.Skip(prompt.Count - kept)];
        var width = room - kept;
        var step = Math.Min(stride ?? Math.Max(1, width / 2), width);
        var begin = 0;
        do
            yield return layout.Of(before, answer.Skip(begin).Take(width));
        while ((begin += step) + width - step < answer.Count);
    }
}
