// How a classifier wants prompt and answer put together: its special tokens and segments.

namespace InferenceGuard.Onnx;

/// <summary>An input's parts in their order: special tokens, the prompt, the answer, each with its segment.</summary>
/// <param name="parts">A special token's id, or <see cref="Prompt"/> or <see cref="Answer"/>; and the segment.</param>
internal sealed class PairLayout(IReadOnlyList<(int Id, int Segment)> parts)
{
    /// <summary>Stands for the tokens of the prompt.</summary>
    public const int Prompt = -1;

    /// <summary>Stands for the tokens of the answer.</summary>
    public const int Answer = -2;

    /// <summary>Whether the prompt is part of it.</summary>
    public bool HasPrompt { get; } = parts.Any(static part => part.Id == Prompt);

    /// <summary>Number of special tokens.</summary>
    public int SpecialTokens { get; } = parts.Count(static part => part.Id >= 0);

    /// <summary>The layouts that classifiers have: <c>CLS prompt SEP answer SEP</c>, or <c>CLS prompt SEP SEP answer SEP</c> in one segment.</summary>
    /// <param name="cls">Id of the token an input begins with.</param>
    /// <param name="sep">Id of the separator.</param>
    /// <param name="isRobertaLike">Whether it is the latter.</param>
    public static PairLayout Pair(int cls, int sep, bool isRobertaLike) => isRobertaLike
        ? new([(cls, 0), (Prompt, 0), (sep, 0), (sep, 0), (Answer, 0), (sep, 0)])
        : new([(cls, 0), (Prompt, 0), (sep, 0), (Answer, 1), (sep, 1)]);

    /// <summary>The layout of an answer without its prompt.</summary>
    /// <param name="cls">Id of the token an input begins with.</param>
    /// <param name="sep">Id of the separator.</param>
    public static PairLayout Single(int cls, int sep) => new([(cls, 0), (Answer, 0), (sep, 0)]);

    /// <summary>Puts an input together.</summary>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="answer">Tokens of the answer.</param>
    public ClassifierInput Of(IReadOnlyList<int> prompt, IEnumerable<int> answer)
    {
        var (ids, segments) = (new List<long>(), new List<long>());
        foreach (var (id, segment) in parts)
        {
            ids.AddRange(id switch
            {
                Prompt => prompt.Select(static token => (long)token),
                Answer => answer.Select(static token => (long)token),
                _ => [id],
            });
            segments.AddRange(Enumerable.Repeat((long)segment, ids.Count - segments.Count));
        }
        return new([.. ids], [.. segments]);
    }
}
