// The main path: a guarded generation as one loop, one verb per stage. The only file that knows their order.

using InferenceGuard.Compute;
using InferenceGuard.Critic;
using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Scoring;
using InferenceGuard.Search;

namespace InferenceGuard;

/// <summary>
/// Answers prompts under a safety budget (method.md section 5). One generation at a time; the model may be shared.
/// </summary>
public sealed class GuardedDecoder : IDisposable
{
    private readonly ILanguageModel _model;
    private readonly ICost _cost;
    private readonly IReward _reward;
    private readonly GuardOptions _options;
    private readonly ICompute _compute;
    private readonly IBlockEnd _blockEnd;
    private readonly bool _hasCritic;
    private ILanguageContext? _context;

    /// <summary>Creates a decoder.</summary>
    /// <param name="model">The frozen model; not disposed with the decoder.</param>
    /// <param name="cost">The safety cost; it also verifies the answer.</param>
    /// <param name="reward">The task reward.</param>
    /// <param name="options">Every knob; checked here.</param>
    /// <param name="compute">The device for the per-beam work, disposed with the decoder; null = the CPU.</param>
    /// <param name="critic">Predicts how beams will end, so that the search avoids what has no safe end; null = none.</param>
    /// <exception cref="GuardException">An option is out of range, or the critic is of another shape than the model.</exception>
    public GuardedDecoder(ILanguageModel model, ICost cost, IReward reward, GuardOptions options, ICompute? compute = null, LatentCritic? critic = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        (_model, _cost, _reward, _options) = (model, cost, reward, options.Validate());
        _compute = compute ?? new CpuCompute();
        critic?.Binding.RequireShape(model.Info);
        _hasCritic = critic is not null;
        _blockEnd = _compute.OpenBlockEnd(critic?.Weights, model.Info.VocabularySize, model.Vocabulary.EndTokens);
    }

    /// <summary>The device that does the per-beam work, for people.</summary>
    public string Device => _compute.Device;

    /// <summary>
    /// Generates an answer block by block; the last step carries it. In <see cref="GuardMode.Strict"/> a search without a
    /// verified-safe answer is repeated once with more beams, and then abstains.
    /// </summary>
    /// <param name="messages">The conversation, the user's turn last.</param>
    /// <param name="carried">Safety state z of earlier turns; null = the whole budget.</param>
    /// <param name="asked">Other knobs for this answer; null = the decoder's own.</param>
    /// <param name="cancellation">Honoured within one decode step.</param>
    /// <exception cref="GuardException">A knob is out of range, the prompt does not fit, or the model, cost or reward failed.</exception>
    public IEnumerable<DecodeStep> Generate(
        IReadOnlyList<ChatMessage> messages, SafetyState? carried = null, GuardOptions? asked = null, CancellationToken cancellation = default)
    {
        asked = asked?.Validate() ?? _options;
        var prompt = Prompt.Build(_model, messages, asked.MaxTokens);
        var run = new SearchRun(prompt, carried ?? asked.SafetyBudget.Start);
        for (var pass = 0; ; pass++)
        {
            var options = pass == 0 ? asked : asked.Widened();
            _context = BlockSearch.Reserve(_model, _context, prompt, options, hiddenStates: _hasCritic, cancellation);
            using var search = new BlockSearch(_model, _context, _compute, _blockEnd, _hasCritic, _cost, _reward, options, run, pass, cancellation);
            search.Prefill();
            while (search.GoesOn)
            {
                search.ForwardKept();
                while (true)
                {
                    search.Fork();
                    do
                        search.Propose();
                    while (search.Forward());
                    search.Score();
                    if (!search.MustRetry())
                        break;
                    yield return search.Step;
                    search.Diversify();
                }
                search.Select();
                yield return search.Step;
                search.Apply();
            }
            var answer = search.Verify();
            if (answer is null && search.CanWiden)
                continue;
            yield return search.Finish(answer);
            yield break;
        }
    }

    /// <summary>Generates an answer without looking at the steps.</summary>
    /// <param name="prompt">The user's text.</param>
    /// <param name="cancellation">Honoured within one decode step.</param>
    /// <exception cref="GuardException">The prompt does not fit, or the model, cost or reward failed.</exception>
    public GuardedAnswer Answer(string prompt, CancellationToken cancellation = default) =>
        Generate([new ChatMessage("user", prompt)], cancellation: cancellation).Last().Answer!;

    /// <inheritdoc />
    public void Dispose()
    {
        _context?.Dispose();
        _blockEnd.Dispose();
        _compute.Dispose();
    }
}
