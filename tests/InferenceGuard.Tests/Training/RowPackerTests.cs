// Packing loses no document, repeats none, and overfills no row.

using CsCheck;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

[OwnEngine]
public sealed class RowPackerTests
{
    private const string Seed = "0000KsAXYHQ2";
    private const int RowTokens = 24;
    private const int MostDocuments = 150; // more than the packer keeps rows open

    // Document i consists of the token i alone, so that a row shows which documents it holds.
    private static readonly Gen<TokenizedDocument[]> Documents = Gen.Frequency((3, Gen.Int[1, RowTokens]), (1, Gen.Int[RowTokens / 2 + 1, RowTokens])).Array[1, MostDocuments]
        .Select(static lengths => lengths.Select(static (length, index) => Document(index, length)).ToArray());

    private RowReader _reader = null!;

    [OneTimeSetUp]
    public void OpenReader() => _reader = new RowReader(RowTokens, MostDocuments);

    [OneTimeTearDown]
    public void CloseReader() => _reader.Dispose();

    [Test]
    public void Pack_AnyDocuments_HoldsEachOnceInRowsThatFit() => Documents.Sample(documents =>
    {
        var rows = new RowPacker(RowTokens).Pack(documents).ToList();
        Assert.That(rows.Select(static row => row.UsedTokens), Has.All.InRange(1, RowTokens));
        Assert.That(Ids(rows.SelectMany(_reader.Documents)), Is.EquivalentTo(Ids(documents.Select(static document => document.Tokens))));
    }, seed: Seed, iter: 200, threads: 1);

    [Test]
    public void Pack_AnyDocuments_FillsRowsMoreThanHalfButForOne() => Documents.Where(static documents => documents.Length <= 64).Sample(static documents =>
    {
        // First fit: were two rows at most half full, the second one's documents would have gone into the first.
        var rows = new RowPacker(RowTokens).Pack(documents).ToList();
        Assert.That(rows.Count(static row => row.UsedTokens * 2 <= RowTokens), Is.LessThanOrEqualTo(1));
    }, seed: Seed, iter: 200);

    [Test]
    public void Pack_DocumentsThatFillEachOther_ShareRows()
    {
        var rows = new RowPacker(RowTokens).Pack([Document(0, 20), Document(1, 10), Document(2, 4), Document(3, 14)]).ToList();
        Assert.That(rows.Select(row => Ids(_reader.Documents(row))), Is.EqualTo(new[] { new[] { "0×21", "2×5" }, ["1×11", "3×15"] }));
    }

    [Test]
    public void Pack_ADocumentLongerThanARow_IsRefused() =>
        Assert.That(static () => new RowPacker(RowTokens).Pack([Document(0, RowTokens + 1)]).ToList(), Throws.ArgumentException.With.Message.Contains("26 tokens").And.Message.Contains("row of 24"));

    [Test]
    public void Endless_EveryEpoch_HoldsEachDocumentOnceInAnotherOrder()
    {
        var documents = Enumerable.Range(0, 40).Select(static index => Document(index, 1 + index % RowTokens)).ToArray();
        var stream = new RowPacker(RowTokens).Endless(documents, seed: 3).SelectMany(_reader.Documents).Take(3 * documents.Length).Select(static tokens => tokens[0]).ToArray();
        var epochs = stream.Chunk(documents.Length).ToArray();
        Assert.That(epochs, Has.All.EquivalentTo(Enumerable.Range(0, documents.Length)));
        Assert.That(epochs[1], Is.Not.EqualTo(epochs[0]));
        Assert.That(epochs[2], Is.Not.EqualTo(epochs[1]));
    }

    [Test]
    public void Endless_EveryEpoch_PutsOtherDocumentsTogether()
    {
        TokenizedDocument[] documents = [.. Enumerable.Range(0, 40).Select(static index => Document(index, RowTokens / 4))];
        var rows = new RowPacker(RowTokens).Endless(documents, seed: 3).Take(20).Select(row => string.Join(' ', Ids(_reader.Documents(row)).Order(StringComparer.Ordinal))).ToArray();
        Assert.That(rows[10..].Intersect(rows[..10]).Count(), Is.LessThan(3), "ten rows of four, drawn anew");
    }

    [Test]
    public void Endless_TheSameSeed_GivesTheSameRows()
    {
        var documents = Enumerable.Range(0, 40).Select(static index => Document(index, 1 + index % RowTokens)).ToArray();
        string[] Rows(ulong seed) => [.. new RowPacker(RowTokens).Endless(documents, seed).Take(50).Select(row => string.Join(' ', Ids(_reader.Documents(row))))];
        var rows = Rows(3);
        Assert.That(Rows(3), Is.EqualTo(rows));
        Assert.That(Rows(4), Is.Not.EqualTo(rows));
        Assert.That(documents.Select(static document => document.Tokens[0]), Is.Ordered, "the caller's documents stay in their order");
    }

    private static TokenizedDocument Document(int token, int inputTokens) => new([.. Enumerable.Repeat(token, inputTokens + 1)], ContextTokens: 1);

    private static string[] Ids(IEnumerable<int[]> documents) => [.. documents.Select(static tokens => $"{tokens.Distinct().Single()}×{tokens.Length}")];
}
