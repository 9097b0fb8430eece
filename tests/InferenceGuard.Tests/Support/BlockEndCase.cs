// Candidates of a block's end with random numbers, and what the formulas make of them.

using InferenceGuard.Compute;

namespace InferenceGuard.Tests.Support;

/// <summary>Candidates with random numbers: the first are not live, the last are, and their rows stand in another order.</summary>
internal sealed class BlockEndCase
{
    private readonly int _candidates, _live, _steps, _hiddenWidth, _vocabulary, _seed;

    public BlockEndCase(int candidates, int live, int steps, int hiddenWidth, int[] layers, int vocabulary, int seed)
    {
        (_candidates, _live, _steps, _hiddenWidth, _vocabulary, _seed) = (candidates, live, steps, hiddenWidth, vocabulary, seed);
        Weights = layers.Length == 0 ? null : RandomCritic.Weights(hiddenWidth, layers, seed);
        var random = new Random(seed);
        Logits = RandomCritic.Numbers(random, live * vocabulary, 4);
        Hidden = RandomCritic.Numbers(random, live * hiddenWidth, 2);
    }

    public CriticWeights? Weights { get; init; }

    public float[] Logits { get; }

    public float[] Hidden { get; }

    /// <summary>The same candidates every time.</summary>
    public BlockEndBatch Batch(int capacity = 0)
    {
        var random = new Random(_seed + 1);
        var batch = new BlockEndBatch(Math.Max(capacity, _candidates), _steps, _hiddenWidth);
        for (var candidate = 0; candidate < _candidates; candidate++)
        {
            // Few different rewards and states, so that ties are common.
            _ = batch.Add(random.Next(0, 4), random.Next(0, 3));
            for (var step = random.Next(_steps + 1); step > 0; step--)
                batch.Charge(candidate, random.Next(0, 3) * 0.75f);
        }
        for (var place = 0; place < _live; place++)
            RandomCritic.Numbers(random, _hiddenWidth, 2).CopyTo(batch.AddLive(
                _candidates - _live + place, _live - 1 - place, random.NextSingle(), random.NextSingle() * 5, 0.9f + random.NextSingle() * 0.1f));
        return batch;
    }

    /// <summary>Holds the results to the formulas.</summary>
    public void Check(BlockEndBatch batch, BlockEndRules rules, int[] endTokens, double tolerance)
    {
        var given = Batch();
        for (var candidate = 0; candidate < _candidates; candidate++)
        {
            var state = given.States[candidate];
            for (var step = 0; step < given.Charges[candidate]; step++)
                state = (state - given.Costs[step * given.Capacity + candidate]) / rules.Discount;
            Assert.That(batch.States[candidate], Is.EqualTo(state), $"z of {candidate}");
            var isSafe = state >= 0 && batch.Safe[candidate] > rules.Threshold;
            if (candidate < _candidates - _live)
                Assert.That((batch.Safe[candidate], batch.Scores[candidate]), Is.EqualTo((1f, isSafe ? given.Values[candidate] : -rules.Penalty)), $"{candidate}");
            Assert.That(batch.Scores[candidate] == -rules.Penalty, Is.EqualTo(!isSafe), $"score of {candidate}");
        }
        for (var place = 0; place < _live; place++)
        {
            var candidate = given.Live[place];
            var (logit, reward) = ReferenceNetwork.Of(Weights!, Input(given, place, batch.States[candidate], endTokens));
            Assert.That(batch.Safe[candidate], Is.EqualTo(1 / (1 + Math.Exp(-logit))).Within(tolerance * (1 + Math.Abs(logit))), $"f1 of {candidate}");
            if (batch.Scores[candidate] != -rules.Penalty)
                Assert.That(batch.Scores[candidate], Is.EqualTo(reward * given.Growths[place]).Within(tolerance * (1 + Math.Abs(reward))), $"f2 of {candidate}");
        }
        float Tie(int candidate) => rules.HasCritic && batch.States[candidate] >= 0 ? batch.Safe[candidate] : batch.States[candidate];
        var best = Enumerable.Range(0, _candidates).OrderByDescending(candidate => batch.Scores[candidate]).ThenByDescending(Tie).Take(rules.Keep);
        Assert.That(batch.Kept[..batch.KeptCount], Is.EqualTo(best.ToArray()), "the best by their own scores");
    }

    private float[] Input(BlockEndBatch given, int place, float state, int[] endTokens)
    {
        var input = new float[Weights!.InputWidth];
        Hidden.AsSpan(given.Rows[place] * _hiddenWidth, _hiddenWidth).CopyTo(input);
        given.Means.AsSpan(place * _hiddenWidth, _hiddenWidth).CopyTo(input.AsSpan(_hiddenWidth));
        var summary = LogitRows.Summary(Logits[(given.Rows[place] * _vocabulary)..((given.Rows[place] + 1) * _vocabulary)], endTokens);
        for (var at = 0; at < summary.Length; at++)
            input[2 * _hiddenWidth + at] = (float)summary[at];
        (input[^3], input[^2], input[^1]) = (state / Weights.Budget, given.Progress[place], given.Earned[place]);
        return input;
    }
}
