// The Hugging Face folder of a text classifier: where its files are, and what its configuration says.

using System.Globalization;
using System.Text.Json;

namespace InferenceGuard.Onnx;

/// <summary>The folder of a text classifier, as <c>optimum-cli export onnx</c> and the hub lay it out.</summary>
internal sealed class ClassifierFolder
{
    private const int UsualLength = 512;

    // These count positions from behind the padding token's id.
    private static readonly string[] s_offsetFamilies = ["roberta", "xlm-roberta", "camembert", "longformer", "mpnet", "data2vec-text"];

    /// <summary>Opens a folder and reads its configuration.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="GuardException">The folder, the model or its configuration is missing or malformed.</exception>
    public ClassifierFolder(string path)
    {
        Path = path;
        if (!Directory.Exists(path))
            throw Missing($"The folder {path} does not exist; give onnx: the folder of a classifier exported to ONNX");
        ModelPath = new[] { File("model.onnx"), File("onnx/model.onnx") }.FirstOrDefault(System.IO.File.Exists)
            ?? throw Missing($"{path} holds neither model.onnx nor onnx/model.onnx; export the classifier with optimum-cli export onnx");
        Config = JsonFile.Read(File("config.json")) ?? throw Missing($"{File("config.json")} is missing; it says what the classifier's labels are");
        TokenizerConfig = JsonFile.Read(File("tokenizer_config.json"));
        SpecialTokens = JsonFile.Read(File("special_tokens_map.json"));
        Tokenizer = JsonFile.Read(File("tokenizer.json"));
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The ONNX file.</summary>
    public string ModelPath { get; }

    /// <summary>config.json.</summary>
    public JsonFile Config { get; }

    /// <summary>tokenizer_config.json, if there is one.</summary>
    public JsonFile? TokenizerConfig { get; }

    /// <summary>special_tokens_map.json, if there is one.</summary>
    public JsonFile? SpecialTokens { get; }

    /// <summary>tokenizer.json, if there is one.</summary>
    public JsonFile? Tokenizer { get; }

    /// <summary>The family of the network, such as <c>bert</c>; empty if not said.</summary>
    public string ModelType => Config.Text("model_type") ?? "";

    /// <summary>Whether a pair is separated by two separators, and there are no segments.</summary>
    public bool IsRobertaLike => s_offsetFamilies.Contains(ModelType) || ModelType is "bart" or "xlm-roberta-xl";

    /// <summary>Names of the labels by index.</summary>
    /// <exception cref="GuardException">They are missing or have gaps.</exception>
    public IReadOnlyList<string> Labels()
    {
        const string Example = "\"id2label\": {\"0\": \"safe\", \"1\": \"unsafe\"}";
        var map = Config.Object("id2label") ?? throw Config.Error($"\"id2label\" is missing, so nobody knows which output is unsafe; add it, such as {Example}");
        var labels = new SortedDictionary<int, string>();
        foreach (var label in map.Element.EnumerateObject())
            if (int.TryParse(label.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && label.Value.ValueKind == JsonValueKind.String)
                labels.Add(index, label.Value.GetString()!);
            else
                throw Config.Error($"\"id2label\" holds \"{label.Name}\": {label.Value.GetRawText()}; it must map whole numbers to names, such as {Example}");
        return labels.Count > 0 && labels.Keys.Last() == labels.Count - 1
            ? [.. labels.Values]
            : throw Config.Error("\"id2label\" must name every output from 0 on");
    }

    /// <summary>The longest input in tokens, special ones included.</summary>
    public int MaxTokens()
    {
        var positions = Config.Whole("max_position_embeddings");
        if (positions is not null && s_offsetFamilies.Contains(ModelType))
            positions -= (Config.Whole("pad_token_id") ?? 1) + 1;
        var lengths = new[] { positions, TokenizerConfig?.Whole("model_max_length") }.Where(static length => length is > 0 and < int.MaxValue);
        return (int)(lengths.Min() ?? UsualLength);
    }

    /// <summary>A special token's text, by its role such as <c>cls_token</c>.</summary>
    /// <param name="role">The role.</param>
    public string? SpecialToken(string role) => (SpecialTokens?.Field(role) ?? TokenizerConfig?.Field(role)) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } token when token.TryGetProperty("content", out var text) && text.ValueKind == JsonValueKind.String => text.GetString(),
        _ => null,
    };

    /// <summary>A file of the folder, whether it exists or not.</summary>
    /// <param name="name">Its name.</param>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The first of some files that exists.</summary>
    /// <param name="names">Their names.</param>
    public string? FirstFile(params IReadOnlyList<string> names) => names.Select(File).FirstOrDefault(System.IO.File.Exists);

    private static GuardException Missing(string complaint) => new(GuardFault.Environment, complaint + ".");
}
