// Best-of-n: n whole answers, and the best of them.

using InferenceGuard.Model;
using InferenceGuard.Search;

namespace InferenceGuard.Methods;

/// <summary>
/// Samples n whole answers side by side, in rounds of as many as a cache holds, and gives the best by its objective: R, R − λC, or
/// R where z ≥ 0 and −n elsewhere.
/// </summary>
internal sealed class BestOfN : IAnswerMethod
{
    private const int MostPerRound = 128;

    private readonly GuardOptions _options;
    private readonly List<GuardedDecoder> _rounds = [];

    /// <param name="options">n, and how an answer is sampled; <see cref="GuardOptions.Objective"/> decides what best means.</param>
    /// <param name="open">Opens a search.</param>
    public BestOfN(MethodOptions options, Func<GuardOptions, GuardedDecoder> open)
    {
        _options = options.Guard;
        for (var done = 0; done < options.Samples; done += MostPerRound)
            _rounds.Add(open(_options with
            {
                Beams = Math.Min(MostPerRound, options.Samples - done),
                Keep = 1,
                BlockTokens = _options.MaxTokens,
                Retries = 0,
                Mode = GuardMode.BestEffort,
                ComparesWholeAnswers = true,
                // One charge per block would be one for the whole answer; costs are charged as the search charges them.
                ChargeEveryTokens = _options.TokensPerCharge,
                Seed = unchecked(_options.Seed + 0x9E3779B97F4A7C15ul * (ulong)_rounds.Count),
            }));
    }

    public GuardedAnswer Answer(IReadOnlyList<ChatMessage> messages, CancellationToken cancellation)
    {
        GuardedAnswer? best = null;
        var (decoded, sampled, totals) = (0L, 0L, new Diagnostics.Timings());
        foreach (var round in _rounds)
        {
            var answer = round.Generate(messages, cancellation: cancellation).Last().Answer!;
            (decoded, sampled) = (decoded + answer.DecodedTokens, sampled + answer.SampledTokens);
            if (best is null || Value(answer) > Value(best))
                best = answer;
        }
        totals.MarkAnswer();
        return best! with { DecodedTokens = decoded, SampledTokens = sampled, Blocks = _rounds.Count, Timings = _rounds.Count == 1 ? best.Timings : totals };
    }

    public void Dispose()
    {
        foreach (var round in _rounds)
            round.Dispose();
    }

    private double Value(GuardedAnswer answer) => _options.Objective switch
    {
        Objective.Plain => answer.Reward,
        Objective.Lagrangian => answer.Reward - _options.Lambda * answer.Cost,
        _ => answer.State.IsSafe ? answer.Reward : -_options.Penalty,
    };
}
