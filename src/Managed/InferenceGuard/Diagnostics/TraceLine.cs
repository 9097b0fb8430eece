// One line of a trace file: what its three kinds have in common.

using System.Text.Json.Serialization;

namespace InferenceGuard.Diagnostics;

/// <summary>One line of a trace (docs/trace.md): a <see cref="TraceStart"/>, <see cref="TraceAttempt"/> or <see cref="TraceAnswer"/>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(TraceStart), "start")]
[JsonDerivedType(typeof(TraceAttempt), "attempt")]
[JsonDerivedType(typeof(TraceAnswer), "answer")]
public abstract record TraceLine;
