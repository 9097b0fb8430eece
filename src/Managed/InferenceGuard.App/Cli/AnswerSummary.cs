// The one line under an answer.

using System.Globalization;

namespace InferenceGuard.App.Cli;

/// <summary>The one line under an answer: verdict, numbers, times.</summary>
internal static class AnswerSummary
{
    private static readonly NumberFormatInfo s_numbers = new() { NumberGroupSeparator = " " };

    /// <summary>Sums an answer up.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="isChecked">Whether a cost was there to check it.</param>
    /// <param name="device">The device of the per-beam work.</param>
    public static string Of(GuardedAnswer answer, bool isChecked, string device) => string.Join(" · ", (string[])
    [
        answer.Abstained ? "abstained" : !isChecked ? "unchecked" : answer.Safe ? "safe" : "unsafe",
        .. isChecked ? (string[])[Format($"z {answer.State.Value:N1}"), Format($"cost {answer.Cost:N1}")] : [],
        Format($"reward {answer.Reward:N1}"),
        Format($"{answer.AnswerTokens:N0} tokens returned"),
        Format($"{answer.DecodedTokens:N0} decoded"),
        Format($"first token {answer.Timings.FirstTokenMs:N0} ms"),
        Format($"total {answer.Timings.TotalMs:N0} ms"),
        device,
    ]);

    private static string Format(FormattableString text) => text.ToString(s_numbers);
}
