// The one exception type whose message is written for the person at the terminal.

namespace InferenceGuard;

/// <summary>An error that says what was given, what is expected and what to do; the command line prints it in one line.</summary>
public class GuardException : Exception
{
    /// <summary>Creates an error of a kind.</summary>
    /// <param name="fault">Who can repair it; it decides the exit code.</param>
    /// <param name="message">What was given, what is expected, what to do.</param>
    /// <param name="inner">The cause, shown only with <c>--verbose</c>.</param>
    public GuardException(GuardFault fault, string message, Exception? inner = null)
        : base(message, inner) => Fault = fault;

    /// <summary>Who can repair it; it decides the exit code.</summary>
    public GuardFault Fault { get; }
}
