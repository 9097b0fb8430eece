// Fills ModelInfo from a GGUF header and the loaded model.

using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>Reads <see cref="ModelInfo"/>.</summary>
internal static class LlamaCppModelInfo
{
    private const int HalfSizeBytes = 2;

    // general.file_type (llama_ftype) to the names people use.
    private static readonly Dictionary<long, string> s_fileTypes = new()
    {
        [0] = "F32", [1] = "F16", [2] = "Q4_0", [3] = "Q4_1", [7] = "Q8_0", [8] = "Q5_0", [9] = "Q5_1", [10] = "Q2_K",
        [11] = "Q3_K_S", [12] = "Q3_K_M", [13] = "Q3_K_L", [14] = "Q4_K_S", [15] = "Q4_K_M", [16] = "Q5_K_S", [17] = "Q5_K_M",
        [18] = "Q6_K", [19] = "IQ2_XXS", [20] = "IQ2_XS", [21] = "Q2_K_S", [22] = "IQ3_XS", [23] = "IQ3_XXS", [24] = "IQ1_S",
        [25] = "IQ4_NL", [26] = "IQ3_S", [27] = "IQ3_M", [28] = "IQ2_S", [29] = "IQ2_M", [30] = "IQ4_XS", [31] = "IQ1_M",
        [32] = "BF16", [36] = "TQ1_0", [37] = "TQ2_0", [38] = "MXFP4",
    };

    public static ModelInfo Read(GgufFile file, ILlamaModel model, bool vocabularyOnly)
    {
        var architecture = file.Architecture!;
        int Number(string key) => (int)Math.Min(int.MaxValue, file.WholeNumber($"{architecture}.{key}") ?? 0);
        return new ModelInfo
        {
            Path = file.Path,
            Architecture = architecture,
            Name = file.Text("general.name") is { Length: > 0 } name ? name : Path.GetFileNameWithoutExtension(file.Path),
            // A split model's header lists the tensors of its first part only; llama.cpp counts them all.
            ParameterCount = vocabularyOnly ? file.Tensors.Sum(t => t.ElementCount) : model.ParameterCount,
            SizeBytes = vocabularyOnly ? file.Tensors.Sum(t => t.SizeBytes) : model.SizeBytes,
            Quantization = Quantization(file),
            VocabularySize = model.TokenCount,
            HiddenWidth = vocabularyOnly ? Number("embedding_length") : model.HiddenWidth,
            LayerCount = Number("block_count"),
            TrainedContextTokens = Number("context_length"),
            CellSizeBytes = CellSizeBytes(file, architecture),
        };
    }

    /// <summary><c>general.file_type</c>, or the format that most bytes of the tensors are in.</summary>
    private static string Quantization(GgufFile file) =>
        file.WholeNumber("general.file_type") is { } type && s_fileTypes.TryGetValue(type, out var name)
            ? name
            : file.Tensors.GroupBy(t => t.Type.Name).MaxBy(g => g.Sum(t => t.SizeBytes))?.Key ?? "none";

    /// <summary>Keys and values of one cell at F16: Σ over layers of KV heads × (key width + value width) × 2 bytes.</summary>
    private static long CellSizeBytes(GgufFile file, string architecture)
    {
        long? Number(string key) => file.WholeNumber($"{architecture}.attention.{key}");
        // Latent attention (MLA) keeps something else per cell.
        if (Number("kv_lora_rank") is not null)
            return 0;
        var width = file.WholeNumber($"{architecture}.embedding_length") ?? 0;
        var heads = Number("head_count") ?? 0;
        var keyWidth = Number("key_length") ?? (heads > 0 ? width / heads : 0);
        var valueWidth = Number("value_length") ?? (heads > 0 ? width / heads : 0);
        var layers = file.WholeNumber($"{architecture}.block_count") ?? 0;
        var headsOfAllLayers = file.Metadata.GetValueOrDefault($"{architecture}.attention.head_count_kv") switch
        {
            uint[] perLayer => perLayer.Sum(n => (long)n),
            int[] perLayer => perLayer.Sum(n => (long)n),
            _ => (Number("head_count_kv") ?? heads) * layers,
        };
        return headsOfAllLayers * (keyWidth + valueWidth) * HalfSizeBytes;
    }
}
