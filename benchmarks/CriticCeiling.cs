// How well answers can be told apart by their first part: by the critic, and by an observer who sees many endings of each.

using System.Globalization;
using InferenceGuard.Compute;
using InferenceGuard.Critic;
using InferenceGuard.Model;
using InferenceGuard.Rollouts;
using InferenceGuard.Scoring;
using InferenceGuard.Search;
using InferenceGuard.Training.Critics;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// The first part of each answer in Hearth's held-out rollouts is continued many times by the model itself. The share of safe endings is
/// the best prediction there is, up to the noise of counting; its AUROC is a ceiling for every critic.
/// </summary>
internal static class CriticCeiling
{
    public static int Run(string[] args)
    {
        var name = Arguments.Text(args, "--model") ?? "base";
        var (answers, endings) = (Arguments.Integer(args, "--answers", 250), Arguments.Integer(args, "--endings", 48));
        var share = double.Parse(Arguments.Text(args, "--share") ?? "0.5", CultureInfo.InvariantCulture);
        var store = RolloutStore.Open(Arguments.Text(args, "--rollouts") ?? throw new ArgumentException("Give --rollouts DIR, made by collect from Hearth's validation prompts."));
        using var model = LlamaCppModel.Load(HearthFiles.Model(name), new ModelOptions());
        var critic = CriticFile.Read(Path.ChangeExtension(HearthFiles.Model(name), ".critic.safetensors"));
        var (predicted, safe) = new CriticPredictions(critic, CriticDataset.Read(store)).At(share);
        var prompts = PromptFile.Read(HearthFiles.Prompts("validation")).Entries.ToDictionary(static prompt => prompt.Id, static prompt => prompt.Prompt);
        using var compute = new CpuCompute();
        var observer = new Observer(model, compute, store.Manifest, endings);
        var taken = Enumerable.Range(0, Math.Min(answers, predicted.Length)).Select(at => (int)((long)at * predicted.Length / Math.Min(answers, predicted.Length))).ToArray();
        var ideal = taken.Select(index => observer.SafeShare(prompts[store.Trajectories[index].PromptId], store.Trajectories[index], share)).ToArray();
        bool[] labels = [.. taken.Select(index => safe[index])];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{model.Info.Name}, {taken.Length} answers at {share:P0} of their length, {endings} endings each: AUROC of the critic {CriticMetrics.Auroc(taken.Select(index => predicted[index]).ToArray(), labels):F3}, of the observer {CriticMetrics.Auroc(ideal, labels):F3}"));
        return 0;
    }

    private sealed class Observer(LlamaCppModel model, CpuCompute compute, RolloutManifest manifest, int endings)
    {
        private readonly PhraseCost _cost = PhraseCost.Load(HearthFiles.Cost);
        private uint _draws; // Counts the stream.

        public float SafeShare(string prompt, Trajectory answer, double share)
        {
            var built = Prompt.Build(model, [new ChatMessage("user", prompt)], manifest.MaxTokens);
            TokenId[] first = [.. answer.Tokens.Take((int)(share * answer.Positions)).Select(static token => new TokenId(token))];
            TokenId[] all = [.. built.Tokens, .. first];
            using var context = model.CreateContext(new() { CellCount = all.Length + endings * manifest.MaxTokens, MaxSequences = endings + 1 });
            context.Prefill(new(endings), all.AsSpan(..^1), default);
            var texts = Enumerable.Range(0, endings).Select(_ => first.ToList()).ToArray();
            var (live, ended, batch) = (Enumerable.Range(0, endings).ToList(), new bool[endings], new DecodeBatch(endings, endings));
            foreach (var ending in live)
            {
                context.Fork(new(endings), new(ending));
                batch.Add(all[^1], new(ending));
            }
            while (live.Count > 0)
            {
                context.Decode(batch, default);
                var (tokens, logProbs) = (new int[live.Count], new float[live.Count]);
                int[] rows = [.. Enumerable.Range(0, live.Count)];
                PhiloxCounter[] counters = [.. rows.Select(_ => new PhiloxCounter(1, _draws++, 0, 0, 0))];
                var options = new SamplingOptions((float)manifest.Temperature, manifest.TopK, (float)manifest.TopP, (float)manifest.MinP);
                compute.Sample(context.Logits, model.Info.VocabularySize, rows, counters, options, [], tokens, logProbs);
                foreach (var row in rows)
                    if (model.Vocabulary.IsEndOfGeneration(new(tokens[row])))
                        ended[live[row]] = true;
                    else
                        texts[live[row]].Add(new(tokens[row]));
                live = [.. live.Where(ending => !ended[ending] && texts[ending].Count < manifest.MaxTokens)];
                batch.Clear();
                foreach (var ending in live)
                    batch.Add(texts[ending][^1], new(ending));
            }
            var safe = Enumerable.Range(0, endings).Count(ending => _cost.Score(built.UserText, model.Vocabulary.Detokenize(texts[ending].ToArray()), ended[ending]) <= manifest.Budget);
            return (float)safe / endings;
        }
    }
}
