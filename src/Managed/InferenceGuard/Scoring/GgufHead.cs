// Opens a GGUF trunk with a score head.

using InferenceGuard.Model;

namespace InferenceGuard.Scoring;

/// <summary>Opens a GGUF trunk with a score head.</summary>
internal static class GgufHead
{
    // Below this a second thread gains nothing, and its spinning costs seconds on a busy machine.
    private const long BytesWorthThreads = 16 << 20;

    /// <summary>Loads trunk and head, and checks that they belong together.</summary>
    public static Trunk Load(string trunk, string head, string kind, ModelOptions? options)
    {
        var isSmall = File.Exists(trunk) && new FileInfo(trunk).Length < BytesWorthThreads;
        var model = LlamaCppModel.Load(trunk, options ?? new() { Threads = isSmall ? 1 : 0 });
        try
        {
            var (network, template) = ScoreHeadFile.Read(head, model.Info.HiddenWidth, kind);
            return new(model, ScoringTemplate.Parse(template, model), readsHidden: true, hidden => network.Of(hidden));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Trunk and head of a specification <c>TRUNK.gguf,HEAD.safetensors</c>.</summary>
    public static (string Trunk, string Head) Split(string argument) => argument.Split(',') is [{ Length: > 0 } trunk, { Length: > 0 } head]
        ? (trunk, head)
        : throw new GuardException(GuardFault.Usage, $"\"gguf-head:{argument}\" was given; expected gguf-head:TRUNK.gguf,HEAD.safetensors.");
}
