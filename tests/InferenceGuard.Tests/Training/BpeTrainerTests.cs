// Learning merges: a case by hand, and generated texts against a trainer that recounts everything at every step.

using System.Text;
using CsCheck;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

public sealed class BpeTrainerTests
{
    private const string Seed = "0000KsAXYHQ2";

    // Few letters and long words: many tokens overlap and repeat within a word.
    private static readonly Gen<string> Text = Choice.Of("a", "a", "a", "b", "b", " ", "\n", "\u00E9", "1").Array[0, 120].Select(static letters => string.Concat(letters));

    [Test]
    public void Train_ASmallText_GivesTheMergesFoundByHand()
    {
        // Words: "ab", " ab", " ab", " abc". Pairs: a·b 4, Ġ·a 3, b·c 1; then Ġ·ab 3, ab·c 1; then Ġab·c 1, which is not repeated.
        Assert.That(Train(1000, "ab ab ab abc"), Is.EqualTo(new[] { ("a", "b"), ("\u0120", "ab") }));
    }

    [Test]
    public void Train_OverlappingPairs_MergesTheLeftmost() =>
        Assert.That(Train(1000, "aaa aaa"), Is.EqualTo(new[] { ("a", "a"), ("aa", "a") }));

    [Test]
    public void Train_EqualCounts_TakesTheSmallerIdsFirst() =>
        Assert.That(Train(1000, "cd\nab\ncd\nab"), Is.EqualTo(new[] { ("a", "b"), ("c", "d") }));

    [Test]
    public void Train_PairsAcrossWords_AreNotMerged() =>
        Assert.That(Train(1000, "a1 a1 a1 a1"), Is.EqualTo(new[] { ("\u0120", "a") }), "letters and digits are words of their own");

    [Test]
    public void Train_AnyText_GivesWhatRecountingGives() => Gen.Select(Text, Gen.Int[259, 290]).Sample(
        static (text, size) => Assert.That(Train(size, text), Is.EqualTo(Recount(size, text))), seed: Seed, iter: 300);

    [Test]
    public void Train_AnyText_GivesNewTokensMadeOfOldOnesWithinTheSize() => Gen.Select(Text, Gen.Int[259, 290]).Sample(static (text, size) =>
    {
        var merges = Train(size, text);
        var known = ByteLetters.All.ToHashSet(StringComparer.Ordinal);
        foreach (var (left, right) in merges)
        {
            Assert.That(known, Does.Contain(left).And.Contain(right));
            Assert.That(known.Add(left + right), $"{left}{right} would have two ids");
        }

        Assert.That(GgufVocabulary.Bpe(merges).Count, Is.LessThanOrEqualTo(size));
    }, seed: Seed, iter: 300);

    [Test]
    public void Train_TheSameTextsInAnotherOrder_GivesTheSameMerges()
    {
        string[] texts = ["the cat sat on the mat", "the bat and the rat", "a mat for a cat", "sat, bat, rat!"];
        Assert.That(Train(300, [.. texts.Reverse()]), Is.EqualTo(Train(300, texts)).And.Not.Empty);
    }

    [Test]
    public void Train_OneRepeatedLongWord_StopsAtTheSize() =>
        Assert.That(Train(GgufVocabulary.SmallestBpe + 5, "abcdefghijkl abcdefghijkl"), Has.Count.EqualTo(5));

    [Test]
    public void Train_NothingAdded_LeavesEveryByteAToken()
    {
        Assert.That(Train(1000), Is.Empty);
        var tokens = (string[])GgufVocabulary.Bpe([]).Metadata["tokenizer.ggml.tokens"];
        Assert.That(tokens, Has.Length.EqualTo(GgufVocabulary.SmallestBpe).And.Unique);
        for (var value = 0; value < 256; value++)
            Assert.That(tokens[GgufVocabulary.FirstByteId + value], Is.EqualTo(ByteLetters.Spell([(byte)value])));
    }

    [Test]
    public void Train_ASizeWithoutRoomForTheBytes_IsRefused()
    {
        Assert.That(static () => Train(258, "ab ab"), Throws.TypeOf<GuardException>()
            .With.Property(nameof(GuardException.Fault)).EqualTo(GuardFault.Usage).And.Message.Contains("258").And.Message.Contains("at least 259"));
        Assert.That(Train(259, "ab ab"), Is.Empty);
    }

    private static IReadOnlyList<(string Left, string Right)> Train(int size, params string[] texts)
    {
        var trainer = new BpeTrainer();
        foreach (var text in texts)
            trainer.Add(text);
        return trainer.Train(size);
    }

    /// <summary>The definition, word by word: nothing is kept from one merge to the next but the words themselves.</summary>
    private static List<(string, string)> Recount(int size, string text)
    {
        var tokens = ByteLetters.All.ToList();
        var words = WordSplitter.Split(text).Select(static word => Encoding.UTF8.GetBytes(word).Select(static value => (int)value).ToList()).ToList();
        var merges = new List<(string, string)>();
        while (tokens.Count < size - GgufVocabulary.FirstByteId)
        {
            var best = words.SelectMany(static word => word.Zip(word.Skip(1))).GroupBy(static pair => pair).Where(static group => group.Count() > 1)
                .OrderByDescending(static group => group.Count()).ThenBy(static group => group.Key).FirstOrDefault();
            if (best is null)
                break;
            foreach (var word in words)
            {
                for (var at = 0; at + 1 < word.Count; at++)
                {
                    if ((word[at], word[at + 1]) != best.Key)
                        continue;
                    word[at] = tokens.Count;
                    word.RemoveAt(at + 1);
                }
            }

            merges.Add((tokens[best.Key.First], tokens[best.Key.Second]));
            tokens.Add(tokens[best.Key.First] + tokens[best.Key.Second]);
        }

        return merges;
    }
}
