// The candidates of one block's end: what the device is told of them, and what it finds.

namespace InferenceGuard.Compute;

/// <summary>
/// The candidates that compete at the end of a block, as parallel host arrays, allocated once for the largest number of candidates C, cost
/// steps S and the hidden width H. The live ones, which a critic predicts, have a second, shorter set of arrays.
/// </summary>
/// <param name="candidates">C.</param>
/// <param name="steps">S: most cost steps of a block.</param>
/// <param name="hiddenWidth">H; 0 without a critic.</param>
public sealed class BlockEndBatch(int candidates, int steps, int hiddenWidth)
{
    /// <summary>C: most candidates.</summary>
    public int Capacity { get; } = candidates;

    /// <summary>S: most cost steps.</summary>
    public int Steps { get; } = steps;

    /// <summary>H, or 0 without a critic.</summary>
    public int HiddenWidth { get; } = hiddenWidth;

    /// <summary>Candidates in use.</summary>
    public int Count { get; private set; }

    /// <summary>Candidates that a critic predicts.</summary>
    public int LiveCount { get; private set; }

    /// <summary>In and out: z per candidate, before and after its charges.</summary>
    public float[] States { get; } = new float[candidates];

    /// <summary>In: reward, discounted for ended beams. Out: for the live ones under a critic, f² by <see cref="Growths"/>.</summary>
    public float[] Values { get; } = new float[candidates];

    /// <summary>Cost steps to charge per candidate, at most S.</summary>
    public int[] Charges { get; } = new int[candidates];

    /// <summary>Cost of each step, [S, C]: step s of candidate i at s · C + i; finite.</summary>
    public float[] Costs { get; } = new float[steps * candidates];

    /// <summary>Index of each live candidate.</summary>
    public int[] Live { get; } = new int[candidates];

    /// <summary>Row of the logits and hidden states of each live candidate.</summary>
    public int[] Rows { get; } = new int[candidates];

    /// <summary>Used share of D in [0, 1] of each live candidate.</summary>
    public float[] Progress { get; } = new float[candidates];

    /// <summary>Reward of its text so far, of each live candidate.</summary>
    public float[] Earned { get; } = new float[candidates];

    /// <summary>γ^t of each live candidate, which makes f² comparable with an ended beam's γ^T R.</summary>
    public float[] Growths { get; } = new float[candidates];

    /// <summary>Mean of h over the answer so far, of each live candidate, float32[C, H].</summary>
    public float[] Means { get; } = new float[candidates * hiddenWidth];

    /// <summary>Out: f¹ per candidate; 1 for those that no critic predicts.</summary>
    public float[] Safe { get; } = new float[candidates];

    /// <summary>Out: score (M7) per candidate.</summary>
    public float[] Scores { get; } = new float[candidates];

    /// <summary>Out: indices of the kept candidates, best first.</summary>
    public int[] Kept { get; } = new int[candidates];

    /// <summary>Out: how many are kept.</summary>
    public int KeptCount { get; internal set; }

    /// <summary>Forgets all candidates.</summary>
    public void Clear() => Count = LiveCount = KeptCount = 0;

    /// <summary>Adds a candidate.</summary>
    /// <param name="state">z before the block's charges.</param>
    /// <param name="value">Reward, discounted for an ended beam.</param>
    /// <returns>Its index.</returns>
    public int Add(float state, float value)
    {
        (States[Count], Values[Count], Charges[Count]) = (state, value, 0);
        return Count++;
    }

    /// <summary>Adds a cost step to a candidate.</summary>
    /// <param name="candidate">Its index.</param>
    /// <param name="cost">Cost of the step.</param>
    public void Charge(int candidate, float cost) => Costs[Charges[candidate]++ * Capacity + candidate] = cost;

    /// <summary>Marks a candidate as live, to be predicted by the critic.</summary>
    /// <param name="candidate">Its index.</param>
    /// <param name="row">Its row of logits and hidden states.</param>
    /// <param name="progress">Used share of D.</param>
    /// <param name="earned">Reward of its text so far.</param>
    /// <param name="growth">γ^t.</param>
    /// <returns>Where the mean of its hidden states goes, float32[H].</returns>
    public Span<float> AddLive(int candidate, int row, float progress, float earned, float growth)
    {
        (Live[LiveCount], Rows[LiveCount], Progress[LiveCount], Earned[LiveCount], Growths[LiveCount]) = (candidate, row, progress, earned, growth);
        return Means.AsSpan(LiveCount++ * HiddenWidth, HiddenWidth);
    }
}
