// Safetensors files that lie: every header is refused by name, and none is believed.

using System.Buffers.Binary;
using System.Text;
using InferenceGuard.Storage;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Storage;

internal sealed class SafetensorsFileTests
{
    [Test]
    public void Read_WrittenTensors_AreTheSame()
    {
        var path = Path.Combine(TestFolder.Path, "storage-whole.safetensors");
        var writer = new SafetensorsWriter { Metadata = { ["key"] = "a \"quoted\" värde" } };
        writer.Add<float>("floats", [1, -2.5f, float.MaxValue, 0, 3, 4], 2, 3);
        writer.Add<Half>("halves", [(Half)0.5f, Half.NegativeInfinity], 2);
        writer.Add<int>("numbers", [int.MinValue], 1, 1);
        writer.Write(path);
        var file = SafetensorsFile.Read(path);
        Assert.That(file.Metadata["key"], Is.EqualTo("a \"quoted\" värde"));
        Assert.That(file.ReadFloats("floats", 2, 3), Is.EqualTo((float[])[1, -2.5f, float.MaxValue, 0, 3, 4]));
        Assert.That(file.ReadFloats("halves", 2), Is.EqualTo((float[])[0.5f, float.NegativeInfinity]));
        Assert.That(() => file.ReadFloats("numbers", 1, 1), Throws.TypeOf<GuardException>().With.Message.Contains("I32"));
        Assert.That(() => file.ReadFloats("floats", 3, 2), Throws.TypeOf<GuardException>().With.Message.Contains("[2, 3]").And.Message.Contains("[3, 2]"));
    }

    [TestCase("""[]""")]
    [TestCase("""{"a":1}""")]
    [TestCase("""{"a":{}}""")]
    [TestCase("""{"__metadata__":{"a":1}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4.5]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":"0,4"}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":4,"data_offsets":[0,4]}}""")]
    [TestCase("""{"a":{"dtype":null,"shape":[1],"data_offsets":[0,4]}}""")]
    [TestCase("""{"a":{"dtype":"F12","shape":[1],"data_offsets":[0,4]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[4,0]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775804,-9223372036854775808]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""")]
    public void Read_HeaderThatLies_IsRefused(string header)
    {
        var path = Path.Combine(TestFolder.Path, "storage-lies.safetensors");
        var text = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + text.Length + 8]; // Data for two numbers.
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)text.Length);
        text.CopyTo(bytes, 8);
        File.WriteAllBytes(path, bytes);
        Assert.That(() => SafetensorsFile.Read(path), Throws.TypeOf<GuardException>().With.Message.Contains(path).And.Message.Contains("unusable"));
    }

    [TestCase(ulong.MaxValue)]
    [TestCase(1UL << 62)]
    [TestCase(100UL)]
    public void Read_HeaderLongerThanTheFile_IsRefused(ulong length)
    {
        var path = Path.Combine(TestFolder.Path, "storage-long.safetensors");
        var bytes = new byte[40];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(path, bytes);
        Assert.That(() => SafetensorsFile.Read(path), Throws.TypeOf<GuardException>().With.Message.Contains($"{length} bytes"));
    }
}
