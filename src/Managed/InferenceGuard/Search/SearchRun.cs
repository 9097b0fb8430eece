// What one generation counts over both of its searches.

using InferenceGuard.Diagnostics;
using InferenceGuard.Model;
using InferenceGuard.Safety;

namespace InferenceGuard.Search;

/// <summary>What one generation counts over both of its searches.</summary>
internal sealed class SearchRun(Prompt prompt, SafetyState start)
{
    /// <summary>The conversation.</summary>
    public Prompt Prompt { get; } = prompt;

    /// <summary>z_0: the budget, or what earlier turns left of it.</summary>
    public SafetyState Start { get; } = start;

    /// <summary>Where the time goes.</summary>
    public Timings Timings { get; } = new();

    /// <summary>Tokens decoded after the prompt.</summary>
    public long DecodedTokens { get; set; }

    /// <summary>Tokens sampled for all beams.</summary>
    public long SampledTokens { get; set; }

    /// <summary>Attempts beyond the first.</summary>
    public int Retries { get; set; }

    /// <summary>Blocks begun.</summary>
    public int Blocks { get; set; }

    /// <summary>Whether the time for the answer is over.</summary>
    public bool IsOverdue(GuardOptions options) => options.TimeLimit is { } limit && Timings.SinceStartMs() >= limit.TotalMilliseconds;

    /// <summary>An answer, with the counts so far.</summary>
    public GuardedAnswer Answer(string text, int? beam, bool safe, FinishReason reason, double state, double cost, double reward, (TokenId, float)[] tokens, int pass) => new()
    {
        Text = text,
        Beam = beam,
        Safe = safe,
        FinishReason = reason,
        State = new(state),
        Cost = cost,
        Reward = reward,
        PromptTokens = Prompt.Tokens.Length,
        AnswerTokens = tokens.Length,
        Tokens = tokens,
        DecodedTokens = DecodedTokens,
        SampledTokens = SampledTokens,
        Retries = Retries,
        Blocks = Blocks,
        Widened = pass > 0,
        Timings = Timings,
    };
}
