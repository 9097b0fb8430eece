// The bytes of a prompt file: unpacked if they are gzip, and refused if they are something that only looks like text.

using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace InferenceGuard.Rollouts;

/// <summary>The bytes of a prompt file.</summary>
internal static class PromptBytes
{
    // 1 GiB; the largest of the known sets has a third of it.
    private const int MostBytes = 1 << 30;

    private static readonly (byte[] Begin, string What)[] s_foreign =
    [
        ([0xFF, 0xFE], "UTF-16 text"), ([0xFE, 0xFF], "UTF-16 text"), ("PAR1"u8.ToArray(), "a Parquet file"), ("PK\x3\x4"u8.ToArray(), "a zip archive or workbook"),
        ([0xFD, .. "7zXZ"u8], "an xz archive"), ([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive"), ("BZh"u8.ToArray(), "a bzip2 archive"),
    ];

    /// <summary>Reads a file, whatever its name; gzip is known by its first bytes. A byte order mark is dropped.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GuardException">It cannot be read, or is not text.</exception>
    public static ReadOnlyMemory<byte> Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            Span<byte> begin = stackalloc byte[2];
            var isPacked = file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) == begin.Length && begin.SequenceEqual<byte>([0x1F, 0x8B]);
            file.Position = 0;
            var bytes = All(isPacked ? new GZipStream(file, CompressionMode.Decompress, leaveOpen: true) : file, path);
            if (isPacked && !IsWhole(file, bytes.Span))
                throw new InvalidDataException("it ends too early");
            if (Array.Find(s_foreign, kind => bytes.Span.StartsWith(kind.Begin)) is { What: { } what })
                throw new GuardException(GuardFault.Usage, $"The prompt file '{path}' is {what}; give CSV, JSON or JSON lines in UTF-8, as they are or packed with gzip.");
            return bytes.Span.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        }
        catch (InvalidDataException e)
        {
            throw new GuardException(GuardFault.Usage, $"The prompt file '{path}' is damaged or truncated gzip: {e.Message.TrimEnd('.')}. Get it again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new GuardException(GuardFault.Usage, $"The prompt file '{path}' cannot be read: {e.Message.TrimEnd('.')}. Give a file of prompts as CSV, JSON or JSON lines such as {{\"prompt\": \"…\"}}.", e);
        }
    }

    // GZipStream ends without a word where a file was cut off. The last 8 bytes are checksum and length of the last member's text.
    private static bool IsWhole(FileStream packed, ReadOnlySpan<byte> text)
    {
        Span<byte> end = stackalloc byte[8];
        packed.Position = packed.Length - end.Length;
        packed.ReadExactly(end);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(end[4..]);
        return length <= text.Length && Checksum(text[^(int)length..]) == BinaryPrimitives.ReadUInt32LittleEndian(end);
    }

    // The CRC-32 of RFC 1952.
    private static uint Checksum(ReadOnlySpan<byte> text)
    {
        Span<uint> table = stackalloc uint[256];
        for (var i = 0u; i < table.Length; i++)
        {
            table[(int)i] = i;
            for (var bit = 0; bit < 8; bit++)
                table[(int)i] = (table[(int)i] >> 1) ^ ((table[(int)i] & 1) * 0xEDB88320u);
        }
        var sum = uint.MaxValue;
        foreach (var one in text)
            sum = (sum >> 8) ^ table[(int)((sum ^ one) & 0xFF)];
        return ~sum;
    }

    private static ReadOnlyMemory<byte> All(Stream stream, string path)
    {
        using var bytes = new MemoryStream();
        var piece = new byte[1 << 16];
        for (int count; (count = stream.Read(piece)) > 0; bytes.Write(piece, 0, count))
            if (bytes.Length + count > MostBytes)
                throw new GuardException(GuardFault.Usage, $"The prompt file '{path}' holds more than {MostBytes >> 20} MiB of text; cut it into smaller ones.");
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }
}
