// A llama-architecture GGUF of a few hundred kilobytes with random weights, in both tokenizer families.

using System.Globalization;
using InferenceGuard.Model;

namespace InferenceGuard.Tests.Support;

/// <summary>Random-weight models: right in every shape, meaningless in every answer.</summary>
internal static class TinyModel
{
    public const int Width = 64;
    public const int Layers = 2;
    public const int Heads = 4;
    private const int FeedForward = 128;

    private static readonly Lazy<string> s_spm = new(() => Spm().Write("tiny-spm.gguf"));
    private static readonly Lazy<string> s_bpe = new(() => Bpe().Write("tiny-bpe.gguf"));

    /// <summary>More threads only wait for each other in a model this small, and for long when the machine is busy.</summary>
    public static ModelOptions OneThread { get; } = new() { Threads = 1 };

    /// <summary>Path of a model with a SentencePiece vocabulary.</summary>
    public static string SpmPath => s_spm.Value;

    /// <summary>Path of a model with a GPT-2 style vocabulary and ChatML markers.</summary>
    public static string BpePath => s_bpe.Value;

    public static GgufBuilder Spm()
    {
        string[] words = ["▁", "a", "b", "l", "o", "e", "h", "▁h", "lo", "▁hel", "el", "▁hello", "▁w", "or", "ld", "▁wor", "▁world", "w", "r", "d"];
        string[] bytes = [.. Enumerable.Range(0, 256).Select(b => string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>"))];
        string[] tokens = ["<unk>", "<s>", "</s>", .. bytes, .. words];
        return Network(tokens.Length)
            .Set("tokenizer.ggml.model", "llama")
            .Set("tokenizer.ggml.tokens", tokens)
            .Set("tokenizer.ggml.scores", tokens.Select((_, i) => i < 259 ? 0f : -i).ToArray())
            .Set("tokenizer.ggml.token_type", (int[])[2, 3, 3, .. bytes.Select(_ => 6), .. words.Select(_ => 1)])
            .Set("tokenizer.ggml.bos_token_id", 1u)
            .Set("tokenizer.ggml.eos_token_id", 2u);
    }

    public static GgufBuilder Bpe(IReadOnlyList<string>? moreSpecial = null, IReadOnlyList<string>? moreMerges = null)
    {
        string[] special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", .. moreSpecial ?? []];
        string[] merges = ["h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "l d", "Ġwor ld", .. moreMerges ?? []];
        string[] letters = [.. Enumerable.Range(0, 256).Select(b => ByteLetter(b).ToString())];
        string[] tokens = [.. letters, .. merges.Select(m => m.Replace(" ", "", StringComparison.Ordinal)), .. special];
        return Network(tokens.Length)
            .Set("tokenizer.ggml.model", "gpt2")
            .Set("tokenizer.ggml.pre", "gpt-2")
            .Set("tokenizer.ggml.tokens", tokens)
            .Set("tokenizer.ggml.merges", merges)
            .Set("tokenizer.ggml.token_type", tokens.Select(t => special.Contains(t) ? 3 : 1).ToArray())
            .Set("tokenizer.ggml.eos_token_id", (uint)Array.IndexOf(tokens, "<|im_end|>"))
            .Set("tokenizer.ggml.bos_token_id", (uint)Array.IndexOf(tokens, "<|endoftext|>"))
            .Set("tokenizer.ggml.add_bos_token", false);
    }

    private static GgufBuilder Network(int vocabulary)
    {
        var random = new Random(20250206);
        var file = new GgufBuilder()
            .Set("general.architecture", "llama")
            .Set("general.name", "tiny")
            .Set("llama.context_length", 4096u)
            .Set("llama.embedding_length", (uint)Width)
            .Set("llama.block_count", (uint)Layers)
            .Set("llama.feed_forward_length", (uint)FeedForward)
            .Set("llama.attention.head_count", (uint)Heads)
            .Set("llama.attention.layer_norm_rms_epsilon", 1e-5f);

        void Matrix(string name, int inputs, int outputs, double std) =>
            file.Tensors.Add(new(name, [(ulong)inputs, (ulong)outputs], [.. Enumerable.Range(0, inputs * outputs).Select(_ => (float)(std * Normal(random)))]));
        void Norm(string name) => file.Tensors.Add(new(name, [Width], [.. Enumerable.Repeat(1f, Width)]));

        Matrix("token_embd.weight", Width, vocabulary, 1);
        Norm("output_norm.weight");
        Matrix("output.weight", Width, vocabulary, 2.5 / Math.Sqrt(Width));
        for (var layer = 0; layer < Layers; layer++)
        {
            Norm($"blk.{layer}.attn_norm.weight");
            foreach (var name in (string[])["attn_q", "attn_k", "attn_v", "attn_output"])
                Matrix($"blk.{layer}.{name}.weight", Width, Width, 1 / Math.Sqrt(Width));
            Norm($"blk.{layer}.ffn_norm.weight");
            Matrix($"blk.{layer}.ffn_gate.weight", Width, FeedForward, 1 / Math.Sqrt(Width));
            Matrix($"blk.{layer}.ffn_up.weight", Width, FeedForward, 1 / Math.Sqrt(Width));
            Matrix($"blk.{layer}.ffn_down.weight", FeedForward, Width, 1 / Math.Sqrt(FeedForward));
        }

        return file;
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>GPT-2's letter for a byte: printable bytes stand for themselves, the others for letters from U+0100 on.</summary>
    private static char ByteLetter(int value)
    {
        static bool IsPrintable(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return (char)(IsPrintable(value) ? value : 256 + Enumerable.Range(0, value).Count(b => !IsPrintable(b)));
    }
}
