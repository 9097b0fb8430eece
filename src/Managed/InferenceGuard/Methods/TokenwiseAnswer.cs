// One answer that grows token by token, for methods that change every token's distribution.

using System.Numerics.Tensors;
using InferenceGuard.Compute;
using InferenceGuard.Diagnostics;
using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Scoring;
using InferenceGuard.Search;

namespace InferenceGuard.Methods;

/// <summary>One answer that grows token by token.</summary>
internal sealed class TokenwiseAnswer : IDisposable
{
    private readonly ILanguageModel _model;
    private readonly GuardOptions _options;
    private readonly Prompt _prompt;
    private readonly ILanguageContext _context;
    private readonly CancellationToken _cancellation;
    private readonly DecodeBatch _batch = new(1, 1);
    private readonly List<TokenId> _tokens = [];
    private readonly List<float> _logProbs = [];
    private readonly Timings _timings = new();
    private readonly ulong _seed;
    private EndReason _end;
    private int _decoded;

    public TokenwiseAnswer(ILanguageModel model, GuardOptions options, IReadOnlyList<ChatMessage> messages, bool hiddenStates, CancellationToken cancellation)
    {
        (_model, _options, _cancellation) = (model, options, cancellation);
        _prompt = Prompt.Build(model, messages, options.MaxTokens);
        _seed = _prompt.Seed(options.Seed);
        _context = model.CreateContext(new() { CellCount = _prompt.Tokens.Length + options.MaxTokens, MaxSequences = 1, HiddenStates = hiddenStates });
        _context.Prefill(new(0), _prompt.Tokens.AsSpan(..^1), cancellation);
        Decode(_prompt.Tokens[^1]);
    }

    /// <summary>The text that scorers read as the prompt.</summary>
    public string UserText => _prompt.UserText;

    /// <summary>Whether it still grows.</summary>
    public bool IsLive => _end == EndReason.None;

    /// <summary>Tokens so far.</summary>
    public int Length => _tokens.Count;

    /// <summary>float32[V]: what the model says of the next token.</summary>
    public ReadOnlySpan<float> Logits => _context.Logits[.._model.Info.VocabularySize];

    /// <summary>float32[H]: what the output matrix eats.</summary>
    public ReadOnlySpan<float> Hidden => _context.Hidden[.._model.Info.HiddenWidth];

    /// <summary>What to take from a logit to have the log-probability of its token.</summary>
    public double LogSumExp()
    {
        var (maximum, total) = (TensorPrimitives.Max(Logits), 0.0);
        foreach (var logit in Logits)
            total += Math.Exp(logit - maximum);
        return maximum + Math.Log(total);
    }

    /// <summary>The place in the random stream that plain sampling would draw this token with.</summary>
    public PhiloxCounter Counter => new(_seed, 0, (uint)Length, 0, 0);

    /// <summary>Takes a token, and decodes it unless it ends the answer.</summary>
    /// <param name="token">The token.</param>
    /// <param name="logProb">Its log-probability by the model.</param>
    public void Take(TokenId token, float logProb)
    {
        _timings.MarkFirstToken();
        if (_model.Vocabulary.IsEndOfGeneration(token))
        {
            _end = EndReason.EndOfText;
            return;
        }
        _tokens.Add(token);
        _logProbs.Add(logProb);
        if (Length == _options.MaxTokens)
            _end = EndReason.Length;
        else
            Decode(token);
    }

    /// <summary>The answer, its cost and reward.</summary>
    public GuardedAnswer Finish(ICost cost, IReward reward)
    {
        var isEnded = _end == EndReason.EndOfText;
        var budget = new SafetyBudget(_options.Budget, _options.Discount);
        var charges = AnswerCharges.Of(
            _model.Vocabulary, cost, reward, UserText, _tokens.ToArray(), _logProbs.ToArray(), isEnded, budget, _options.TokensPerCharge, _cancellation);
        var text = _model.Vocabulary.Detokenize(_tokens.ToArray());
        var whole = cost.Score(UserText, text, isEnded, _cancellation);
        if (!double.IsFinite(whole))
            throw new GuardException(GuardFault.Generation, $"The cost model '{cost.Name}' gave {whole} for the final text; a cost must be finite. No text is returned.");
        _timings.MarkAnswer();
        return new()
        {
            Text = text,
            Safe = charges.States[^1] >= 0 && budget.Start.Value - whole >= 0,
            Beam = null,
            FinishReason = isEnded ? FinishReason.Stop : FinishReason.Length,
            State = new(charges.States[^1]),
            Cost = whole,
            Reward = charges.StepRewards[^1],
            PromptTokens = _prompt.Tokens.Length,
            AnswerTokens = Length,
            DecodedTokens = _decoded,
            SampledTokens = Length + (isEnded ? 1 : 0),
            Retries = 0,
            Blocks = 1,
            Widened = false,
            Timings = _timings,
        };
    }

    public void Dispose() => _context.Dispose();

    private void Decode(TokenId token)
    {
        _batch.Clear();
        _ = _batch.Add(token, new(0));
        _context.Decode(_batch, _cancellation);
        _decoded++;
    }
}
