// Why an answer ended, in the words of the OpenAI wire format.

namespace InferenceGuard;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended it.</summary>
    Stop,

    /// <summary>It reached D tokens.</summary>
    Length,

    /// <summary>No verified-safe answer was found; the text is the abstention.</summary>
    ContentFilter,
}
