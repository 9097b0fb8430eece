// The output matrix as it is read from files of every format the library writes.

using System.Numerics.Tensors;
using InferenceGuard.Model;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Model;

internal sealed class OutputMatrixTests
{
    private const int Width = 64, Vocabulary = 10;

    private static IEnumerable<TestCaseData> Formats()
    {
        // Of a block's largest number: nothing; half a unit in the 11th bit; half a step of 127; a whole step of 8 (the largest of
        // the other sign is cut to 7 steps), each with the scale's own half unit in the 11th bit.
        yield return new TestCaseData(GgufTensorType.F32, 0.0).SetArgDisplayNames("F32");
        yield return new TestCaseData(GgufTensorType.F16, 0.0005).SetArgDisplayNames("F16");
        yield return new TestCaseData(GgufTensorType.Q8, 0.0045).SetArgDisplayNames("Q8_0");
        yield return new TestCaseData(GgufTensorType.Q4, 0.126).SetArgDisplayNames("Q4_0");
    }

    [TestCaseSource(nameof(Formats))]
    public void Read_EveryFormat_GivesTheWrittenNumbersWithinItsError(GgufTensorType type, double error)
    {
        var rows = Rows(1);
        var matrix = OutputMatrix.Read(Info(Write($"output-{type.Id}.gguf", ("output.weight", rows, type), ("token_embd.weight", Rows(2), GgufTensorType.F32))));
        for (var at = 0; at < Width; at++)
        {
            var column = Column(matrix, at);
            for (var token = 0; token < Vocabulary; token++)
                Assert.That(column[token], Is.EqualTo(rows[token][at]).Within(error * Math.Abs(TensorPrimitives.MaxMagnitude<float>(rows[token])) + 1e-7), $"W[{token}, {at}]"); // 1e-7: float32 itself.
        }
    }

    [TestCaseSource(nameof(Formats))]
    public void Read_TiedEmbeddings_AreTheOutputMatrix(GgufTensorType type, double error)
    {
        var rows = Rows(3);
        var column = Column(OutputMatrix.Read(Info(Write($"tied-{type.Id}.gguf", ("token_embd.weight", rows, type)))), 5);
        for (var token = 0; token < Vocabulary; token++)
            Assert.That(column[token], Is.EqualTo(rows[token][5]).Within(error * Math.Abs(TensorPrimitives.MaxMagnitude<float>(rows[token])) + 1e-7)); // As above.
    }

    [Test]
    public void Add_Change_AddsItsImageToTheLogits()
    {
        var rows = Rows(4);
        var matrix = OutputMatrix.Read(Info(Write("add.gguf", ("output.weight", rows, GgufTensorType.F32))));
        var change = Rows(5)[0];
        var logits = Enumerable.Range(0, Vocabulary).Select(static token => (float)token).ToArray();
        matrix.Add(change, logits);
        for (var token = 0; token < Vocabulary; token++)
            Assert.That(logits[token], Is.EqualTo(token + rows[token].Zip(change, static (weight, value) => (double)weight * value).Sum()).Within(1e-5)); // A float32 sum of 64 products below 1.
    }

    [Test]
    public void Read_NoOutputMatrix_NamesTheShapeAndTheRemedy()
    {
        var path = Write("no-output.gguf", ("blk.0.ffn_up.weight", Rows(6), GgufTensorType.F32));
        Assert.That(() => OutputMatrix.Read(Info(path)),
            Throws.TypeOf<GuardException>().With.Message.Contains("no output matrix of 64 × 10").And.Message.Contains("another method").And.Property("Fault").EqualTo(GuardFault.Usage));
    }

    [Test]
    public void Read_MatrixOfAnotherShape_IsRefused()
    {
        var path = Write("wide-output.gguf", ("output.weight", Rows(7), GgufTensorType.F32));
        Assert.That(() => OutputMatrix.Read(Info(path) with { VocabularySize = Vocabulary + 1 }), Throws.TypeOf<GuardException>().With.Message.Contains("64 × 11"));
    }

    [Test]
    public void Require_LogitsOfTheMatrix_AreAccepted()
    {
        var (matrix, hidden, logits) = Multiplied("own.gguf");
        Assert.That(() => matrix.Require(hidden, logits), Throws.Nothing);
        logits[3] += 0.05f * (logits.Max() - logits.Min());
        Assert.That(() => matrix.Require(hidden, logits), Throws.Nothing, "what quantised products may differ by");
    }

    [TestCase(0.5f, 0f)]
    [TestCase(1f, 3f)]
    [TestCase(float.NaN, 0f)]
    public void Require_LogitsThatAreScaledMovedOrNoNumbers_AreRefused(float scale, float shift)
    {
        var (matrix, hidden, logits) = Multiplied("foreign.gguf");
        var spread = logits.Max() - logits.Min();
        for (var token = 0; token < Vocabulary; token++)
            logits[token] = logits[token] * scale + shift * spread;
        Assert.That(() => matrix.Require(hidden, logits), Throws.TypeOf<GuardException>().With.Message.Contains("not its output matrix times its hidden state").And.Message.Contains("choose another method"));
    }

    private static (OutputMatrix Matrix, float[] Hidden, float[] Logits) Multiplied(string name)
    {
        var rows = Rows(8);
        var matrix = OutputMatrix.Read(Info(Write(name, ("output.weight", rows, GgufTensorType.F32))));
        var hidden = Rows(9)[0];
        return (matrix, hidden, [.. rows.Select(row => TensorPrimitives.Dot<float>(row, hidden))]);
    }

    private static float[] Column(OutputMatrix matrix, int at)
    {
        var (unit, logits) = (new float[Width], new float[Vocabulary]);
        unit[at] = 1;
        matrix.Add(unit, logits);
        return logits;
    }

    private static float[][] Rows(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Vocabulary).Select(_ => Enumerable.Range(0, Width).Select(_ => 2 * random.NextSingle() - 1).ToArray())];
    }

    private static string Write(string name, params (string Name, float[][] Rows, GgufTensorType Type)[] tensors)
    {
        var path = Path.Combine(TestFolder.Path, name);
        var writer = new GgufWriter().Set("general.architecture", "llama");
        foreach (var tensor in tensors)
            writer.Add(tensor.Name, [Width, Vocabulary], tensor.Type, (row, values) => tensor.Rows[row].CopyTo(values));
        writer.Save(path);
        return path;
    }

    private static ModelInfo Info(string path) => new()
    {
        Path = path, Architecture = "llama", Name = "", ParameterCount = 0, SizeBytes = 0, Quantization = "", VocabularySize = Vocabulary, HiddenWidth = Width,
        LayerCount = 1, TrainedContextTokens = 10, CellSizeBytes = 0,
    };
}
