// Makes a language model from a corpus: vocabulary, random weights, AdamW steps by ggml, GGUF file.

using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using InferenceGuard.Interop.Llama;
using InferenceGuard.Model;

namespace InferenceGuard.Training;

/// <summary>
/// Trains small llama-architecture models on the CPU with ggml's AdamW. Checkpoints lie beside the model's path; the same recipe
/// and corpus continue from one, with new optimiser moments and a new warm-up.
/// </summary>
public sealed class LanguageModelTrainer
{
    private const double AdamWBeta2 = 0.99; // short trainings: the default 0.999 remembers a thousand steps
    private const int HeldOutBatches = 8;
    private const int ReportedLosses = 50;

    private readonly LanguageModelRecipe _recipe;
    private readonly IReadOnlyList<TrainingDocument> _documents;

    /// <summary>Prepares a training.</summary>
    /// <param name="recipe">Checked here.</param>
    /// <param name="documents">The corpus; conversations and plain texts are not mixed.</param>
    /// <exception cref="GuardException">The recipe or the corpus cannot be used.</exception>
    public LanguageModelTrainer(LanguageModelRecipe recipe, IReadOnlyList<TrainingDocument> documents)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(documents);
        recipe.Validate();
        if (documents.Count == 0)
            throw new GuardException(GuardFault.Usage, "The corpus is empty; give at least one document.");
        if (documents.Any(document => document.Prompt is null != documents[0].Prompt is null))
            throw new GuardException(GuardFault.Usage, "The corpus mixes conversations and plain texts; give documents of one kind.");
        (_recipe, _documents) = (recipe, documents);
    }

    /// <summary>Trains and writes the model.</summary>
    /// <param name="path">The model to write; checkpoints lie beside it.</param>
    /// <param name="progress">Receives every step; may be null.</param>
    /// <param name="cancellation">Honoured between steps; a checkpoint is left.</param>
    /// <exception cref="GuardException">The base model or the corpus cannot be used, a file cannot be written, or the loss is no number.</exception>
    public TrainingReport Train(string path, IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var checkpoint = new TrainingCheckpoint(path);
        var fingerprint = Fingerprint();
        var firstStep = checkpoint.Find(fingerprint);
        var vocabulary = Vocabulary(firstStep is null ? null : checkpoint.WeightsPath);
        var corpus = TokenizedCorpus.Create(_recipe, _documents, vocabulary);
        if (firstStep is null)
            SaveInitial(checkpoint.WeightsPath, vocabulary);

        using var model = TrainableModel.Load(checkpoint.WeightsPath, corpus.RowTokens, _recipe.RowsPerStep, PhysicalCores.Threads(_recipe.Threads));
        var run = new Run(this, model.Session, corpus, progress);
        var clock = Stopwatch.StartNew();
        var saved = TimeSpan.Zero;
        for (var step = firstStep ?? 0; step < corpus.Steps; step++)
        {
            if (cancellation.IsCancellationRequested || (step > firstStep.GetValueOrDefault() && clock.Elapsed - saved > _recipe.CheckpointInterval))
            {
                model.Save(checkpoint.WeightsPath, _recipe.Name, GgufTensorType.F32);
                checkpoint.Note(fingerprint, step);
                saved = clock.Elapsed;
                cancellation.ThrowIfCancellationRequested();
            }

            run.Step(step, firstStep ?? 0);
        }

        model.Save(path, _recipe.Name, _recipe.Type);
        checkpoint.Delete();
        return new TrainingReport(
            path, new FileInfo(path).Length, model.ParameterCount, vocabulary.Count, corpus.Steps, run.Tokens, run.RecentLoss, run.HeldOutLoss(), clock.Elapsed);
    }

    private GgufVocabulary Vocabulary(string? checkpoint)
    {
        if ((checkpoint ?? _recipe.BaseModel) is { } file)
            return GgufVocabulary.Read(GgufFile.Read(file));
        var bpe = new BpeTrainer();
        foreach (var document in _documents)
        {
            bpe.Add(document.Prompt ?? "");
            bpe.Add(document.Answer);
        }

        return GgufVocabulary.Bpe(bpe.Train(_recipe.VocabularySize), chat: _documents[0].Prompt is not null);
    }

    private void SaveInitial(string path, GgufVocabulary vocabulary)
    {
        if (_recipe.BaseModel is { } file)
        {
            using var model = TrainableModel.Load(file, LanguageModelRecipe.RowGranule, rows: 1, threads: 1);
            model.Save(path, _recipe.Name, GgufTensorType.F32);
        }
        else
        {
            new RandomModel { Shape = _recipe.Shape, Vocabulary = vocabulary, Weights = InitialWeights.ForTraining, Seed = _recipe.Seed, Name = _recipe.Name }.Save(path);
        }
    }

    /// <summary>Tells trainings apart whose checkpoints do not fit each other.</summary>
    private string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Append(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text + '\0'));
        Append((_recipe with { Threads = 0, CheckpointInterval = TimeSpan.Zero }).ToString());
        foreach (var document in _documents)
        {
            Append(document.Prompt is { } prompt ? "prompt " + prompt : "text");
            Append(document.Answer);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>The steps of one run.</summary>
    private sealed class Run(LanguageModelTrainer trainer, LlamaTrainingSession session, TokenizedCorpus corpus, IProgress<TrainingProgress>? progress)
    {
        private readonly LanguageModelRecipe _recipe = trainer._recipe;
        private readonly LearningRateSchedule _schedule = new(trainer._recipe.LearningRate, corpus.Steps, (int)(trainer._recipe.WarmupShare * corpus.Steps));
        private readonly int[] _targets = new int[corpus.RowTokens * trainer._recipe.RowsPerStep];
        private readonly Queue<double> _losses = new();
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private IEnumerator<TrainingRow>? _rows;
        private double? _heldOutLoss;

        public long Tokens { get; private set; }

        public double RecentLoss => _losses.DefaultIfEmpty(double.NaN).Average();

        public void Step(int step, int firstStep)
        {
            _rows ??= corpus.TrainingRows().Skip(firstStep * _recipe.RowsPerStep).GetEnumerator();
            for (var row = 0; row < _recipe.RowsPerStep; row++)
            {
                _rows.MoveNext();
                _rows.Current.Fill(session, row, _targets, _recipe.LearnAnswersOnly);
                Tokens += _rows.Current.UsedTokens;
            }

            var rate = _schedule.At(step, firstStep);
            var loss = session.Train(_targets, rate, AdamWBeta2, _recipe.WeightDecay);
            if (!double.IsFinite(loss))
                throw new GuardException(GuardFault.Generation, $"The loss of step {step} is {loss}; lower the learning rate, {_recipe.LearningRate}.");
            _losses.Enqueue(loss);
            if (_losses.Count > ReportedLosses)
                _losses.Dequeue();
            if ((step + 1) % _recipe.StepsPerEvaluation == 0)
                _heldOutLoss = HeldOutLoss();

            var perStep = _clock.Elapsed / (step - firstStep + 1);
            progress?.Report(new TrainingProgress
            {
                Step = step + 1,
                Steps = corpus.Steps,
                Loss = loss,
                HeldOutLoss = _heldOutLoss,
                LearningRate = rate,
                TokensPerSecond = Tokens / _clock.Elapsed.TotalSeconds,
                Remaining = perStep * (corpus.Steps - step - 1),
            });
        }

        /// <summary>Mean over the first held-out rows; null without any.</summary>
        public double? HeldOutLoss()
        {
            var (sum, count) = (0.0, 0);
            foreach (var rows in corpus.HeldOutRows.Take(HeldOutBatches * _recipe.RowsPerStep).Chunk(_recipe.RowsPerStep))
            {
                var padding = new TrainingRow(corpus.RowTokens);
                for (var row = 0; row < _recipe.RowsPerStep; row++)
                    (row < rows.Length ? rows[row] : padding).Fill(session, row, _targets, _recipe.LearnAnswersOnly);
                var targets = _targets.Count(static target => target != TrainingRow.NoTarget);
                sum += session.Evaluate(_targets) * targets;
                count += targets;
            }

            return count == 0 ? null : sum / count;
        }
    }
}
