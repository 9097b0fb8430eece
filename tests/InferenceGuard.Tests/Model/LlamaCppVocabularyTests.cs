// Text to tokens and back, in both tokenizer families, with special tokens only where they were asked for.

using System.Text;
using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Model;

[TestFixture(false)]
[TestFixture(true)]
public sealed class LlamaCppVocabularyTests(bool isSpm)
{
    private static readonly string[] s_texts =
    [
        "hello world", "Hello, World!\n\n", "  two  blanks ", "tab\tand\rreturn", "naïve café 東京 🙂", "ÿþ\u0000nul", "12345 67",
        "<s> </s> <|im_end|>", new string('x', 5000),
    ];

    private LlamaCppModel _model = null!;

    [OneTimeSetUp]
    public void LoadModel() => _model = LlamaCppModel.Load(isSpm ? TinyModel.SpmPath : TinyModel.BpePath, new ModelOptions { VocabularyOnly = true });

    [OneTimeTearDown]
    public void FreeModel() => _model.Dispose();

    [TestCaseSource(nameof(s_texts))]
    public void Detokenize_OfTokenizedText_GivesItBack(string text)
    {
        var tokens = _model.Vocabulary.Tokenize(text, parseSpecial: false);
        // A SentencePiece vocabulary puts one blank before a text.
        Assert.That(_model.Vocabulary.Detokenize(tokens), Is.EqualTo((isSpm ? " " : "") + text));
    }

    [Test]
    public void Tokenize_OfAKnownWord_UsesItsMerges()
    {
        var tokens = _model.Vocabulary.Tokenize("hello world", parseSpecial: false);
        var pieces = Array.ConvertAll(tokens, t => Encoding.UTF8.GetString(_model.Vocabulary.Piece(t)));
        Assert.That(pieces, Is.EqualTo(new[] { isSpm ? " hello" : "hello", " world" }));
    }

    [Test]
    public void Tokenize_OfASpecialSpelling_ObeysTheFlag()
    {
        var spelling = isSpm ? "</s>" : "<|im_end|>";
        var parsed = _model.Vocabulary.Tokenize(spelling, parseSpecial: true);
        var text = _model.Vocabulary.Tokenize(spelling, parseSpecial: false);
        Assert.That(parsed, Is.EqualTo(new[] { _model.Vocabulary.EndOfText!.Value }));
        Assert.That(text, Has.Length.GreaterThan(1).And.None.EqualTo(parsed[0]));
    }

    [Test]
    public void Tokenize_OfNothingOrALoneSurrogate_DoesNotFail()
    {
        Assert.That(_model.Vocabulary.Tokenize("", parseSpecial: false), Is.Empty);
        Assert.That(_model.Vocabulary.Detokenize(_model.Vocabulary.Tokenize("\uD800", parseSpecial: false)), Does.EndWith("\uFFFD"));
    }

    [Test]
    public void Piece_OfSpecialTokens_IsEmptyAndOfBytesTheByte()
    {
        Assert.That(_model.Vocabulary.Piece(_model.Vocabulary.EndOfText!.Value).IsEmpty);
        Assert.That(_model.Vocabulary.IsEndOfGeneration(_model.Vocabulary.EndOfText!.Value));
        var bytes = Enumerable.Range(0, 256).Select(b => new TokenId(isSpm ? 3 + b : b)).ToArray();
        for (var b = 0; b < 256; b++)
        {
            Assert.That(_model.Vocabulary.Piece(bytes[b]).ToArray(), Is.EqualTo(new[] { (byte)b }));
            Assert.That(_model.Vocabulary.IsEndOfGeneration(bytes[b]), Is.False);
        }
    }

    [Test]
    public void Piece_OfAnIdOutOfRange_Throws([Values(-1, int.MinValue, int.MaxValue, 100_000)] int id)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Vocabulary.Piece(new TokenId(id)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Vocabulary.IsEndOfGeneration(new TokenId(id)));
    }

    [Test]
    public void BeginOfText_OfEachFamily_IsAddedAsTheFileSays()
    {
        Assert.That(_model.Vocabulary.BeginOfText, Is.Not.Null);
        Assert.That(_model.Vocabulary.AddsBeginOfText, Is.EqualTo(isSpm));
    }

    [Test]
    public void Tokenize_FromManyThreads_GivesTheSameTokens()
    {
        var expected = s_texts.Select(t => _model.Vocabulary.Tokenize(t, parseSpecial: false)).ToArray();
        Parallel.For(0, 200, i =>
            Assert.That(_model.Vocabulary.Tokenize(s_texts[i % s_texts.Length], parseSpecial: false), Is.EqualTo(expected[i % s_texts.Length])));
    }
}
