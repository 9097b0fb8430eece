// What the doctor finds out about one thing.

namespace InferenceGuard.App.Cli.Doctor;

/// <summary>What is known of one thing a generation needs.</summary>
/// <param name="Subject">The thing.</param>
/// <param name="Health">How it is.</param>
/// <param name="Finding">What was found, and for what is wrong, what to do.</param>
internal sealed record Verdict(string Subject, Health Health, string Finding)
{
    /// <summary>Makes a verdict of what a check finds, or of why it cannot.</summary>
    /// <param name="subject">The thing.</param>
    /// <param name="check">Returns what was found.</param>
    public static Verdict Of(string subject, Func<string> check)
    {
        try
        {
            return new(subject, Health.Good, check());
        }
        catch (GuardException e)
        {
            return new(subject, Health.Broken, e.Message);
        }
    }
}
