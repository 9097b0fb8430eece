// A corpus as rows: nothing is lost, nothing held out is learnt from, and rows are as long as they must be.

using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

[OwnEngine]
public sealed class TokenizedCorpusTests
{
    private static readonly GgufVocabulary s_chat = GgufVocabulary.Bpe([("\u0120", "a"), ("l", "l")]);
    private static readonly GgufVocabulary s_text = GgufVocabulary.Bpe([("\u0120", "a"), ("l", "l")], chat: false);
    private static readonly LanguageModelRecipe s_recipe = new() { Epochs = 3, RowsPerStep = 4, HeldOutShare = 0.25, Seed = 2 };

    private static readonly TrainingDocument[] s_conversations =
        [.. Enumerable.Range(0, 22).Select(static number => new TrainingDocument($"ask {number}", new string('x', 1 + number % 5)))];

    [Test]
    public void Create_Conversations_ParksTheirShareAndLearnsTheRest()
    {
        var corpus = TokenizedCorpus.Create(s_recipe, s_conversations, s_chat);
        var heldOut = Documents(corpus, corpus.HeldOutRows);
        var learnt = Documents(corpus, corpus.TrainingRows().Take(200)).Distinct().ToArray();
        Assert.That(heldOut, Has.Length.EqualTo(5), "a quarter of 22, rounded down");
        Assert.That(heldOut.Concat(learnt), Is.EquivalentTo(s_conversations.Select(static document => Spelt(document, s_chat))));
        Assert.That(heldOut, Is.Not.EquivalentTo(s_conversations.Take(5).Select(static document => Spelt(document, s_chat))), "drawn, not the first ones");
    }

    [Test]
    public void Create_Conversations_HasRowsForTheLongestAndStepsForTheEpochs()
    {
        var corpus = TokenizedCorpus.Create(s_recipe with { HeldOutShare = 0 }, s_conversations, s_chat);
        Assert.That(corpus.RowTokens, Is.EqualTo(32), "the least multiple of 32 that holds 25 tokens of context and 5 of answer");
        Assert.That(corpus.HeldOutRows, Is.Empty);
        Assert.That(corpus.Steps, Is.EqualTo(17), "3 epochs of 22 rows, 4 a step, rounded up");
    }

    [Test]
    public void Create_ALongText_IsCutWithoutLoss()
    {
        var text = new TrainingDocument(null, string.Concat(Enumerable.Range(0, 30).Select(static number => $"all {number} ")));
        var recipe = s_recipe with { HeldOutShare = 0, RowTokens = 32 };
        var corpus = TokenizedCorpus.Create(recipe, [text], s_text);
        var encoded = TokenizedDocument.Encode(text, new BpeEncoder(s_text));
        var pieces = encoded.Cut(32).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(pieces, Has.Length.GreaterThan(3));
            Assert.That(pieces.Select(static piece => piece.InputTokens), Has.All.InRange(1, 32));
            Assert.That(pieces.SelectMany(static piece => piece.Tokens[..^1]).Append(pieces[^1].Tokens[^1]), Is.EqualTo(encoded.Tokens));
            Assert.That(pieces.Skip(1).Select(static piece => piece.Tokens[0]), Is.EqualTo(pieces.SkipLast(1).Select(static piece => piece.Tokens[^1])), "each begins where the last ended");
            Assert.That(Documents(corpus, corpus.TrainingRows().Take(pieces.Length)), Is.EquivalentTo(pieces.Select(static piece => string.Join(' ', piece.Tokens))));
        });
    }

    [Test]
    public void Encode_AConversation_IsChatMlOfWhichTheAnswerIsLearnt()
    {
        var encoder = new BpeEncoder(s_chat);
        var document = TokenizedDocument.Encode(new TrainingDocument("all a?", "a ll"), encoder);
        int[] Ids(string text) => [.. encoder.Encode(text).Select(static token => token.Value)];
        Assert.That(document.Tokens, Is.EqualTo((int[])[1, .. Ids("user\nall a?"), 2, .. Ids("\n"), 1, .. Ids("assistant\n"), .. Ids("a ll"), 2]));
        Assert.That(document.Tokens[document.ContextTokens..], Is.EqualTo((int[])[.. Ids("a ll"), 2]), "the end of the turn is learnt too");
    }

    private static string Spelt(TrainingDocument document, GgufVocabulary vocabulary) => string.Join(' ', TokenizedDocument.Encode(document, new BpeEncoder(vocabulary)).Tokens);

    private static string[] Documents(TokenizedCorpus corpus, IEnumerable<TrainingRow> rows)
    {
        using var reader = new RowReader(corpus.RowTokens, vocabularySize: 300);
        return [.. rows.SelectMany(reader.Documents).Select(static tokens => string.Join(' ', tokens))];
    }
}
