// Every knob of a guarded generation, once: the command line, the server and JSON all bind this record.

using InferenceGuard.Compute;
using InferenceGuard.Safety;
using InferenceGuard.Scoring;
using InferenceGuard.Search;

namespace InferenceGuard;

/// <summary>Every knob of a guarded generation, with unit, range and default. Immutable; checked by <see cref="Validate"/>.</summary>
public sealed record GuardOptions
{
    /// <summary>Most sequences a llama.cpp cache holds; N working beams and K kept beams share them.</summary>
    public const int MaxSequences = 256;

    /// <summary>Plain sampling of one answer, scored but not guarded: the row every method is compared with.</summary>
    public static GuardOptions Base { get; } = new() { Beams = 1, Keep = 1, Retries = 0, Mode = GuardMode.BestEffort };

    /// <summary>N: beams sampled per block, 1 to 255; N + K ≤ 256.</summary>
    public int Beams { get; init; } = 32;

    /// <summary>K: beams kept after a block, 1 to N; 0 = N/4, at least 1.</summary>
    public int Keep { get; init; }

    /// <summary>d: block length in tokens, 1 to D.</summary>
    public int BlockTokens { get; init; } = 8;

    /// <summary>D: longest answer in tokens, at least 1.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>M: further attempts at a block when no beam is safe, 0 to 100.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>b: safety budget in cost units, finite.</summary>
    public double Budget { get; init; } = ScorerSpec.DefaultBudget;

    /// <summary>γ: discount per cost step, in (0, 1].</summary>
    public double Discount { get; init; } = 0.999;

    /// <summary>Tokens per cost step; 0 = one cost step per block.</summary>
    public int ChargeEveryTokens { get; init; }

    /// <summary>n: the penalty of an unsafe beam (M4), &gt; 0 and larger than any reward.</summary>
    public double Penalty { get; init; } = 1e6;

    /// <summary>What beams compete for; anything but <see cref="Objective.Augmented"/> is a baseline and promises nothing.</summary>
    public Objective Objective { get; init; }

    /// <summary>λ of <see cref="Objective.Lagrangian"/>, in reward units per cost unit, ≥ 0.</summary>
    public double Lambda { get; init; } = 5;

    /// <summary>ν per retry: how strongly the tokens of rejected continuations are penalised, in logits (M8), ≥ 0.</summary>
    public double Diversity { get; init; } = 1;

    /// <summary>What a critic's f¹ must exceed for a beam to be safe (M7), in [0, 1); without effect without a critic.</summary>
    public double CriticThreshold { get; init; } = 0.5;

    /// <summary>How often within a block a critic drops the worse half of the beams, down to K, 0 to 8; without effect without a critic.</summary>
    public int Halvings { get; init; } = 2;

    /// <summary>What is returned when no beam is verified safe.</summary>
    public GuardMode Mode { get; init; } = GuardMode.Strict;

    /// <summary>
    /// Whether blocks are committed as soon as all kept beams share them, so that they can be shown before the search has ended
    /// (<see cref="DecodeStep.Committed"/>). What was committed is kept: the search is not repeated with more beams then.
    /// </summary>
    public bool Commits { get; init; }

    /// <summary>
    /// With <see cref="Commits"/>: at most so many blocks are held back; then the kept beams that do not begin as the best one does are given up. 0 = no
    /// beam is given up, and what is shown waits for them to agree. A small number shows text sooner and leaves a search fewer ways out.
    /// </summary>
    public int CommitLag { get; init; }

    /// <summary>After this time no block is begun: the best answer that has ended and is verified is returned, or there is none. Null = no limit.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>Sampling temperature, 0 (greedy) to 100.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Samples from the k most probable tokens; 0 = all.</summary>
    public int TopK { get; init; }

    /// <summary>Samples from the smallest set of tokens with at least this mass, in (0, 1].</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Samples from tokens at least this fraction as probable as the most probable one, in [0, 1].</summary>
    public double MinP { get; init; }

    /// <summary>Seed of all randomness; every prompt has its own stream. Same seed, prompt, model, options and threads: same answer.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>What is said instead of an unsafe answer in <see cref="GuardMode.Strict"/>.</summary>
    public string AbstentionText { get; init; } = "I can't give a safe answer to that.";

    /// <summary>K with its default resolved.</summary>
    public int KeptBeams => Keep == 0 ? Math.Max(1, Beams / 4) : Keep;

    /// <summary>
    /// Whether only whole answers compete: R then counts as it is (M4), without the γ^t that makes ended beams comparable with live ones (M7).
    /// </summary>
    internal bool ComparesWholeAnswers { get; init; }

    /// <summary>The budget and discount as the arithmetic of (M1) and (M2).</summary>
    internal SafetyBudget SafetyBudget => new(Budget, Discount);

    /// <summary>The sampling part, as devices take it.</summary>
    internal SamplingOptions Sampling => new((float)Temperature, TopK, (float)TopP, (float)MinP);

    /// <summary>Cost steps are this many tokens apart.</summary>
    public int TokensPerCharge => ChargeEveryTokens == 0 ? BlockTokens : Math.Min(ChargeEveryTokens, BlockTokens);

    /// <summary>
    /// The one widening of (M9): the same search with twice the beams, or as many as the cache's sequences allow.
    /// </summary>
    public GuardOptions Widened()
    {
        var keep = Math.Min(KeptBeams * 2, MaxSequences - Beams);
        return this with { Beams = Math.Min(Beams * 2, MaxSequences - keep), Keep = keep };
    }

    /// <summary>Checks every value against its range and against the others.</summary>
    /// <returns>This, for chaining.</returns>
    /// <exception cref="GuardException">The first value that is out of range, its range and its option.</exception>
    public GuardOptions Validate()
    {
        Require(Beams is >= 1 and < MaxSequences, $"--beams is {Beams}; N must lie between 1 and {MaxSequences - 1}, the sequences a llama.cpp cache holds");
        Require(Keep >= 0 && KeptBeams <= Beams, $"--keep is {Keep}; K must lie between 1 and the number of beams ({Beams})");
        Require(Beams + KeptBeams <= MaxSequences, $"--beams {Beams} and --keep {KeptBeams} need {Beams + KeptBeams} sequences; a llama.cpp cache holds {MaxSequences}: lower one of them");
        Require(BlockTokens >= 1, $"--block-tokens is {BlockTokens}; a block must have at least 1 token");
        Require(MaxTokens >= 1, $"--max-tokens is {MaxTokens}; an answer must have at least 1 token");
        Require(Retries is >= 0 and <= 100, $"--retries is {Retries}; it must lie between 0 and 100");
        Require(ChargeEveryTokens >= 0, $"--charge-every is {ChargeEveryTokens}; it must be 0 (once per block) or a number of tokens");
        Require(double.IsFinite(Penalty) && Penalty > 0, $"--penalty is {Penalty}; n must be a finite number above 0");
        Require(double.IsFinite(Lambda) && Lambda >= 0, $"--lambda is {Lambda}; it must be a finite number, 0 or more");
        Require(double.IsFinite(Diversity) && Diversity >= 0, $"--diversity is {Diversity}; it must be a finite number, 0 or more");
        Require(Temperature is >= 0 and <= 100, $"--temperature is {Temperature}; it must lie between 0 and 100");
        Require(TopK >= 0, $"--top-k is {TopK}; it must be 0 (all) or a number of tokens");
        Require(TopP is > 0 and <= 1, $"--top-p is {TopP}; it must lie in (0, 1]");
        Require(MinP is >= 0 and <= 1, $"--min-p is {MinP}; it must lie in [0, 1]");
        Require(CriticThreshold is >= 0 and < 1, $"--critic-threshold is {CriticThreshold}; it must lie in [0, 1)");
        Require(Halvings is >= 0 and <= 8, $"--halvings is {Halvings}; it must lie between 0 and 8");
        Require(CommitLag >= 0, $"--commit-lag is {CommitLag}; it must be 0 (wait until all kept beams agree) or a number of blocks");
        Require(TimeLimit is null || TimeLimit > TimeSpan.Zero, $"The time limit is {TimeLimit}; it must be longer than nothing");
        Require(Enum.IsDefined(Mode), $"--mode is {Mode}; it must be strict or best-effort");
        _ = SafetyBudget;
        return this;

        static void Require(bool holds, string complaint)
        {
            if (!holds)
                throw new GuardException(GuardFault.Usage, complaint + ".");
        }
    }
}
