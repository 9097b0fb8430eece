// One answer that was asked for.

using InferenceGuard.Model;
using InferenceGuard.Safety;

namespace InferenceGuard.App.Server;

/// <summary>One answer that was asked for.</summary>
/// <param name="Caller">Whose it is: callers take turns.</param>
/// <param name="Messages">The conversation.</param>
/// <param name="Options">Every knob.</param>
/// <param name="Carried">Safety state of earlier turns; null = the whole budget.</param>
/// <param name="Deadline">When the best answer so far is wanted.</param>
internal sealed record SearchJob(string Caller, IReadOnlyList<ChatMessage> Messages, GuardOptions Options, SafetyState? Carried, DateTimeOffset Deadline)
{
    private readonly TaskCompletionSource<GuardedAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called with every step on the thread of the search, which waits meanwhile; an answer ends the search.</summary>
    public Func<DecodeStep, GuardedAnswer?> OnStep { get; init; } = static step => step.Answer;

    /// <summary>Ends the search within one decode step.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>The answer; or the failure of the search.</summary>
    public Task<GuardedAnswer> Answer => _answer.Task;

    /// <summary>Ends a job that nobody waits for any more, before it was begun.</summary>
    /// <returns>Whether it is such a job.</returns>
    public bool IsGivenUp() => Cancellation.IsCancellationRequested && _answer.TrySetCanceled(Cancellation);

    /// <summary>Searches for the answer.</summary>
    /// <param name="decoder">The decoder to search with.</param>
    /// <param name="clock">What <see cref="Deadline"/> is read on.</param>
    public void Run(GuardedDecoder decoder, TimeProvider clock)
    {
        try
        {
            Cancellation.ThrowIfCancellationRequested();
            var left = Deadline - clock.GetUtcNow();
            var options = Options with { TimeLimit = left > TimeSpan.Zero ? left : TimeSpan.FromTicks(1) };
            foreach (var step in decoder.Generate(Messages, Carried, options, Cancellation))
            {
                if (OnStep(step) is not { } answer)
                    continue;
                _answer.SetResult(answer);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            _answer.TrySetCanceled(Cancellation);
        }
        catch (Exception e)
        {
            _answer.TrySetException(e);
        }
    }
}
