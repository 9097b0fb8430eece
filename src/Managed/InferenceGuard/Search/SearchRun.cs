// What one generation counts over both of its searches.

using InferenceGuard.Diagnostics;
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
}
