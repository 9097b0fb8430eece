// From what a client sent to what is searched: every field checked, nothing looser than the server's own settings.

using System.Globalization;
using System.Text.Json;
using InferenceGuard.Model;
using InferenceGuard.Safety;

namespace InferenceGuard.App.Server;

/// <summary>Checks requests.</summary>
/// <param name="served">What is answered with.</param>
/// <param name="limits">The server's limits.</param>
/// <param name="carry">Reads carried states.</param>
internal sealed class ChatPlanner(ServedModel served, ServerOptions limits, CarryTokens carry)
{
    private const int MostStops = 4;

    /// <summary>Checks a request.</summary>
    /// <param name="request">What the client sent.</param>
    /// <param name="isChat">Whether it has messages, and not a prompt.</param>
    /// <exception cref="ApiException">A field is wrong, or beyond the server's limits.</exception>
    public ChatPlan Plan(ChatRequest request, bool isChat)
    {
        RequireModel(request.Model);
        Refuse(request);
        var messages = isChat ? Conversation(request.Messages) : [new(ChatMessage.Raw, Texts(request.Prompt, "prompt", 1) is [var prompt] ? prompt : throw ApiException.BadRequest("prompt is missing; give a text.", "prompt"))];
        var (carried, carries) = Carry(request.Safety?.Carry, messages);
        var timeout = request.TimeoutMs is { } ms
            ? ms is > 0 and < int.MaxValue ? TimeSpan.FromMilliseconds(ms) : throw ApiException.BadRequest("timeout_ms must be a number of milliseconds above 0.", "timeout_ms")
            : limits.LongestAnswer;
        return new()
        {
            Messages = messages,
            Options = Options(request),
            Carried = carried,
            Carries = carries,
            IsChat = isChat,
            Choices = Within(request.N, 1, 1, Math.Min(limits.MostChoices, limits.Parallel + limits.Queue), "n"),
            Stops = Texts(request.Stop, "stop", MostStops),
            Streams = request.Stream == true,
            IncludesUsage = request.StreamOptions?.IncludeUsage == true,
            WantsLogprobs = WantsLogprobs(request),
            Timeout = timeout < limits.LongestAnswer ? timeout : limits.LongestAnswer,
        };
    }

    /// <summary>Refuses a model that is not served.</summary>
    public void RequireModel(string? model)
    {
        if (model is not null && model != served.Name)
            throw ApiException.NotFound($"The model '{Shortened(model)}' is not served here; '{served.Name}' is.", "model", "model_not_found");
    }

    private GuardOptions Options(ChatRequest request)
    {
        var (own, safety) = (served.Options, request.Safety ?? new());
        var beams = Within(safety.Beams, own.Beams, 1, own.Beams, "safety.beams");
        var options = own with
        {
            MaxTokens = Within(request.MaxCompletionTokens ?? request.MaxTokens, own.MaxTokens, 1, own.MaxTokens, "max_tokens"),
            Temperature = Within(request.Temperature, own.Temperature, 0, 2, "temperature"),
            TopP = Within(request.TopP, own.TopP, double.Epsilon, 1, "top_p"),
            Seed = request.Seed is { } seed ? unchecked((ulong)seed) : own.Seed,
            Budget = Within(safety.Budget, own.Budget, double.MinValue, own.Budget, "safety.budget"),
            Discount = Within(safety.Gamma, own.Discount, own.Discount, 1, "safety.gamma"),
            CriticThreshold = safety.Alpha is null ? own.CriticThreshold : Threshold(safety.Alpha.Value),
            Mode = Mode(safety.Mode),
            Beams = beams,
            Keep = Within(safety.Keep, own.Keep == 0 ? Math.Max(1, beams / 4) : Math.Min(own.Keep, beams), 1, Math.Min(own.KeptBeams, beams), "safety.keep"),
            BlockTokens = Within(safety.BlockTokens, own.BlockTokens, 1, own.BlockTokens, "safety.block_tokens"),
            Retries = Within(safety.Retries, own.Retries, 0, own.Retries, "safety.retries"),
            Commits = request.Stream == true,
            CommitLag = Within(safety.CommitLag, own.CommitLag, 0, int.MaxValue, "safety.commit_lag"),
        };
        // All children of a beam are equal at temperature 0.
        return options.Temperature == 0 ? options with { Beams = options.KeptBeams } : options;
    }

    private double Threshold(double alpha) => served.Threshold(alpha) is { } threshold
        ? Math.Max(threshold, served.Options.CriticThreshold)
        : throw ApiException.BadRequest("safety.alpha needs a critic with a calibration, and this server has none.", "safety.alpha");

    private GuardMode Mode(string? mode) => (mode, served.Options.Mode) switch
    {
        (null, var own) => own,
        ("strict", _) => GuardMode.Strict,
        ("best-effort", GuardMode.BestEffort) => GuardMode.BestEffort,
        ("best-effort", _) => throw ApiException.BadRequest("safety.mode best-effort shows unsafe answers, which this server does not; leave it away.", "safety.mode"),
        _ => throw ApiException.BadRequest($"safety.mode is '{Shortened(mode)}'; it must be strict or best-effort.", "safety.mode"),
    };

    private (SafetyState? State, bool Carries) Carry(JsonElement? asked, IReadOnlyList<ChatMessage> messages) => asked?.ValueKind switch
    {
        null or JsonValueKind.Null or JsonValueKind.False => (null, false),
        JsonValueKind.True => (null, true),
        JsonValueKind.String => (carry.Read(Text(asked.Value, "safety.carry"), messages), true),
        _ => throw ApiException.BadRequest("safety.carry must be true, or the text that the last answer returned.", "safety.carry"),
    };

    /// <summary>A conversation, checked.</summary>
    public static ChatMessage[] Conversation(IReadOnlyList<ChatRequest.Turn>? messages)
    {
        if (messages is not { Count: > 0 })
            throw ApiException.BadRequest("messages is missing or empty; give a list of {role, content}.", "messages");
        return [.. messages.Select(static (message, at) => new ChatMessage(Role(message?.Role, at), Content(message!.Content, at)))];

        static string Role(string? role, int at) => role switch
        {
            "system" or "developer" => "system",
            "user" or "assistant" => role,
            _ => throw ApiException.BadRequest($"messages[{at}].role is {(role is null ? "missing" : $"'{Shortened(role)}'")}; it must be system, developer, user or assistant.", $"messages[{at}].role"),
        };

        // A text, or a list of parts that are texts.
        static string Content(JsonElement? content, int at) => content?.ValueKind switch
        {
            JsonValueKind.String => Text(content.Value, $"messages[{at}].content"),
            JsonValueKind.Array => string.Concat(content.Value.EnumerateArray().Select(part =>
                part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var type) && type.ValueEquals("text") && part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String
                    ? Text(text, $"messages[{at}].content")
                    : throw ApiException.BadRequest($"messages[{at}].content has a part that is no text; this model reads texts only.", $"messages[{at}].content"))),
            _ => throw ApiException.BadRequest($"messages[{at}].content must be a text, or a list of text parts.", $"messages[{at}].content"),
        };
    }

    /// <summary>A text, or a list of texts; empty where nothing is given, null where it is something else.</summary>
    public static string[]? Texts(JsonElement? value, string name) => value?.ValueKind switch
    {
        null or JsonValueKind.Null => [],
        JsonValueKind.String => [Text(value.Value, name)],
        JsonValueKind.Array when value.Value.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String) => [.. value.Value.EnumerateArray().Select(item => Text(item, name))],
        _ => null,
    };

    // JSON can escape half of a character, which is no text.
    private static string Text(JsonElement value, string name)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.BadRequest($"{name} holds half of a surrogate pair; give whole characters.", name);
        }
    }

    private static string[] Texts(JsonElement? value, string name, int most)
    {
        var texts = Texts(value, name);
        return texts is not null && texts.Length <= most && texts.All(static text => text.Length > 0)
            ? texts
            : throw ApiException.BadRequest($"{name} must be a text that is not empty{(most > 1 ? $", or a list of up to {most}" : "")}.", name);
    }

    private static bool WantsLogprobs(ChatRequest request)
    {
        if (request.TopLogprobs > 0 || request.Logprobs is { ValueKind: JsonValueKind.Number } count && !count.TryGetInt32(out _))
            throw ApiException.BadRequest("top_logprobs must be 0: the search knows the probabilities of the tokens that it chose, not of others.", "top_logprobs");
        return request.Logprobs?.ValueKind is JsonValueKind.True or JsonValueKind.Number;
    }

    private static void Refuse(ChatRequest request)
    {
        Neutral(request.FrequencyPenalty is null or 0, "frequency_penalty", "0");
        Neutral(request.PresencePenalty is null or 0, "presence_penalty", "0");
        Neutral(IsEmpty(request.LogitBias), "logit_bias", "empty");
        Neutral(IsEmpty(request.Tools), "tools", "empty");
        Neutral(IsEmpty(request.Functions), "functions", "empty");
        Neutral(request.ResponseFormat?.Type is null or "text", "response_format", "text");
        Neutral(string.IsNullOrEmpty(request.Suffix), "suffix", "empty");
        Neutral(request.Echo is null or false, "echo", "false");
        Neutral(request.BestOf is null || request.BestOf == (request.N ?? 1), "best_of", "n");

        static void Neutral(bool holds, string name, string value)
        {
            if (!holds)
                throw ApiException.BadRequest($"{name} is not supported; leave it away, or {value}.", name);
        }

        static bool IsEmpty(JsonElement? value) => value?.ValueKind switch
        {
            null or JsonValueKind.Null => true,
            JsonValueKind.Array => value.Value.GetArrayLength() == 0,
            JsonValueKind.Object => !value.Value.EnumerateObject().Any(),
            _ => false,
        };
    }

    private static T Within<T>(T? asked, T otherwise, T least, T most, string name)
        where T : struct, IComparable<T>, IFormattable => asked switch
        {
            null => otherwise,
            { } value when value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0 => value,
            { } value => throw ApiException.BadRequest(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; this server takes {(least is double.MinValue ? "at most" : least is double.Epsilon ? "above 0 and up to" : $"{least} to")} {most}."), name),
        };

    private static string Shortened(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
