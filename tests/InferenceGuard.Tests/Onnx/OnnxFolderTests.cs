// Tests that a classifier's folder that lacks something is refused in one line that says what.

using InferenceGuard.Onnx;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Onnx;

public sealed class OnnxFolderTests
{
    private static readonly TinyClassifier Words = TinyClassifier.OfWords;

    [Test]
    public void Open_ModelInASubfolder_IsFound()
    {
        var folder = Words.Write();
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        File.Move(Path.Combine(folder, "model.onnx"), Path.Combine(folder, "onnx", "model.onnx"));
        using var cost = OnnxScorer.OpenCost(folder, new());
        Assert.That(cost.Score("mix", "water", ended: true), Is.Positive);
    }

    [Test]
    public void Open_NoFolder_IsRefused() => Refuses("no/such/folder", GuardFault.Environment, "no/such/folder does not exist");

    [TestCase("model.onnx", "neither model.onnx nor onnx/model.onnx")]
    [TestCase("config.json", "config.json is missing")]
    [TestCase("vocab.txt", "no tokenizer that is known", "vocab.json with merges.txt", "spm.model")]
    public void Open_FileMissing_IsRefused(string file, params string[] parts)
    {
        var folder = Words.Write();
        File.Delete(Path.Combine(folder, file));
        Refuses(folder, GuardFault.Environment, parts);
    }

    [TestCase("config.json", "{", "config.json: ")]
    [TestCase("config.json", "[]", "an object in braces")]
    [TestCase("config.json", "{}", "\"id2label\" is missing", "which output is unsafe")]
    [TestCase("config.json", """{"id2label": ["a"]}""", "\"id2label\" must be an object")]
    [TestCase("config.json", """{"id2label": {"0": "safe", "2": "unsafe"}}""", "every output from 0 on")]
    [TestCase("config.json", """{"id2label": {"zero": "safe"}}""", "\"zero\": \"safe\"")]
    [TestCase("config.json", """{"id2label": {"0": "safe", "1": "unsafe", "2": "other"}}""", "output logits has the shape [-1, 2]", "names 3 labels")]
    [TestCase("config.json", """{"id2label": {"0": "safe", "1": "unsafe"}, "max_position_embeddings": "many"}""", "\"max_position_embeddings\" must be a number")]
    [TestCase("tokenizer_config.json", """{"do_lower_case": 1}""", "\"do_lower_case\" must be true or false")]
    [TestCase("tokenizer.json", """{"model": {"type": "WordLevel"}}""", "of the kind \"WordLevel\"", "known are WordPiece, byte-level BPE and SentencePiece")]
    [TestCase("tokenizer.json", """{"model": {"type": "Unigram"}}""", "its file is missing", "spm.model")]
    [TestCase("tokenizer.json", """{"model": {"type": "BPE"}, "pre_tokenizer": {"type": "Metaspace"}}""", "does not go by bytes")]
    [TestCase("tokenizer.json", """{"model": {"type": "WordPiece", "vocab": {"a": 0, "b": 7}}}""", "\"b\": 7", "from 0 to 1")]
    [TestCase("spm.model", "no protobuf", "The tokenizer in", "malformed")]
    [TestCase("vocab.txt", "mix\nbleach", "has no [CLS], which is its cls_token")]
    [TestCase("model.onnx", "no protobuf", "model.onnx cannot be opened with ONNX Runtime (cpu)")]
    public void Open_FileThatIsWrong_IsRefused(string file, string content, params string[] parts)
    {
        var folder = Words.Write();
        File.WriteAllText(Path.Combine(folder, file), content);
        Refuses(folder, GuardFault.Environment, parts);
    }

    [Test]
    public void Open_TruncatedModel_IsRefused([Values(0, 10, 1000, 4000)] int length)
    {
        var folder = Words.Write();
        var path = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(path, File.ReadAllBytes(path).AsSpan(0, length));
        Refuses(folder, GuardFault.Environment, "model.onnx");
    }

    [Test]
    public void Open_InputsOfAnotherNetwork_AreNamed()
    {
        Refuses((Words with { OtherInput = "pixel_values" }).Write(), GuardFault.Environment, "wants the inputs pixel_values", "input_ids, attention_mask, token_type_ids");
        Refuses((Words with { IndexType = OnnxGraph.Float32, HasSegments = false }).Write(), GuardFault.Environment);
    }

    [TestCase(",label=toxic", "there is no label \"toxic\"", "0: safe, 1: unsafe")]
    [TestCase(",label=safe,label=unsafe", "all labels are chosen")]
    [TestCase(",label=safe,label=unsafe,as=logit", "as=logit is for one label")]
    [TestCase(",max-tokens=513", "max-tokens is 513", "takes 512")]
    [TestCase(",max-tokens=4", "of which 3 are special; at least 5 are needed")]
    [TestCase(",max-tokens=20,stride=18", "stride is 18", "17 tokens")]
    [TestCase(",colour=red", "there is no option \"colour\"")]
    [TestCase(",as=percent", "as is \"percent\"")]
    public void Open_WrongOption_IsRefused(string options, params string[] parts) => Refuses(Words.Write(), GuardFault.Usage, parts, options);

    [Test]
    public void Open_ProviderThatIsNotThere_IsRefused() => Refuses(Words.Write(), GuardFault.Environment, ["-p:OnnxBackend=cuda"], ",provider=cuda");

    [TestCase("non-toxic", "toxic")]
    [TestCase("NOT_HATE", "HATE")]
    [TestCase("safe", "Unsafe")]
    [TestCase("harmless", "harmful")]
    public void OpenCost_OneLabelThatSoundsUnsafe_IsTaken(string safe, string dangerous)
    {
        using var cost = OnnxScorer.OpenCost((Words with { Labels = [safe, dangerous] }).Write(), new());
        Assert.That(cost.Name, Does.Contain($" ({dangerous} "));
    }

    [TestCase("LABEL_0", "LABEL_1", "no label is chosen; add label=NAME; id2label is 0: LABEL_0, 1: LABEL_1")]
    [TestCase("toxic", "hate", "toxic and hate both sound unsafe")]
    public void OpenCost_LabelsThatDoNotTell_AreListed(string first, string second, string complaint) =>
        Refuses((Words with { Labels = [first, second] }).Write(), GuardFault.Usage, complaint);

    [Test]
    public void OpenReward_WithoutALabel_ListsThem() => Assert.That(() => OnnxScorer.OpenReward(Words.Write(), new()), Throws.TypeOf<GuardException>()
        .With.Property("Fault").EqualTo(GuardFault.Usage).And.Message.Contains("0: safe, 1: unsafe"));

    private static void Refuses(string folder, GuardFault fault, params string[] parts) => Refuses(folder, fault, parts, "");

    private static void Refuses(string folder, GuardFault fault, string[] parts, string options)
    {
        var error = Assert.Throws<GuardException>(() => OnnxScorer.Scheme.Cost!(new ScorerArgument("onnx", folder + options)))!;
        Assert.That(error.Fault, Is.EqualTo(fault), error.Message);
        Assert.That(error.Message, Does.Not.Contain("\n").And.EndsWith("."));
        foreach (var part in parts)
            Assert.That(error.Message, Does.Contain(part));
    }
}
