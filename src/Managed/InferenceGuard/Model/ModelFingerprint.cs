// A short identity of a model file, cheap enough to check at every start.

using System.Buffers.Binary;
using System.Security.Cryptography;

namespace InferenceGuard.Model;

/// <summary>
/// Identity of a GGUF file: SHA-256 over its size, its whole header (metadata, tensor table) and the first and last 4 KiB of every
/// tensor's data. Reading a 4 GB model takes milliseconds; another quantisation or fine-tune has another identity.
/// </summary>
public static class ModelFingerprint
{
    private const int SampleBytes = 4096;

    /// <summary>The identity, 64 hexadecimal digits.</summary>
    /// <param name="path">A GGUF file; of a split model its first part.</param>
    /// <exception cref="GuardException">The file cannot be read.</exception>
    public static string Of(string path)
    {
        var file = GgufFile.Read(path);
        try
        {
            using var stream = File.OpenRead(path);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[1 << 16];
            BinaryPrimitives.WriteInt64LittleEndian(buffer, stream.Length);
            hash.AppendData(buffer.AsSpan(0, sizeof(long)));
            Append(0, file.DataOffsetBytes);
            foreach (var tensor in file.Tensors)
            {
                var begin = file.DataOffsetBytes + tensor.OffsetBytes;
                Append(begin, Math.Min(SampleBytes, tensor.SizeBytes));
                Append(begin + Math.Max(0, tensor.SizeBytes - SampleBytes), Math.Min(SampleBytes, tensor.SizeBytes));
            }
            return Convert.ToHexStringLower(hash.GetHashAndReset());

            void Append(long from, long count)
            {
                stream.Position = from;
                while (count > 0 && stream.Read(buffer.AsSpan(0, (int)Math.Min(count, buffer.Length))) is > 0 and var read)
                {
                    hash.AppendData(buffer.AsSpan(0, read));
                    count -= read;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The model file '{path}' cannot be read: {e.Message}", e);
        }
    }
}
