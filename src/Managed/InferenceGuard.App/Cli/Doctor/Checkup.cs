// All checks of the doctor, in the order in which a generation meets their subjects.

using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.App.Cli.Doctor;

/// <summary>All checks, in the order in which a generation meets their subjects.</summary>
internal static class Checkup
{
    /// <summary>Checks everything a generation with these choices needs.</summary>
    public static IEnumerable<Verdict> Of(ModelChoice choice, GuardMethod method)
    {
        yield return RuntimeChecks.Runtime();
        yield return RuntimeChecks.Processor();
        foreach (var verdict in RuntimeChecks.Llama())
            yield return verdict;
        foreach (var verdict in CudaChecks.Of(choice.Device))
            yield return verdict;
        foreach (var embedded in HearthModel.All)
        {
            var verdict = EmbeddedCheck.Of(embedded);
            // Who brings a model can do without the embedded ones.
            yield return verdict.Health == Health.Broken && choice.Embedded != embedded ? verdict with { Health = Health.Absent } : verdict;
        }
        yield return choice is { Embedded: null, Costs: [] }
            ? new("cost", Health.Absent, "the model has none of its own; generate needs --cost phrases:FILE.json, or --method base")
            : Verdict.Of("cost", () => NameOf(choice.OpenCost(isGuarded: !method.IsBase)));
        yield return Verdict.Of("reward", () => NameOf(choice.OpenReward()));

        ModelInfo? info = null;
        yield return Verdict.Of("model", () =>
        {
            using var model = LlamaCppModel.Load(choice.Path, choice.Options with { VocabularyOnly = true });
            info = model.Info;
            return $"{info.Name}: {info.Architecture}, {info.Quantization}, {SizeText.Of(info.SizeBytes)}";
        });
        if (info is not null)
            yield return MemoryPlan.Of(info, method.Options).Judge(method.Options);
    }

    private static string NameOf(IScorer scorer)
    {
        using (scorer as IDisposable)
            return scorer.Name;
    }
}
