// Rows of comma-separated values: RFC 4180, read from UTF-8 bytes, since all that structures it is ASCII.

using System.Globalization;
using System.Text;

namespace InferenceGuard.Rollouts;

/// <summary>
/// Reads rows of comma-separated values. The first record is the header. Lines end with LF, CR LF or CR; a cell in quotes may hold commas, line
/// ends and doubled quotes. Blank lines are no rows. A quote within a cell that does not begin with one, and text behind a closing quote, make
/// the row a bad one; a quote that is never closed swallows the rest, and is an error of the file.
/// </summary>
internal sealed class CsvRows
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlyMemory<byte> _utf8;
    private readonly string _path;
    private int _position;
    private int _line = 1;

    private CsvRows(ReadOnlyMemory<byte> utf8, string path) => (_utf8, _path) = (utf8, path);

    /// <summary>The rows behind the header.</summary>
    /// <param name="utf8">The file.</param>
    /// <param name="path">Its name, for errors.</param>
    /// <exception cref="GuardException">The header is bad, or a quote is never closed.</exception>
    public static IEnumerable<PromptRow> Of(ReadOnlyMemory<byte> utf8, string path)
    {
        var records = new CsvRows(utf8, path);
        if (records.Next() is not { } header)
            yield break;
        if (header.Complaint is { } complaint)
            throw new GuardException(GuardFault.Usage, $"{path}, line {header.Line}: {complaint}; expected the names of the columns. Correct the line.");
        if (header.Cells.GroupBy(static name => name).FirstOrDefault(static group => group.Key != "" && group.Skip(1).Any()) is { Key: var twice })
            throw new GuardException(GuardFault.Usage, $"{path}, line {header.Line}: two columns are called \"{twice}\"; rename one of them.");
        for (var number = 1; records.Next() is { } record; number++)
            yield return new CsvRow(record, string.Create(CultureInfo.InvariantCulture, $"row-{number}"), header.Cells);
    }

    // The next record that is not a blank line; null behind the last one.
    private Record? Next()
    {
        while (_position < _utf8.Length)
        {
            var (line, cells, complaint) = (_line, new List<string>(), (string?)null);
            do
                cells.Add(Cell(line, ref complaint));
            while (Take((byte)','));
            TakeLineEnd();
            if (cells is not [""])
                return new(line, [.. cells], complaint);
        }
        return null;
    }

    // A cell, up to the comma, the line end or the end of the file behind it.
    private string Cell(int line, ref string? complaint)
    {
        var isQuoted = Take((byte)'"');
        var begin = _position;
        if (isQuoted)
            SkipQuoted(line);
        var text = isQuoted ? _utf8[begin..(_position - 1)].Span : default;
        var rest = _utf8.Span[_position..];
        var length = rest.IndexOfAny(",\r\n"u8) is >= 0 and var end ? end : rest.Length;
        if (isQuoted ? length > 0 : rest[..length].Contains((byte)'"'))
            complaint ??= isQuoted ? "text stands behind the closing quote of a cell" : "a quote stands in a cell that does not begin with one";
        _position += length;
        try
        {
            return isQuoted ? s_strict.GetString(text).Replace("\"\"", "\"", StringComparison.Ordinal) : s_strict.GetString(rest[..length]);
        }
        catch (DecoderFallbackException)
        {
            complaint ??= "a text in it is no Unicode; save the file as UTF-8";
            return "";
        }
    }

    // To behind the closing quote; a doubled quote is none.
    private void SkipQuoted(int line)
    {
        do
        {
            var rest = _utf8.Span[_position..];
            var length = rest.IndexOf((byte)'"');
            if (length < 0)
                throw new GuardException(GuardFault.Usage, $"{_path}, line {line}: a quote is opened in this row and never closed; correct the row: the rows after it cannot be told from it, so --skip-bad does not help.");
            _line += Lines(rest[..length]);
            _position += length + 1;
        }
        while (Take((byte)'"'));
    }

    private bool Take(byte expected)
    {
        var isThere = _position < _utf8.Length && _utf8.Span[_position] == expected;
        _position += isThere ? 1 : 0;
        return isThere;
    }

    private void TakeLineEnd()
    {
        if (Take((byte)'\r') | Take((byte)'\n'))
            _line++;
    }

    private static int Lines(ReadOnlySpan<byte> text) => text.Count((byte)'\n') + text.Count((byte)'\r') - text.Count("\r\n"u8);

    private sealed record Record(int Line, string[] Cells, string? Complaint);

    private sealed class CsvRow(Record record, string id, string[] header) : PromptRow(record.Line, id)
    {
        public override IReadOnlyCollection<string> Names => header;

        public override string? Text(string name)
        {
            if (record.Complaint is { } complaint)
                throw new FormatException(complaint);
            if (record.Cells.Length != header.Length)
                throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"it has {record.Cells.Length} cells where the header has {header.Length}"));
            return Array.IndexOf(header, name) is >= 0 and var column ? record.Cells[column] : null;
        }
    }
}
