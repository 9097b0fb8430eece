// A request for an answer, checked: what is to be searched, and in which form it is wanted.

using InferenceGuard.Model;
using InferenceGuard.Safety;

namespace InferenceGuard.App.Server;

/// <summary>A request for an answer, checked.</summary>
internal sealed record ChatPlan
{
    /// <summary>The conversation, or a raw text.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>Every knob; those of choice i have the seed plus i.</summary>
    public required GuardOptions Options { get; init; }

    /// <summary>Safety state of earlier turns; null = the whole budget.</summary>
    public SafetyState? Carried { get; init; }

    /// <summary>Whether a state is wanted for the next turn.</summary>
    public bool Carries { get; init; }

    /// <summary>Whether it is a chat completion, and not a completion.</summary>
    public required bool IsChat { get; init; }

    public required int Choices { get; init; }

    public required IReadOnlyList<string> Stops { get; init; }

    public required bool Streams { get; init; }

    public required bool IncludesUsage { get; init; }

    public required bool WantsLogprobs { get; init; }

    /// <summary>Time for the answer, waiting included.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>z at the beginning.</summary>
    public double Budget => Carried?.Value ?? Options.Budget;

    /// <summary>What the scorers read as the prompt.</summary>
    public string UserText => ChatMessage.UserText(Messages);
}
