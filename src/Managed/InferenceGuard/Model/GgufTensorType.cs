// The element formats of GGUF tensors: names and sizes.

namespace InferenceGuard.Model;

/// <summary>An element format of a GGUF tensor. Weights are stored in blocks of equal size.</summary>
/// <param name="Id">The number in the file (<c>ggml_type</c>).</param>
public readonly record struct GgufTensorType(uint Id)
{
    // Name, elements per block, bytes per block; by ggml_type. Gaps are formats that ggml has withdrawn.
    private static readonly Dictionary<uint, (string Name, int Elements, int SizeBytes)> s_formats = new()
    {
        [0] = ("F32", 1, 4), [1] = ("F16", 1, 2), [30] = ("BF16", 1, 2), [28] = ("F64", 1, 8),
        [24] = ("I8", 1, 1), [25] = ("I16", 1, 2), [26] = ("I32", 1, 4), [27] = ("I64", 1, 8),
        [2] = ("Q4_0", 32, 18), [3] = ("Q4_1", 32, 20), [6] = ("Q5_0", 32, 22), [7] = ("Q5_1", 32, 24),
        [8] = ("Q8_0", 32, 34), [9] = ("Q8_1", 32, 36), [20] = ("IQ4_NL", 32, 18), [39] = ("MXFP4", 32, 17),
        [10] = ("Q2_K", 256, 84), [11] = ("Q3_K", 256, 110), [12] = ("Q4_K", 256, 144), [13] = ("Q5_K", 256, 176),
        [14] = ("Q6_K", 256, 210), [15] = ("Q8_K", 256, 292), [16] = ("IQ2_XXS", 256, 66), [17] = ("IQ2_XS", 256, 74),
        [18] = ("IQ3_XXS", 256, 98), [19] = ("IQ1_S", 256, 50), [21] = ("IQ3_S", 256, 110), [22] = ("IQ2_S", 256, 82),
        [23] = ("IQ4_XS", 256, 136), [29] = ("IQ1_M", 256, 56), [34] = ("TQ1_0", 256, 54), [35] = ("TQ2_0", 256, 66),
    };

    /// <summary>32-bit floats.</summary>
    public static GgufTensorType F32 => new(0);

    /// <summary>16-bit floats.</summary>
    public static GgufTensorType F16 => new(1);

    /// <summary>4-bit integers in blocks of 32 with a 16-bit scale (Q4_0).</summary>
    public static GgufTensorType Q4 => new(2);

    /// <summary>8-bit integers in blocks of 32 with a 16-bit scale (Q8_0).</summary>
    public static GgufTensorType Q8 => new(8);

    /// <summary>Whether this library knows the format's size. A newer llama.cpp may know more formats.</summary>
    public bool IsKnown => s_formats.ContainsKey(Id);

    /// <summary>Whether elements are plain integers, which no weight is.</summary>
    public bool IsInteger => Id is >= 24 and <= 27;

    /// <summary>The format's usual name, or <c>type 99</c>.</summary>
    public string Name => s_formats.TryGetValue(Id, out var format) ? format.Name : $"type {Id}";

    /// <summary>Elements of one block; 1 where unknown.</summary>
    public int BlockElements => s_formats.TryGetValue(Id, out var format) ? format.Elements : 1;

    /// <summary>Bytes of one block; 0 where unknown.</summary>
    public int BlockSizeBytes => s_formats.TryGetValue(Id, out var format) ? format.SizeBytes : 0;

    /// <inheritdoc />
    public override string ToString() => Name;
}
