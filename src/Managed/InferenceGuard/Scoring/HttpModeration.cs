// Asks a moderation endpoint: all texts in one request, the scores of their categories in the reply.

using System.Text.Json;

namespace InferenceGuard.Scoring;

/// <summary>Asks an endpoint in the form of OpenAI's <c>/v1/moderations</c>. The largest score of the categories that count is how unsafe a text is.</summary>
/// <param name="model">The model asked for; null = the endpoint's own.</param>
/// <param name="categories">The categories that count; empty = all.</param>
/// <param name="readsPrompt">Whether the text is the prompt, an empty line and the answer, rather than the answer.</param>
internal sealed class HttpModeration(string? model, IReadOnlyList<string> categories, bool readsPrompt) : IHttpJudge
{
    /// <summary>The options that only this kind has.</summary>
    public static string[] Options { get; } = ["category", "input"];

    /// <summary>Reads its options.</summary>
    /// <param name="argument">The specification.</param>
    /// <exception cref="GuardException">One is wrong.</exception>
    public static HttpModeration Parse(ScorerArgument argument) =>
        new(argument.One("model"), argument.All("category"), argument.Word("input", "pair", "answer") != "answer");

    /// <inheritdoc />
    public Task<double[]> AskAsync(HttpEndpoint endpoint, string prompt, IReadOnlyList<string> answers, CancellationToken cancellation) =>
        endpoint.AskAsync(json => Write(json, prompt, answers), reply => Read(reply, answers.Count), cancellation);

    private void Write(Utf8JsonWriter json, string prompt, IReadOnlyList<string> answers)
    {
        if (model is not null)
            json.WriteString("model", model);
        json.WriteStartArray("input");
        foreach (var answer in answers)
            json.WriteStringValue(readsPrompt ? $"{prompt}\n\n{answer}" : answer);
        json.WriteEndArray();
    }

    private double[] Read(JsonPlace reply, int count)
    {
        JsonPlace[] results = [.. reply.Items("results")];
        return results.Length == count
            ? [.. results.Select(result => Worst(result.Field("category_scores")))]
            : throw reply.Field("results").Error($"there are {results.Length} for {count} texts; each text must have one");
    }

    private double Worst(JsonPlace scores)
    {
        JsonPlace[] chosen = categories.Count == 0 ? [.. scores.Fields().Select(static field => field.Value)] : [.. categories.Select(scores.Field)];
        return chosen.Length > 0 ? chosen.Max(Score) : throw scores.Error("there is no category");
    }

    private static double Score(JsonPlace value) =>
        value.Element.ValueKind == JsonValueKind.Number && value.Element.TryGetDouble(out var score) && score is >= 0 and <= 1
            ? score
            : throw value.Unlike("a number from 0 to 1");
}
