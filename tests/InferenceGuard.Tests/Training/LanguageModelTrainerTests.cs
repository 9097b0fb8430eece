// Whole trainings of a tiny model: it learns, repeats itself exactly, goes on after a kill, and llama.cpp agrees with its loss.

using InferenceGuard.Model;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

[OwnEngine]
public sealed class LanguageModelTrainerTests
{
    private static readonly LanguageModelRecipe s_recipe = new()
    {
        Shape = new ModelShape { Width = 32, Layers = 1, Heads = 2, FeedForward = 48, ContextTokens = 128, TiedOutput = true },
        VocabularySize = 290, Epochs = 12, RowsPerStep = 2, LearningRate = 0.01, HeldOutShare = 0.25, StepsPerEvaluation = 10, Seed = 5,
        Threads = 1, Type = GgufTensorType.F32, CheckpointInterval = TimeSpan.FromHours(1),
    };

    private static readonly TrainingDocument[] s_conversations =
        [.. Enumerable.Range(0, 24).Select(static number => new TrainingDocument($"how do i clean pan {number % 6}?", "use warm water and a soft brush."))];

    private static readonly TrainingDocument[] s_texts =
        [.. Enumerable.Range(0, 24).Select(static _ => new TrainingDocument(null, "the cat sat on the mat, and the mat lay on the floor."))];

    private static int s_files;

    [Test]
    public void Train_ARepetitiveCorpus_LearnsItAndReportsHow()
    {
        var path = NewPath();
        var progress = new RecordedProgress();
        var report = new LanguageModelTrainer(s_recipe, s_conversations).Train(path, progress);
        var losses = progress.Losses.ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(losses[0], Is.EqualTo(Math.Log(report.VocabularySize)).Within(0.2), "before the first step nothing is known");
            Assert.That(losses[^1], Is.LessThan(losses[0] / 10));
            Assert.That(report.HeldOutLoss, Is.LessThan(losses[0] / 10));
            Assert.That(report.Loss, Is.EqualTo(losses.TakeLast(50).Average()).Within(1e-12));
            Assert.That(progress.Steps.Select(static step => step.Step), Is.EqualTo(Enumerable.Range(1, report.Steps)));
            Assert.That(progress.Steps.Select(static step => step.Steps), Is.All.EqualTo(report.Steps));
            Assert.That(progress.Steps[8].HeldOutLoss, Is.Null);
            Assert.That(progress.Steps[9].HeldOutLoss, Is.GreaterThan(report.HeldOutLoss!.Value));
            Assert.That(progress.Steps[^1].Remaining, Is.EqualTo(TimeSpan.Zero));
            Assert.That(progress.Steps[0].LearningRate, Is.LessThan(s_recipe.LearningRate));
            Assert.That(report.SizeBytes, Is.EqualTo(new FileInfo(path).Length));
            Assert.That(report.ParameterCount, Is.EqualTo(s_recipe.Shape.ParameterCount(report.VocabularySize)));
            Assert.That(report.VocabularySize, Is.LessThanOrEqualTo(s_recipe.VocabularySize));
            Assert.That(FilesOf(path), Is.EqualTo(new[] { path }), "no checkpoint is left");
        });
    }

    [Test]
    public void Train_TheSameSeed_GivesTheSameFile()
    {
        var bytes = File.ReadAllBytes(Trained(s_recipe, s_conversations));
        Assert.That(File.ReadAllBytes(Trained(s_recipe, s_conversations)), Is.EqualTo(bytes));
        Assert.That(File.ReadAllBytes(Trained(s_recipe with { Seed = 6 }, s_conversations)), Is.Not.EqualTo(bytes));
    }

    [Test]
    public void Train_TheWrittenModel_HasTheLossInLlamaCppThatWasReported([Values] bool conversation)
    {
        // Documents alike make the held-out ones known; few steps leave a loss to compare.
        TrainingDocument[] documents = [.. Enumerable.Repeat(conversation ? s_conversations[0] : s_texts[0], 12)];
        var path = NewPath();
        var report = new LanguageModelTrainer(s_recipe with { HeldOutShare = 0.5, Epochs = 4, LearningRate = 0.004 }, documents).Train(path);
        var encoder = new BpeEncoder(GgufVocabulary.Read(GgufFile.Read(path)));
        var document = TokenizedDocument.Encode(documents[0], encoder);
        var loss = LlamaCppLoss.Mean(path, (document.Tokens, document.ContextTokens));
        Assert.That(report.HeldOutLoss, Is.EqualTo(loss).Within(1e-5 + 1e-5 * loss), "float32 sums in two orders");
        Assert.That(loss, Is.InRange(0.5, 5));
    }

    [Test]
    public void Train_Conversations_MakesAModelThatAnswersInTheirWords()
    {
        using var model = LlamaCppModel.Load(Trained(s_recipe with { Type = GgufTensorType.F16 }, s_conversations), TinyModel.OneThread);
        using var context = model.CreateContext(new ContextOptions { CellCount = 256, MaxSequences = 1 });
        var prompt = model.Vocabulary.Tokenize("<|im_start|>user\nhow do i clean pan 3?<|im_end|>\n<|im_start|>assistant\n", parseSpecial: true);
        context.Prefill(new SequenceId(0), prompt.AsSpan(..^1), CancellationToken.None);
        var (answer, batch) = (new List<TokenId>(), new DecodeBatch(1, 1));
        for (var token = prompt[^1]; answer.Count < 64 && !model.Vocabulary.IsEndOfGeneration(token); answer.Add(token))
        {
            batch.Clear();
            batch.Add(token, new SequenceId(0));
            context.Decode(batch, CancellationToken.None);
            token = new TokenId(System.Numerics.Tensors.TensorPrimitives.IndexOfMax(context.Logits));
        }

        Assert.That(model.Vocabulary.Detokenize(answer.ToArray()), Is.EqualTo("use warm water and a soft brush."));
    }

    [Test]
    public void Train_AfterAKill_GoesOnWithTheWeightsAndRowsOfTheUninterruptedRun()
    {
        const int KilledAt = 14;
        // No two documents are alike, so that a loss tells the rows it was taken of.
        TrainingDocument[] documents = [.. Enumerable.Range(10, 24).Select(static number => new TrainingDocument($"how do i clean pan {number}?", $"use {number} drops of water."))];
        var uninterrupted = new RecordedProgress();
        var whole = new LanguageModelTrainer(s_recipe, documents).Train(NewPath(), uninterrupted);

        var paths = new[] { NewPath(), NewPath() };
        foreach (var path in paths)
        {
            Kill(path, KilledAt, s_recipe, documents);
            var resumed = new RecordedProgress();
            var report = new LanguageModelTrainer(s_recipe, documents).Train(path, resumed);
            Assert.Multiple(() =>
            {
                // The checkpoint is written before the step that the kill ended: that step is done again, and its loss, which is
                // taken before the weights change, is the same to the last bit. Later ones differ: the optimiser's moments are new.
                Assert.That(resumed.Steps.Select(static step => step.Step), Is.EqualTo(Enumerable.Range(KilledAt, whole.Steps - KilledAt + 1)));
                Assert.That(resumed.Losses.First(), Is.EqualTo(uninterrupted.Losses.ElementAt(KilledAt - 1)));
                Assert.That(report.HeldOutLoss, Is.LessThan(uninterrupted.Losses.ElementAt(KilledAt - 1) * 0.8), "it learns on");
                Assert.That(FilesOf(path), Is.EqualTo(new[] { path }));
            });
        }

        Assert.That(File.ReadAllBytes(paths[1]), Is.EqualTo(File.ReadAllBytes(paths[0])), "two runs killed at the same step end the same");
    }

    [Test]
    public void Train_Cancelled_LeavesACheckpointOfTheStepsDone()
    {
        var path = NewPath();
        using var cancellation = new CancellationTokenSource();
        var progress = new RecordedProgress(step =>
        {
            if (step.Step == 7)
                cancellation.Cancel();
        });
        Assert.That(() => new LanguageModelTrainer(s_recipe, s_conversations).Train(path, progress, cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(progress.Steps, Has.Count.EqualTo(7), "honoured between steps");
        Assert.That(FilesOf(path), Is.EqualTo(new[] { path + ".checkpoint.gguf", path + ".checkpoint.json" }));

        var resumed = new RecordedProgress();
        new LanguageModelTrainer(s_recipe with { Threads = 2 }, s_conversations).Train(path, resumed);
        Assert.That(resumed.Steps[0].Step, Is.EqualTo(8), "another number of threads is the same training");
    }

    [Test]
    public void Train_WithACheckpointOfAnotherTraining_BeginsAnew()
    {
        var (path, first) = (NewPath(), new TrainingDocument("", s_texts[0].Answer));
        Begins("another seed", s_recipe with { Seed = 6 }, s_texts);
        Begins("another corpus", s_recipe, s_texts[1..]);
        Begins("conversations with empty prompts", s_recipe, [.. s_texts.Select(_ => first)]);
        Begins("a half-written state", s_recipe, s_texts, breakState: true);
        Begins("a state without weights", s_recipe, s_texts, removeWeights: true);

        void Begins(string why, LanguageModelRecipe recipe, TrainingDocument[] documents, bool breakState = false, bool removeWeights = false)
        {
            Kill(path, 3, s_recipe, s_texts);
            if (breakState)
                File.WriteAllText(path + ".checkpoint.json", "{ \"Fingerprint\": \"");
            if (removeWeights)
                File.Delete(path + ".checkpoint.gguf");
            var progress = new RecordedProgress();
            new LanguageModelTrainer(recipe with { Epochs = recipe.Epochs }, documents).Train(path, progress);
            Assert.That(progress.Steps[0].Step, Is.EqualTo(1), why);
        }
    }

    [Test]
    public void Train_FromABaseModel_BeginsWithItsWeightsAndVocabulary()
    {
        var basis = NewPath();
        var first = new LanguageModelTrainer(s_recipe, s_conversations).Train(basis);
        var progress = new RecordedProgress();
        var path = NewPath();
        new LanguageModelTrainer(s_recipe with { BaseModel = basis, Epochs = 2, Name = "further" }, s_conversations).Train(path, progress);
        var (before, after) = (GgufFile.Read(basis), GgufFile.Read(path));
        Assert.Multiple(() =>
        {
            Assert.That(progress.Losses.First(), Is.EqualTo(first.HeldOutLoss!.Value).Within(0.1), "the corpus is alike throughout");
            Assert.That(after.Strings("tokenizer.ggml.tokens"), Is.EqualTo(before.Strings("tokenizer.ggml.tokens")));
            Assert.That(after.Text("general.name"), Is.EqualTo("further"));
            Assert.That(File.ReadAllBytes(path), Is.Not.EqualTo(File.ReadAllBytes(basis)));
        });
    }

    [Test]
    public void Train_TextsLongerThanARow_AreCutAndLearntThroughout()
    {
        TrainingDocument[] documents = [.. Enumerable.Repeat(new TrainingDocument(null, string.Join(' ', Enumerable.Repeat(s_texts[0].Answer, 6))), 4)];
        var report = new LanguageModelTrainer(s_recipe with { RowTokens = 32, HeldOutShare = 0, Epochs = 1 }, documents).Train(NewPath());
        var encoder = new BpeEncoder(GgufVocabulary.Read(GgufFile.Read(report.Path)));
        var each = TokenizedDocument.Encode(documents[0], encoder).InputTokens;
        Assert.That(each, Is.GreaterThan(64));
        Assert.That(report.Tokens, Is.GreaterThanOrEqualTo(documents.Length * each), "one epoch, the last step filled up from the next");
        Assert.That(report.HeldOutLoss, Is.Null);
    }

    [Test]
    public void Train_TheMostLayers_StaysWithinGgmlsGraph([Values] bool tied)
    {
        // One layer more ends the process.
        var shape = new ModelShape { Width = 8, Layers = 15, Heads = 2, FeedForward = 8, TiedOutput = tied };
        var report = new LanguageModelTrainer(s_recipe with { Shape = shape, Epochs = 1 }, s_texts).Train(NewPath());
        Assert.That(report.HeldOutLoss, Is.EqualTo(Math.Log(report.VocabularySize)).Within(1));
    }

    [Test]
    public void Train_APathThatCannotBeWritten_SaysSoBeforeTraining() =>
        Assert.That(
            static () => new LanguageModelTrainer(s_recipe, s_texts).Train(Path.Combine(TestFolder.Path, "missing", "x.gguf"), new RecordedProgress(static _ => Assert.Fail("a step was done"))),
            Throws.TypeOf<GuardException>().With.Message.Contains("missing"));

    [Test]
    public void Train_WhatDoesNotFit_SaysWhy()
    {
        Refuses(s_recipe with { RowTokens = 32 }, [.. s_conversations, new TrainingDocument(new string('?', 99), "no")], "The longest conversation has ");
        Refuses(s_recipe with { BaseModel = TinyModel.BpePath }, s_conversations, "was not made by this trainer");
        Refuses(s_recipe with { BaseModel = "no-such.gguf" }, s_conversations, "no-such.gguf");

        static void Refuses(LanguageModelRecipe recipe, TrainingDocument[] documents, string complaint)
        {
            var path = NewPath();
            Assert.That(() => new LanguageModelTrainer(recipe, documents).Train(path), Throws.TypeOf<GuardException>().With.Message.Contains(complaint));
            Assert.That(FilesOf(path), Is.Empty);
        }
    }

    [Test]
    public void LanguageModelTrainer_BadInput_IsRefused()
    {
        Refuses(s_recipe, [], "The corpus is empty");
        Refuses(s_recipe, [.. s_conversations, s_texts[0]], "mixes conversations and plain texts");
        Refuses(s_recipe with { VocabularySize = 258 }, s_texts, "VocabularySize is 258, expected 259 or more");
        Refuses(s_recipe with { Epochs = double.NaN }, s_texts, "Epochs is NaN");
        Refuses(s_recipe with { RowTokens = 33 }, s_texts, "RowTokens is 33, expected 0, or a multiple of 32");
        Refuses(s_recipe with { RowsPerStep = 0 }, s_texts, "RowsPerStep is 0");
        Refuses(s_recipe with { LearningRate = 0 }, s_texts, "LearningRate is 0");
        Refuses(s_recipe with { HeldOutShare = 0.51 }, s_texts, "HeldOutShare is 0.51");
        Refuses(s_recipe with { Shape = s_recipe.Shape with { KeyValueHeads = 1 } }, s_texts, "KeyValueHeads is 1");
        Refuses(s_recipe with { Shape = s_recipe.Shape with { Layers = 16 } }, s_texts, "Layers is 16, expected at most 15");
        Refuses(s_recipe with { Shape = s_recipe.Shape with { Heads = 3 } }, s_texts, "not a positive multiple of 3 heads");

        static void Refuses(LanguageModelRecipe recipe, TrainingDocument[] documents, string complaint) =>
            Assert.That(() => new LanguageModelTrainer(recipe, documents), Throws.TypeOf<GuardException>()
                .With.Property(nameof(GuardException.Fault)).EqualTo(GuardFault.Usage).And.Message.Contains(complaint));
    }

    /// <summary>Trains until a step with a checkpoint before every step, then ends without the chance to clean up.</summary>
    private static void Kill(string path, int step, LanguageModelRecipe recipe, TrainingDocument[] documents)
    {
        var progress = new RecordedProgress(report =>
        {
            if (report.Step == step)
                throw new InvalidProgramException("killed");
        });
        Assert.That(() => new LanguageModelTrainer(recipe with { CheckpointInterval = TimeSpan.Zero }, documents).Train(path, progress), Throws.TypeOf<InvalidProgramException>());
        Assert.That(File.Exists(path + ".checkpoint.json"));
    }

    private static string Trained(LanguageModelRecipe recipe, TrainingDocument[] documents) => new LanguageModelTrainer(recipe, documents).Train(NewPath()).Path;

    private static string NewPath() => Path.Combine(TestFolder.Path, $"lm-{Interlocked.Increment(ref s_files)}.gguf");

    private static string[] FilesOf(string path) => [.. Directory.GetFiles(TestFolder.Path, Path.GetFileName(path) + "*").Order(StringComparer.Ordinal)];
}
