// A token of one model's vocabulary, so that it cannot be mistaken for a sequence, a row or a position.

namespace InferenceGuard.Model;

/// <summary>An index into a model's vocabulary, 0 ≤ value &lt; V.</summary>
/// <param name="Value">The index.</param>
public readonly record struct TokenId(int Value)
{
    /// <inheritdoc />
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
