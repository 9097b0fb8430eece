// RE-Control: the hidden state is moved towards a larger value before its logits are read.

using System.Numerics.Tensors;
using InferenceGuard.Compute;
using InferenceGuard.Critic;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Search;

namespace InferenceGuard.Methods;

/// <summary>
/// Representation editing (Kong et al. 2024): per token, n steps h ← h + η ∂V/∂h on the final hidden state, then o + W Δh. V is f² of
/// the critic; f² − p (1 − f¹) with the Lagrangian; f¹ f² − p (1 − f¹) with the augmented objective. p is λ b: with the penalty
/// of (M4) nothing would be left of the reward.
/// </summary>
internal sealed class ReControl(ILanguageModel model, ICost cost, IReward reward, MethodOptions options, Objective objective, LatentCritic critic) : IAnswerMethod
{
    private readonly OutputMatrix _output = OutputMatrix.Read(model.Info);
    private readonly CriticGradient _network = new(critic.Weights);
    private readonly CpuCompute _compute = new();
    private readonly int[] _endTokens = model.Vocabulary.EndTokens;
    private bool _isChecked;

    public GuardedAnswer Answer(IReadOnlyList<ChatMessage> messages, CancellationToken cancellation)
    {
        var guard = options.Guard;
        using var answer = new TokenwiseAnswer(model, guard, messages, hiddenStates: true, cancellation);
        using var states = cost.Open(answer.UserText, 1, cancellation);
        using var rewards = reward.Open(answer.UserText, 1, cancellation);
        var batch = new ScoringBatch(1, guard.TokensPerCharge);
        var (spent, earned, charged, state) = (new double[1], new double[1], 0.0, guard.SafetyBudget.Start);
        var (logits, input) = (new float[model.Info.VocabularySize], new float[critic.Weights.InputWidth]);
        var (sum, change, gradient) = (new float[model.Info.HiddenWidth], new float[model.Info.HiddenWidth], new float[model.Info.HiddenWidth]);
        var token = new int[1];
        batch.Add(0, ended: false);
        while (answer.IsLive)
        {
            if (!_isChecked)
                _output.Require(answer.Hidden, answer.Logits);
            _isChecked = true;
            answer.Hidden.CopyTo(input);
            TensorPrimitives.Add(sum, answer.Hidden, sum);
            TensorPrimitives.Multiply(sum, 1f / (answer.Length + 1), input.AsSpan(change.Length));
            LogitSummary.Of(answer.Logits, _endTokens, input.AsSpan(2 * change.Length));
            input[^3] = (float)(state.Value / critic.Weights.Budget);
            input[^2] = (float)answer.Length / guard.MaxTokens;
            input[^1] = (float)earned[0];
            for (var step = 0; step < options.ControlSteps; step++)
            {
                var (safe, value) = _network.Forward(input);
                var (bySafe, byReward) = Slopes(safe, value);
                _network.Backward(bySafe * safe * (1 - safe), byReward, gradient);
                TensorPrimitives.MultiplyAdd(gradient, (float)options.ControlStepSize, input.AsSpan(0, change.Length), input.AsSpan(0, change.Length));
            }
            TensorPrimitives.Subtract(input.AsSpan(0, change.Length), answer.Hidden, change);
            answer.Logits.CopyTo(logits);
            if (options.ControlSteps > 0)
                _output.Add(change, logits);
            _compute.Sample(logits, logits.Length, [0], [answer.Counter], guard.Sampling, [], token, new float[1]);
            // Scorers read what the model itself says of a token, as they do in every other method.
            var logProb = (float)(answer.Logits[token[0]] - answer.LogSumExp());
            batch.Append(new(token[0]), model.Vocabulary.Piece(new(token[0])), logProb);
            answer.Take(new(token[0]), logProb);
            if (!answer.IsLive || answer.Length % guard.TokensPerCharge != 0)
                continue;
            // The critic has learned from states and rewards of whole cost steps (M2).
            states.Extend(batch, spent);
            rewards.Extend(batch, earned);
            (state, charged) = (guard.SafetyBudget.Charge(state, spent[0] - charged), spent[0]);
            batch.Clear();
            batch.Add(0, ended: false);
        }
        return answer.Finish(cost, reward);
    }

    public void Dispose() => _compute.Dispose();

    // ∂V/∂f¹ and ∂V/∂f².
    private (float BySafe, float ByReward) Slopes(float safe, float value)
    {
        var penalty = (float)(options.Guard.Lambda * Math.Abs(options.Guard.Budget));
        return objective switch
        {
            Objective.Plain => (0, 1),
            Objective.Lagrangian => (penalty, 1),
            _ => (value + penalty, safe),
        };
    }
}
