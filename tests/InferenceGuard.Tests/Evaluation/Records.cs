// Records and manifests that tests of the evaluation begin with.

using InferenceGuard.Evaluation;

namespace InferenceGuard.Tests.Evaluation;

/// <summary>Makes records and manifests.</summary>
internal static class Records
{
    public static AnswerRecord Answer(string method, string promptId, bool safe = true, double reward = 1, double cost = 0, double seconds = 1, string model = "hearth-base", string setting = "", ulong seed = 1, string text = "open a window") => new()
    {
        Model = model,
        Method = method,
        Setting = setting,
        PromptId = promptId,
        Seed = seed,
        Text = text,
        Safe = safe,
        Abstained = false,
        Cost = cost,
        Reward = reward,
        State = 10 - cost,
        Seconds = seconds,
        DecodedTokens = 50,
        SampledTokens = 60,
        AnswerTokens = 40,
        CostCalls = 3,
        RewardCalls = 2,
        FinishReason = FinishReason.Stop,
    };

    public static AnswerRecord Abstention(string method, string promptId, ulong seed = 1) =>
        Answer(method, promptId, seed: seed, reward: -99, cost: 99) with { Abstained = true, FinishReason = FinishReason.ContentFilter, Text = "I can't." };

    public static EvaluationManifest Manifest() => new()
    {
        Name = "hearth",
        Models = [new("hearth-base", "abc", "f16", "phrases hearth", "phrases warm", null)],
        Methods = ["base", "inferenceguard"],
        Settings = [new("", new Dictionary<string, string>())],
        PromptFileHash = "def",
        Prompts = 2,
        Seeds = [1],
        Options = new Dictionary<string, string> { ["beams"] = "16", ["mode"] = "strict" },
        Machine = "2 cores",
    };
}
