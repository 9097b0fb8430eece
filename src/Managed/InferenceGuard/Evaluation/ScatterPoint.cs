// A point of a scatter plot, with the interval of the share that one of its axes shows.

namespace InferenceGuard.Evaluation;

/// <summary>A point of a scatter plot.</summary>
/// <param name="Number">Its number in the legend.</param>
/// <param name="Name">What a pointer resting on it is told.</param>
/// <param name="X">Its place on the horizontal axis.</param>
/// <param name="Y">Its place on the vertical axis.</param>
/// <param name="Low">Low end of its interval.</param>
/// <param name="High">High end of its interval.</param>
/// <param name="IsIntervalOfX">Whether the interval lies along the horizontal axis.</param>
/// <param name="Family">Class of its colour.</param>
internal sealed record ScatterPoint(int Number, string Name, double X, double Y, double Low, double High, bool IsIntervalOfX, string Family);
