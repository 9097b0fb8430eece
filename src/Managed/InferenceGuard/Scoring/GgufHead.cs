// Opens a GGUF trunk with a score head.

using InferenceGuard.Model;

namespace InferenceGuard.Scoring;

/// <summary>Opens a GGUF trunk with a score head.</summary>
internal static class GgufHead
{
    /// <summary>Loads trunk and head, and checks that they belong together.</summary>
    public static Trunk Load(string trunk, string head, string kind, ModelOptions? options)
    {
        var lease = ModelLease.Load(trunk, options);
        try
        {
            var (network, template) = ScoreHeadFile.Read(head, lease.Model.Info.HiddenWidth, kind);
            return new(lease, ScoringTemplate.Parse(template, lease.Model), readsHidden: true, hidden => network.Of(hidden));
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Trunk and head of a specification <c>TRUNK.gguf,HEAD.safetensors</c>.</summary>
    public static (string Trunk, string Head) Split(string argument) => argument.Split(',') is [{ Length: > 0 } trunk, { Length: > 0 } head]
        ? (trunk, head)
        : throw new GuardException(GuardFault.Usage, $"\"gguf-head:{argument}\" was given; expected gguf-head:TRUNK.gguf,HEAD.safetensors.");
}
