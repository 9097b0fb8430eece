// /v1/chat/completions and /v1/completions: from a checked request to jobs, and from their answers to what a client reads.

using System.Text.Json;

namespace InferenceGuard.App.Server;

/// <summary>Answers chat completions and completions.</summary>
internal sealed class ChatEndpoint(ServedModel served, Scheduler scheduler, ServerMetrics metrics, CarryTokens carry, TraceHub? traces, TimeProvider clock, Action<string>? logTexts)
{
    /// <summary>Answers a checked request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="plan">What was asked.</param>
    /// <param name="caller">Whose it is.</param>
    public async Task Answer(HttpContext http, ChatPlan plan, string caller)
    {
        var id = (plan.IsChat ? "chatcmpl-" : "cmpl-") + Guid.NewGuid().ToString("N");
        // Whatever ends the response ends the searches: they are nobody's any more.
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        using var trace = traces?.Begin(id);
        var run = new ChatRun(id, plan, served, metrics, trace, clock.GetUtcNow());
        var jobs = run.Jobs(caller, gone.Token);
        scheduler.Submit(jobs);
        try
        {
            if (plan.Streams)
                await Stream(http, run, jobs);
            else
                await Whole(http, run, jobs);
        }
        finally
        {
            await gone.CancelAsync();
        }
    }

    private async Task Whole(HttpContext http, ChatRun run, IReadOnlyList<SearchJob> jobs)
    {
        var answers = await Task.WhenAll(jobs.Select(static job => job.Answer));
        var choices = answers.Select((answer, at) => Finished(run, answer, at, http.RequestAborted)).ToArray();
        await Results.Json(run.Response(choices, isChunk: false) with { Usage = ChatRun.Usage(answers), Safety = choices[0].Safety }, ServerJson.Default.ChatResponse)
            .ExecuteAsync(http);
    }

    private ChatResponse.Choice Finished(ChatRun run, GuardedAnswer answer, int index, CancellationToken gone)
    {
        var plan = run.Plan;
        var (text, isCut) = answer.Abstained ? (answer.Text, false) : StreamedText.Cut(answer.Text, plan.Stops);
        answer = run.Verified(answer, text, isCut, gone);
        text = answer.Abstained ? plan.Options.AbstentionText : text;
        run.Count(answer);
        Log(run, text);
        return new()
        {
            Index = index,
            Message = plan.IsChat ? new("assistant", text) : null,
            Text = plan.IsChat ? null : text,
            Logprobs = plan.WantsLogprobs && !answer.Abstained ? run.Logprobs(answer, text) : null,
            FinishReason = Reason(answer, isCut),
            Safety = run.Report(answer, partial: false, Carried(run, answer, text)),
        };
    }

    // As JSON: a text cannot begin a line of its own.
    private void Log(ChatRun run, string text) =>
        logTexts?.Invoke($"{JsonSerializer.Serialize(run.Plan.UserText, ServerJson.Default.String)} -> {JsonSerializer.Serialize(text, ServerJson.Default.String)}");

    private static string Reason(GuardedAnswer answer, bool isCut) =>
        answer.Abstained ? "content_filter" : isCut || answer.FinishReason == FinishReason.Stop ? "stop" : "length";

    private string? Carried(ChatRun run, GuardedAnswer answer, string text) =>
        run.Plan.Carries ? carry.Sign(answer.State, run.Plan.Messages.Append(new("assistant", text))) : null;

    private async Task Stream(HttpContext http, ChatRun run, IReadOnlyList<SearchJob> jobs)
    {
        var (plan, response, gone) = (run.Plan, http.Response, http.RequestAborted);
        EventStream.Begin(response);
        var hasBegun = false;
        var answers = new List<GuardedAnswer>();
        while (await EventStream.Await(response, run.Events.WaitToReadAsync(gone).AsTask(), gone))
            while (run.Events.TryRead(out var sent))
            {
                // What fails before there is anything to show fails as it would without a stream.
                if (sent.Error is not null && !response.HasStarted)
                    throw sent.Error;
                if (!hasBegun)
                    await Begin();
                if (sent.Text.Length > 0)
                    await Send(Piece(sent.Index, sent.Text));
                if (sent.Error is { } error)
                {
                    RequestGate.Failed(http, error);
                    await EventStream.Write(response, ApiException.Of(error).Response, ServerJson.Default.ErrorResponse, gone);
                    return;
                }
                if (sent.Answer is { } answer)
                    answers.Add(await Finish(sent.Index, answer));
            }
        if (plan.IncludesUsage)
            await EventStream.Write(response, run.Response([], isChunk: true) with { Usage = ChatRun.Usage(answers) }, ServerJson.Default.ChatResponse, gone);
        await EventStream.Write(response, "[DONE]", gone);

        async Task Begin()
        {
            hasBegun = true;
            for (var index = 0; plan.IsChat && index < plan.Choices; index++)
                await Send(new() { Index = index, Delta = new("assistant", "") });
        }

        async Task<GuardedAnswer> Finish(int index, GuardedAnswer answer)
        {
            var text = run.Texts[index];
            var (final, isCut) = answer.Abstained ? ("", false) : StreamedText.Cut(answer.Text, plan.Stops);
            isCut |= text.IsStopped;
            answer = run.Verified(answer, final, isCut, gone);
            // What was shown stands; an abstention after it says nothing more, one before it says that it abstains.
            var partial = answer.Abstained && text.Sent.Length > 0;
            if (partial)
                answer = answer with { AnswerTokens = text.SentTokens, State = text.SentState };
            var rest = answer.Abstained ? partial ? "" : plan.Options.AbstentionText : text.Rest(final);
            if (rest.Length > 0)
                await Send(Piece(index, rest));
            run.Count(answer);
            var shown = partial ? text.Sent : answer.Abstained ? plan.Options.AbstentionText : final;
            Log(run, shown);
            var report = run.Report(answer, partial, Carried(run, answer, shown));
            var last = Piece(index, "") with
            {
                FinishReason = Reason(answer, isCut),
                Safety = report,
                Logprobs = plan.WantsLogprobs && !answer.Abstained ? run.Logprobs(answer, final) : null,
            };
            await EventStream.Write(response, run.Response([last], isChunk: true) with { Safety = report }, ServerJson.Default.ChatResponse, gone);
            return answer;
        }

        ChatResponse.Choice Piece(int index, string text) =>
            plan.IsChat ? new() { Index = index, Delta = new(null, text.Length > 0 ? text : null) } : new() { Index = index, Text = text };

        Task Send(ChatResponse.Choice choice) => EventStream.Write(response, run.Response([choice], isChunk: true), ServerJson.Default.ChatResponse, gone);
    }
}
