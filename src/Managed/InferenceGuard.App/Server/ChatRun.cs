// What one request's searches have led to so far.

using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using InferenceGuard.Diagnostics;

namespace InferenceGuard.App.Server;

/// <summary>
/// What one request's searches have led to so far. Steps come on the threads of the searches, everything else on the request's; between the two stands a queue of events,
/// so that a client that reads slowly holds up nobody.
/// </summary>
internal sealed class ChatRun(string id, ChatPlan plan, ServedModel served, ServerMetrics metrics, TraceHub.Trace? trace, DateTimeOffset now)
{
    private readonly Channel<Event> _events = Channel.CreateUnbounded<Event>();
    private readonly long _begin = Stopwatch.GetTimestamp();
    private int _unfinished = plan.Choices;
    private int _hasStepped;
    private int _hasCommitted;

    public ChatPlan Plan => plan;

    /// <summary>What was sent of each choice of a stream.</summary>
    public StreamedText[] Texts { get; } = [.. Enumerable.Range(0, plan.Choices).Select(_ => new StreamedText(served.Model.Vocabulary, served.Cost, plan))];

    /// <summary>Texts to send, answers and failures, in their order; complete when every choice has ended.</summary>
    public ChannelReader<Event> Events => _events.Reader;

    /// <summary>A job for every choice.</summary>
    /// <param name="caller">Whose they are.</param>
    /// <param name="cancellation">Ends them all.</param>
    public IReadOnlyList<SearchJob> Jobs(string caller, CancellationToken cancellation) => [.. Enumerable.Range(0, plan.Choices).Select(index =>
    {
        var options = plan.Options with { Seed = unchecked(plan.Options.Seed + (ulong)index) };
        if (index == 0)
            trace?.Add(DecodeTrace.ToJson(DecodeTrace.StartLine(served.Model.Info with { Path = served.Name }, plan.Messages, options, plan.Carried)));
        var job = new SearchJob(caller, plan.Messages, options, plan.Carried, now + plan.Timeout) { OnStep = step => Step(index, step, cancellation), Cancellation = cancellation };
        _ = job.Answer.ContinueWith(answer => Ended(index, answer), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return job;
    })];

    /// <summary>A response or chunk with these choices.</summary>
    public ChatResponse Response(IReadOnlyList<ChatResponse.Choice> choices, bool isChunk) => new()
    {
        Id = id, Object = plan.IsChat ? isChunk ? "chat.completion.chunk" : "chat.completion" : "text_completion",
        Created = now.ToUnixTimeSeconds(), Model = served.Name, Choices = choices,
    };

    /// <summary>Tokens of the prompt, and of all choices together.</summary>
    public static ChatResponse.Tokens Usage(IReadOnlyCollection<GuardedAnswer> answers)
    {
        var (prompt, completion) = (answers.FirstOrDefault()?.PromptTokens ?? 0, answers.Sum(static answer => answer.AnswerTokens));
        return new(prompt, completion, prompt + completion);
    }

    /// <summary>An answer that was cut at a stop is another text: it is scored again, and is no answer if it is over the budget.</summary>
    public GuardedAnswer Verified(GuardedAnswer answer, string text, bool isCut, CancellationToken cancellation)
    {
        if (!isCut || answer.Abstained)
            return answer;
        var cost = served.Cost.Score(plan.UserText, text, ended: false, cancellation);
        var isSafe = plan.Budget - cost >= 0;
        return isSafe || plan.Options.Mode == GuardMode.BestEffort
            ? answer with { Cost = cost, Safe = isSafe && answer.Safe, FinishReason = FinishReason.Stop }
            : answer with { Cost = cost, Safe = true, FinishReason = FinishReason.ContentFilter, AnswerTokens = 0 };
    }

    /// <summary>Counts an answer.</summary>
    public void Count(GuardedAnswer answer) => metrics.Answer(answer, plan.Budget, Stopwatch.GetElapsedTime(_begin));

    /// <summary>What a client is told about an answer's safety.</summary>
    public SafetyReport Report(GuardedAnswer answer, bool partial, string? token) => new()
    {
        State = answer.State.Value, Cost = answer.Abstained ? null : answer.Cost, Budget = plan.Budget, Verified = answer.Safe && !answer.Abstained, Abstained = answer.Abstained, Partial = partial,
        Retries = answer.Retries, Widened = answer.Widened, DecodedTokens = answer.DecodedTokens, Reward = answer.Abstained ? null : answer.Reward, Carry = token,
    };

    /// <summary>Log-probabilities of the tokens that a text is made of, in the shape of the endpoint.</summary>
    public object Logprobs(GuardedAnswer answer, string text)
    {
        var (size, length) = (Encoding.UTF8.GetByteCount(text), 0);
        var pieces = answer.Tokens.Select(token => (Bytes: served.Model.Vocabulary.Piece(token.Token).ToArray(), token.LogProb))
            .TakeWhile(piece => (length += piece.Bytes.Length) - piece.Bytes.Length < size).ToArray();
        if (plan.IsChat)
            return new ChatResponse.ChatLogprobs([.. pieces.Select(static piece => new ChatResponse.ChatLogprobs.Token(Encoding.UTF8.GetString(piece.Bytes), piece.LogProb, [.. piece.Bytes.Select(static value => (int)value)], []))]);
        var offset = 0;
        return new ChatResponse.TextLogprobs(
            [.. pieces.Select(static piece => Encoding.UTF8.GetString(piece.Bytes))], [.. pieces.Select(static piece => piece.LogProb)],
            [.. pieces.Select(piece => (offset += piece.Bytes.Length) - piece.Bytes.Length)]);
    }

    private GuardedAnswer? Step(int index, DecodeStep step, CancellationToken cancellation)
    {
        if (index == 0)
            trace?.Add(DecodeTrace.ToJson(DecodeTrace.StepLine(step, served.Model.Vocabulary)));
        if (step.Answer is { } answer)
            return answer;
        metrics.Step(step);
        if (!plan.Streams)
            return null;
        var text = Texts[index];
        var next = text.Next(step, cancellation);
        // The first step begins the stream, so that a client knows its id while it still waits for text.
        if (next.Length > 0 || Interlocked.Exchange(ref _hasStepped, 1) == 0)
        {
            if (next.Length > 0 && Interlocked.Exchange(ref _hasCommitted, 1) == 0)
                metrics.FirstCommitted(Stopwatch.GetElapsedTime(_begin));
            _ = _events.Writer.TryWrite(new(index, next, null, null));
        }
        return text.IsStopped ? step.ToAnswer(text.Sent) : null;
    }

    private void Ended(int index, Task<GuardedAnswer> answer)
    {
        _ = _events.Writer.TryWrite(new(index, "", answer.IsCompletedSuccessfully ? answer.Result : null, answer.IsCompletedSuccessfully ? null : answer.Exception?.InnerException ?? new OperationCanceledException()));
        if (Interlocked.Decrement(ref _unfinished) == 0)
            _events.Writer.Complete();
    }

    /// <summary>New text of a choice, or its answer, or its failure.</summary>
    internal readonly record struct Event(int Index, string Text, GuardedAnswer? Answer, Exception? Error);
}
