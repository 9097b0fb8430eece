// What a folder of records keeps over kills, resumptions and wrong questions.

using System.Text;
using InferenceGuard.Evaluation;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Evaluation;

public sealed class RecordStoreTests
{
    [Test]
    public void Append_Record_IsReadBackAsItWas()
    {
        var folder = Folder();
        var record = Records.Answer("inferenceguard", "p1", safe: false, reward: 0.1, cost: -2.5, setting: "n16", seed: ulong.MaxValue, text: "line\none \"two\" – é <b>") with
        {
            Retries = 3,
            Widened = true,
            FinishReason = FinishReason.ContentFilter,
        };
        using (var store = RecordStore.OpenOrBegin(folder, Records.Manifest()))
            store.Append(record);
        Assert.That(RecordStore.Open(folder).Records, Is.EqualTo(new[] { record }));
        Assert.That(File.ReadAllText(Lines(folder)), Does.Contain("\"finish_reason\":\"content_filter\"").And.Contain("–").And.Contain("\"prompt_id\":\"p1\"").And.EndsWith("}\n"));
    }

    [Test]
    public void Has_Key_TellsRecordsApartByEveryPart()
    {
        using var store = RecordStore.OpenOrBegin(Folder(), Records.Manifest());
        store.Append(Records.Answer("base", "p1"));
        Assert.That(store.Has("hearth-base", "base", "", "p1", 1));
        Assert.That(store.Has("hearth-aligned", "base", "", "p1", 1), Is.False);
        Assert.That(store.Has("hearth-base", "inferenceguard", "", "p1", 1), Is.False);
        Assert.That(store.Has("hearth-base", "base", "n16", "p1", 1), Is.False);
        Assert.That(store.Has("hearth-base", "base", "", "p2", 1), Is.False);
        Assert.That(store.Has("hearth-base", "base", "", "p1", 2), Is.False);
        Assert.That(() => store.Append(Records.Answer("base", "p1", reward: 2)), Throws.ArgumentException);
    }

    [Test]
    public void OpenOrBegin_LastLineTornAnywhere_DropsThatLineAlone()
    {
        var folder = Folder();
        using (var store = RecordStore.OpenOrBegin(folder, Records.Manifest()))
        {
            store.Append(Records.Answer("base", "p1", text: "ä"));
            store.Append(Records.Answer("base", "p2", text: "ö"));
        }
        var whole = File.ReadAllBytes(Lines(folder));
        var first = whole.AsSpan().IndexOf((byte)'\n') + 1;
        for (var length = first; length < whole.Length; length++)
        {
            File.WriteAllBytes(Lines(folder), whole[..length]);
            Assert.That(RecordStore.Open(folder).Records, Has.Count.EqualTo(1), "reading sees no half record");
            Assert.That(new FileInfo(Lines(folder)).Length, Is.EqualTo(length), "reading changes nothing");
            using var store = RecordStore.OpenOrBegin(folder, Records.Manifest());
            Assert.That(store.Has("hearth-base", "base", "", "p1", 1) && !store.Has("hearth-base", "base", "", "p2", 1));
            store.Append(Records.Answer("base", "p2", text: "ö"));
            store.Dispose();
            Assert.That(File.ReadAllBytes(Lines(folder)), Is.EqualTo(whole), "resumed equals uninterrupted");
        }
    }

    [TestCase("{\"model\":1}\n", "line 2")]
    [TestCase("null\n", "line 2")]
    [TestCase("{}\n", "line 2")]
    public void Open_WrongLine_IsNamed(string line, string where)
    {
        var folder = Folder();
        using (var store = RecordStore.OpenOrBegin(folder, Records.Manifest()))
            store.Append(Records.Answer("base", "p1"));
        File.AppendAllText(Lines(folder), line);
        Assert.That(() => RecordStore.Open(folder), Throws.InstanceOf<GuardException>().With.Message.Contains(where).And.Message.Not.Contains("\n"));
    }

    [Test]
    public void Open_RepeatedRecord_IsNamed()
    {
        var folder = Folder();
        using (var store = RecordStore.OpenOrBegin(folder, Records.Manifest()))
            store.Append(Records.Answer("base", "p1"));
        File.AppendAllText(Lines(folder), File.ReadAllText(Lines(folder)));
        Assert.That(() => RecordStore.Open(folder), Throws.InstanceOf<GuardException>().With.Message.Contains("line 2").And.Message.Contains("repeats"));
    }

    [Test]
    public void OpenOrBegin_AnotherQuestion_NamesTheFirstKeyThatDiffers()
    {
        var folder = Folder();
        var manifest = Records.Manifest();
        RecordStore.OpenOrBegin(folder, manifest).Dispose();
        Assert.That(() => RecordStore.OpenOrBegin(folder, Records.Manifest()).Dispose(), Throws.Nothing, "an equal manifest made anew");
        var other = new Dictionary<string, EvaluationManifest>
        {
            ["models[0].fingerprint = \"abc\", and \"xyz\""] = manifest with { Models = [manifest.Models[0] with { Fingerprint = "xyz" }], Prompts = 3 },
            ["models[0].critic = null, and \"c\""] = manifest with { Models = [manifest.Models[0] with { Critic = "c" }] },
            ["methods = [\"base\",\"inferenceguard\"], and [\"base\"]"] = manifest with { Methods = ["base"] },
            ["settings[0].options.beams = nothing, and \"8\""] = manifest with { Settings = [new("", new Dictionary<string, string> { ["beams"] = "8" })] },
            ["prompts = 2, and 3"] = manifest with { Prompts = 3 },
            ["seeds[0] = 1, and 2"] = manifest with { Seeds = [2] },
            ["options.beams = \"16\", and \"32\""] = manifest with { Options = new Dictionary<string, string> { ["mode"] = "strict", ["beams"] = "32" } },
            ["machine = \"2 cores\", and \"4 cores\""] = manifest with { Machine = "4 cores" },
        };
        foreach (var (complaint, asked) in other)
            Assert.That(() => RecordStore.OpenOrBegin(folder, asked), Throws.InstanceOf<GuardException>().With.Message.Contains(complaint));
        Assert.That(() => RecordStore.OpenOrBegin(folder, manifest with { Options = new Dictionary<string, string> { ["mode"] = "strict", ["beams"] = "16" } }).Dispose(), Throws.Nothing, "the order of options means nothing");
    }

    [Test]
    public void OpenOrBegin_SecondWriter_IsRefusedUntilTheFirstIsDone()
    {
        var folder = Folder();
        using (var store = RecordStore.OpenOrBegin(folder, Records.Manifest()))
        {
            Assert.That(() => RecordStore.OpenOrBegin(folder, Records.Manifest()), Throws.InstanceOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Environment));
            store.Append(Records.Answer("base", "p1"));
            Assert.That(RecordStore.Open(folder).Records, Has.Count.EqualTo(1), "a reader may look");
        }
        Assert.That(() => RecordStore.OpenOrBegin(folder, Records.Manifest()).Dispose(), Throws.Nothing);
    }

    [Test]
    public void Append_NumberThatIsNotFinite_IsRefusedAndNothingIsWritten()
    {
        var folder = Folder();
        using var store = RecordStore.OpenOrBegin(folder, Records.Manifest());
        Assert.That(() => store.Append(Records.Answer("base", "p1", cost: double.NaN)), Throws.InstanceOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Generation));
        Assert.That(store.Records, Is.Empty);
        Assert.That(new FileInfo(Lines(folder)).Length, Is.Zero);
    }

    [Test]
    public void Open_NoEvaluation_SaysSo()
    {
        Assert.That(() => RecordStore.Open(Folder()), Throws.InstanceOf<GuardException>().With.Message.Contains("made by evaluate"));
        var folder = Folder();
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "manifest.json"), "{\"format\":1}", Encoding.UTF8);
        Assert.That(() => RecordStore.Open(folder), Throws.InstanceOf<GuardException>().With.Message.Contains("made by evaluate"));
    }

    private static string Folder() => Path.Combine(TestFolder.Path, "records-" + Guid.NewGuid().ToString("N"));

    private static string Lines(string folder) => Path.Combine(folder, "records.jsonl");
}
