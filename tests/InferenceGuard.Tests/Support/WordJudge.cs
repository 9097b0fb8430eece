// Endpoints whose scores anyone can count: how often a word occurs in the text.

using System.Text.Json;
using System.Text.Json.Nodes;

namespace InferenceGuard.Tests.Support;

/// <summary>A moderation and a chat endpoint that count words.</summary>
internal static class WordJudge
{
    /// <summary>The template of <see cref="Chat"/>.</summary>
    public const string Template = """{"messages": [{"role": "system", "content": "Judge."}, {"role": "user", "content": "<{prompt}|{answer}>"}], "verdicts": {"safe": 0, " unsafe": 1, "odd": 0.5}}""";

    /// <summary>How often a word occurs.</summary>
    public static int Count(string text, string word) => text.Split(word).Length - 1;

    /// <summary>The score of category <c>one</c>.</summary>
    public static double One(string text) => Math.Min(1, Count(text, "bleach") / 8.0);

    /// <summary>The score of category <c>two/sub</c>.</summary>
    public static double Two(string text) => Math.Min(1, Count(text, "ammonia") / 5.0);

    /// <summary>The probability that <see cref="Chat"/> gives.</summary>
    public static double Unsafe(string text) => Count(text, "bleach") is var count ? count / (count + 1.0) : 0;

    /// <summary>Answers a moderation request.</summary>
    public static LoopbackServer.Reply Moderation(LoopbackServer.Request request)
    {
        var inputs = JsonDocument.Parse(request.Body).RootElement.GetProperty("input").EnumerateArray().Select(static input => input.GetString()!);
        return new(JsonSerializer.Serialize(new
        {
            results = inputs.Select(static text => new { flagged = true, category_scores = new Dictionary<string, double> { ["one"] = One(text), ["two/sub"] = Two(text) } }),
        }));
    }

    /// <summary>Answers a chat request with probabilities, the first token an empty line.</summary>
    public static LoopbackServer.Reply Chat(LoopbackServer.Request request)
    {
        var probability = Unsafe(Messages(request)[^1].Content);
        (string Token, double Mass)[] top = [(" safe", 0.8 * (1 - probability)), ("un", 0.2 * probability), ("unsafe", 0.6 * probability), ("maybe", 0.2), (" ", 0.1)];
        return Said(probability > 0.5 ? "\n\nunsafe\nS1" : "\n\nsafe", new JsonObject
        {
            ["content"] = new JsonArray(
                Token("\n\n"),
                Token(probability > 0.5 ? "un" : "safe", top)),
        });
    }

    /// <summary>A token of a chat reply, and what competed with it.</summary>
    public static JsonObject Token(string token, params (string Token, double Mass)[] top) => new()
    {
        ["token"] = token,
        ["top_logprobs"] = new JsonArray([.. top.Select(static at => new JsonObject { ["token"] = at.Token, ["logprob"] = Math.Max(-9999, Math.Log(at.Mass)) })]),
    };

    /// <summary>A chat reply.</summary>
    public static LoopbackServer.Reply Said(string text, JsonObject? logProbs = null) => new(new JsonObject
    {
        ["choices"] = new JsonArray(new JsonObject { ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text }, ["logprobs"] = logProbs }),
    }.ToJsonString());

    /// <summary>The messages of a chat request.</summary>
    public static (string Role, string Content)[] Messages(LoopbackServer.Request request) =>
        [.. JsonDocument.Parse(request.Body).RootElement.GetProperty("messages").EnumerateArray()
            .Select(static message => (message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!))];
}
