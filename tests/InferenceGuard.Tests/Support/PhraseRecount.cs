// The definition of a phrase score, written as plainly as possible: lists of words and nested loops over the whole text.

using System.Text.RegularExpressions;
using InferenceGuard.Scoring;

namespace InferenceGuard.Tests.Support;

/// <summary>Recounts a phrase model without automaton, stream or state. Characters beyond U+FFFF count as breaks here.</summary>
internal sealed partial class PhraseRecount(string text)
{
    private const string Apostrophes = "['\u2019\u02BC]";

    private readonly (string Word, int Sentence)[] _words = Split(text);

    /// <summary>Σ weight × count.</summary>
    public double Score(PhraseFile file, string prompt, bool ended)
    {
        var total = 0.0;
        foreach (var rule in file.Rules)
            if (IsActive(rule, prompt) && (ended || !rule.Ended))
                total += rule.Weight * Count(rule, file.Negators);
        return total;
    }

    private static bool IsActive(PhraseRule rule, string prompt) =>
        rule.WhenPrompt.Length == 0 || rule.WhenPrompt.Any(phrase => new PhraseRecount(prompt).Occurrences(phrase, []) > 0);

    private int Count(PhraseRule rule, string[] negators)
    {
        var perGroup = rule.Groups.Select(group => Distinct(group).Sum(phrase => Occurrences(phrase, negators))).ToArray();
        return perGroup.Length == 1 ? Math.Min(rule.Most, perGroup[0]) : perGroup.All(static count => count > 0) ? 1 : 0;
    }

    private static IEnumerable<string> Distinct(string[] phrases) =>
        phrases.DistinctBy(static phrase => string.Join(' ', Split(phrase).Select(static word => word.Word)));

    private int Occurrences(string phrase, string[] negators)
    {
        var words = Split(phrase);
        return Enumerable.Range(0, Math.Max(0, _words.Length - words.Length + 1))
            .Count(first => Matches(words, first, lastIsPrefix: true) && !IsNegated(first, first + words.Length - 1, negators));
    }

    private bool IsNegated(int first, int last, string[] negators) => negators.Select(Split).Any(negator =>
        Enumerable.Range(0, first).Any(at =>
            at + negator.Length <= first && Matches(negator, at, lastIsPrefix: false) && _words[at + negator.Length - 1].Sentence == _words[last].Sentence));

    private bool Matches((string Word, int Sentence)[] phrase, int first, bool lastIsPrefix)
    {
        for (var at = 0; at < phrase.Length; at++)
        {
            var (expected, given) = (phrase[at].Word, _words[first + at].Word);
            if (!(lastIsPrefix && at == phrase.Length - 1 ? given.StartsWith(expected, StringComparison.Ordinal) : given == expected))
                return false;
        }
        return true;
    }

    private static (string Word, int Sentence)[] Split(string text)
    {
        var plain = InnerApostrophe().Replace(Invisible().Replace(text, ""), "");
        return [.. Word().Matches(plain).Select(match => (match.Value.ToLowerInvariant(), plain[..match.Index].Count(static at => at is '.' or '!' or '?' or ';' or ':' or '\n')))];
    }

    [GeneratedRegex(@"\p{Cf}")]
    private static partial Regex Invisible();

    [GeneratedRegex(@"(?<=[\p{L}\p{M}\p{Nd}-[\u02BC]])" + Apostrophes + @"(?=[\p{L}\p{M}\p{Nd}-[\u02BC]])")]
    private static partial Regex InnerApostrophe();

    [GeneratedRegex(@"[\p{L}\p{Nd}-[\u02BC]][\p{L}\p{M}\p{Nd}-[\u02BC]]*")]
    private static partial Regex Word();
}
