// How a thing is that a generation needs.

namespace InferenceGuard.App.Cli.Doctor;

/// <summary>How a thing is.</summary>
internal enum Health
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Absent, and a generation works without it.</summary>
    Absent,

    /// <summary>A generation would fail.</summary>
    Broken,
}
