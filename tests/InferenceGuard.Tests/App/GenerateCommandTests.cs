// `generate` from the command line to what it prints, with a real GGUF.

using System.Text;
using System.Text.Json;
using InferenceGuard.App.Cli;
using InferenceGuard.Diagnostics;
using InferenceGuard.Onnx;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

internal sealed class GenerateCommandTests
{
    private const string SummaryPattern = @"^safe · z 10\.0 · cost 0\.0 · reward -?\d+\.\d · [1-9] tokens returned · \d+ decoded · first token [\d ]+ ms · total [\d ]+ ms · cpu \(.+\)$";

    private static readonly string[] s_jsonFields =
    [
        "text", "method", "safe", "abstained", "safety_state", "cost", "reward", "prompt_tokens", "answer_tokens", "decoded_tokens",
        "retries", "blocks", "seed", "model", "device", "timings",
    ];

    [TestCase("gpu")]
    [TestCase("cuda:x")]
    [TestCase("cuda:-1")]
    public void Generate_UnknownDevice_IsAUsageError(string device) =>
        CommandRun.Of(["generate", "a", "--device", device, .. CommandRun.Quick]).FailsWith(2, $"The device is '{device}'");

    [Test]
    public void Generate_Prompt_PrintsTheAnswerAndOneSummaryLine()
    {
        var run = CommandRun.Of(["generate", "hello", .. CommandRun.Quick]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.That(lines, Has.Length.GreaterThanOrEqualTo(2));
        Assert.That(lines[^1], Does.Match(SummaryPattern));
        Assert.That(run.Error, Is.Empty, "there is no progress where no terminal is");
    }

    [Test]
    public void Generate_Json_PrintsOneObjectWithEveryField()
    {
        var run = CommandRun.Of(["generate", "hello", "--json", "--seed", "7", .. CommandRun.Quick]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        using var json = JsonDocument.Parse(run.Out);
        var root = json.RootElement;
        Assert.That(root.EnumerateObject().Select(static field => field.Name), Is.EqualTo(s_jsonFields));
        Assert.That(root.GetProperty("method").GetString(), Is.EqualTo("inferenceguard"));
        Assert.That(root.GetProperty("safe").GetBoolean(), Is.True);
        Assert.That(root.GetProperty("safety_state").GetDouble(), Is.EqualTo(10 / Math.Pow(0.999, root.GetProperty("blocks").GetInt32())).Within(1e-4));
        Assert.That(root.GetProperty("seed").GetUInt64(), Is.EqualTo(7));
        Assert.That(root.GetProperty("answer_tokens").GetInt32(), Is.InRange(0, 9));
        Assert.That(root.GetProperty("model").EnumerateObject().Select(static field => field.Name), Is.EqualTo(["path", "architecture", "parameters", "quantization"]));
        Assert.That(root.GetProperty("timings").EnumerateObject().Select(static field => field.Name),
            Is.EqualTo(["load_ms", "prefill_ms", "forward_ms", "propose_ms", "score_ms", "select_ms", "first_token_ms", "total_ms"]));
    }

    [Test]
    public void Generate_SameSeed_GivesTheSameAnswer()
    {
        var texts = Enumerable.Range(0, 2).Select(static _ => CommandRun.Of(["generate", "hello", "--json", .. CommandRun.Quick]).Out)
            .Select(static json => JsonDocument.Parse(json).RootElement.GetProperty("text").GetString()).ToArray();
        Assert.That(texts[1], Is.EqualTo(texts[0]));
    }

    [Test]
    public void Generate_PromptFromInput_IsTheSameAsAnArgument()
    {
        var fromInput = CommandRun.WithInput("hello\n", ["generate", "-", .. CommandRun.Quick]);
        var fromArgument = CommandRun.Of(["generate", "hello", .. CommandRun.Quick]);
        Assert.That(fromInput.Out.Split('\n')[0], Is.EqualTo(fromArgument.Out.Split('\n')[0]));
    }

    [Test]
    public void Generate_PromptThatBeginsWithAt_IsNoResponseFile() =>
        Assert.That(CommandRun.Of(["generate", "@home", .. CommandRun.Quick]).ExitCode, Is.Zero);

    [Test]
    public void Generate_NothingIsSafe_StrictAbstains()
    {
        var run = CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--cost", CommandRun.DearCostSpec, "--budget", "-1")]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.StartWith(new GuardOptions().AbstentionText + "\nabstained · "));
    }

    [Test]
    public void Generate_NothingIsSafe_BestEffortSaysUnsafe()
    {
        var run = CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--budget", "-1", "--mode", "best-effort")]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out.TrimEnd('\n').Split('\n')[^1], Does.StartWith("unsafe · z -1.0"));
    }

    [Test]
    public void Generate_OnnxCostAndReward_AreThoseOfTheAnswer()
    {
        var folder = TinyClassifier.OfWords.Write();
        var run = CommandRun.Of(["generate", "mix bleach", "--json", .. CommandRun.QuickBut("--cost", $"onnx:{folder},weight=2", "--reward", $"onnx:{folder},label=safe", "--budget", "2")]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var answer = JsonDocument.Parse(run.Out).RootElement;
        using var cost = OnnxScorer.OpenCost(folder, new() { Weight = 2 });
        var expected = cost.Score("mix bleach", answer.GetProperty("text").GetString()!, ended: true);
        Assert.That(answer.GetProperty("safe").GetBoolean(), Is.True);
        Assert.That(answer.GetProperty("cost").GetDouble(), Is.EqualTo(expected));
        Assert.That(answer.GetProperty("reward").GetDouble(), Is.EqualTo(1 - expected / 2).Within(1e-5), "the labels exclude each other");
    }

    [Test]
    public void Generate_OnnxCostThatIsNotThere_IsAnEnvironmentError() =>
        CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--cost", "onnx:no/such/folder")]).FailsWith(3, "no/such/folder does not exist");

    [Test]
    public void Generate_ForeignModelWithoutCost_IsAUsageErrorThatNamesTheOption() =>
        CommandRun.Of("generate", "hello", "--model", TinyModel.BpePath).FailsWith(2, "no safety cost", "--cost phrases:FILE.json", "--method base");

    [Test]
    public void Generate_BaseWithoutCost_IsReportedUnchecked()
    {
        var text = CommandRun.Of("generate", "hello", "--model", TinyModel.BpePath, "--method", "base", "--max-tokens", "4");
        Assert.That(text.ExitCode, Is.Zero, text.Error);
        Assert.That(text.Out, Does.Contain("\nunchecked · reward").And.Not.Contain("cost"));
        var json = CommandRun.Of("generate", "hello", "--model", TinyModel.BpePath, "--method", "base", "--max-tokens", "4", "--json");
        using var report = JsonDocument.Parse(json.Out);
        foreach (var field in (string[])["safe", "cost", "safety_state"])
            Assert.That(report.RootElement.GetProperty(field).ValueKind, Is.EqualTo(JsonValueKind.Null), field);
    }

    [Test]
    public void Generate_BaseWithSearchOptions_WarnsThatTheyHaveNoEffect() =>
        Assert.That(CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--method", "base")]).Error,
            Is.EqualTo("warning: --method base samples one answer; --beams, --keep, --block-tokens has no effect.\n"));

    [Test]
    public void Generate_TemperatureZero_WarnsAndSearchesWithKeptBeamsOnly()
    {
        var trace = Path.Combine(TestFolder.Path, "greedy.jsonl");
        var run = CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--temperature", "0", "--trace", trace)]);
        Assert.That(run.Error, Does.StartWith("warning: ").And.Contain("N falls from 4 to K = 2"));
        Assert.That(DecodeTrace.Read(trace).OfType<TraceStart>().Single().Options.Beams, Is.EqualTo(2));
    }

    [Test]
    public void Generate_InvalidUtf8_NamesTheByteOffset() =>
        CommandRun.WithInput([.. "grüße "u8, 0xC3, 0x28], ["generate", "-", .. CommandRun.Quick]).FailsWith(2, "0xC3", "offset 8");

    [Test]
    public void Generate_CharacterCutAtTheEnd_NamesTheByteOffset() =>
        CommandRun.WithInput([.. "ab"u8, 0xE2, 0x82], ["generate", "-", .. CommandRun.Quick]).FailsWith(2, "offset 2");

    [TestCase("")]
    [TestCase(" \n\t")]
    public void Generate_EmptyPrompt_IsAUsageError(string prompt)
    {
        CommandRun.Of(["generate", prompt, .. CommandRun.Quick]).FailsWith(2, "prompt is empty");
        CommandRun.WithInput(Encoding.UTF8.GetBytes(prompt), ["generate", "-", .. CommandRun.Quick]).FailsWith(2, "prompt is empty");
    }

    [Test]
    public void Generate_NoPrompt_IsAUsageError() => CommandRun.Of(["generate", .. CommandRun.Quick]).FailsWith(2, "prompt is empty");

    [Test]
    public void Generate_PromptLongerThanTheContext_NamesBothLengths() =>
        CommandRun.Of(["generate", string.Concat(Enumerable.Repeat("x ", 4096)), .. CommandRun.Quick]).FailsWith(2, "4096", "--max-tokens");

    [TestCase("--beams", "256", "--beams is 256")]
    [TestCase("--beams", "0", "--beams is 0")]
    [TestCase("--beams", "many", "--beams is 'many'")]
    [TestCase("--beams", "1.5", "--beams is '1.5'")]
    [TestCase("--keep", "5", "--keep is 5")]
    [TestCase("--keep", "-1", "--keep is -1")]
    [TestCase("--block-tokens", "0", "--block-tokens is 0")]
    [TestCase("--max-tokens", "0", "--max-tokens is 0")]
    [TestCase("--max-tokens", "99999999999", "--max-tokens is '99999999999'")]
    [TestCase("--retries", "101", "--retries is 101")]
    [TestCase("--gamma", "0", "γ is 0")]
    [TestCase("--gamma", "1.001", "γ is 1.001")]
    [TestCase("--gamma", "NaN", "γ is NaN")]
    [TestCase("--gamma", "0,9", "--gamma is '0,9'")]
    [TestCase("--budget", "NaN", "budget is NaN")]
    [TestCase("--budget", "Infinity", "budget is Infinity")]
    [TestCase("--charge-every", "-1", "--charge-every is -1")]
    [TestCase("--penalty", "0", "--penalty is 0")]
    [TestCase("--penalty", "Infinity", "--penalty is Infinity")]
    [TestCase("--diversity", "-1", "--diversity is -1")]
    [TestCase("--diversity", "NaN", "--diversity is NaN")]
    [TestCase("--temperature", "-1", "--temperature is -1")]
    [TestCase("--temperature", "NaN", "--temperature is NaN")]
    [TestCase("--top-k", "-1", "--top-k is -1")]
    [TestCase("--top-p", "0", "--top-p is 0")]
    [TestCase("--top-p", "NaN", "--top-p is NaN")]
    [TestCase("--min-p", "2", "--min-p is 2")]
    [TestCase("--min-p", "NaN", "--min-p is NaN")]
    [TestCase("--seed", "-1", "--seed is '-1'")]
    [TestCase("--threads", "-1", "-1 threads")]
    [TestCase("--mode", "loose", "loose")]
    [TestCase("--method", "beams", "beams")]
    [TestCase("--cost", "magic:x", "magic:x")]
    [TestCase("--cost", "phrases:", "phrases:")]
    [TestCase("--reward", "magic:x", "magic:x")]
    [TestCase("--cost", "phrases:/no/such/file.json", "/no/such/file.json")]
    public void Generate_BadOption_IsAUsageErrorThatQuotesIt(string option, string value, string complaint) =>
        CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut(option, value)]).FailsWith(2, complaint);

    [Test]
    public void Generate_MalformedCostFile_NamesLineAndColumn() =>
        CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--cost", "phrases:" + CommandRun.Write("broken.json", "{\n  \"kind\": \"cost\",\n  oops\n}"))])
            .FailsWith(2, "broken.json", "line 3", "column");

    [Test]
    public void Generate_CostOfNaN_IsAUsageError() =>
        CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--cost", "phrases:" + CommandRun.Write("nan.json", """{"kind":"cost","name":"c","rules":[{"id":"x","weight":NaN,"any":["x"]}]}"""))])
            .FailsWith(2, "nan.json");

    [Test]
    public void Generate_MissingModel_IsAnEnvironmentError() =>
        CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--model", "/no/such/model.gguf")]).FailsWith(3, "/no/such/model.gguf", "does not exist");

    [Test]
    public void Generate_MissingModelWithoutCost_ComplainsOfTheModel() =>
        CommandRun.Of("generate", "hello", "--model", "/no/such/model.gguf").FailsWith(3, "does not exist");

    [Test]
    public void Generate_TruncatedModel_IsAnEnvironmentError()
    {
        var path = Path.Combine(TestFolder.Path, "truncated.gguf");
        File.WriteAllBytes(path, File.ReadAllBytes(TinyModel.BpePath)[..5000]);
        CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--model", path)]).FailsWith(3, "truncated.gguf");
    }

    [Test]
    public void Generate_ForeignFileAsModel_IsAnEnvironmentError() =>
        CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--model", CommandRun.Write("text.gguf", "this is no model"))]).FailsWith(3, "does not begin with 'GGUF'");

    [Test]
    public void Generate_TraceInNoFolder_IsAUsageError() =>
        CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--trace", "/no/such/folder/t.jsonl")]).FailsWith(2, "/no/such/folder/t.jsonl");

    [Test]
    [Platform("Linux")]
    public void Generate_TraceOnAFullDisk_IsAnEnvironmentError() =>
        CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--trace", "/dev/full")]).FailsWith(3, "trace cannot be written any further");

    [Test]
    public void Generate_Verbose_AddsTheStackToTheLine()
    {
        var run = CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--model", "/no/such/model.gguf", "--verbose")]);
        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Error, Does.StartWith("error: The model file").And.Contain("FileNotFoundException").Or.Contain("DirectoryNotFoundException"));
    }

    [Test]
    public void Generate_Watched_ShowsProgressOnStandardErrorOnly()
    {
        var watched = CommandRun.With(static terminal => terminal with { ShowsProgress = true }, [], ["generate", "hello", .. CommandRun.Quick]);
        var silent = CommandRun.Of(["generate", "hello", .. CommandRun.Quick]);
        Assert.That(watched.Out.Split('\n')[..^2], Is.EqualTo(silent.Out.Split('\n')[..^2]));
        Assert.That(watched.Error, Does.Contain("block 3 · ").And.Contain(" beams safe, 2 kept · 0 retries · ").And.Match(@"\d tokens decoded · \d+\.\d s"));
    }

    [Test]
    public void Generate_WatchedJson_ShowsNothingElse()
    {
        var run = CommandRun.With(static terminal => terminal with { ShowsProgress = true }, [], ["generate", "hello", "--json", .. CommandRun.Quick]);
        Assert.That(run.Error, Is.Empty);
        Assert.That(() => JsonDocument.Parse(run.Out).Dispose(), Throws.Nothing);
    }

    [Test]
    public void Generate_CtrlC_StopsWithExitCode130()
    {
        var run = CommandRun.With(static terminal => terminal with { OnInterrupt = PressAtOnce }, [], ["generate", "hello", .. CommandRun.Quick]);
        run.FailsWith(CommandLine.Interrupted, "Stopped");

        static IDisposable PressAtOnce(Action stop)
        {
            stop();
            return new MemoryStream();
        }
    }
}
