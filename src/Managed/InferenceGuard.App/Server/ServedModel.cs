// What a server answers with: a model, its scorers and critic, and the caches and decoders of the searches.

using InferenceGuard.App.Cli;
using InferenceGuard.Compute;
using InferenceGuard.Critic;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.App.Server;

/// <summary>What a server answers with. Requests may ask for less than its options, never for more.</summary>
internal sealed class ServedModel : IDisposable
{
    private readonly OpenedScorers _scorers;
    private readonly LatentCritic? _critic;
    private readonly CriticCalibration? _calibration;
    private readonly Func<ICompute> _device;
    private readonly SharedLanguageModel[] _caches;

    private ServedModel(string name, LlamaCppModel model, OpenedScorers scorers, LatentCritic? critic, CriticCalibration? calibration, GuardOptions options, Func<ICompute> device, SharedLanguageModel[] caches)
    {
        (Name, Model, Options) = (name, model, options);
        (_scorers, _critic, _calibration, _device, _caches) = (scorers, critic, calibration, device, caches);
    }

    /// <summary>What clients call it.</summary>
    public string Name { get; }

    /// <summary>The model.</summary>
    public LlamaCppModel Model { get; }

    /// <summary>The cost.</summary>
    public ICost Cost => _scorers.Cost;

    /// <summary>The reward.</summary>
    public IReward Reward => _scorers.Reward;

    /// <summary>The server's own knobs: defaults of requests, and their limits.</summary>
    public GuardOptions Options { get; }

    /// <summary>When it was loaded.</summary>
    public DateTimeOffset Created { get; } = DateTimeOffset.UtcNow;

    /// <summary>What the caches hold and have done.</summary>
    public IEnumerable<SharedCacheUsage> Usage => _caches.Select(static cache => cache.Usage);

    /// <summary>Opens what was asked for.</summary>
    /// <exception cref="GuardException">A file is missing or wrong, or memory is short.</exception>
    public static ServedModel Open(ModelChoice choice, GuardMethod method, ServerOptions server, Action<string> say)
    {
        choice.Embedded?.Require();
        var scorers = choice.OpenScorers(isGuarded: true);
        LlamaCppModel? model = null;
        var caches = new List<SharedLanguageModel>();
        try
        {
            model = LlamaCppModel.Load(choice.Path, choice.Options);
            var (critic, options) = MethodOpening.OpenCritic(method, choice, model);
            for (var cache = 0; cache < server.Caches; cache++)
                caches.Add(new(model, CacheOf(options, server, model.Info, critic is not null)));
            var calibration = critic is null ? null : CriticCalibration.ReadBeside(choice.CriticPath!, critic);
            return new(choice.Embedded?.Name ?? Path.GetFileNameWithoutExtension(choice.Path), model, scorers, critic, calibration, options, () => choice.Device.Open(choice.Precision, say, Engines.Cuda), [.. caches]);
        }
        catch
        {
            foreach (var cache in caches)
                cache.Dispose();
            model?.Dispose();
            scorers.Dispose();
            throw;
        }
    }

    /// <summary>The critic's threshold for an α; null where it has no calibration.</summary>
    /// <exception cref="GuardException">α is out of range.</exception>
    public double? Threshold(double alpha) => _calibration?.Threshold(alpha);

    /// <summary>A decoder for one search at a time.</summary>
    /// <param name="worker">Number of the search that runs beside others.</param>
    public GuardedDecoder OpenDecoder(int worker) => new(_caches[worker % _caches.Length], Cost, Reward, Options, _device(), _critic);

    public void Dispose()
    {
        foreach (var cache in _caches)
            cache.Dispose();
        Model.Dispose();
        _scorers.Dispose();
    }

    // Room for so many searches of the default width at once, for a widened one at the least, and for prompts that are kept.
    private static SharedCacheOptions CacheOf(GuardOptions options, ServerOptions server, ModelInfo model, bool hiddenStates)
    {
        var searches = Math.Max(2, (server.Parallel + server.Caches - 1) / server.Caches);
        var prompt = Math.Clamp(model.TrainedContextTokens - options.MaxTokens, 1, server.PromptTokens);
        var cells = prompt + options.KeptBeams * options.MaxTokens + options.Beams * Math.Min(options.BlockTokens, options.MaxTokens);
        var kept = new SharedCacheOptions { CellCount = 0 };
        var widened = options.Widened();
        var widest = widened.Beams + widened.KeptBeams;
        var sequences = Math.Min(GuardOptions.MaxSequences, Math.Max(widest, searches * (options.Beams + options.KeptBeams)) + kept.CachedPrompts);
        var keptCells = Math.Min(kept.CachedCells, 4 * prompt);
        return kept with
        {
            CellCount = checked(searches * cells + keptCells), // A widened search is at most twice as large.
            CachedCells = keptCells,
            MaxSequences = sequences,
            CachedPrompts = Math.Min(kept.CachedPrompts, sequences - widest),
            HiddenStates = hiddenStates,
        };
    }
}
