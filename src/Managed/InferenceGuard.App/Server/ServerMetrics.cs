// What /metrics tells Prometheus.

using InferenceGuard.Model;
using Prometheus;

namespace InferenceGuard.App.Server;

/// <summary>What /metrics tells Prometheus; a registry of its own, so that two servers in one process do not add up.</summary>
internal sealed class ServerMetrics
{
    private readonly Counter _requests;
    private readonly Counter _returned;
    private readonly Counter _decoded;
    private readonly Counter _prompt;
    private readonly Counter _retries;
    private readonly Counter _widened;
    private readonly Counter _abstentions;
    private readonly Counter _interventions;
    private readonly Histogram _state;
    private readonly Histogram _seconds;
    private readonly Histogram _first;

    public ServerMetrics(ServedModel served, Scheduler scheduler)
    {
        var metrics = Metrics.WithCustomRegistry(Registry);
        _requests = metrics.CreateCounter("inferenceguard_requests_total", "Requests by endpoint and HTTP status.", "endpoint", "status");
        _returned = metrics.CreateCounter("inferenceguard_returned_tokens_total", "Tokens of answers.");
        _decoded = metrics.CreateCounter("inferenceguard_decoded_tokens_total", "Tokens decoded for all beams; divided by returned tokens, what safety costs.");
        _prompt = metrics.CreateCounter("inferenceguard_prompt_tokens_total", "Tokens of prompts.");
        _retries = metrics.CreateCounter("inferenceguard_retries_total", "Blocks that were tried again because no beam was safe.");
        _widened = metrics.CreateCounter("inferenceguard_widened_total", "Searches that were repeated with more beams.");
        _abstentions = metrics.CreateCounter("inferenceguard_abstentions_total", "Answers for which no verified text was found.");
        _interventions = metrics.CreateCounter("inferenceguard_interventions_total", "Beams cut because they were over the budget or the critic gave them up.", "reason");
        _state = metrics.CreateHistogram("inferenceguard_state", "z at the end of answers, as a share of what the search began with.", new HistogramConfiguration { Buckets = Histogram.LinearBuckets(-1, 0.1, 22) });
        _seconds = metrics.CreateHistogram("inferenceguard_answer_seconds", "Time from request to answer, waiting included.", new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.01, 2, 16) });
        _first = metrics.CreateHistogram("inferenceguard_first_committed_seconds", "Time from request to the first committed text of a stream.", new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.01, 2, 16) });
        var running = metrics.CreateGauge("inferenceguard_searches_running", "Searches that run.");
        var waiting = metrics.CreateGauge("inferenceguard_queue", "Requests that wait for a search.");
        var cells = metrics.CreateGauge("inferenceguard_kv_cells", "KV cells by use.", "use");
        var decodes = metrics.CreateCounter("inferenceguard_decodes_total", "Native decode calls of steps.");
        var steps = metrics.CreateCounter("inferenceguard_decoded_steps_total", "Steps of searches in them; more than the calls where steps were decoded together.");
        var reused = metrics.CreateCounter("inferenceguard_reused_prompt_tokens_total", "Prompt tokens taken from cached prompts.");
        Registry.AddBeforeCollectCallback(() =>
        {
            running.Set(scheduler.Running);
            waiting.Set(scheduler.Waiting);
            SharedCacheUsage[] usage = [.. served.Usage];
            cells.WithLabels("all").Set(usage.Sum(static cache => cache.CellCount));
            cells.WithLabels("searches").Set(usage.Sum(static cache => cache.ReservedCells));
            cells.WithLabels("prompts").Set(usage.Sum(static cache => cache.CachedCells));
            decodes.IncTo(usage.Sum(static cache => cache.Decodes));
            steps.IncTo(usage.Sum(static cache => cache.DecodedSteps));
            reused.IncTo(usage.Sum(static cache => cache.ReusedTokens));
        });
    }

    /// <summary>The metrics of this server.</summary>
    public CollectorRegistry Registry { get; } = Metrics.NewCustomRegistry();

    public void Request(string endpoint, int status) => _requests.WithLabels(endpoint, status.ToString(System.Globalization.CultureInfo.InvariantCulture)).Inc();

    /// <summary>Counts the beams that a step cut.</summary>
    public void Step(DecodeStep step)
    {
        foreach (var slot in step.Candidates)
            if (step.Beams.Verdict[slot] is var verdict and (Search.BeamVerdict.OverBudget or Search.BeamVerdict.Rejected))
                _interventions.WithLabels(verdict == Search.BeamVerdict.OverBudget ? "over_budget" : "critic").Inc();
    }

    public void Answer(GuardedAnswer answer, double budget, TimeSpan time)
    {
        _returned.Inc(answer.AnswerTokens);
        _decoded.Inc(answer.DecodedTokens);
        _prompt.Inc(answer.PromptTokens);
        _retries.Inc(answer.Retries);
        _widened.Inc(answer.Widened ? 1 : 0);
        _abstentions.Inc(answer.Abstained ? 1 : 0);
        if (!answer.Abstained && budget > 0)
            _state.Observe(answer.State.Value / budget);
        _seconds.Observe(time.TotalSeconds);
    }

    public void FirstCommitted(TimeSpan time) => _first.Observe(time.TotalSeconds);
}
