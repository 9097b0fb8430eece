// A scorer's hold on a model that others may hold, too.

using InferenceGuard.Model;

namespace InferenceGuard.Scoring;

/// <summary>A hold on a model: scorers that name the same file share its weights, which go when the last of them lets go.</summary>
internal sealed class ModelLease : IDisposable
{
    // Below this a second thread gains nothing, and its spinning costs seconds on a busy machine.
    private const long BytesWorthThreads = 16 << 20;

    private static readonly Lock s_gate = new();
    private static readonly Dictionary<(string Path, ModelOptions Options), (LlamaCppModel Model, int Holders)> s_models = [];

    private readonly (string, ModelOptions) _key;
    private bool _isDisposed;

    private ModelLease((string, ModelOptions) key, LlamaCppModel model) => (_key, Model) = (key, model);

    /// <summary>The model.</summary>
    public LlamaCppModel Model { get; }

    /// <summary>Loads a model, or takes hold of the one that was loaded from the same file with the same options.</summary>
    /// <exception cref="GuardException">As for <see cref="LlamaCppModel.Load"/>.</exception>
    public static ModelLease Load(string path, ModelOptions? options = null)
    {
        options ??= new() { Threads = new FileInfo(path) is { Exists: true, Length: < BytesWorthThreads } ? 1 : 0 };
        var key = (Path.GetFullPath(path), options);
        lock (s_gate)
        {
            // Under its own name a file could have been replaced meanwhile; a scorer that still holds the old one goes on with it.
            var (model, holders) = s_models.TryGetValue(key, out var held) ? held : (LlamaCppModel.Load(path, options), 0);
            s_models[key] = (model, holders + 1);
            return new(key, model);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (s_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            var (model, holders) = s_models[_key];
            if (holders > 1)
            {
                s_models[_key] = (model, holders - 1);
                return;
            }
            s_models.Remove(_key);
            model.Dispose();
        }
    }
}
