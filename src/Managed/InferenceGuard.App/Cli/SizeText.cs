// Sizes as people read them.

using System.Globalization;

namespace InferenceGuard.App.Cli;

/// <summary>Sizes as people read them, in powers of 1024.</summary>
internal static class SizeText
{
    private static readonly string[] s_units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A size with three digits or so.</summary>
    /// <param name="sizeBytes">The size, 0 or more.</param>
    public static string Of(long sizeBytes)
    {
        double size = sizeBytes;
        var unit = 0;
        for (; size >= 1024 && unit < s_units.Length - 1; unit++)
            size /= 1024;
        return size.ToString(unit == 0 || size >= 100 ? "F0" : "F1", CultureInfo.InvariantCulture) + " " + s_units[unit];
    }
}
