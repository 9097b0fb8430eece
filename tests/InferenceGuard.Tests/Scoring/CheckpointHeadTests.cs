// Heads out of checkpoints: the right tensors, the right normaliser, and scores as computed by hand.

using System.Runtime.InteropServices;
using InferenceGuard.Scoring;
using InferenceGuard.Storage;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

internal sealed class CheckpointHeadTests
{
    private const string Config = """{"architectures": ["LlamaForScore"], "model_type": "llama", "do_normalize": true}""";
    private static readonly float[] s_row = [1, -2.5f, 0.125f];

    [TestCase("score_head.weight", "score_head.bias")]
    [TestCase("v_head.summary.weight", "v_head.summary.bias")]
    [TestCase("value_head.weight", "value_head.bias")]
    [TestCase("reward_head.weight", "reward_head.bias")]
    [TestCase("module.score.weight", "module.score.bias")]
    [TestCase("classifier.weight", "classifier.bias")]
    public void Read_UsualNames_AreFound(string weight, string bias)
    {
        var folder = Folder("{}", new TorchWriter().Add((byte)'}').Floats("model.norm.weight", s_row, 3).Floats(weight, s_row, 1, 3).Floats(bias, [0.5f], 1));
        var head = CheckpointHead.Read(folder, "reward", template: "chat");
        Assert.That((head.Head.Width, head.Head.Bias, head.Head.Mean, head.Head.Deviation, head.IsNormalised), Is.EqualTo((3, 0.5f, 0.0, 1.0, false)));
        Assert.That(head.Head.Weight, Is.EqualTo(s_row));
        Assert.That((head.Weight.Name, head.Bias!.Name), Is.EqualTo((weight, bias)));
    }

    [Test]
    public void Read_Normaliser_CountsWhereTheConfigurationSaysSo()
    {
        var file = Beaver();
        var reward = CheckpointHead.Read(Folder(Config, file), "reward");
        Assert.That(reward.Head.Mean, Is.EqualTo(0.75));
        Assert.That(reward.Head.Deviation, Is.EqualTo(2.5).Within(2e-8));
        var cost = CheckpointHead.Read(Folder(Config, file), "cost");
        Assert.That((cost.Head.Mean, cost.IsNormalised, cost.Bias, cost.Template), Is.EqualTo((0.0, true, (CheckpointTensor?)null, CheckpointHead.SafeRlhfTemplate)));
        Assert.That(cost.Head.Of([1, 1, 8]), Is.EqualTo((1 - 2.5 + 1) / 2.5).Within(1e-6));
        Assert.That(CheckpointHead.Read(Folder(Config.Replace("true", "false", StringComparison.Ordinal), file), "reward").Head.Deviation, Is.EqualTo(1));
        Fails(Folder(Config, new TorchWriter().Add((byte)'}').Floats("score_head.weight", s_row, 1, 3)), "says do_normalize");
        Fails(Folder(Config, new TorchWriter().Add((byte)'}').Floats("score_head.weight", s_row, 1, 3).Floats("normalizer.mean", [0], 1).Floats("normalizer.var", [0], 1)), "must be above 0");
    }

    [TestCase("FloatStorage", "F32")]
    [TestCase("HalfStorage", "F16")]
    [TestCase("BFloat16Storage", "BF16")]
    [TestCase("DoubleStorage", "F64")]
    public void Read_ElementTypes_AreTheSameNumbers(string storage, string type)
    {
        byte[] data = type switch
        {
            "F32" => Bytes<float>(s_row),
            "F16" => Bytes<Half>([.. s_row.Select(static value => (Half)value)]),
            "BF16" => Bytes<ushort>([.. s_row.Select(static value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))]),
            _ => Bytes<double>([.. s_row.Select(static value => (double)value)]),
        };
        var head = CheckpointHead.Read(Folder("{}", new TorchWriter().Add((byte)'}').Tensor("score.weight", storage, data, data.Length / 3, 1, 3)), "cost", template: "chat");
        Assert.That(head.Head.Weight, Is.EqualTo(s_row));
        Assert.That(head.Weight.Type, Is.EqualTo(type));
    }

    [Test]
    public void Read_HeadThatIsNotThere_ListsWhatCouldBeOne()
    {
        var file = new TorchWriter().Add((byte)'}').Floats("layers.0.norm.weight", s_row, 3).Floats("scalar.weight", s_row, 1, 3).Floats("wide.weight", [1, 2, 3, 4], 2, 2);
        Fails(Folder(Config, file), "no tensor with a usual name", "scalar.weight [1, 3] F32 in pytorch_model.bin; layers.0.norm.weight [3]", "--tensor");
        var head = CheckpointHead.Read(Folder("{}", file), "cost", "scalar.weight", "{prompt} {answer}");
        Assert.That(head.Head.Weight, Is.EqualTo(s_row));
        Assert.That(() => CheckpointHead.Read(Folder("{}", file), "cost", "other.weight"), Throws.TypeOf<GuardException>().With.Message.Contains("has no tensor other.weight"));
        Assert.That(() => CheckpointHead.Read(Folder("{}", file), "cost", "wide.weight"), Throws.TypeOf<GuardException>().With.Message.Contains("[2, 2]").And.Message.Contains("[1, H]"));
    }

    [Test]
    public void Read_WhatDoesNotFit_SaysWhy()
    {
        Fails(Folder("{}", new TorchWriter().Add((byte)'}').Floats("score.weight", [1, 2, 3, 4], 2, 2)), "[2, 2]");
        Fails(Folder("{}", new TorchWriter().Add((byte)'}').Floats("score.weight", s_row, 1, 3).Floats("v_head.weight", s_row, 1, 3)), "2 tensors that may be a score head");
        Fails(Folder("{}", new TorchWriter().Add((byte)'}').Floats("score.weight", s_row, 1, 3)), "--template");
        Fails(Folder("""{"score_type": "reward"}""", Beaver()), "give --kind reward");
        Fails(Folder("{}", new TorchWriter().Add((byte)'}').Floats("score.weight", [1, float.NaN], 1, 2)), "not finite");
        Assert.That(() => CheckpointHead.Read(Folder(Config, Beaver()), "cost", template: "{answer}"), Throws.TypeOf<GuardException>().With.Message.Contains("{prompt} and {answer}"));
        Assert.That(() => CheckpointFolder.Open(Path.Combine(TestFolder.Path, "nowhere")), Throws.TypeOf<GuardException>().With.Message.Contains("holds no checkpoint"));
    }

    [Test]
    public void Open_IndexThatLies_IsRefused()
    {
        Fails("""{"weight_map": {"score.weight": "../other.bin"}}""", "no name of a file");
        Fails("""{"weight_map": {"score.weight": 3}}""", "no name of a file");
        Fails("""{"weights": {}}""", "no weight_map");
        Fails("[]", "no JSON object");
        Fails("{", "no JSON");

        static void Fails(string index, string says)
        {
            var folder = Directory.CreateDirectory(Path.Combine(TestFolder.Path, $"{Guid.NewGuid():N}")).FullName;
            File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
            File.WriteAllText(Path.Combine(folder, "pytorch_model.bin.index.json"), index);
            Assert.That(() => CheckpointFolder.Open(folder), Throws.TypeOf<GuardException>().With.Message.Contains(says));
        }
    }

    private static TorchWriter Beaver() =>
        new TorchWriter().Add((byte)'}').Floats("score_head.weight", s_row, 1, 3).Floats("normalizer.mean", [0.75f], 1).Floats("normalizer.var", [6.25f], 1);

    private static CheckpointFolder Folder(string config, TorchWriter file)
    {
        var folder = Directory.CreateDirectory(Path.Combine(TestFolder.Path, $"{Guid.NewGuid():N}")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        file.Write(Path.Combine(folder, "pytorch_model.bin"));
        return CheckpointFolder.Open(folder);
    }

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static void Fails(CheckpointFolder folder, params string[] says)
    {
        var error = Assert.Throws<GuardException>(() => CheckpointHead.Read(folder, "cost"))!;
        foreach (var part in says)
            Assert.That(error.Message, Does.Contain(part));
    }
}
