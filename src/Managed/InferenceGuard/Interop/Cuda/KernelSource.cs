// The kernels' sources, embedded in the library.

using System.Text;

namespace InferenceGuard.Interop.Cuda;

/// <summary>The sources under <c>kernels/</c>, embedded in the library, with every header put in where it is included.</summary>
internal static class KernelSource
{
    private const string Include = "#include \"";

    /// <summary>A kernel's source as one text. <c>#line</c>s keep the compiler's messages true.</summary>
    /// <param name="name">Such as <c>sample</c>.</param>
    public static string Read(string name) => Expand($"{name}.cu", Resource($"{name}.cu"));

    /// <summary>A kernel's source from elsewhere as one text, with these sources' headers put in.</summary>
    /// <param name="file">Its name in the compiler's messages.</param>
    /// <param name="source">The source.</param>
    public static string Expand(string file, string source)
    {
        var text = new StringBuilder();
        Append(text, file, source, []);
        return text.ToString();
    }

    /// <summary>A precompiled kernel, or null if the build made none.</summary>
    /// <param name="name">Such as <c>sample</c>.</param>
    /// <param name="isHalf">Its value of NUMBER_IS_HALF.</param>
    /// <param name="capability">Compute capability of the device.</param>
    public static byte[]? ReadPtx(string name, bool isHalf, int capability) =>
        (int[])[80, 75] is var built && built.FirstOrDefault(known => known <= capability) is var chosen && chosen == 0
            ? null
            : ReadResource($"ptx/{name}.{(isHalf ? "half" : "float")}.sm_{chosen}.ptx");

    private static void Append(StringBuilder text, string file, string source, HashSet<string> included)
    {
        if (!included.Add(file))
            return;
        var lines = source.Split('\n');
        text.Append("#line 1 \"").Append(file).Append("\"\n");
        for (var line = 0; line < lines.Length; line++)
            if (lines[line].StartsWith(Include, StringComparison.Ordinal))
            {
                var header = lines[line][Include.Length..].TrimEnd('"', '\r');
                Append(text, header, Resource(header), included);
                text.Append("#line ").Append(line + 2).Append(" \"").Append(file).Append("\"\n");
            }
            else if (!lines[line].StartsWith("#pragma once", StringComparison.Ordinal))
            {
                text.Append(lines[line]).Append('\n');
            }
            else
            {
                text.Append('\n');
            }
    }

    private static string Resource(string file) =>
        Encoding.UTF8.GetString(ReadResource(file) ?? throw new InvalidOperationException($"The library has no kernel source {file}."));

    private static byte[]? ReadResource(string file)
    {
        using var stream = typeof(KernelSource).Assembly.GetManifestResourceStream($"kernels/{file}");
        if (stream is null)
            return null;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
