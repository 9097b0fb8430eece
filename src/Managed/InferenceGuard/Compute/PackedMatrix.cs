// A matrix laid out so that a product reads it front to back.

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace InferenceGuard.Compute;

/// <summary>The right side B[k, n] of a product, in panels of columns: [panel][k][<see cref="PanelWidth"/>], the last one filled up with zeros.</summary>
internal sealed class PackedMatrix
{
    private const int LineFloats = 16;

    private readonly float[] _panels;
    private readonly int _start; // The first number at the beginning of a cache line: a vector never lies in two.

    /// <param name="rows">k.</param>
    /// <param name="columns">n.</param>
    public PackedMatrix(int rows, int columns)
    {
        (Rows, Columns) = (rows, columns);
        _panels = GC.AllocateArray<float>(Panels * rows * PanelWidth + LineFloats, pinned: true);
        _start = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(_panels, 0) / sizeof(float) & (LineFloats - 1));
    }

    /// <summary>Columns of a panel: two vectors.</summary>
    public static int PanelWidth { get; } = Vector512.IsHardwareAccelerated ? 32 : 16;

    /// <summary>k.</summary>
    public int Rows { get; }

    /// <summary>n.</summary>
    public int Columns { get; }

    /// <summary>Number of panels.</summary>
    public int Panels => (Columns + PanelWidth - 1) / PanelWidth;

    /// <summary>A panel, float32[k, <see cref="PanelWidth"/>].</summary>
    public ReadOnlySpan<float> Panel(int panel) => _panels.AsSpan(_start + panel * Rows * PanelWidth, Rows * PanelWidth);

    /// <summary>Takes the numbers of a matrix; element (r, c) lies at r · rowStride + c · columnStride.</summary>
    public void Pack(ReadOnlySpan<float> source, int rowStride, int columnStride)
    {
        for (var panel = 0; panel < Panels; panel++)
        {
            var width = Math.Min(PanelWidth, Columns - panel * PanelWidth);
            var target = _panels.AsSpan(_start + panel * Rows * PanelWidth, Rows * PanelWidth);
            if (columnStride == 1)
                for (var row = 0; row < Rows; row++)
                    source.Slice(row * rowStride + panel * PanelWidth, width).CopyTo(target[(row * PanelWidth)..]);
            else
                for (var column = 0; column < width; column++)
                    for (int row = 0, at = (panel * PanelWidth + column) * columnStride; row < Rows; row++, at += rowStride)
                        target[row * PanelWidth + column] = source[at];
        }
    }
}
