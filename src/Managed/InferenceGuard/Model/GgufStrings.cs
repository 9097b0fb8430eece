// A string array of a GGUF file, kept as bytes: a vocabulary of 128k tokens costs two arrays, not 128k objects.

using System.Collections;
using System.Text;

namespace InferenceGuard.Model;

/// <summary>A string array of a GGUF file. Entries are bytes, usually UTF-8.</summary>
public sealed class GgufStrings : IReadOnlyList<string>
{
    private readonly byte[] _bytes;
    private readonly int[] _ends;

    internal GgufStrings(byte[] bytes, int[] ends)
    {
        _bytes = bytes;
        _ends = ends;
    }

    /// <inheritdoc />
    public int Count => _ends.Length;

    /// <inheritdoc />
    public string this[int index] => Encoding.UTF8.GetString(Utf8(index));

    /// <summary>The bytes of an entry.</summary>
    /// <param name="index">Entry, 0 ≤ index &lt; <see cref="Count"/>.</param>
    public ReadOnlySpan<byte> Utf8(int index)
    {
        var start = index == 0 ? 0 : _ends[index - 1];
        return _bytes.AsSpan(start.._ends[index]);
    }

    /// <summary>The first two entries with equal bytes, or null when all differ.</summary>
    public (int First, int Second)? FindDuplicate()
    {
        var seen = new HashSet<int>(Count, new ByBytes(this));
        for (var i = 0; i < Count; i++)
        {
            if (!seen.Add(i))
                return (seen.TryGetValue(i, out var first) ? first : i, i);
        }

        return null;
    }

    /// <inheritdoc />
    public IEnumerator<string> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private sealed class ByBytes(GgufStrings strings) : IEqualityComparer<int>
    {
        public bool Equals(int x, int y) => strings.Utf8(x).SequenceEqual(strings.Utf8(y));

        public int GetHashCode(int index)
        {
            var hash = new HashCode();
            hash.AddBytes(strings.Utf8(index));
            return hash.ToHashCode();
        }
    }
}
