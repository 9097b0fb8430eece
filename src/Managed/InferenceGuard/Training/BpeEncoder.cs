// Text to token ids with a byte-level BPE vocabulary, for making training rows without loading a model.

using System.Text;
using InferenceGuard.Model;

namespace InferenceGuard.Training;

/// <summary>Encodes text with a byte-level BPE vocabulary as llama.cpp does. Not thread-safe: words are remembered.</summary>
public sealed class BpeEncoder
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<(string Left, string Right), int> _ranks = [];
    private readonly Dictionary<string, int[]> _words = new(StringComparer.Ordinal);

    /// <summary>Creates an encoder.</summary>
    /// <param name="vocabulary">Made by <see cref="GgufVocabulary.Bpe"/>.</param>
    public BpeEncoder(GgufVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        if (vocabulary.Metadata["tokenizer.ggml.tokens"] is not string[] tokens || vocabulary.Metadata.GetValueOrDefault("tokenizer.ggml.merges") is not string[] merges)
            throw new ArgumentException("The vocabulary is not byte-level BPE.", nameof(vocabulary));
        _ids = tokens.Select(static (token, id) => (token, id)).ToDictionary(static pair => pair.token, static pair => pair.id, StringComparer.Ordinal);
        foreach (var merge in merges)
        {
            var blank = merge.IndexOf(' ', StringComparison.Ordinal);
            _ranks.TryAdd((merge[..blank], merge[(blank + 1)..]), _ranks.Count);
        }
    }

    /// <summary>Token ids of a text; spellings of markers are plain text.</summary>
    /// <param name="text">Any text.</param>
    public IReadOnlyList<TokenId> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var tokens = new List<TokenId>(text.Length / 2);
        foreach (var word in WordSplitter.Split(text))
        {
            if (!_words.TryGetValue(word, out var ids))
                _words[word] = ids = EncodeWord(word);
            foreach (var id in ids)
                tokens.Add(new TokenId(id));
        }

        return tokens;
    }

    private int[] EncodeWord(string word)
    {
        var parts = ByteLetters.Spell(Encoding.UTF8.GetBytes(word)).Select(static letter => letter.ToString()).ToList();
        while (FirstMerge(parts) is { } at)
        {
            parts[at] += parts[at + 1];
            parts.RemoveAt(at + 1);
        }

        return [.. parts.Select(part => _ids[part])];
    }

    /// <summary>Where the earliest-learnt merge applies, leftmost first; null when none does.</summary>
    private int? FirstMerge(List<string> parts)
    {
        (int? at, var best) = (null, int.MaxValue);
        for (var i = 0; i + 1 < parts.Count; i++)
        {
            if (_ranks.TryGetValue((parts[i], parts[i + 1]), out var rank) && rank < best)
                (at, best) = (i, rank);
        }

        return at;
    }
}
