// The first line of a traced generation: what was asked, of which model, with which options.

using InferenceGuard.Model;

namespace InferenceGuard.Diagnostics;

/// <summary>What was asked, of which model, with which options.</summary>
public sealed record TraceStart : TraceLine
{
    /// <summary>The trace format this library writes and reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Version of the trace format.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The conversation, oldest turn first.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>The model.</summary>
    public required ModelInfo Model { get; init; }

    /// <summary>Every knob of the generation.</summary>
    public required GuardOptions Options { get; init; }

    /// <summary>Safety state z the search began with: b, or what earlier turns left of it.</summary>
    public required double Z { get; init; }
}
