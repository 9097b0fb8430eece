// RE-Control on a real model with known weights, against the same steps taken in float64 with finite differences.

using System.Numerics.Tensors;
using InferenceGuard.Compute;
using InferenceGuard.Critic;
using InferenceGuard.Methods;
using InferenceGuard.Model;
using InferenceGuard.Rollouts;
using InferenceGuard.Scoring;
using InferenceGuard.Search;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training.Critics;

namespace InferenceGuard.Tests.Methods;

internal sealed class ReControlTests
{
    private static readonly ChatMessage[] s_messages = [new("user", "hello world")];
    private static readonly Dictionary<string, double> s_costs = new() { ["a"] = 0.7, ["o"] = 1.1, ["h"] = 0.4 };

    private static readonly MethodOptions s_options = new()
    {
        Guard = new() { MaxTokens = 12, BlockTokens = 4, Discount = 0.8, Budget = 6, Lambda = 0.5 }, ControlSteps = 4, ControlStepSize = 0.3,
    };

    [Test]
    public void Answer_NoSteps_IsPlainSampling([Range(1, 5)] int seed)
    {
        using var model = LlamaCppModel.Load(TinyModel.BpePath, TinyModel.OneThread);
        var options = s_options with { ControlSteps = 0, Guard = s_options.Guard with { Seed = (ulong)seed } };
        var (plain, controlled) = (Answer(model, AnswerMethods.Base, options), Answer(model, "re-control", options));
        Assert.That(controlled.Text, Is.EqualTo(plain.Text));
        Assert.That((controlled.AnswerTokens, controlled.SampledTokens, controlled.DecodedTokens, controlled.FinishReason, controlled.Cost),
            Is.EqualTo((plain.AnswerTokens, plain.SampledTokens, plain.DecodedTokens, plain.FinishReason, plain.Cost)));
        Assert.That(controlled.Reward, Is.EqualTo(plain.Reward).Within(1e-6)); // The search sums up its softmax in float32.
        Assert.That(controlled.State.Value, Is.EqualTo(plain.State.Value).Within(1e-5 + 1e-5 * Math.Abs(plain.State.Value))); // The search keeps z in float32.
    }

    [TestCase("re-control")]
    [TestCase("re-control+lagrangian")]
    [TestCase("re-control+augmented")]
    public void Answer_Steps_MoveTheHiddenStateUpItsValueAndTheLogitsByItsImage(string method)
    {
        using var model = LlamaCppModel.Load(TinyModel.BpePath, TinyModel.OneThread);
        var moved = 0;
        for (var seed = 1; seed <= 3; seed++)
        {
            var options = s_options with { Guard = s_options.Guard with { Seed = (ulong)seed } };
            var critic = SeededCritic.For(model.Info, seed);
            var expected = Expected(model, critic, method, options);
            var answer = Answer(model, method, options, critic);
            Assert.That(answer.Text, Is.EqualTo(expected.Text), $"seed {seed}");
            // Log-probabilities of the unmodified model in float32, a dozen of them.
            Assert.That(answer.Reward, Is.EqualTo(expected.MeanLogProb).Within(1e-4 + 1e-4 * Math.Abs(expected.MeanLogProb)));
            moved += answer.Text == Answer(model, AnswerMethods.Base, options).Text ? 0 : 1;
        }
        Assert.That(moved, Is.GreaterThan(1), "data that can fail: the steps change the answer");
    }

    [Test]
    public void Answer_ModelThatScalesItsLogits_IsRefused()
    {
        var file = TinyModel.Bpe();
        foreach (var (key, value) in file.Keys.ToArray())
            if (key.StartsWith("llama.", StringComparison.Ordinal))
                file.Remove(key).Set("granite." + key["llama.".Length..], value);
        file.Set("general.architecture", "granite").Set("granite.logit_scale", 8f).Set("granite.embedding_scale", 1f).Set("granite.residual_scale", 1f).Set("granite.attention.scale", 0.25f);
        using var model = LlamaCppModel.Load(file.Write("scaled-logits.gguf"), TinyModel.OneThread);
        Assert.That(() => Answer(model, "re-control", s_options),
            Throws.TypeOf<GuardException>().With.Message.Contains("logits are not its output matrix times its hidden state").And.Property("Fault").EqualTo(GuardFault.Usage));
    }

    [Test]
    public void Create_ModelWithoutAFileOfWeights_IsRefused()
    {
        using var model = new TableModel(static _ => new Dictionary<string, double> { ["."] = 1 }, "so");
        Assert.That(() => AnswerMethods.Create("re-control", model, Phrases.Cost(s_costs), new MeanLogProbReward(), s_options, WrittenCritic.For(model.Info)), Throws.TypeOf<GuardException>());
    }

    // The method as its definition says it, in float64 but for the model's own numbers.
    private static (string Text, double MeanLogProb) Expected(LlamaCppModel model, LatentCritic critic, string method, MethodOptions options)
    {
        var (guard, ends) = (options.Guard, model.Vocabulary.EndTokens);
        var output = TinyModel.Bpe().Tensors.Single(static tensor => tensor.Name == "output.weight").Values;
        var prompt = Prompt.Build(model, s_messages, guard.MaxTokens);
        using var context = model.CreateContext(new() { CellCount = prompt.Tokens.Length + guard.MaxTokens, MaxSequences = 1, HiddenStates = true });
        context.Prefill(new(0), prompt.Tokens.AsSpan(..^1), default);
        var (tokens, logProbs, earned, state, charged) = (new List<TokenId>(), new List<double>(), 0.0, guard.Budget, 0.0);
        var (hiddens, summaries) = (new Half[guard.MaxTokens * TinyModel.Width], new float[guard.MaxTokens * LogitSummary.Width]);
        while (true)
        {
            var batch = new DecodeBatch(1, 1);
            batch.Add(tokens.Count == 0 ? prompt.Tokens[^1] : tokens[^1], new(0));
            context.Decode(batch, default);
            var logits = context.Logits.ToArray();
            TensorPrimitives.ConvertToHalf(context.Hidden[..TinyModel.Width], hiddens.AsSpan(tokens.Count * TinyModel.Width));
            LogitSummary.Of(logits, ends, summaries.AsSpan(tokens.Count * LogitSummary.Width));
            var begin = Input(critic, guard, hiddens, summaries, tokens.Count, state, earned);
            for (var at = 0; at < TinyModel.Width; at++)
                begin[at] = context.Hidden[at]; // Rollouts round to float16; the decoder does not.
            var h = Ascend(critic.Weights, begin, method, options);
            double[] controlled = [.. logits.Select((logit, token) => logit + Enumerable.Range(0, TinyModel.Width).Sum(at => (h[at] - begin[at]) * output[token * TinyModel.Width + at]))];
            var token = Draw(controlled, Philox.Uniform(prompt.Seed(guard.Seed), (0, (uint)tokens.Count, 0, 0)));
            if (ends.Contains(token))
                break;
            tokens.Add(new(token));
            logProbs.Add(logits[token] - Math.Log(logits.Sum(static logit => Math.Exp(logit))));
            if (tokens.Count == guard.MaxTokens)
                break;
            if (tokens.Count % guard.BlockTokens != 0)
                continue;
            // State and reward are those of the last charge, as in the rollouts that critics learn from.
            var total = Phrases.Cost(s_costs).Score(prompt.UserText, model.Vocabulary.Detokenize(tokens.ToArray()), false);
            (state, charged, earned) = ((state - (total - charged)) / guard.Discount, total, logProbs.Average());
        }
        return (model.Vocabulary.Detokenize(tokens.ToArray()), logProbs.Count == 0 ? MeanLogProbReward.EmptyAnswer : logProbs.Average());
    }

    private static double[] Ascend(CriticWeights weights, double[] input, string method, MethodOptions options)
    {
        var weight = options.Guard.Lambda * options.Guard.Budget;
        var x = (double[])[.. input];
        for (var step = 0; step < options.ControlSteps; step++)
        {
            var before = Of(x);
            var gradient = SeededCritic.Gradient(weights, x, Value);
            for (var at = 0; at < gradient.Length; at++)
                x[at] += options.ControlStepSize * gradient[at];
            Assert.That(Of(x), Is.GreaterThanOrEqualTo(before), "a step up the gradient does not lower the value");
        }
        return x;

        double Of(double[] at) => SeededCritic.Predict(weights, at) is var (safe, reward) ? Value(safe, reward) : 0;

        double Value(double safe, double reward) => method switch
        {
            "re-control" => reward,
            "re-control+lagrangian" => reward - weight * (1 - safe),
            _ => safe * reward - weight * (1 - safe),
        };
    }

    // Laid out by the training's own code, so that a critic reads here what it has learned from.
    private static double[] Input(LatentCritic critic, GuardOptions guard, Half[] hiddens, float[] summaries, int position, double state, double earned)
    {
        var trajectory = new Trajectory
        {
            PromptId = "", Sample = 0, Tokens = new int[guard.MaxTokens], End = EndReason.Length, TokensPerCharge = guard.BlockTokens, StepCosts = [], States = [0], StepRewards = [], Shard = "", FirstPosition = 0,
        };
        var manifest = new RolloutManifest
        {
            ModelName = "", ModelFingerprint = "", Quantization = "", HiddenWidth = critic.Weights.HiddenWidth, VocabularySize = critic.Binding.VocabularySize, Cost = "", Reward = "", PromptFileHash = "",
            Prompts = 1, PerPrompt = 1, BatchRows = 1, Budget = critic.Weights.Budget, Discount = guard.Discount, TokensPerCharge = guard.BlockTokens, MaxTokens = guard.MaxTokens,
            Temperature = 1, TopK = 0, TopP = 1, MinP = 0, Seed = 1,
        };
        var input = new float[critic.Weights.InputWidth];
        new CriticDataset(manifest, [trajectory], hiddens, summaries).Input(position, (float)state, (float)earned, input);
        return Array.ConvertAll(input, static value => (double)value);
    }

    private static int Draw(double[] logits, float uniform)
    {
        var total = logits.Sum(logit => Math.Exp(logit));
        var running = 0.0;
        return Array.FindIndex(logits, logit => (running += Math.Exp(logit)) > uniform * total);
    }

    private static GuardedAnswer Answer(LlamaCppModel model, string method, MethodOptions options, LatentCritic? critic = null)
    {
        using var answers = AnswerMethods.Create(method, model, Phrases.Cost(s_costs), new MeanLogProbReward(), options, critic ?? SeededCritic.For(model.Info, 1));
        return answers.Answer(s_messages, default);
    }
}
