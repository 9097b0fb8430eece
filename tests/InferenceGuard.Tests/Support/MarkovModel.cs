// A GGUF whose next word depends on the last one alone, with the probabilities that the test writes down.

using System.Globalization;

namespace InferenceGuard.Tests.Support;

/// <summary>
/// Writes llama-architecture models with one layer of zeros: the hidden state is that of the last token, and the output matrix holds
/// the logarithms of the probabilities. What <see cref="TableModel"/> is to the search, this is to everything that takes a file.
/// </summary>
internal static class MarkovModel
{
    /// <summary>H; a model has at most so many rows.</summary>
    public const int Width = 32;

    // Embeddings are this times a unit vector, so that the norm's epsilon (1e-5) is lost in rounding.
    private const float Length = 16;

    // exp(−40) is below what a float can add to 1.
    private const double Never = -40;

    private static readonly string[] s_special = ["<unk>", "<s>", "</s>"];

    /// <summary>Writes a model.</summary>
    /// <param name="name">File name.</param>
    /// <param name="rows">
    /// What follows a word, or a punctuation mark at the end of a prompt: words between blanks, each as likely as often as it is named;
    /// "." is the end. After anything else comes the end.
    /// </param>
    /// <returns>Its path.</returns>
    public static string Write(string name, params (string After, string Next)[] rows)
    {
        string[] words = [.. rows.SelectMany(static row => row.Next.Split(' ').Append(row.After)).Where(static word => char.IsLetter(word[0])).Distinct()];
        string[] bytes = [.. Enumerable.Range(0, 256).Select(static value => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"))];
        string[] tokens = [.. s_special, .. bytes, .. words.Select(static word => "▁" + word)];
        var (embedding, output) = (new float[tokens.Length * Width], new float[tokens.Length * Width]);
        for (var token = 0; token < tokens.Length; token++)
            embedding[token * Width + State(token)] = Length;
        for (var state = 0; state < Width; state++)
            for (var token = 0; token < tokens.Length; token++)
                output[token * Width + state] = (float)(Share(state, token) is > 0 and var share ? Math.Log(share) : Never) / MathF.Sqrt(Width); // The norm makes √H of a unit vector.

        var file = new GgufBuilder()
            .Set("general.architecture", "llama").Set("general.name", Path.GetFileNameWithoutExtension(name))
            .Set("llama.context_length", 512u).Set("llama.embedding_length", (uint)Width).Set("llama.block_count", 1u)
            .Set("llama.feed_forward_length", (uint)Width).Set("llama.attention.head_count", 1u).Set("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Set("tokenizer.ggml.model", "llama").Set("tokenizer.ggml.tokens", tokens).Set("tokenizer.ggml.scores", new float[tokens.Length])
            .Set("tokenizer.ggml.token_type", (int[])[2, 3, 3, .. bytes.Select(static _ => 6), .. words.Select(static _ => 1)])
            .Set("tokenizer.ggml.bos_token_id", 1u).Set("tokenizer.ggml.eos_token_id", 2u);
        file.Tensors.Add(new("token_embd.weight", [Width, (ulong)tokens.Length], embedding));
        file.Tensors.Add(new("output.weight", [Width, (ulong)tokens.Length], output));
        file.Tensors.Add(new("output_norm.weight", [Width], [.. Enumerable.Repeat(1f, Width)]));
        foreach (var norm in (string[])["attn_norm", "ffn_norm"])
            file.Tensors.Add(new($"blk.0.{norm}.weight", [Width], [.. Enumerable.Repeat(1f, Width)]));
        foreach (var matrix in (string[])["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"])
            file.Tensors.Add(new($"blk.0.{matrix}.weight", [Width, Width], new float[Width * Width]));
        return file.Write(name);

        // The last state is that of everything without a row.
        int State(int token) => Array.FindIndex(rows, row => Token(row.After) == token) is >= 0 and var row ? row : Width - 1;

        int Token(string word) => word == "." ? 2 : char.IsLetter(word[0]) ? Array.IndexOf(tokens, "▁" + word) : s_special.Length + word[0];

        double Share(int state, int token)
        {
            var next = state < rows.Length ? rows[state].Next.Split(' ') : ["."];
            return next.Count(word => Token(word) == token) / (double)next.Length;
        }
    }
}
