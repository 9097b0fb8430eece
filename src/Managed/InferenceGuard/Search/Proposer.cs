// Samples the next token of every live working beam, and packs the beams that stay equal into shared rows.

using InferenceGuard.Compute;
using InferenceGuard.Model;

namespace InferenceGuard.Search;

/// <summary>
/// The Propose verb. Beams with the same tokens so far read the same row of logits, and as long as they draw the same
/// token they share one row of the next decode too: equal text is computed once.
/// </summary>
internal sealed class Proposer(ICompute compute, Vocabulary vocabulary, BeamSet beams, ulong seed)
{
    private readonly int[] _slots = new int[beams.Working];
    private readonly int[] _rows = new int[beams.Working];
    private readonly PhiloxCounter[] _counters = new PhiloxCounter[beams.Working];
    private readonly int[] _tokens = new int[beams.Working];
    private readonly float[] _logProbs = new float[beams.Working];
    private readonly bool[] _packed = new bool[beams.Working];

    /// <summary>Appends one sampled token to every live child.</summary>
    /// <param name="logits">float32[rows, V]; <see cref="BeamSet.Row"/> says which row continues a beam.</param>
    /// <param name="children">Working slots in use; children of one parent stand side by side.</param>
    /// <param name="options">Sampling options.</param>
    /// <param name="penalties">Diversity penalties of this offset.</param>
    /// <param name="pass">0, or 1 in the widened search; with <paramref name="attempt"/> it makes a retry draw other numbers.</param>
    /// <param name="attempt">Attempt at this block, from 0.</param>
    /// <returns>How many tokens were sampled, ends included.</returns>
    public int Propose(ReadOnlySpan<float> logits, int children, in SamplingOptions options, ReadOnlySpan<TokenPenalty> penalties, int pass, int attempt)
    {
        var draws = 0;
        for (var slot = 0; slot < children; slot++)
        {
            if (!beams.IsLive(slot))
                continue;
            _slots[draws] = slot;
            _rows[draws] = beams.Row[slot];
            _counters[draws++] = new(seed, (uint)slot, (uint)beams.Length[slot], (uint)attempt, (uint)pass);
        }
        compute.Sample(logits, vocabulary.Count, _rows.AsSpan(0, draws), _counters.AsSpan(0, draws), options, penalties,
            _tokens.AsSpan(0, draws), _logProbs.AsSpan(0, draws));
        for (var draw = 0; draw < draws; draw++)
        {
            var token = new TokenId(_tokens[draw]);
            if (vocabulary.IsEndOfGeneration(token))
                beams.End[_slots[draw]] = EndReason.EndOfText;
            else
                beams.Append(_slots[draw], token, _logProbs[draw]);
        }
        return draws;
    }

    /// <summary>Fills a batch with the last token of every live child; siblings that drew the same token share a row.</summary>
    /// <param name="children">Working slots in use.</param>
    /// <param name="batch">Out: the rows to decode; <see cref="BeamSet.Row"/> is set to them.</param>
    /// <returns>Whether any child is live.</returns>
    public bool Pack(int children, DecodeBatch batch)
    {
        batch.Clear();
        beams.Row.AsSpan(0, children).CopyTo(_rows);
        _packed.AsSpan(0, children).Clear();
        for (var slot = 0; slot < children; slot++)
        {
            if (!beams.IsLive(slot) || _packed[slot])
                continue;
            var token = beams.Tokens(slot)[^1];
            var row = batch.Add(token, new SequenceId(slot));
            beams.Row[slot] = row;
            for (var other = slot + 1; other < children; other++)
            {
                if (_rows[other] != _rows[slot] || !beams.IsLive(other) || beams.Tokens(other)[^1] != token)
                    continue;
                batch.Share(new SequenceId(other));
                beams.Row[other] = row;
                _packed[other] = true;
            }
        }
        return batch.Count > 0;
    }

    /// <summary>Marks children that equal an earlier sibling token for token.</summary>
    /// <param name="children">Working slots in use.</param>
    public void MarkDuplicates(int children)
    {
        for (var slot = 1; slot < children; slot++)
            for (var other = slot - 1; other >= 0 && beams.Parent[other] == beams.Parent[slot]; other--)
                if (beams.End[slot] == beams.End[other] && beams.BlockTokens(slot).SequenceEqual(beams.BlockTokens(other)))
                {
                    beams.Verdict[slot] = BeamVerdict.Duplicate;
                    break;
                }
    }
}
