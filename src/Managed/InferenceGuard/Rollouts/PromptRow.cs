// A row of a prompt file, whether JSON or CSV carries it.

namespace InferenceGuard.Rollouts;

/// <summary>A row of a prompt file; to be read before the next one is asked for.</summary>
/// <param name="line">The line it begins on, from 1.</param>
/// <param name="id">Its identity where the layout has none.</param>
internal abstract class PromptRow(int line, string id)
{
    public int Line => line;

    public string Id => id;

    /// <summary>Its columns or keys.</summary>
    /// <exception cref="FormatException">The row cannot be read; the message says why.</exception>
    public abstract IReadOnlyCollection<string> Names { get; }

    /// <summary>The text in a column; null if there is none.</summary>
    /// <exception cref="FormatException">The row or the text cannot be read; the message says why.</exception>
    public abstract string? Text(string name);

    /// <summary>As <see cref="Text"/>; a number is a name too.</summary>
    public virtual string? Label(string name) => Text(name);
}
