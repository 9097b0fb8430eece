// The file format of a critic: docs/critic-file.md.

using System.Globalization;
using System.Numerics;
using InferenceGuard.Compute;
using InferenceGuard.Storage;

namespace InferenceGuard.Critic;

/// <summary>
/// Reads and writes critics as safetensors: <c>input.mean</c> and <c>input.std</c> [2 H + 10], <c>layers.{i}.weight</c> [out, in] and
/// <c>layers.{i}.bias</c> [out], <c>heads.weight</c> [2, width] and <c>heads.bias</c> [2], all F32, and the binding as metadata.
/// </summary>
public static class CriticFile
{
    private const string Format = "inferenceguard-critic";
    private const string FormatKey = "format";
    private const string LayersKey = "layers";
    private const string ActivationKey = "activation";
    private const string Activation = "silu";

    // Far above any model, and so small that no sum or product of widths overflows.
    private const int MaxWidth = 1 << 24;

    /// <summary>Writes a critic; the file appears only when it is complete.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="critic">The critic.</param>
    /// <exception cref="GuardException">It cannot be written.</exception>
    public static void Write(string path, LatentCritic critic)
    {
        ArgumentNullException.ThrowIfNull(critic);
        var (weights, binding) = critic;
        var writer = new SafetensorsWriter();
        void Say(string key, IFormattable value) => writer.Metadata[key] = value.ToString(null, CultureInfo.InvariantCulture);
        writer.Metadata[FormatKey] = Format;
        Say(LayersKey, weights.Layers.Count);
        writer.Metadata[ActivationKey] = Activation;
        writer.Metadata["model.name"] = binding.ModelName;
        writer.Metadata["model.fingerprint"] = binding.ModelFingerprint;
        writer.Metadata["model.quantization"] = binding.Quantization;
        Say("model.hidden_width", binding.HiddenWidth);
        Say("model.vocabulary_size", binding.VocabularySize);
        writer.Metadata["cost"] = binding.Cost;
        writer.Metadata["reward"] = binding.Reward;
        Say("budget", binding.Budget);
        Say("discount", binding.Discount);
        Say("max_tokens", binding.MaxTokens);
        Say("tokens_per_charge", binding.TokensPerCharge);
        writer.Metadata["training.prompts"] = binding.TrainingPrompts;
        writer.Add<float>("input.mean", weights.Mean, weights.InputWidth);
        writer.Add<float>("input.std", weights.Deviation, weights.InputWidth);
        for (var layer = 0; layer < weights.Layers.Count; layer++)
            Add($"layers.{layer}", weights.Layers[layer]);
        Add("heads", weights.Heads);
        writer.Write(path);

        void Add(string name, DenseLayer layer)
        {
            writer.Add<float>(name + ".weight", layer.Weight, layer.Outputs, layer.Inputs);
            writer.Add<float>(name + ".bias", layer.Bias, layer.Outputs);
        }
    }

    /// <summary>Reads a critic.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GuardException">It is missing, truncated, of another kind, or holds wrong shapes or numbers.</exception>
    public static LatentCritic Read(string path)
    {
        var file = SafetensorsFile.Read(path);
        if (file.Metadata.GetValueOrDefault(FormatKey) != Format)
            throw SafetensorsFile.Malformed(path, $"its metadata do not say format = {Format}");
        if (Text(ActivationKey) is var activation && activation != Activation)
            throw SafetensorsFile.Malformed(path, $"its metadata say {ActivationKey} = {activation}, expected {Activation}");
        var binding = new CriticBinding
        {
            ModelName = Text("model.name"),
            ModelFingerprint = Hash("model.fingerprint"),
            Quantization = Text("model.quantization"),
            HiddenWidth = Number<int>("model.hidden_width", static value => value is > 0 and < MaxWidth),
            VocabularySize = Number<int>("model.vocabulary_size", static value => value > 0),
            Cost = Text("cost"),
            Reward = Text("reward"),
            Budget = Number<double>("budget", static value => double.IsFinite(value) && value != 0),
            Discount = Number<double>("discount", static value => value is > 0 and <= 1),
            MaxTokens = Number<int>("max_tokens", static value => value > 0),
            TokensPerCharge = Number<int>("tokens_per_charge", static value => value > 0),
            TrainingPrompts = Text("training.prompts"),
        };
        var inputs = CriticWeights.InputsOf(binding.HiddenWidth);
        var (mean, deviation) = (Finite("input.mean", inputs), Finite("input.std", inputs));
        if (deviation.Any(static value => value <= 0))
            throw SafetensorsFile.Malformed(path, "input.std holds a number that is not above 0");
        var layers = new List<DenseLayer>();
        var width = inputs;
        for (var layer = 0; layer < Number<int>(LayersKey, static value => value is > 0 and < 100); layer++)
        {
            var units = file.Require($"layers.{layer}.weight", -1, width).Shape[0];
            if (units is 0 or >= MaxWidth)
                throw SafetensorsFile.Malformed(path, $"tensor layers.{layer}.weight has {units} rows");
            layers.Add(Layer($"layers.{layer}", (int)units, width));
            width = layers[^1].Outputs;
        }
        var weights = new CriticWeights
        {
            HiddenWidth = binding.HiddenWidth, Budget = (float)binding.Budget, Mean = mean, Deviation = deviation,
            Layers = layers, Heads = Layer("heads", 2, width),
        };
        return new(weights, binding);

        string Text(string key) => file.Metadata.GetValueOrDefault(key) ?? throw SafetensorsFile.Malformed(path, $"its metadata lack {key}");

        string Hash(string key) => Text(key) is { Length: 64 } text && text.All(char.IsAsciiHexDigitLower) ? text : throw SafetensorsFile.Malformed(path, $"its metadata say {key} = {Text(key)}");

        T Number<T>(string key, Func<T, bool> holds)
            where T : INumber<T> =>
            T.TryParse(Text(key), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && holds(value)
                ? value
                : throw SafetensorsFile.Malformed(path, $"its metadata say {key} = {Text(key)}");

        float[] Finite(string name, params long[] shape)
        {
            var values = file.ReadFloats(name, shape);
            return Array.TrueForAll(values, float.IsFinite) ? values : throw SafetensorsFile.Malformed(path, $"tensor {name} holds numbers that are not finite");
        }

        DenseLayer Layer(string name, int outputs, int inputsOfLayer) =>
            new(Finite(name + ".weight", outputs, inputsOfLayer), Finite(name + ".bias", outputs));
    }
}
