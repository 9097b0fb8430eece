// The options that choose a model and its scorers, once for every command that has them.

using System.CommandLine;
using InferenceGuard.Compute;
using InferenceGuard.Evaluation;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.App.Cli;

/// <summary>The options that choose a model and its scorers.</summary>
internal sealed class ModelFlags
{
    private static readonly ModelOptions s_defaults = new();

    private readonly Option<string> _model = new("--model")
    {
        HelpName = "F.gguf",
        Description = $"The model: a GGUF file, or an embedded one ({string.Join(", ", HearthModel.All.Select(static model => model.Name))}).",
        DefaultValueFactory = static _ => HearthModel.Unaligned.Name,
    };

    private readonly Option<string[]> _cost = new("--cost")
    {
        HelpName = "SPEC",
        Description = $"The safety cost: {ScorerSchemes.Known.CostForms}. An embedded model has its own. Give it again for more.",
    };

    private readonly Option<Combination> _combine = new("--combine")
    {
        HelpName = "sum|max",
        Description = "How several costs become one; with max each can have a budget=B of its own.",
        DefaultValueFactory = static _ => Combination.Sum,
    };

    private readonly Option<string[]> _reward = new("--reward")
    {
        HelpName = "SPEC",
        Description = $"The task reward: {ScorerSchemes.Known.RewardForms} (the mean log-probability, the default of a model without its own). Several are added.",
    };

    private readonly Option<string?> _critic = new("--critic")
    {
        HelpName = "FILE",
        Description = "A critic made by train; by default the one beside the model, F.critic.safetensors.",
    };

    private readonly NumberOption<int> _threads = new("--threads", "n", s_defaults.Threads, "Decode threads; 0 = one per physical core, or one for an embedded model.");
    private readonly NumberOption<int> _gpuLayers = new("--gpu-layers", "n", s_defaults.GpuLayers, "Layers kept on the GPU; -1 = all. CPU builds of llama.cpp ignore it.");

    private readonly Option<string> _device = new("--device")
    {
        HelpName = "auto|cpu|cuda[:i]",
        Description = "Where the per-beam work is done: an NVIDIA GPU if there is one, the CPU, or GPU number i.",
        DefaultValueFactory = static _ => DeviceChoice.Auto.ToString(),
    };

    private readonly Option<CriticPrecision> _precision = new("--critic-precision")
    {
        HelpName = "auto|f32|f16",
        Description = "In which numbers a GPU holds the critic; auto takes f16 for large ones.",
        DefaultValueFactory = static _ => CriticPrecision.Auto,
    };

    public ModelFlags() => _model.CompletionSources.Add(static _ => HearthModel.All.Select(static model => new System.CommandLine.Completions.CompletionItem(model.Name)));

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="takesCritic">Whether it searches, so that a critic can help.</param>
    /// <param name="takesModel">Whether it takes one model, and which is asked for here.</param>
    public void AddTo(Command command, bool takesCritic, bool takesModel = true)
    {
        foreach (var option in (Option[])[.. takesModel ? (Option[])[_model] : [], _cost, _combine, _reward, .. takesCritic ? (Option[])[_critic, _device, _precision] : [], _threads, _gpuLayers])
            command.Options.Add(option);
    }

    /// <summary>Reads the options.</summary>
    public ModelChoice Bind(ParseResult parsed)
    {
        return BindScorers(parsed, parsed.GetValue(_model)!);
    }

    /// <summary>A model of another option, with the scorers of these.</summary>
    public ModelChoice BindScorers(ParseResult parsed, string model)
    {
        var critic = parsed.GetResult(_critic) is null ? null : parsed.GetValue(_critic);
        return Bind(parsed, new(model, model, parsed.GetValue(_cost) ?? [], parsed.GetValue(_combine), parsed.GetValue(_reward) ?? [], critic));
    }

    /// <summary>A model and scorers that a suite names, loaded as the options say.</summary>
    public ModelChoice Bind(ParseResult parsed, SuiteModel model)
    {
        var embedded = HearthModel.Find(model.Path);
        var threads = parsed.GetValue(_threads);
        return new()
        {
            Path = embedded?.ModelPath ?? model.Path,
            Embedded = embedded,
            Costs = model.Costs,
            Combination = model.Combination,
            Rewards = model.Rewards,
            Critic = model.Critic,
            Device = parsed.GetResult(_device) is null ? DeviceChoice.Auto : DeviceChoice.Parse(parsed.GetValue(_device)!),
            Precision = parsed.GetResult(_precision) is null ? CriticPrecision.Auto : parsed.GetValue(_precision),
            // An embedded model is too small to share: a second thread gains nothing, and its spinning costs seconds on a busy machine.
            Options = new() { Threads = threads == 0 && embedded is not null ? 1 : threads, GpuLayers = parsed.GetValue(_gpuLayers) },
        };
    }
}
