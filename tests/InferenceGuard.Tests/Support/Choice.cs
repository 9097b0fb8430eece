// Generated choices among constants.

using CsCheck;

namespace InferenceGuard.Tests.Support;

/// <summary>Generated choices among constants.</summary>
internal static class Choice
{
    public static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(at => values[at]);
}
