// What a guarded generation returns.

using InferenceGuard.Diagnostics;
using InferenceGuard.Model;
using InferenceGuard.Safety;

namespace InferenceGuard;

/// <summary>What a guarded generation returns.</summary>
public sealed record GuardedAnswer
{
    /// <summary>The answer, or the abstention.</summary>
    public required string Text { get; init; }

    /// <summary>Whether the text is verified safe; an abstention is.</summary>
    public required bool Safe { get; init; }

    /// <summary>Whether no verified-safe answer was found, so that the text is the abstention.</summary>
    public bool Abstained => FinishReason == FinishReason.ContentFilter;

    /// <summary>Identity of its beam in the last search, as traces name it; null for an abstention.</summary>
    public required int? Beam { get; init; }

    /// <summary>Why the answer ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>z_T: what is left of the budget; carry it into the next turn.</summary>
    public required SafetyState State { get; init; }

    /// <summary>Cost of the whole text, scored afresh, in cost units.</summary>
    public required double Cost { get; init; }

    /// <summary>Task reward of the text; 0 for an abstention.</summary>
    public required double Reward { get; init; }

    /// <summary>Prompt length in tokens.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Answer length in tokens, without the end token; 0 for an abstention.</summary>
    public required int AnswerTokens { get; init; }

    /// <summary>The answer's tokens and the log-probability of each under the unmodified model at temperature 1, in nats, where its method knows them.</summary>
    public IReadOnlyList<(TokenId Token, float LogProb)> Tokens { get; init; } = [];

    /// <summary>Tokens the model decoded after the prompt; equal beams are decoded once.</summary>
    public required long DecodedTokens { get; init; }

    /// <summary>Tokens sampled for all beams.</summary>
    public required long SampledTokens { get; init; }

    /// <summary>Attempts beyond the first, over all blocks and both searches.</summary>
    public required int Retries { get; init; }

    /// <summary>Blocks of the search, the widened one included.</summary>
    public required int Blocks { get; init; }

    /// <summary>Whether the search was repeated with more beams.</summary>
    public required bool Widened { get; init; }

    /// <summary>Where the time went.</summary>
    public required Timings Timings { get; init; }
}
