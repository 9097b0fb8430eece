// What a row writes: documents side by side that do not see each other, then padding that counts for nothing.

using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

[OwnEngine]
public sealed class TrainingRowTests
{
    private const int None = TrainingRow.NoTarget;

    [Test]
    public void Fill_TwoDocuments_WritesTokensPositionsTargetsAndMask()
    {
        using var reader = new RowReader(rowTokens: 6, vocabularySize: 16);
        var row = new TrainingRow(6);
        Assert.That(row.TryAdd(new TokenizedDocument([3, 4, 5, 6], ContextTokens: 2)));
        Assert.That(row.TryAdd(new TokenizedDocument([7, 8, 9], ContextTokens: 1)));
        var targets = reader.Targets(row);
        Assert.Multiple(() =>
        {
            Assert.That(row.UsedTokens, Is.EqualTo(5));
            Assert.That(reader.Session.Tokens.ToArray(), Is.EqualTo(new[] { 3, 4, 5, 7, 8, GgufVocabulary.EndOfTextId }));
            Assert.That(reader.Session.Positions.ToArray(), Is.EqualTo(new[] { 0, 1, 2, 0, 1, 0 }));
            Assert.That(targets, Is.EqualTo(new[] { 4, 5, 6, 8, 9, None }));
            Assert.That(Seen(reader), Is.EqualTo(new[] { "1.....", "11....", "111...", "...1..", "...11.", ".....1" }));
        });
    }

    [Test]
    public void Fill_AnswersOnly_LeavesTheContextOut()
    {
        using var reader = new RowReader(rowTokens: 6, vocabularySize: 16);
        var row = new TrainingRow(6);
        row.TryAdd(new TokenizedDocument([3, 4, 5, 6], ContextTokens: 3));
        row.TryAdd(new TokenizedDocument([7, 8, 9], ContextTokens: 1));
        Assert.That(reader.Targets(row, answersOnly: true), Is.EqualTo(new[] { None, None, 6, 8, 9, None }));
    }

    [Test]
    public void Fill_AfterAFullerRow_LeavesNothingOfIt()
    {
        using var reader = new RowReader(rowTokens: 4, vocabularySize: 16);
        var full = new TrainingRow(4);
        full.TryAdd(new TokenizedDocument([3, 4, 5, 6, 7], ContextTokens: 1));
        reader.Targets(full);
        Assert.That(reader.Targets(new TrainingRow(4)), Is.All.EqualTo(None));
        Assert.That(reader.Session.Tokens.ToArray(), Is.All.EqualTo(GgufVocabulary.EndOfTextId));
        Assert.That(Seen(reader), Is.EqualTo(new[] { "1...", ".1..", "..1.", "...1" }), "a query that sees no key would have no softmax");
    }

    [Test]
    public void TryAdd_ADocumentThatDoesNotFit_ChangesNothing()
    {
        var row = new TrainingRow(4);
        Assert.That(row.TryAdd(new TokenizedDocument([1, 2, 3], ContextTokens: 1)));
        Assert.That(row.TryAdd(new TokenizedDocument([1, 2, 3, 4], ContextTokens: 1)), Is.False);
        Assert.That(row.UsedTokens, Is.EqualTo(2));
        Assert.That(row.TryAdd(new TokenizedDocument([1, 2, 3], ContextTokens: 1)), "two inputs fit exactly; the last token is a target only");
    }

    /// <summary>Per query a line of keys: 1 where the mask is 0, a dot where it is −∞.</summary>
    private static string[] Seen(RowReader reader) =>
        [.. reader.Session.Attention.ToArray().Chunk(reader.Session.Tokens.Length).Select(static keys => string.Concat(keys.Select(static key => key == 0 ? '1' : float.IsNegativeInfinity(key) ? '.' : '?')))];
}
