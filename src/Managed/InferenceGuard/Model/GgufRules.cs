// What a GGUF file must satisfy before llama.cpp may see it, because llama.cpp ends the process where it does not.

namespace InferenceGuard.Model;

/// <summary>
/// The rules for files from strangers. llama.cpp reports most faults of a file as a failed load, but ends the process on those
/// checked here: found by bending every key and tensor of a llama-architecture file in child processes, with v0.5. Rarer
/// architectures may have assertions of their own.
/// </summary>
internal static class GgufRules
{
    private const int MaxLayers = 512;
    private const int MaxExperts = 512;
    private const int ByteTokens = 256;

    // Those of decoder-only models. With the others llama.cpp aborts or never returns on some vocabularies.
    private static readonly string[] s_tokenizers = ["llama", "gpt2", "gemma4"];

    private static readonly string[] s_ropeScalings = ["none", "linear", "yarn", "longrope"];

    /// <summary>Checks a file.</summary>
    /// <param name="file">Its header.</param>
    /// <param name="vocabularyOnly">Whether only the vocabulary will be loaded, so that nothing is asked of the network.</param>
    /// <exception cref="GuardException">The first broken rule.</exception>
    public static void Check(GgufFile file, bool vocabularyOnly)
    {
        var architecture = file.Architecture ?? throw Missing(file, "general.architecture");
        CheckVocabulary(file);
        if (vocabularyOnly)
            return;

        foreach (var key in (ReadOnlySpan<string>)["block_count", "context_length", "embedding_length"])
        {
            var value = file.WholeNumber($"{architecture}.{key}") ?? throw Missing(file, $"{architecture}.{key}");
            var most = key == "block_count" ? MaxLayers : int.MaxValue;
            if (value < 1 || value > most)
                throw Broken(file, $"{architecture}.{key} is {value}, expected 1 to {most}");
        }

        CheckExperts(file, architecture);
        CheckHeads(file, architecture);
        if (file.WholeNumber($"{architecture}.nextn_predict_layers") is { } extra && (extra < 0 || extra > file.WholeNumber($"{architecture}.block_count")))
            throw Broken(file, $"{architecture}.nextn_predict_layers is {extra}, more than its blocks");
        foreach (var key in (ReadOnlySpan<string>)["layer_norm_rms_epsilon", "layer_norm_epsilon", "group_norm_epsilon"])
        {
            if (file.Metadata.TryGetValue($"{architecture}.attention.{key}", out var epsilon) && epsilon is not (float and >= 0 and < float.PositiveInfinity))
                throw Broken(file, $"{architecture}.attention.{key} is {epsilon}, expected a finite number of at least 0");
        }

        if (file.Metadata.TryGetValue($"{architecture}.rope.scaling.type", out var scaling) && !s_ropeScalings.Contains(scaling as string))
            throw Broken(file, $"{architecture}.rope.scaling.type is '{scaling}', expected {string.Join(", ", s_ropeScalings)}");
        if (file.Tensors.Count == 0)
            throw Broken(file, "it holds no tensors; it may be a vocabulary-only file");
        if (file.Tensors.FirstOrDefault(t => t.Type.IsInteger) is { } integer)
            throw Broken(file, $"tensor {integer.Name} has the type {integer.Type}, expected floats or a quantized format");
    }

    private static void CheckVocabulary(GgufFile file)
    {
        var model = file.Text("tokenizer.ggml.model") ?? throw Missing(file, "tokenizer.ggml.model");
        if (!s_tokenizers.Contains(model))
            throw Broken(file, $"its tokenizer (tokenizer.ggml.model) is '{model}', supported are {string.Join(", ", s_tokenizers)}");
        var tokens = file.Strings("tokenizer.ggml.tokens") ?? throw Missing(file, "tokenizer.ggml.tokens");
        if (tokens.Count == 0)
            throw Broken(file, "tokenizer.ggml.tokens is empty");
        if (tokens.FindDuplicate() is { } twice)
            throw Broken(file, $"tokens {twice.First} and {twice.Second} of its vocabulary are both '{tokens[twice.First]}'");
        if (model == "llama")
            CheckByteTokens(file, tokens);
    }

    /// <summary>A SentencePiece vocabulary spells unknown characters byte by byte; tokenising one that cannot ends the process.</summary>
    private static void CheckByteTokens(GgufFile file, GgufStrings tokens)
    {
        var seen = new bool[ByteTokens];
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens.Utf8(i);
            if (token is [(byte)'<', (byte)'0', (byte)'x', var high, var low, (byte)'>']
                && IsUpperHex(high) && IsUpperHex(low)
                && Convert.FromHexString([(char)high, (char)low]) is [var value])
                seen[value] = true;
            else if (token.Length == 1)
                seen[token[0]] = true;
        }

        var missing = Array.IndexOf(seen, false);
        if (missing >= 0)
            throw Broken(file, $"its SentencePiece vocabulary has no token <0x{missing:X2}>; all 256 bytes are needed");
    }

    private static bool IsUpperHex(byte digit) => char.IsAsciiHexDigitUpper((char)digit);

    private static void CheckExperts(GgufFile file, string architecture)
    {
        var count = file.WholeNumber($"{architecture}.expert_count") ?? 0;
        var used = PerLayer(file, $"{architecture}.expert_used_count");
        if (count is < 0 or > MaxExperts || used.Any(n => n < 0 || n > count) || (count > 0 && !used.Any(n => n > 0)))
            throw Broken(file, $"{architecture}.expert_used_count is {string.Join(", ", used)} of expert_count {count}, expected 1 to count, and count at most {MaxExperts}");
    }

    /// <summary>Heads may vary from layer to layer, but then their number must fit the layer's tensors.</summary>
    private static void CheckHeads(GgufFile file, string architecture)
    {
        var rows = file.Tensors.Where(t => t.Shape.Count == 2).ToDictionary(t => t.Name, t => t.Shape[1]);
        foreach (var (key, tensor) in (ReadOnlySpan<(string, string)>)[("attention.head_count", "attn_q"), ("attention.head_count_kv", "attn_k")])
        {
            var heads = PerLayer(file, $"{architecture}.{key}");
            if (heads.Distinct().Count() < 2 || file.Metadata.ContainsKey($"{architecture}.attention.key_length_swa"))
                continue;
            var widths = heads
                .Select((count, layer) => count > 0 && rows.TryGetValue($"blk.{layer}.{tensor}.weight", out var width) ? (double)width / count : 0)
                .Where(width => width > 0)
                .Distinct()
                .ToArray();
            if (widths.Length > 1)
                throw Broken(file, $"{architecture}.{key} makes heads of {string.Join(" and ", widths)} elements; all must be equally wide");
        }
    }

    /// <summary>An integer or an array of one per layer; empty where absent.</summary>
    private static long[] PerLayer(GgufFile file, string key) => file.Metadata.GetValueOrDefault(key) switch
    {
        uint[] layers => Array.ConvertAll(layers, n => (long)n),
        int[] layers => Array.ConvertAll(layers, n => (long)n),
        _ => file.WholeNumber(key) is { } all ? [all] : [],
    };

    private static GuardException Missing(GgufFile file, string key) => Broken(file, $"key {key} is missing or of another type");

    private static GuardException Broken(GgufFile file, string what) =>
        new(GuardFault.Environment, $"{file.Path} is not a usable model: {what}. Get the file again or give another one.");
}
