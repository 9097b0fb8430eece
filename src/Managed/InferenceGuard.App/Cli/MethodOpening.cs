// Makes a method ready for a model that was opened.

using InferenceGuard.Critic;
using InferenceGuard.Methods;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.App.Cli;

/// <summary>Makes a method ready for a model that was opened.</summary>
internal static class MethodOpening
{
    /// <summary>Share of safe answers that a calibrated critic may cut where nothing else is asked for.</summary>
    public const double DefaultAlpha = 0.05;

    /// <summary>Opens a method, with its critic and that critic's threshold.</summary>
    /// <param name="method">The method asked for.</param>
    /// <param name="choice">The model, its scorers, critic and device.</param>
    /// <param name="model">The opened model.</param>
    /// <param name="cost">The cost.</param>
    /// <param name="reward">The reward.</param>
    /// <param name="say">Told why a GPU that is there is not used.</param>
    /// <returns>The method ready to answer, and its options as they came to be.</returns>
    /// <exception cref="GuardException">A critic or a calibration is lacking, or belongs to something else.</exception>
    public static (IAnswerMethod Answers, GuardMethod Method) Open(GuardMethod method, ModelChoice choice, LlamaCppModel model, ICost cost, IReward reward, Action<string> say)
    {
        var (critic, options) = OpenCritic(method, choice, model);
        method = method with { Settings = method.Settings with { Guard = options } };
        return (AnswerMethods.Create(method.Name, model, cost, reward, method.Settings, critic, () => choice.Device.Open(choice.Precision, say, Engines.Cuda)), method);
    }

    /// <summary>Opens the critic that a method needs, and sets its threshold.</summary>
    /// <returns>The critic, null for a method without one, and the method's knobs as they came to be.</returns>
    /// <exception cref="GuardException">The critic or its calibration is lacking, or belongs to something else.</exception>
    public static (LatentCritic? Critic, GuardOptions Options) OpenCritic(GuardMethod method, ModelChoice choice, LlamaCppModel model)
    {
        var critic = AnswerMethods.NeedsCritic(method.Name) ? choice.OpenCritic(model.Info) : null;
        return critic is not null && method.Name == AnswerMethods.WithCritic && !method.HasThreshold && Threshold(method.Alpha, choice.CriticPath!, critic) is { } threshold
            ? (critic, method.Options with { CriticThreshold = threshold })
            : (critic, method.Options);
    }

    private static double? Threshold(double? alpha, string criticPath, LatentCritic critic) =>
        CriticCalibration.ReadBeside(criticPath, critic) is { } calibration
            ? calibration.Threshold(alpha ?? DefaultAlpha)
            : alpha is null
                ? null
                : throw new GuardException(GuardFault.Usage, $"--alpha {alpha} needs {CriticCalibration.PathBeside(criticPath)}, which is not there; run inferenceguard calibrate, or give --critic-threshold.");
}
