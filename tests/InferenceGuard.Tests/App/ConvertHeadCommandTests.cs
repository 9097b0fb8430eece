// `convert-head`: from the shards of a checkpoint to scores.

using System.Text;
using System.Text.Json;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Storage;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

internal sealed class ConvertHeadCommandTests
{
    private const string Answer = "hello world";
    private static readonly float[] s_weight = RandomCritic.Numbers(new(5), TinyModel.Width, 0.3f);

    [TestCase("model.safetensors")]
    [TestCase("pytorch_model.bin")]
    public void ConvertHead_Shards_ScoreAsComputedByHand(string kind)
    {
        var (folder, head) = (Shards(kind), Path.Combine(TestFolder.Path, $"converted-{kind}.safetensors"));
        var run = CommandRun.Of("convert-head", "--checkpoint", folder, "--out", head, "--kind", "reward");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.Contain($"score_head.weight [1, {TinyModel.Width}] F32 in ").And.Contain("(score − 0.75) / 2.5").And.Contain("BEGINNING OF CONVERSATION")
            .And.Contain($"inferenceguard generate --reward gguf-head:TRUNK.gguf,{head}"));
        using var reward = GgufHeadReward.Load(TinyModel.SpmPath, head, TinyModel.OneThread);
        using var session = reward.Open("hello", 1);
        var (batch, scores) = (new ScoringBatch(1, 1), new double[1]);
        batch.Add(0, ended: true);
        batch.Append(new(0), Encoding.UTF8.GetBytes(Answer), 0);
        session.Extend(batch, scores);
        Assert.That(scores[0], Is.EqualTo((ByHand() - 0.75) / 2.5).Within(0.01));
    }

    [Test]
    public void ConvertHead_ShardThatIsNotThere_IsNamed()
    {
        var folder = Shards("model.safetensors");
        File.Delete(Path.Combine(folder, "model-00001-of-00002.safetensors"));
        Assert.That(CommandRun.Of("convert-head", "--checkpoint", folder, "--out", Path.Combine(folder, "h"), "--kind", "cost").ExitCode, Is.Zero, "the shard without the head is not needed");
        File.Delete(Path.Combine(folder, "model-00002-of-00002.safetensors"));
        CommandRun.Of("convert-head", "--checkpoint", folder, "--out", "x", "--kind", "cost").FailsWith(3, "score_head.weight lies in", "model-00002-of-00002.safetensors", "not there");
    }

    [Test]
    public void ConvertHead_FolderWithoutACheckpoint_IsAUsageError() =>
        CommandRun.Of("convert-head", "--checkpoint", TestFolder.Path, "--out", "x", "--kind", "cost").FailsWith(2, "holds no checkpoint");

    // Everything anew: the layout put together here, one decode of its last token, a dot product in double precision.
    private static double ByHand()
    {
        using var model = LlamaCppModel.Load(TinyModel.SpmPath, TinyModel.OneThread);
        TokenId[] tokens = [model.Vocabulary.BeginOfText!.Value, .. model.Vocabulary.Tokenize($"BEGINNING OF CONVERSATION: USER: hello ASSISTANT:{Answer}", parseSpecial: false), model.Vocabulary.EndOfText!.Value];
        using var context = model.CreateContext(new() { CellCount = 512, MaxSequences = 1, HiddenStates = true });
        context.Prefill(new(0), tokens.AsSpan(..^1), CancellationToken.None);
        var batch = new DecodeBatch(1, 1);
        batch.Add(tokens[^1], new(0));
        context.Decode(batch, CancellationToken.None);
        var sum = -0.5;
        for (var at = 0; at < TinyModel.Width; at++)
            sum += (double)s_weight[at] * context.Hidden[at];
        return sum;
    }

    // The embedding in the first shard, the head in the second.
    private static string Shards(string kind)
    {
        var folder = Directory.CreateDirectory(Path.Combine(TestFolder.Path, $"{Guid.NewGuid():N}")).FullName;
        var (stem, extension) = (Path.GetFileNameWithoutExtension(kind), Path.GetExtension(kind));
        var (first, second) = ($"{stem}-00001-of-00002{extension}", $"{stem}-00002-of-00002{extension}");
        (string Name, float[] Values, long[] Shape)[] parts = [("score_head.weight", s_weight, [1, TinyModel.Width]), ("score_head.bias", [-0.5f], [1]), ("normalizer.mean", [0.75f], [1]), ("normalizer.var", [6.25f], [1])];
        (string, float[], long[])[] others = [("model.embed_tokens.weight", new float[8], [4, 2])];
        Write(first, others);
        Write(second, parts);
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"architectures": ["LlamaForScore"], "do_normalize": true}""");
        var map = parts.ToDictionary(static part => part.Name, _ => second);
        map["model.embed_tokens.weight"] = first;
        File.WriteAllText(Path.Combine(folder, $"{kind}.index.json"), JsonSerializer.Serialize(new Dictionary<string, object> { ["metadata"] = new { }, ["weight_map"] = map }));
        return folder;

        void Write(string file, (string Name, float[] Values, long[] Shape)[] tensors)
        {
            var (safe, torch) = (new SafetensorsWriter(), new TorchWriter().Add((byte)'}'));
            foreach (var (name, values, shape) in tensors)
            {
                safe.Add<float>(name, values, shape);
                torch.Floats(name, values, shape);
            }
            if (extension == ".bin")
                torch.Write(Path.Combine(folder, file));
            else
                safe.Write(Path.Combine(folder, file));
        }
    }
}
