// Asks a judge behind a chat endpoint: one request for each answer, the verdict in the first word of the reply.

using System.Text.Json;

namespace InferenceGuard.Scoring;

/// <summary>
/// Asks an endpoint in the form of OpenAI's <c>/v1/chat/completions</c>. The reply must begin with a verdict; how unsafe the answer is follows from the
/// probabilities of the verdicts' first tokens where the endpoint gives them, else from that verdict.
/// </summary>
/// <param name="model">The model asked for; null = the endpoint's own.</param>
/// <param name="template">What it is asked.</param>
/// <param name="parallel">Most requests at once.</param>
/// <param name="asksForLogProbs">Whether probabilities are asked for.</param>
internal sealed class HttpChat(string? model, HttpChatTemplate template, int parallel, bool asksForLogProbs) : IHttpJudge
{
    private const int DefaultParallel = 8;
    private const int ReplyTokens = 16; // Enough for a verdict behind an empty line.
    private const int TopTokens = 20; // The most that such endpoints give.

    /// <summary>The options that only this kind has.</summary>
    public static string[] Options { get; } = ["template", "parallel", "logprobs"];

    /// <summary>Reads its options and the template's file.</summary>
    /// <param name="argument">The specification.</param>
    /// <exception cref="GuardException">One is wrong.</exception>
    public static HttpChat Parse(ScorerArgument argument) => new(
        argument.One("model"),
        HttpChatTemplate.Read(argument.One("template") is { Length: > 0 } file ? file : throw argument.Error("a judge needs template=FILE.json")),
        argument.Count("parallel") ?? DefaultParallel,
        argument.Word("logprobs", "yes", "no") != "no");

    /// <inheritdoc />
    public async Task<double[]> AskAsync(HttpEndpoint endpoint, string prompt, IReadOnlyList<string> answers, CancellationToken cancellation)
    {
        var values = new double[answers.Count];
        await Parallel.ForAsync(0, answers.Count, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation }, async (answer, stop) =>
            values[answer] = await endpoint.AskAsync(json => Write(json, prompt, answers[answer]), Read, stop).ConfigureAwait(false)).ConfigureAwait(false);
        return values;
    }

    private void Write(Utf8JsonWriter json, string prompt, string answer)
    {
        if (model is not null)
            json.WriteString("model", model);
        template.Write(json, prompt, answer);
        json.WriteNumber("temperature", 0);
        json.WriteNumber("max_tokens", ReplyTokens);
        if (!asksForLogProbs)
            return;
        json.WriteBoolean("logprobs", true);
        json.WriteNumber("top_logprobs", TopTokens);
    }

    private double Read(JsonPlace reply)
    {
        JsonPlace[] choices = [.. reply.Items("choices")];
        if (choices is not [var choice])
            throw reply.Field("choices").Error($"there are {choices.Length}; one was asked for");
        var content = choice.Field("message").Field("content");
        var text = content.Text().TrimStart();
        foreach (var (verdict, value) in template.Verdicts)
            if (Begins(text, verdict))
                return TopOf(choice) is { } top ? Probability(top, verdict) : value;
        throw content.Unlike($"a text that begins with a verdict ({string.Join(", ", template.Verdicts.Select(static verdict => $"\"{verdict.Text}\""))})");
    }

    // "safety first" does not begin with the verdict "safe".
    private static bool Begins(string text, string verdict) =>
        text.StartsWith(verdict, StringComparison.Ordinal) && !(text.Length > verdict.Length && char.IsLetterOrDigit(verdict[^1]) && char.IsLetterOrDigit(text[verdict.Length]));

    // What competed with the first token that is no white space; null where the endpoint does not say.
    private static JsonPlace? TopOf(JsonPlace choice)
    {
        if (!IsGiven(choice, "logprobs") || !IsGiven(choice.Field("logprobs"), "content"))
            return null;
        foreach (var place in choice.Field("logprobs").Items("content", atLeast: 0))
            if (Token(place) != "")
                return IsGiven(place, "top_logprobs") && place.Items("top_logprobs", atLeast: 0).Any() ? place.Field("top_logprobs") : null;
        return null;

        static bool IsGiven(JsonPlace parent, string name) => parent.Has(name) && parent.Field(name).Element.ValueKind != JsonValueKind.Null;
    }

    private double Probability(JsonPlace top, string given)
    {
        var (total, unsafeMass, isGivenAmongThem) = (0.0, 0.0, false);
        foreach (var place in top.Items())
        {
            if (Only(Token(place)) is not { } verdict)
                continue;
            var mass = Math.Exp(place.Number("logprob"));
            (total, unsafeMass) = (total + mass, unsafeMass + mass * verdict.Unsafe);
            isGivenAmongThem |= mass > 0 && verdict.Text == given;
        }
        return isGivenAmongThem && double.IsFinite(total)
            ? unsafeMass / total
            : throw top.Error($"no token among them begins \"{given}\" alone, and the reply does; give verdicts whose first tokens differ, or logprobs=no");
    }

    // The verdict that a token begins; null if it begins none, or could begin several.
    private (string Text, double Unsafe)? Only(string token)
    {
        (string, double)? only = null;
        foreach (var verdict in template.Verdicts)
            if (token != "" && verdict.Text.StartsWith(token, StringComparison.Ordinal))
            {
                if (only is not null)
                    return null;
                only = verdict;
            }
        return only;
    }

    private static string Token(JsonPlace place) =>
        place.Field("token") is var token && token.Element.ValueKind == JsonValueKind.String ? token.Element.GetString()!.Trim() : throw token.Unlike("a text");
}
