// All beams of a search as parallel arrays: working slots for the children of a block, bank slots for the kept beams.

using System.Numerics.Tensors;
using InferenceGuard.Model;

namespace InferenceGuard.Search;

/// <summary>
/// The beams of one search. Slots 0…N−1 are the working beams of a block; slots N…N+K−1 are the bank, where kept beams
/// wait unchanged while their children are sampled, so that a retry starts from them again. A slot's number is also
/// its KV sequence and its scoring slot. Allocated once from (N, K, D).
/// </summary>
public sealed class BeamSet
{
    private readonly TokenId[] _tokens;
    private readonly int _maxTokens;
    private readonly int _blocks;
    private readonly float[] _hiddenSums;
    private readonly float[] _blockStates; // z at the end of every whole block; [slots, blocks].

    internal BeamSet(int beams, int keep, int maxTokens, int blockTokens, int hiddenWidth)
    {
        (Working, Bank, _maxTokens, HiddenWidth) = (beams, keep, maxTokens, hiddenWidth);
        _blocks = maxTokens / blockTokens + 1;
        var slots = beams + keep + 1;
        _tokens = new TokenId[slots * maxTokens];
        Length = new int[slots];
        BlockStart = new int[slots];
        Id = new int[slots];
        Parent = new int[slots];
        End = new EndReason[slots];
        Verdict = new BeamVerdict[slots];
        State = new float[slots];
        Cost = new double[slots];
        CostSteps = new int[slots];
        Reward = new double[slots];
        Score = new float[slots];
        SafeProbability = new float[slots];
        IsSafe = new bool[slots];
        LogProb = new float[slots * maxTokens];
        Row = new int[slots];
        _hiddenSums = new float[slots * hiddenWidth];
        _blockStates = new float[slots * _blocks];
    }

    /// <summary>N: number of working slots.</summary>
    public int Working { get; }

    /// <summary>K: number of bank slots.</summary>
    public int Bank { get; }

    /// <summary>The slot of the best ended beam within budget that was seen, kept even when prefixes outscored it.</summary>
    internal int Reserve => Working + Bank;

    /// <summary>Tokens per slot.</summary>
    public int[] Length { get; }

    /// <summary>Length at which the current block began, per slot.</summary>
    public int[] BlockStart { get; }

    /// <summary>Identity of the beam in a slot, unique in the search; the root is 0.</summary>
    public int[] Id { get; }

    /// <summary>Identity of the beam it was forked from, per slot.</summary>
    public int[] Parent { get; }

    /// <summary>Why it is no longer extended, per slot.</summary>
    public EndReason[] End { get; }

    /// <summary>What the last selection decided, per slot.</summary>
    public BeamVerdict[] Verdict { get; }

    /// <summary>z per slot (M2).</summary>
    public float[] State { get; }

    /// <summary>Undiscounted cost of the whole prefix, per slot.</summary>
    public double[] Cost { get; }

    /// <summary>Cost steps charged so far, per slot: the exponent of γ.</summary>
    public int[] CostSteps { get; }

    /// <summary>Task reward of the prefix, per slot.</summary>
    public double[] Reward { get; }

    /// <summary>Score (M7) at the last block end, per slot.</summary>
    public float[] Score { get; }

    /// <summary>f¹ per slot: the critic's P(z_T ≥ 0); 1 for ended beams and without a critic.</summary>
    public float[] SafeProbability { get; }

    /// <summary>Whether a slot is safe by (M7): z ≥ 0, and a critic does not object.</summary>
    public bool[] IsSafe { get; }

    /// <summary>Row of the logits that continue the slot.</summary>
    internal int[] Row { get; }

    /// <summary>H where a critic reads hidden states, else 0.</summary>
    internal int HiddenWidth { get; }

    /// <summary>Sum of the hidden states after the prompt and after every decoded token of a slot, float32[H].</summary>
    internal Span<float> HiddenSum(int slot) => _hiddenSums.AsSpan(slot * HiddenWidth, HiddenWidth);

    /// <summary>Log-probability of every token under the unmodified model; [slots, D].</summary>
    private float[] LogProb { get; }

    /// <summary>Tokens of a slot.</summary>
    /// <param name="slot">The slot.</param>
    public ReadOnlySpan<TokenId> Tokens(int slot) => _tokens.AsSpan(slot * _maxTokens, Length[slot]);

    /// <summary>Tokens the current block added to a slot.</summary>
    /// <param name="slot">The slot.</param>
    public ReadOnlySpan<TokenId> BlockTokens(int slot) => Tokens(slot)[BlockStart[slot]..];

    /// <summary>Log-probabilities of <see cref="BlockTokens"/>, in nats.</summary>
    /// <param name="slot">The slot.</param>
    public ReadOnlySpan<float> BlockLogProbs(int slot) =>
        LogProb.AsSpan(slot * _maxTokens, Length[slot])[BlockStart[slot]..];

    /// <summary>Tokens of a slot with their log-probabilities, in nats.</summary>
    /// <param name="slot">The slot.</param>
    public (TokenId Token, float LogProb)[] TokensWithLogProbs(int slot)
    {
        var (tokens, first) = (new (TokenId, float)[Length[slot]], slot * _maxTokens);
        for (var at = 0; at < tokens.Length; at++)
            tokens[at] = (_tokens[first + at], LogProb[first + at]);
        return tokens;
    }

    /// <summary>Whether a slot holds a beam that can still grow.</summary>
    /// <param name="slot">The slot.</param>
    public bool IsLive(int slot) => End[slot] == EndReason.None;

    /// <summary>z of a slot at the end of a whole block, from 1; NaN if that end was never scored.</summary>
    internal float StateAt(int slot, int block) => _blockStates[slot * _blocks + block];

    /// <summary>Notes z of a slot at the end of a whole block.</summary>
    internal void NoteState(int slot, int block) => _blockStates[slot * _blocks + block] = State[slot];

    internal void Clear(int slot, float state)
    {
        Length[slot] = BlockStart[slot] = Id[slot] = Parent[slot] = CostSteps[slot] = 0;
        (End[slot], State[slot], Cost[slot], Reward[slot], Score[slot]) = (EndReason.None, state, 0, 0, 0);
        (SafeProbability[slot], IsSafe[slot]) = (1, true);
        HiddenSum(slot).Clear();
        BlockStates(slot).Fill(float.NaN);
    }

    internal void Append(int slot, TokenId token, float logProb)
    {
        _tokens[slot * _maxTokens + Length[slot]] = token;
        LogProb[slot * _maxTokens + Length[slot]++] = logProb;
        if (Length[slot] == _maxTokens)
            End[slot] = EndReason.Length;
    }

    /// <summary>Adds what the last decode said of a live slot to its <see cref="HiddenSum"/>.</summary>
    internal void AddHidden(int slot, ReadOnlySpan<float> hidden) =>
        TensorPrimitives.Add(HiddenSum(slot), hidden.Slice(Row[slot] * HiddenWidth, HiddenWidth), HiddenSum(slot));

    internal void Copy(int source, int target)
    {
        Tokens(source).CopyTo(_tokens.AsSpan(target * _maxTokens));
        LogProb.AsSpan(source * _maxTokens, Length[source]).CopyTo(LogProb.AsSpan(target * _maxTokens));
        (Length[target], BlockStart[target], Id[target], Parent[target]) = (Length[source], BlockStart[source], Id[source], Parent[source]);
        (End[target], State[target], Cost[target], CostSteps[target]) = (End[source], State[source], Cost[source], CostSteps[source]);
        (Reward[target], Score[target], Row[target]) = (Reward[source], Score[source], Row[source]);
        HiddenSum(source).CopyTo(HiddenSum(target));
        BlockStates(source).CopyTo(BlockStates(target));
        (SafeProbability[target], IsSafe[target]) = (SafeProbability[source], IsSafe[source]);
    }

    private Span<float> BlockStates(int slot) => _blockStates.AsSpan(slot * _blocks, _blocks);
}
