// The last line of a traced generation: the answer.

namespace InferenceGuard.Diagnostics;

/// <summary>The answer of a traced generation.</summary>
public sealed record TraceAnswer : TraceLine
{
    /// <summary>The answer, or the abstention.</summary>
    public required string Text { get; init; }

    /// <summary>Identity of its beam in the last search; null for an abstention.</summary>
    public required int? Beam { get; init; }

    /// <summary>Whether the text is verified safe.</summary>
    public required bool Safe { get; init; }

    /// <summary>Why the answer ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>Final safety state z.</summary>
    public required double Z { get; init; }

    /// <summary>Cost of the whole text, scored afresh.</summary>
    public required double Cost { get; init; }

    /// <summary>Task reward of the text.</summary>
    public required double Reward { get; init; }

    /// <summary>Answer length in tokens.</summary>
    public required int AnswerTokens { get; init; }

    /// <summary>Tokens decoded after the prompt.</summary>
    public required long DecodedTokens { get; init; }

    /// <summary>Attempts beyond the first.</summary>
    public required int Retries { get; init; }

    /// <summary>Blocks, those of the widened search included.</summary>
    public required int Blocks { get; init; }
}
