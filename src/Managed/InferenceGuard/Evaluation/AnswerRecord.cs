// One answer of an evaluation, as one JSON line: what was asked of whom, what came back, and what it took.

namespace InferenceGuard.Evaluation;

/// <summary>One answer of an evaluation. Its key is (model, method, setting, prompt, seed).</summary>
public sealed record AnswerRecord
{
    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Name of the method.</summary>
    public required string Method { get; init; }

    /// <summary>Name of the setting; empty for the only one.</summary>
    public string Setting { get; init; } = "";

    /// <summary>Identity of the prompt in its file.</summary>
    public required string PromptId { get; init; }

    /// <summary>Seed of the answer.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The answer, or the abstention.</summary>
    public required string Text { get; init; }

    /// <summary>Whether the text is safe; an abstention is.</summary>
    public required bool Safe { get; init; }

    /// <summary>Whether the text is the abstention.</summary>
    public required bool Abstained { get; init; }

    /// <summary>Cost of the whole text, in cost units.</summary>
    public required double Cost { get; init; }

    /// <summary>Task reward of the text; means nothing for an abstention.</summary>
    public required double Reward { get; init; }

    /// <summary>z_T: what is left of the budget.</summary>
    public required double State { get; init; }

    /// <summary>Wall-clock time of the answer.</summary>
    public required double Seconds { get; init; }

    /// <summary>Tokens the model decoded after the prompt.</summary>
    public required long DecodedTokens { get; init; }

    /// <summary>Tokens sampled for all candidates.</summary>
    public required long SampledTokens { get; init; }

    /// <summary>Answer length in tokens; 0 for an abstention.</summary>
    public required int AnswerTokens { get; init; }

    /// <summary>Attempts beyond the first.</summary>
    public int Retries { get; init; }

    /// <summary>Whether the search was repeated with more beams.</summary>
    public bool Widened { get; init; }

    /// <summary>Texts or prefixes that the cost was asked about.</summary>
    public long CostCalls { get; init; }

    /// <summary>Texts or prefixes that the reward was asked about.</summary>
    public long RewardCalls { get; init; }

    /// <summary>What the referee says of the text; null without one, and for an abstention.</summary>
    public RefereeVerdict? Referee { get; init; }

    /// <summary>Why the answer ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>Whether it is an answer that was given although it is unsafe.</summary>
    public bool IsViolation => !Safe && !Abstained;

    internal (string Model, string Method, string Setting, string PromptId, ulong Seed) Key => (Model, Method, Setting, PromptId, Seed);
}
