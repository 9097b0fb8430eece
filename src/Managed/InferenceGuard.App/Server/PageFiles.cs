// The page at /, which lies in the assembly.

using System.Reflection;

namespace InferenceGuard.App.Server;

/// <summary>The page: files of the assembly, so that no path of a request leads to a disk.</summary>
internal static class PageFiles
{
    private const string Resources = "page/";

    /// <summary>Maps every file to its path, and / to the page itself.</summary>
    public static void Map(WebApplication app)
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(static name => name.StartsWith(Resources, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var (path, type) = (name[Resources.Length..], Type(name));
            app.MapGet(path == "index.html" ? "/" : "/" + path, () => Results.Bytes(bytes, type)).ExcludeFromDescription();
        }
    }

    private static string Type(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}
