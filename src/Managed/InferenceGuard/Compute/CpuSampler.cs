// Draws tokens from one row of logits: one pass of exponentials per row, however many beams share it.

using System.Numerics.Tensors;

namespace InferenceGuard.Compute;

/// <summary>
/// Draws tokens from a row of logits. <see cref="Prepare"/> turns the row into weights once; every <see cref="Draw"/>
/// then inverts their running sum. Buffers grow to the largest vocabulary seen.
/// </summary>
internal sealed class CpuSampler : IDisposable
{
    // Weights are summed in blocks so that a draw skips whole blocks, and so that float sums stay short.
    private const int BlockLength = 512;

    private float[] _logits = [];
    private float[] _weights = [];
    private double[] _blockSums = [];
    private Candidate[] _candidates = [];
    private int _vocabularySize;
    private int _candidateCount;
    private double _total;
    private double _logSumExp;

    /// <summary>Turns a row into sampling weights.</summary>
    /// <param name="logits">float32[V].</param>
    /// <param name="options">Temperature and truncation.</param>
    /// <param name="penalties">Amounts taken from logits first.</param>
    public void Prepare(ReadOnlySpan<float> logits, in SamplingOptions options, ReadOnlySpan<TokenPenalty> penalties)
    {
        Reserve(logits.Length);
        _vocabularySize = logits.Length;
        _candidateCount = 0;
        logits.CopyTo(_logits);
        _total = Weigh(logits, 1f, out var maximum);
        _logSumExp = maximum + Math.Log(_total);

        var modified = _weights.AsSpan(0, logits.Length);
        if (penalties.Length > 0 || options.Temperature != 1)
        {
            logits.CopyTo(modified);
            foreach (var penalty in penalties)
                modified[penalty.Token] -= penalty.Amount;
            if (options.Temperature == 0)
            {
                Keep(TensorPrimitives.IndexOfMax<float>(modified));
                return;
            }
            _total = Weigh(modified, 1 / options.Temperature, out _);
        }
        if (options.Truncates)
            Truncate(options);
    }

    /// <summary>Draws from the prepared row.</summary>
    /// <param name="uniform">A number in [0, 1).</param>
    /// <returns>The token, and its log-probability under the unmodified row at temperature 1.</returns>
    public (int Token, float LogProb) Draw(float uniform)
    {
        var token = _candidateCount > 0 ? DrawCandidate(uniform) : DrawAny(uniform);
        return (token, (float)(_logits[token] - _logSumExp));
    }

    /// <inheritdoc />
    public void Dispose() => _logits = _weights = [];

    // weights = exp((x − max) · scale), summed by block; the largest weight is 1.
    private double Weigh(ReadOnlySpan<float> logits, float scale, out float maximum)
    {
        maximum = TensorPrimitives.Max(logits);
        if (!float.IsFinite(maximum))
            throw new GuardException(GuardFault.Generation, $"The model's logits have the maximum {maximum}; they must be numbers. The model file is damaged or its weights overflow.");
        var weights = _weights.AsSpan(0, logits.Length);
        TensorPrimitives.Subtract(logits, maximum, weights);
        if (scale != 1)
            TensorPrimitives.Multiply(weights, scale, weights);
        TensorPrimitives.Exp(weights, weights);
        var total = 0.0;
        for (int block = 0, start = 0; start < weights.Length; block++, start += BlockLength)
            total += _blockSums[block] = TensorPrimitives.Sum<float>(weights[start..Math.Min(start + BlockLength, weights.Length)]);
        return total;
    }

    private void Keep(int token)
    {
        _candidates[0] = new(1, token);
        _candidateCount = 1;
        _total = 1;
    }

    // Collects the tokens above a falling threshold until top-k and top-p are surely inside, then sorts only those.
    private void Truncate(in SamplingOptions options)
    {
        var wanted = options.TopK > 0 ? Math.Min(options.TopK, _vocabularySize) : 0;
        var floor = options.MinP;
        for (var threshold = 0.03f; ; threshold /= 10)
        {
            // Below the normal floats only zeros are left, so the last round takes every token.
            var last = threshold < 1e-37f;
            var mass = Collect(last ? 0 : Math.Max(threshold, floor));
            var enough = wanted > 0 ? _candidateCount >= wanted : mass >= options.TopP * _total && options.TopP < 1;
            if (last || threshold <= floor || enough)
                break;
        }
        _candidates.AsSpan(0, _candidateCount).Sort();
        if (wanted > 0)
            _candidateCount = Math.Min(_candidateCount, wanted);
        var total = wanted > 0 ? SumOfCandidates() : _total;
        var nucleus = 0.0;
        var count = 0;
        while (count < _candidateCount && (options.TopP >= 1 || count == 0 || nucleus < options.TopP * total)
               && (count == 0 || _candidates[count].Weight >= floor))
            nucleus += _candidates[count++].Weight;
        _candidateCount = count;
        _total = nucleus;
    }

    private double Collect(float threshold)
    {
        var mass = 0.0;
        _candidateCount = 0;
        for (var token = 0; token < _vocabularySize; token++)
        {
            var weight = _weights[token];
            if (weight < threshold)
                continue;
            _candidates[_candidateCount++] = new(weight, token);
            mass += weight;
        }
        return mass;
    }

    private int DrawCandidate(float uniform)
    {
        var target = uniform * _total;
        var running = 0.0;
        for (var place = 0; place < _candidateCount; place++)
            if ((running += _candidates[place].Weight) > target)
                return _candidates[place].Token;
        return _candidates[_candidateCount - 1].Token;
    }

    private int DrawAny(float uniform)
    {
        var target = uniform * _total;
        var running = 0.0;
        var last = 0;
        for (int block = 0, start = 0; start < _vocabularySize; block++, start += BlockLength)
        {
            if (running + _blockSums[block] <= target && start + BlockLength < _vocabularySize)
            {
                running += _blockSums[block];
                continue;
            }
            for (var token = start; token < Math.Min(start + BlockLength, _vocabularySize); token++)
            {
                if (_weights[token] == 0)
                    continue;
                last = token;
                if ((running += _weights[token]) > target)
                    return token;
            }
        }
        return last; // Rounding left the target just above the sum: the last token with any weight.
    }

    private double SumOfCandidates()
    {
        var sum = 0.0;
        for (var place = 0; place < _candidateCount; place++)
            sum += _candidates[place].Weight;
        return sum;
    }

    private void Reserve(int vocabularySize)
    {
        if (_logits.Length >= vocabularySize)
            return;
        _logits = new float[vocabularySize];
        _weights = new float[vocabularySize];
        _candidates = new Candidate[vocabularySize];
        _blockSums = new double[(vocabularySize + BlockLength - 1) / BlockLength];
    }

    // Heaviest first, ties to the lower token.
    private readonly record struct Candidate(float Weight, int Token) : IComparable<Candidate>
    {
        public int CompareTo(Candidate other) =>
            Weight == other.Weight ? Token.CompareTo(other.Token) : other.Weight.CompareTo(Weight);
    }
}
