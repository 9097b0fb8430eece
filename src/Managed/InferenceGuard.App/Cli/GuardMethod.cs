// How an answer is found: a method and its options.

using InferenceGuard.Methods;

namespace InferenceGuard.App.Cli;

/// <summary>How an answer is found, with checked options.</summary>
/// <param name="Name">One of <see cref="AnswerMethods.Known"/>.</param>
/// <param name="Settings">The options, checked.</param>
/// <param name="Alpha">The α that sets the critic's threshold; null where none was given.</param>
/// <param name="HasThreshold">Whether the threshold itself was given.</param>
internal sealed record GuardMethod(string Name, MethodOptions Settings, double? Alpha, bool HasThreshold)
{
    /// <summary>The options of the search.</summary>
    public GuardOptions Options => Settings.Guard;

    /// <summary>Whether it is plain sampling.</summary>
    public bool IsBase => Name == AnswerMethods.Base;
}
