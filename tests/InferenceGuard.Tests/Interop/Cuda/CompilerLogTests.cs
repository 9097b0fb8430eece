// The lines of the source that are shown beside a compiler's log.

using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Tests.Interop.Cuda;

internal sealed class CompilerLogTests
{
    // Two files, as KernelSource puts them together: the header stands between lines 2 and 4 of the kernel.
    private const string Source = "#line 1 \"a.cu\"\none\ntwo\n#line 1 \"b.cuh\"\neins\nzwei\ndrei\n#line 4 \"a.cu\"\nfour\nfive\nsix\nseven";

    [TestCase("a.cu(4): error: identifier \"x\" is undefined")]
    [TestCase("a.cu:4:12: error: 'x' was not declared")]
    [TestCase("a.cu(4): error\na.cu(4): error again")]
    public void WithSource_OnePlace_ShowsTwoLinesAround(string log) =>
        Assert.That(CompilerLog.WithSource(log, "a.cu", Source), Is.EqualTo($"{log}\na.cu:   2 | two\na.cu:   4 > four\na.cu:   5 | five\na.cu:   6 | six"));

    [Test]
    public void WithSource_APlaceInAHeader_ShowsTheHeader() =>
        Assert.That(CompilerLog.WithSource("b.cuh(1): error", "a.cu", Source), Is.EqualTo("b.cuh(1): error\nb.cuh:   1 > eins\nb.cuh:   2 | zwei\nb.cuh:   3 | drei"));

    [Test]
    public void WithSource_WithoutDirectives_CountsFromOne() =>
        Assert.That(CompilerLog.WithSource("a.cu(1): error", "a.cu", "one\ntwo"), Does.EndWith("a.cu:   1 > one\na.cu:   2 | two"));

    [TestCase("other.cu(4): error")]
    [TestCase("a.cu(40): error")]
    [TestCase("a.cu(99999999999): error")]
    [TestCase("no place at all")]
    [TestCase("")]
    public void WithSource_NoPlaceInTheSource_IsTheLog(string log) =>
        Assert.That(CompilerLog.WithSource(log, "a.cu", Source), Is.EqualTo(log));

    [Test]
    public void WithSource_ManyPlaces_ShowsTheFirst()
    {
        var log = string.Join('\n', Enumerable.Range(0, 100).Select(static at => $"long.cu({10 * at + 5}): error"));
        var shown = CompilerLog.WithSource(log, "long.cu", string.Join('\n', Enumerable.Range(1, 1000).Select(static line => $"line {line}")))[log.Length..];
        Assert.That(shown, Does.Contain("> line 75").And.Not.Contain("> line 85"));
    }
}
