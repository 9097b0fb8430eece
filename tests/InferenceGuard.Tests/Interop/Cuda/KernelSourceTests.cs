// The kernels' sources as the compiler gets them: whole, and with lines that are true.

using System.Text.RegularExpressions;
using InferenceGuard.Interop.Cuda;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Interop.Cuda;

internal sealed partial class KernelSourceTests
{
    [Test]
    public void Read_EveryKernel_ResolvesEveryIncludeOnce([ValueSource(typeof(KernelPtxTests), nameof(KernelPtxTests.Kernels))] string kernel)
    {
        var text = KernelSource.Read(kernel);
        Assert.That(text, Does.Not.Match(@"(?m)^\s*#\s*(include|pragma\s+once)"));
        var parts = Line().Matches(text).Select(static line => (Number: line.Groups[1].Value, File: line.Groups[2].Value)).ToArray();
        Assert.That(parts[0], Is.EqualTo(("1", $"{kernel}.cu")));
        Assert.That(parts.Where(static part => part.Number == "1").Select(static part => part.File), Is.Unique.And.EquivalentTo(Reached($"{kernel}.cu", [])));
    }

    [Test]
    public void Read_EveryKernel_SaysWhereEachLineIsFrom([ValueSource(typeof(KernelPtxTests), nameof(KernelPtxTests.Kernels))] string kernel)
    {
        var (file, number, seen) = ("", 0, new List<(string, int)>());
        var files = Reached($"{kernel}.cu", []).ToDictionary(static name => name, static name => File.ReadAllLines(RepositoryFiles.At($"kernels/{name}")));
        foreach (var line in KernelSource.Read(kernel).TrimEnd('\n').Split('\n'))
        {
            if (Line().Match(line) is { Success: true } directive)
            {
                (file, number) = (directive.Groups[2].Value, int.Parse(directive.Groups[1].Value, null));
                continue;
            }
            var original = number <= files[file].Length ? files[file][number - 1] : "";
            Assert.That(line.TrimEnd('\r'), Is.EqualTo(original.StartsWith("#pragma once", StringComparison.Ordinal) ? "" : original), $"{file}:{number}");
            if (line.Trim().Length > 0)
                seen.Add((file, number));
            number++;
        }
        var expected = files.SelectMany(static file => file.Value
            .Select((line, at) => (file.Key, Number: at + 1, Line: line))
            .Where(static line => line.Line.Trim().Length > 0 && !Directive().IsMatch(line.Line))
            .Select(static line => (line.Key, line.Number)));
        Assert.That(seen, Is.EquivalentTo(expected), "every line once");
    }

    [Test]
    public void Read_Unknown_NamesTheFile() =>
        Assert.That(static () => KernelSource.Read("nothing"), Throws.InvalidOperationException.With.Message.Contains("nothing.cu"));

    private static HashSet<string> Reached(string file, HashSet<string> reached)
    {
        if (reached.Add(file))
            foreach (Match include in Include().Matches(File.ReadAllText(RepositoryFiles.At($"kernels/{file}"))))
                Reached(include.Groups[1].Value, reached);
        return reached;
    }

    [GeneratedRegex(@"(?m)^#line (\d+) ""([^""]+)""$")]
    private static partial Regex Line();

    [GeneratedRegex(@"(?m)^\s*#\s*include\s*""([^""]+)""")]
    private static partial Regex Include();

    [GeneratedRegex(@"^\s*#\s*(include|pragma\s+once)")]
    private static partial Regex Directive();
}
