// A vocabulary as a GGUF file holds it: tokens, kinds, scores or merges, special ids, chat template.

using InferenceGuard.Model;

namespace InferenceGuard.Training;

/// <summary>A vocabulary that can be written into a GGUF file: SentencePiece ("llama") or byte-level BPE ("gpt2").</summary>
public sealed class GgufVocabulary
{
    /// <summary>Token kinds of the format.</summary>
    internal const int NormalToken = 1, UnknownToken = 2, ControlToken = 3, ByteToken = 6;

    private static readonly string[] s_markers = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

    // ChatML; llama.cpp recognises it by its markers.
    private const string ChatMl =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    private readonly Dictionary<string, object> _metadata;

    private GgufVocabulary(int count, Dictionary<string, object> metadata) => (Count, _metadata) = (count, metadata);

    /// <summary>Vocabulary size V.</summary>
    public int Count { get; }

    /// <summary>The metadata that make a GGUF file carry this vocabulary.</summary>
    public IReadOnlyDictionary<string, object> Metadata => _metadata;

    /// <summary>
    /// A byte-level BPE vocabulary with GPT-2's pre-tokenisation. Ids: markers <c>&lt;|endoftext|&gt;</c>,
    /// <c>&lt;|im_start|&gt;</c>, <c>&lt;|im_end|&gt;</c>; the 256 bytes; one token per merge.
    /// </summary>
    /// <param name="merges">Pairs of tokens in byte letters, first merged first; both parts exist before the merge.</param>
    /// <param name="chat">Whether the model speaks ChatML; else its texts begin and end with <c>&lt;|endoftext|&gt;</c>.</param>
    public static GgufVocabulary Bpe(IReadOnlyList<(string Left, string Right)> merges, bool chat = true)
    {
        ArgumentNullException.ThrowIfNull(merges);
        string[] tokens = [.. s_markers, .. ByteLetters.All, .. merges.Select(static merge => merge.Left + merge.Right)];
        var metadata = new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "gpt2",
            ["tokenizer.ggml.pre"] = "gpt-2",
            ["tokenizer.ggml.tokens"] = tokens,
            ["tokenizer.ggml.token_type"] = tokens.Select(static (_, id) => id < s_markers.Length ? ControlToken : NormalToken).ToArray(),
            ["tokenizer.ggml.merges"] = merges.Select(static merge => $"{merge.Left} {merge.Right}").ToArray(),
            ["tokenizer.ggml.bos_token_id"] = (uint)EndOfTextId,
            ["tokenizer.ggml.eos_token_id"] = (uint)(chat ? TurnEndId : EndOfTextId),
            ["tokenizer.ggml.add_bos_token"] = !chat,
        };
        if (chat)
            metadata["tokenizer.chat_template"] = ChatMl;
        return new GgufVocabulary(tokens.Length, metadata);
    }

    /// <summary>The vocabulary of a file whose vocabulary was made by <see cref="Bpe"/>.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="GuardException">The file has another vocabulary.</exception>
    public static GgufVocabulary Read(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.Text("tokenizer.ggml.pre") != "gpt-2" || file.Strings("tokenizer.ggml.tokens") is not { } tokens || !tokens.Take(SmallestBpe).SequenceEqual([.. s_markers, .. ByteLetters.All]))
            throw new GuardException(GuardFault.Usage, $"The vocabulary of {file.Path} was not made by this trainer; give a model that it made.");
        var metadata = file.Metadata.Where(static pair => pair.Key.StartsWith("tokenizer.", StringComparison.Ordinal)).ToDictionary(
            static pair => pair.Key, static pair => pair.Value is GgufStrings strings ? strings.ToArray() : pair.Value);
        return new GgufVocabulary(tokens.Count, metadata);
    }

    /// <summary>Whether the model speaks ChatML.</summary>
    public bool IsChat => _metadata.ContainsKey("tokenizer.chat_template");

    /// <summary>Ids of the markers of every vocabulary made by <see cref="Bpe"/>; the 256 bytes follow.</summary>
    internal const int EndOfTextId = 0, TurnStartId = 1, TurnEndId = 2, FirstByteId = 3;

    /// <summary>Tokens of a BPE vocabulary without merges.</summary>
    internal const int SmallestBpe = FirstByteId + 256;

    /// <summary>A BPE vocabulary of any size over words of blanks and small letters, for models whose text does not matter.</summary>
    /// <param name="count">Vocabulary size V, 259 or more.</param>
    public static GgufVocabulary SyntheticBpe(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, SmallestBpe);
        return Bpe([.. SyntheticWords('Ġ').Where(static word => word.Length > 1).Take(count - SmallestBpe).Select(static word => (word[..^1], word[^1..]))]);
    }

    /// <summary>A SentencePiece vocabulary of any size over words of blanks and small letters, with all 256 byte tokens.</summary>
    /// <param name="count">Vocabulary size V, 259 or more.</param>
    public static GgufVocabulary SyntheticSpm(int count)
    {
        string[] head = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(static value => $"<0x{value:X2}>")];
        ArgumentOutOfRangeException.ThrowIfLessThan(count, head.Length);
        string[] tokens = [.. head, .. SyntheticWords('▁').Take(count - head.Length)];
        int Kind(int id) => id switch { 0 => UnknownToken, 1 or 2 => ControlToken, _ => id < head.Length ? ByteToken : NormalToken };
        return new GgufVocabulary(count, new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.pre"] = "default",
            ["tokenizer.ggml.tokens"] = tokens,
            ["tokenizer.ggml.scores"] = tokens.Select((_, id) => id < head.Length ? 0f : head.Length - id).ToArray(),
            ["tokenizer.ggml.token_type"] = tokens.Select((_, id) => Kind(id)).ToArray(),
            ["tokenizer.ggml.unknown_token_id"] = 0u,
            ["tokenizer.ggml.bos_token_id"] = 1u,
            ["tokenizer.ggml.eos_token_id"] = 2u,
            ["tokenizer.ggml.add_bos_token"] = true,
        });
    }

    /// <summary>All words over the blank's letter and a to z, shorter ones first: every beginning of a word comes before it.</summary>
    private static IEnumerable<string> SyntheticWords(char blank)
    {
        string[] letters = [blank.ToString(), .. Enumerable.Range('a', 26).Select(static letter => ((char)letter).ToString())];
        IEnumerable<string> words = letters;
        while (true)
        {
            foreach (var word in words)
                yield return word;
            var shorter = words;
            words = shorter.SelectMany(word => letters.Select(letter => word + letter));
        }
    }
}
