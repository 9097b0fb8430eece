// The prompt: from the command line, or from standard input as strict UTF-8.

using System.Text;

namespace InferenceGuard.App.Cli;

/// <summary>Reads a prompt.</summary>
internal static class PromptText
{
    /// <summary>The argument that stands for standard input.</summary>
    public const string FromInput = "-";

    /// <summary>The prompt that was given.</summary>
    /// <param name="argument">The argument; <see cref="FromInput"/> reads the input to its end.</param>
    /// <param name="input">Standard input.</param>
    /// <exception cref="GuardException">It is empty or not UTF-8.</exception>
    public static string Read(string? argument, Stream input)
    {
        var text = argument == FromInput ? ReadAll(input) : argument;
        return string.IsNullOrWhiteSpace(text)
            ? throw new GuardException(GuardFault.Usage, "The prompt is empty; give the text to answer as an argument, or - to read it from standard input.")
            : text;
    }

    private static string ReadAll(Stream input)
    {
        using var bytes = new MemoryStream();
        input.CopyTo(bytes);
        var utf8 = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        if (InvalidOffset(utf8) is { } offset)
            throw new GuardException(GuardFault.Usage, $"Standard input is not UTF-8: byte 0x{utf8[offset]:X2} at offset {offset}. Convert the text to UTF-8 first.");
        var bom = Encoding.UTF8.Preamble;
        return Encoding.UTF8.GetString(utf8.StartsWith(bom) ? utf8[bom.Length..] : utf8).TrimEnd('\r', '\n');
    }

    /// <summary>Offset of the first byte that begins no UTF-8 character; null where all do.</summary>
    private static int? InvalidOffset(ReadOnlySpan<byte> utf8)
    {
        for (var offset = 0; offset < utf8.Length;)
        {
            if (Rune.DecodeFromUtf8(utf8[offset..], out _, out var consumed) != System.Buffers.OperationStatus.Done)
                return offset;
            offset += consumed;
        }
        return null;
    }
}
