// Samples trajectories from the frozen model, many prompts and samples in one decode.

using InferenceGuard.Compute;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Search;

namespace InferenceGuard.Rollouts;

/// <summary>
/// Collects rollouts in waves: a wave is a fixed group of prompts with all their samples, decoded in lockstep. Its composition depends
/// on nothing but the manifest, so that a wave which is decoded again after a kill gives the same numbers bit for bit.
/// </summary>
/// <param name="model">The frozen model.</param>
/// <param name="cost">The safety cost.</param>
/// <param name="reward">The task reward.</param>
/// <param name="store">Where the rollouts go; its manifest says what to collect.</param>
public sealed class RolloutCollector(ILanguageModel model, ICost cost, IReward reward, RolloutStore store)
{
    private readonly RolloutManifest _manifest = store.Manifest;
    private readonly TrajectoryScorer _scorer = new(model.Vocabulary, cost, reward, store.Manifest);

    /// <summary>Collects what the store lacks.</summary>
    /// <param name="prompts">All prompts of the file, in its order.</param>
    /// <param name="progress">Told after every prompt; may be null.</param>
    /// <param name="cancellation">Honoured within one decode; complete prompts stay.</param>
    /// <exception cref="GuardException">A prompt does not fit, or model, scorers or disk failed.</exception>
    public void Collect(IReadOnlyList<PromptEntry> prompts, IProgress<RolloutProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        var total = Math.Min(prompts.Count, _manifest.Prompts);
        var built = prompts.Take(total).Select(entry => Prompt.Build(model, entry.Messages, _manifest.MaxTokens)).ToArray();
        var perWave = Math.Max(1, _manifest.BatchRows / _manifest.PerPrompt);
        var longest = built.Max(static prompt => prompt.Tokens.Length);
        var sequences = perWave * _manifest.PerPrompt;
        using var context = model.CreateContext(new()
        {
            CellCount = perWave * longest + sequences * _manifest.MaxTokens, MaxSequences = sequences, HiddenStates = true,
        });
        using var compute = new CpuCompute();
        var wave = new RolloutWave(model, context, compute, _manifest, perWave);
        var done = Enumerable.Range(0, total).Count(store.Has);
        progress?.Report(new(done, total, 0));
        for (var first = 0; first < total; first += perWave)
        {
            var group = Enumerable.Range(first, Math.Min(perWave, total - first)).ToArray();
            if (Array.TrueForAll(group, store.Has))
                continue;
            wave.Decode([.. group.Select(index => built[index])], Finish, cancellation);

            void Finish(int place)
            {
                var index = group[place];
                if (store.Has(index))
                    return;
                var (trajectories, hidden, summary) = wave.Take(place, sample => _scorer.Score(prompts[index], built[index].UserText, sample, RolloutStore.ShardName(index), cancellation));
                store.Append(trajectories, hidden, summary);
                progress?.Report(new(++done, total, wave.DecodedTokens));
            }
        }
    }
}
