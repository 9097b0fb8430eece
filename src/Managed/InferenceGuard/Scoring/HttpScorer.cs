// An endpoint on the network as a cost or a reward.

namespace InferenceGuard.Scoring;

/// <summary>
/// A moderation endpoint, or a judge behind a chat endpoint, as a cost or reward (docs/http-scorers.md). A prefix has the score of its text, so that a cost can
/// fall again. Prompts and answers leave the machine. No failure means "safe": whatever is not a score ends the generation.
/// </summary>
public sealed class HttpScorer : ICost, IReward, IDisposable
{
    // What makes another score, and so another name, so that what was collected with one is not mixed with the other.
    private static readonly string[] s_named = ["kind", "model", "template", "logprobs", "category", "input", "as", "weight"];

    private static readonly string[] s_common = ["kind", "model", "as", "weight", "key-env", "insecure", "timeout", "retries"];

    private readonly HttpEndpoint _endpoint;
    private readonly IHttpJudge _judge;
    private readonly bool _isLogOdds;
    private readonly double _weight;

    private HttpScorer(HttpUrl url, ScorerArgument argument)
    {
        var isChat = IsChat(url, argument);
        argument.AllowOnly([.. s_common, .. isChat ? HttpChat.Options : HttpModeration.Options]);
        (_isLogOdds, _weight) = (argument.Word("as", "probability", "logodds") == "logodds", argument.Number("weight", 1));
        _judge = isChat ? HttpChat.Parse(argument) : HttpModeration.Parse(argument);
        _endpoint = HttpEndpoint.Open(url, argument);
        var named = s_named.SelectMany(name => argument.All(name).Select(value => $",{name}={value}"));
        Name = $"{url}{string.Concat(named)}";
    }

    /// <inheritdoc cref="IScorer.Name" />
    public string Name { get; }

    /// <summary>False: a longer answer can put what came before into another light.</summary>
    public bool IsMonotone => false;

    /// <summary>Makes a scorer from its specification; nothing is sent yet.</summary>
    /// <param name="argument">A URL and options.</param>
    /// <exception cref="GuardException">The URL, an option or a file is wrong, or a key would be sent in clear text.</exception>
    internal static HttpScorer Load(ScorerArgument argument)
    {
        var url = HttpUrl.Parse(argument);
        return new(url, argument.ShownAs(url.ToString()));
    }

    /// <inheritdoc />
    public double Score(string prompt, string answer, bool ended) => Score(prompt, answer, ended, CancellationToken.None);

    /// <inheritdoc />
    public double Score(string prompt, string answer, bool ended, CancellationToken cancellation) => Score(prompt, [answer], cancellation)[0];

    /// <inheritdoc cref="IScorer.Open(string, int)" />
    public IScoringSession Open(string prompt, int slots) => Open(prompt, slots, CancellationToken.None);

    /// <inheritdoc cref="IScorer.Open(string, int, CancellationToken)" />
    public IScoringSession Open(string prompt, int slots, CancellationToken cancellation) => new TextSession(answers => Score(prompt, answers, cancellation), slots);

    /// <inheritdoc />
    public void Dispose() => _endpoint.Dispose();

    private double[] Score(string prompt, IReadOnlyList<string> answers, CancellationToken cancellation)
    {
        // On a thread of the pool, where no caller's context waits for itself.
        var values = Task.Run(() => _judge.AskAsync(_endpoint, prompt, answers, cancellation), cancellation).GetAwaiter().GetResult();
        return Array.ConvertAll(values, value => _weight * (_isLogOdds ? LogOdds.Of(value) : value));
    }

    private static bool IsChat(HttpUrl url, ScorerArgument argument) => argument.Word("kind", "moderation", "chat") switch
    {
        "chat" => true,
        "moderation" => false,
        _ when url.EndsWith("/chat/completions") => true,
        _ when url.EndsWith("/moderations") => false,
        _ => throw argument.Error("the path ends neither with /moderations nor with /chat/completions; add kind=moderation or kind=chat"),
    };
}
