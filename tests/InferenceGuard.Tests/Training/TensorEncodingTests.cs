// Tensor formats: what is encoded must decode to nearly the same, by the error bound of each format.

using InferenceGuard.Model;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

public sealed class TensorEncodingTests
{
    // Worst error per block as a share of its largest magnitude. F16: half a unit of 11 bits. Q8_0: half a step of 1/127, and
    // the F16 scale's error. Q4_0: half a step of 1/8, or a whole one where the positive end is cut off at +7 steps.
    private static readonly (GgufTensorType Type, double Bound)[] s_bounds =
        [(GgufTensorType.F32, 0), (GgufTensorType.F16, 0.5 / 1024), (GgufTensorType.Q8, 0.5 / 127 + 0.001), (GgufTensorType.Q4, 1.0 / 8 + 0.001)];

    [Test]
    public void Decode_OfEncodedValues_IsWithinTheFormatsError([Range(0, 3)] int format)
    {
        var (type, bound) = s_bounds[format];
        var random = new Random(7);
        var values = Enumerable.Range(0, 32 * 50).Select(i => (float)(random.NextDouble() - 0.5) * MathF.Pow(10, i / 32 % 5 - 2)).ToArray();
        var decoded = RoundTrip(type, values);
        for (var block = 0; block < values.Length; block += 32)
        {
            var largest = values[block..(block + 32)].Max(Math.Abs);
            for (var i = block; i < block + 32; i++)
                Assert.That(decoded[i], Is.EqualTo(values[i]).Within(bound * largest), $"{type}, element {i}");
        }
    }

    [Test]
    public void Encode_Zeros_DecodesToZeros([Range(0, 3)] int format) =>
        Assert.That(RoundTrip(s_bounds[format].Type, new float[32]), Is.All.Zero);

    [Test]
    public void Encode_Q4_PutsElementsJAndJPlus16IntoOneByte()
    {
        var values = new float[32];
        values[3] = -8;
        values[19] = 4;
        var bytes = new byte[18];
        TensorEncoding.Encode(GgufTensorType.Q4, values, bytes);
        Assert.Multiple(() =>
        {
            Assert.That(BitConverter.ToHalf(bytes), Is.EqualTo((Half)1));
            Assert.That(bytes[2 + 3], Is.EqualTo(0 | 12 << 4));
            Assert.That(bytes[2], Is.EqualTo(8 | 8 << 4));
        });
    }

    [Test]
    public void Encode_AnUnknownFormat_IsRefused() =>
        Assert.That(() => TensorEncoding.Encode(new GgufTensorType(12), new float[256], new byte[144]), Throws.ArgumentException.With.Message.Contains("Q4_K"));

    private static float[] RoundTrip(GgufTensorType type, float[] values)
    {
        var bytes = new byte[values.Length / type.BlockElements * type.BlockSizeBytes];
        TensorEncoding.Encode(type, values, bytes);
        var decoded = new float[values.Length];
        TensorEncoding.Decode(type, bytes, decoded);
        return decoded;
    }
}
