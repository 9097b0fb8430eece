// An opened model with its scorers, ready to answer.

using System.Diagnostics;
using InferenceGuard.Diagnostics;
using InferenceGuard.Methods;
using InferenceGuard.Model;
using InferenceGuard.Safety;

namespace InferenceGuard.App.Cli;

/// <summary>An opened model with its scorers, ready to answer.</summary>
internal sealed class Session : IDisposable
{
    private readonly Terminal _terminal;
    private readonly IAnswerMethod _answers;

    private readonly OpenedScorers _scorers;

    private Session(Terminal terminal, LlamaCppModel model, IAnswerMethod answers, GuardMethod method, OpenedScorers scorers) =>
        (_terminal, Model, _answers, Method, _scorers) = (terminal, model, answers, method, scorers);

    /// <summary>The model.</summary>
    public LlamaCppModel Model { get; }

    /// <summary>How answers are found.</summary>
    public GuardMethod Method { get; }

    /// <summary>Whether there is a cost that answers are checked with.</summary>
    public required bool IsChecked { get; init; }

    /// <summary>Time to open model and scorers, in ms.</summary>
    public required double LoadMs { get; init; }

    /// <summary>The device of the per-beam work.</summary>
    public string Device => (_answers as BlockwiseMethod)?.Decoder.Device ?? "cpu";

    /// <summary>Opens what was asked for, the cheap and often mistyped things first.</summary>
    /// <exception cref="GuardException">A file is missing or wrong, or llama.cpp cannot be loaded.</exception>
    public static Session Open(Terminal terminal, ModelChoice choice, GuardMethod method)
    {
        var begin = Stopwatch.GetTimestamp();
        choice.Embedded?.Require();
        var scorers = choice.OpenScorers(isGuarded: !method.IsBase);
        LlamaCppModel? model = null;
        try
        {
            model = LlamaCppModel.Load(choice.Path, choice.Options);
            var (answers, opened) = MethodOpening.Open(method, choice, model, scorers.Cost, scorers.Reward, terminal.Note);
            return new(terminal, model, answers, opened, scorers)
            {
                IsChecked = scorers.Cost is not UncheckedCost,
                LoadMs = Stopwatch.GetElapsedTime(begin).TotalMilliseconds,
            };
        }
        catch
        {
            model?.Dispose();
            scorers.Dispose();
            throw;
        }
    }

    /// <summary>Answers a conversation; Ctrl-C stops it within one decode step.</summary>
    /// <param name="messages">The conversation, the user's turn last.</param>
    /// <param name="carried">Safety state of earlier turns; null = the whole budget.</param>
    /// <param name="trace">Where every step is written; null for nowhere.</param>
    /// <param name="showsProgress">Whether the search is shown while it runs.</param>
    /// <exception cref="OperationCanceledException">Ctrl-C was pressed.</exception>
    /// <exception cref="GuardException">The prompt does not fit, or model, cost or reward failed.</exception>
    public GuardedAnswer Answer(IReadOnlyList<ChatMessage> messages, SafetyState? carried, DecodeTrace? trace, bool showsProgress)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = _terminal.OnInterrupt(stop.Cancel);
        if (_answers is not BlockwiseMethod { Decoder: var decoder })
            return trace is null && carried is null
                ? _answers.Answer(messages, stop.Token)
                : throw new GuardException(GuardFault.Usage, $"--method {Method.Name} answers single prompts, without a trace; leave --trace away, or choose {AnswerMethods.InferenceGuard}.");
        trace?.Start(Model.Info, messages, Method.Options, carried);
        return showsProgress ? SearchProgress.Show(_terminal, Search) : Search(static _ => { });

        GuardedAnswer Search(Action<DecodeStep> show)
        {
            foreach (var step in decoder.Generate(messages, carried, cancellation: stop.Token))
            {
                trace?.Step(step, Model.Vocabulary);
                if (step.Answer is { } answer)
                    return answer;
                show(step);
            }
            throw new UnreachableException("A generation ends with an answer.");
        }
    }

    public void Dispose()
    {
        _answers.Dispose();
        Model.Dispose();
        _scorers.Dispose();
    }
}
