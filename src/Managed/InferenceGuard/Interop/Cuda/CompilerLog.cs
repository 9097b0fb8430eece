// Puts the lines of the source beside what the compiler says of them.

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace InferenceGuard.Interop.Cuda;

/// <summary>Puts the lines of the source beside what the compiler says of them.</summary>
internal static partial class CompilerLog
{
    private const int Around = 2, MostPlaces = 8;

    /// <summary>The log, and after it every line of the source that it names, with its number and its neighbours.</summary>
    /// <param name="log">What the compiler wrote; it names lines as <c>file(12)</c> or <c>file:12</c>.</param>
    /// <param name="file">The kernel's file.</param>
    /// <param name="source">The source with its headers put in; <c>#line</c> says where each part is from.</param>
    public static string WithSource(string log, string file, string source)
    {
        var text = new StringBuilder(log);
        var lines = Numbered(file, source);
        foreach (var (named, line) in Place().Matches(log).Select(static match => (match.Groups["file"].Value, int.Parse(match.Groups["line"].Value, CultureInfo.InvariantCulture))).Distinct().Take(MostPlaces))
            for (var at = line - Around; at <= line + Around; at++)
                if (lines.TryGetValue((named, at), out var code))
                    text.Append(CultureInfo.InvariantCulture, $"\n{named}:{at,4}{(at == line ? " > " : " | ")}{code}");
        return text.ToString();
    }

    private static Dictionary<(string File, int Line), string> Numbered(string file, string source)
    {
        var (lines, number) = (new Dictionary<(string, int), string>(), 1);
        foreach (var line in source.Split('\n'))
        {
            if (Directive().Match(line) is { Success: true } directive)
                (file, number) = (directive.Groups["file"].Value, int.Parse(directive.Groups["line"].Value, CultureInfo.InvariantCulture));
            else
                lines[(file, number++)] = line;
        }
        return lines;
    }

    [GeneratedRegex(@"(?<file>[\w./-]+\.(cu|cuh))[(:](?<line>\d{1,9})\b")]
    private static partial Regex Place();

    [GeneratedRegex(@"^#line (?<line>\d+) ""(?<file>[^""]+)""")]
    private static partial Regex Directive();
}
