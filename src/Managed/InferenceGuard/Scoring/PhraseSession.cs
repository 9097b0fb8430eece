// The growing answers of a search, matched block by block.

namespace InferenceGuard.Scoring;

/// <summary>
/// Scores growing answers by a phrase model. A slot is one struct and one fixed-size row of progress, so that a fork is
/// a copy. Time is linear in the new text plus the number of rules; nothing is allocated after construction.
/// </summary>
internal sealed class PhraseSession : IScoringSession
{
    private readonly PhraseModel _model;
    private readonly bool[] _active;
    private readonly Slot[] _slots;
    private readonly int[] _progress; // [slots, rules]

    public PhraseSession(PhraseModel model, string prompt, int slots)
    {
        (_model, _active) = (model, model.Active(prompt));
        _slots = new Slot[slots];
        Array.Fill(_slots, new Slot { Node = model.Automaton.Start });
        _progress = new int[slots * model.Rules.Length];
    }

    /// <inheritdoc />
    public void Extend(ScoringBatch batch, Span<double> scores)
    {
        for (var row = 0; row < batch.Count; row++)
        {
            Append(batch.Slot(row), batch.Utf8(row));
            scores[row] = Total(batch.Slot(row), batch.Ended(row));
        }
    }

    /// <inheritdoc />
    public void Fork(int source, int target)
    {
        _slots[target] = _slots[source];
        Progress(source).CopyTo(Progress(target));
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }

    /// <summary>Reads more text of a slot; it may begin or end inside a character.</summary>
    public void Append(int slot, ReadOnlySpan<byte> utf8)
    {
        ref var state = ref _slots[slot];
        var progress = Progress(slot);
        while (state.Utf8.TryRead(ref utf8, out var rune))
        {
            if (state.Text.Next(rune) is not PhraseText.None and var symbol)
            {
                state.Node = _model.Automaton.Step(state.Node, symbol);
                var found = _model.Automaton.Found(state.Node);
                if (symbol == PhraseText.Break)
                    state.EndWord(negates: found.Length > 0); // Only negators end with a break.
                else
                    Count(found, state.WordAfterNegator, progress);
            }
            if (PhraseText.EndsSentence(rune))
                state.WordAfterNegator = 0;
        }
    }

    /// <summary>Score of a slot's text: Σ weight × count in the order of the rules, so that it depends on the counts alone.</summary>
    public double Total(int slot, bool ended)
    {
        var rules = _model.Rules;
        var progress = Progress(slot);
        var total = 0.0;
        for (var rule = 0; rule < progress.Length; rule++)
            if (progress[rule] != 0)
                total += rules[rule].Weight * rules[rule].Count(progress[rule], ended);
        return double.IsFinite(total)
            ? total
            : throw new GuardException(GuardFault.Generation, $"The phrase model \"{_model.Name}\" scored {total}; a score must be finite: lower its weights.");
    }

    private Span<int> Progress(int slot) => _progress.AsSpan(slot * _model.Rules.Length, _model.Rules.Length);

    // A phrase of k words that ends in the n-th word after a negator began after it if k ≤ n; then it does not count.
    private void Count(ReadOnlySpan<int> found, int wordAfterNegator, Span<int> progress)
    {
        foreach (var index in found)
        {
            var pattern = _model.Patterns[index];
            if (_active[pattern.Rule] && pattern.WordCount > wordAfterNegator)
                progress[pattern.Rule] = _model.Rules[pattern.Rule].Advance(progress[pattern.Rule], pattern.Group);
        }
    }

    /// <summary>What is known of a slot's text so far, besides the progress of the rules.</summary>
    private struct Slot
    {
        public Utf8Cursor Utf8;
        public PhraseText Text;
        public int Node;

        /// <summary>Which word after the sentence's first negator the text is in, from 1; 0 without one.</summary>
        public int WordAfterNegator;

        public void EndWord(bool negates)
        {
            if (WordAfterNegator > 0 || negates)
                WordAfterNegator++;
        }
    }
}
