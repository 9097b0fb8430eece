// Learns a byte-level BPE vocabulary from text.

using System.Runtime.InteropServices;
using System.Text;

namespace InferenceGuard.Training;

/// <summary>
/// Byte-level BPE (Sennrich, Haddow and Birch, 2016; bytes as in GPT-2): the most frequent pair of neighbouring tokens inside a
/// word becomes a token, again and again. Ties go to the pair with the smaller ids, so the same text gives the same merges.
/// No two merges give the same token, which llama.cpp would refuse: where a token's text stands between token borders, all
/// earlier merges went as they go in that text alone, so its last merge is the same everywhere, and happens everywhere at once.
/// </summary>
public sealed class BpeTrainer
{
    private readonly Dictionary<string, long> _wordCounts = new(StringComparer.Ordinal);

    /// <summary>Counts the words of a text.</summary>
    /// <param name="text">Any text.</param>
    public void Add(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (var word in WordSplitter.Split(text))
            CollectionsMarshal.GetValueRefOrAddDefault(_wordCounts, word, out _)++;
    }

    /// <summary>Learns merges until the vocabulary has its size or no pair occurs twice.</summary>
    /// <param name="vocabularySize">Vocabulary size V, the three markers and 256 bytes included.</param>
    /// <returns>Pairs of tokens in byte letters, first merged first; no two give the same token.</returns>
    /// <exception cref="GuardException">The size leaves no room for the bytes.</exception>
    public IReadOnlyList<(string Left, string Right)> Train(int vocabularySize)
    {
        var room = vocabularySize - GgufVocabulary.SmallestBpe;
        if (room < 0)
            throw new GuardException(GuardFault.Usage, $"A vocabulary of {vocabularySize} tokens was asked for; give at least {GgufVocabulary.SmallestBpe}, since every byte is a token.");

        // The order of the words does not matter to the counts; sorting makes that plain.
        var words = _wordCounts.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => new Word([.. Encoding.UTF8.GetBytes(pair.Key)], pair.Value)).ToArray();
        var pairs = new PairCounts(words);
        var tokens = ByteLetters.All.ToList();
        var merges = new List<(string, string)>(room);
        while (merges.Count < room && pairs.MostFrequent() is { } pair)
        {
            merges.Add((tokens[pair.Left], tokens[pair.Right]));
            pairs.Merge(pair, tokens.Count);
            tokens.Add(tokens[pair.Left] + tokens[pair.Right]);
        }

        return merges;
    }

    private sealed record Word(List<int> Tokens, long Count)
    {
        public IEnumerable<(int Left, int Right)> Pairs => Tokens.Zip(Tokens.Skip(1));
    }

    /// <summary>How often each pair of neighbours occurs and in which words, kept up to date through merges.</summary>
    private sealed class PairCounts
    {
        private readonly Word[] _words;
        private readonly Dictionary<(int Left, int Right), long> _counts = [];
        private readonly Dictionary<(int Left, int Right), HashSet<int>> _places = [];

        public PairCounts(Word[] words)
        {
            _words = words;
            for (var i = 0; i < words.Length; i++)
                Count(i, sign: +1);
        }

        /// <summary>The most frequent pair that occurs at least twice, or null.</summary>
        public (int Left, int Right)? MostFrequent()
        {
            var best = (Pair: (Left: 0, Right: 0), Count: 1L);
            foreach (var (pair, count) in _counts)
            {
                if (count > best.Count || (count == best.Count && count > 1 && pair.CompareTo(best.Pair) < 0))
                    best = (pair, count);
            }

            return best.Count > 1 ? best.Pair : null;
        }

        /// <summary>Replaces every occurrence of a pair by a new token.</summary>
        public void Merge((int Left, int Right) pair, int token)
        {
            foreach (var word in _places[pair].ToArray())
            {
                Count(word, sign: -1);
                var tokens = _words[word].Tokens;
                for (var i = 0; i + 1 < tokens.Count; i++)
                {
                    if ((tokens[i], tokens[i + 1]) != pair)
                        continue;
                    tokens[i] = token;
                    tokens.RemoveAt(i + 1);
                }

                Count(word, sign: +1);
            }
        }

        private void Count(int word, int sign)
        {
            foreach (var pair in _words[word].Pairs)
            {
                ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, pair, out _);
                count += sign * _words[word].Count;
                if (count == 0)
                    _counts.Remove(pair);

                var places = CollectionsMarshal.GetValueRefOrAddDefault(_places, pair, out _) ??= [];
                if (sign > 0)
                    places.Add(word);
                else
                    places.Remove(word);
            }
        }
    }
}
