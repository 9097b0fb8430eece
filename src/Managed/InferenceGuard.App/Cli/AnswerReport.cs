// What --json prints: one answer and all that is known of it.

using InferenceGuard.Diagnostics;

namespace InferenceGuard.App.Cli;

/// <summary>One answer and all that is known of it. Null means that no cost was there to check it.</summary>
internal sealed record AnswerReport(
    string Text, string Method, bool? Safe, bool Abstained, double? SafetyState, double? Cost, double Reward,
    int PromptTokens, int AnswerTokens, long DecodedTokens, int Retries, int Blocks, ulong Seed,
    AnswerReport.OfModel Model, string Device, AnswerReport.OfTime Timings)
{
    /// <summary>The model.</summary>
    internal sealed record OfModel(string Path, string Architecture, long Parameters, string Quantization);

    /// <summary>Where the time went, in ms. <paramref name="TotalMs"/> begins when the model is loaded.</summary>
    internal sealed record OfTime(
        double LoadMs, double PrefillMs, double ForwardMs, double ProposeMs, double ScoreMs, double SelectMs, double FirstTokenMs, double TotalMs);

    /// <summary>Reports an answer.</summary>
    public static AnswerReport Of(GuardedAnswer answer, Session session)
    {
        var (info, time) = (session.Model.Info, answer.Timings);
        return new(
            answer.Text, session.Method.Name, session.IsChecked ? answer.Safe : null, answer.Abstained,
            session.IsChecked ? answer.State.Value : null, session.IsChecked ? answer.Cost : null, answer.Reward,
            answer.PromptTokens, answer.AnswerTokens, answer.DecodedTokens, answer.Retries, answer.Blocks, session.Method.Options.Seed,
            new(info.Path, info.Architecture, info.ParameterCount, info.Quantization), session.Device,
            new(Ms(session.LoadMs), Ms(time[Stage.Prefill]), Ms(time[Stage.Forward]), Ms(time[Stage.Propose]), Ms(time[Stage.Score]),
                Ms(time[Stage.Select]), Ms(time.FirstTokenMs), Ms(time.TotalMs)));
    }

    // Microseconds are the last digits that repeat from run to run.
    private static double Ms(double value) => Math.Round(value, 3);
}
