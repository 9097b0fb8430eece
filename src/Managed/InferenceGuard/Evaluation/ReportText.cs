// Makes text that models wrote fit for XML: what XML cannot hold is replaced, the rest is escaped by the writer.

using System.Text;
using System.Xml;

namespace InferenceGuard.Evaluation;

/// <summary>Makes text fit for XML.</summary>
internal static class ReportText
{
    /// <summary>The text with U+FFFD for control characters and halves of pairs.</summary>
    public static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            clean.Append(rune.Value > char.MaxValue || XmlConvert.IsXmlChar((char)rune.Value) ? rune.ToString() : "\uFFFD");
        return clean.ToString();
    }
}
