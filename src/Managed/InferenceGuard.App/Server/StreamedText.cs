// What of a committed text may be sent: whole characters, nothing of a stop, and nothing that is over the budget by itself.

using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Scoring;

namespace InferenceGuard.App.Server;

/// <summary>Follows one choice of a stream: what was sent is never taken back, so everything is held back that might have to be.</summary>
/// <param name="vocabulary">The model's vocabulary.</param>
/// <param name="cost">The cost.</param>
/// <param name="plan">What was asked.</param>
internal sealed class StreamedText(Vocabulary vocabulary, ICost cost, ChatPlan plan)
{
    private readonly string _userText = plan.UserText;

    /// <summary>What was sent.</summary>
    public string Sent { get; private set; } = "";

    /// <summary>Tokens of what was committed when the last of it was sent.</summary>
    public int SentTokens { get; private set; }

    /// <summary>z after what was committed then; the state of the beginning where nothing was sent.</summary>
    public SafetyState SentState { get; private set; } = new(plan.Budget);

    /// <summary>Whether a stop was found in what was committed: nothing can follow.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>What can be sent after a step; empty if nothing.</summary>
    /// <param name="step">The step.</param>
    /// <param name="cancellation">Ends what the cost waits for.</param>
    public string Next(DecodeStep step, CancellationToken cancellation)
    {
        if (IsStopped || step.Committed.IsEmpty)
            return "";
        var committed = vocabulary.Detokenize(step.Committed);
        var text = Complete(committed);
        (text, IsStopped) = Cut(text, plan.Stops);
        if (!IsStopped)
            text = text[..^HeldBack(text, plan.Stops)];
        // A committed text is within the budget; a part of it is, too, unless a longer answer can cost less.
        var isVerified = text.Length == committed.Length || cost.IsMonotone || text.Length <= Sent.Length || plan.Budget - cost.Score(_userText, text, ended: false, cancellation) >= 0;
        if (!isVerified)
            return "";
        (SentTokens, SentState) = (step.Committed.Length, step.CommittedState);
        return Send(text);
    }

    /// <summary>What is left to send of a verified answer.</summary>
    /// <param name="text">The answer, cut at a stop.</param>
    public string Rest(string text) => Send(text);

    /// <summary>A text up to the first of the stops.</summary>
    public static (string Text, bool IsStopped) Cut(string text, IReadOnlyList<string> stops)
    {
        var first = stops.Select(stop => text.IndexOf(stop, StringComparison.Ordinal)).Where(static at => at >= 0).DefaultIfEmpty(-1).Min();
        return first < 0 ? (text, false) : (text[..first], true);
    }

    private string Send(string text)
    {
        if (text.Length <= Sent.Length || !text.StartsWith(Sent, StringComparison.Ordinal))
            return "";
        var rest = text[Sent.Length..];
        Sent = text;
        return rest;
    }

    // A character whose last bytes are not there yet shows as replacement characters at the end.
    private static string Complete(string text) => text.TrimEnd('\uFFFD');

    // How long the end of a text is that a stop may begin with.
    private static int HeldBack(string text, IReadOnlyList<string> stops)
    {
        for (var length = Math.Min(text.Length, stops.Count == 0 ? 0 : stops.Max(static stop => stop.Length) - 1); length > 0; length--)
            if (stops.Any(stop => stop.Length > length && stop.StartsWith(text[^length..], StringComparison.Ordinal)))
                return length;
        return 0;
    }
}
