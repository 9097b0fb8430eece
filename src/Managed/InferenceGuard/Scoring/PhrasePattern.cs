// What one pattern of a phrase automaton stands for.

namespace InferenceGuard.Scoring;

/// <summary>A phrase of a rule, or a negator, as the automaton finds it.</summary>
/// <param name="Symbols">A break, then the words with single breaks between them; after a negator, which is whole words, another break.</param>
/// <param name="Rule">Index of the rule, or <see cref="Negator"/>.</param>
/// <param name="Group">Index of the group in its rule.</param>
internal sealed record PhrasePattern(string Symbols, int Rule, int Group)
{
    /// <summary>Stands in for a rule's index.</summary>
    public const int Negator = -1;

    /// <summary>Words of a phrase: one per break before a word.</summary>
    public int WordCount { get; } = Symbols.Count(static symbol => symbol == PhraseText.Break);
}
