// A compiled phrase model: what PhraseCost and PhraseReward share.

using System.Text;

namespace InferenceGuard.Scoring;

/// <summary>A phrase file compiled for scoring; immutable.</summary>
internal sealed class PhraseModel
{
    private readonly PhraseRule[] _rules;
    private readonly PhrasePattern[] _patterns;
    private readonly PhraseAutomaton _conditions;
    private readonly int[] _conditionRules; // The rule that each pattern of _conditions makes active.

    public PhraseModel(PhraseFile file)
    {
        (Name, _rules) = (file.Name, file.Rules);
        var answers = file.Rules
            .SelectMany(static (rule, index) => rule.Groups.SelectMany((group, at) => Symbols(group).Select(phrase => new PhrasePattern(phrase, index, at))))
            .Concat(Symbols(file.Negators).Select(static negator => new PhrasePattern(negator + (char)PhraseText.Break, PhrasePattern.Negator, 0)));
        _patterns = [.. answers];
        Automaton = new([.. _patterns.Select(static pattern => pattern.Symbols)]);
        var conditions = file.Rules.SelectMany(static (rule, index) => Symbols(rule.WhenPrompt).Select(phrase => (phrase, index))).ToArray();
        _conditions = new([.. conditions.Select(static condition => condition.phrase)]);
        _conditionRules = [.. conditions.Select(static condition => condition.index)];
    }

    /// <summary>The file's name for reports.</summary>
    public string Name { get; }

    /// <summary>The rules in the file's order.</summary>
    public ReadOnlySpan<PhraseRule> Rules => _rules;

    /// <summary>Finds the phrases and negators of all rules.</summary>
    public PhraseAutomaton Automaton { get; }

    /// <summary>What the automaton's patterns stand for.</summary>
    public ReadOnlySpan<PhrasePattern> Patterns => _patterns;

    /// <summary>Scores a whole text.</summary>
    public double Score(string prompt, string answer, bool ended)
    {
        ArgumentNullException.ThrowIfNull(answer);
        using var session = new PhraseSession(this, prompt, slots: 1);
        session.Append(0, Encoding.UTF8.GetBytes(answer));
        return session.Total(0, ended);
    }

    /// <summary>Which rules a prompt leaves active.</summary>
    public bool[] Active(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var active = Array.ConvertAll(_rules, static rule => rule.WhenPrompt.Length == 0);
        var text = default(PhraseText);
        var node = _conditions.Start;
        foreach (var rune in prompt.EnumerateRunes())
            if (text.Next(rune) is not PhraseText.None and var symbol)
                foreach (var pattern in _conditions.Found(node = _conditions.Step(node, symbol)))
                    active[_conditionRules[pattern]] = true;
        return active;
    }

    // A phrase begins at a word's start; the same phrase twice in a group counts once.
    private static IEnumerable<string> Symbols(IEnumerable<string> phrases) =>
        phrases.Select(static phrase => (char)PhraseText.Break + PhraseText.Normalize(phrase)).Distinct();
}
