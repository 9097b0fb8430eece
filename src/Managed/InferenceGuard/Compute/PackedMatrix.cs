// A matrix laid out so that a product reads it front to back.

using System.Runtime.Intrinsics;

namespace InferenceGuard.Compute;

/// <summary>The right side B[k, n] of a product, in panels of columns: [panel][k][<see cref="PanelWidth"/>], the last one filled up with zeros.</summary>
internal sealed class PackedMatrix(int rows, int columns)
{
    private readonly float[] _panels = new float[(columns + PanelWidth - 1) / PanelWidth * rows * PanelWidth];

    /// <summary>Columns of a panel: two vectors.</summary>
    public static int PanelWidth { get; } = Vector512.IsHardwareAccelerated ? 32 : 16;

    /// <summary>k.</summary>
    public int Rows => rows;

    /// <summary>n.</summary>
    public int Columns => columns;

    /// <summary>Number of panels.</summary>
    public int Panels => (columns + PanelWidth - 1) / PanelWidth;

    /// <summary>A panel, float32[k, <see cref="PanelWidth"/>].</summary>
    public ReadOnlySpan<float> Panel(int panel) => _panels.AsSpan(panel * rows * PanelWidth, rows * PanelWidth);

    /// <summary>Takes the numbers of a matrix; element (r, c) lies at r · rowStride + c · columnStride.</summary>
    public void Pack(ReadOnlySpan<float> source, int rowStride, int columnStride)
    {
        for (var panel = 0; panel < Panels; panel++)
        {
            var width = Math.Min(PanelWidth, columns - panel * PanelWidth);
            var target = _panels.AsSpan(panel * rows * PanelWidth, rows * PanelWidth);
            if (columnStride == 1)
                for (var row = 0; row < rows; row++)
                    source.Slice(row * rowStride + panel * PanelWidth, width).CopyTo(target[(row * PanelWidth)..]);
            else
                for (var column = 0; column < width; column++)
                    for (int row = 0, at = (panel * PanelWidth + column) * columnStride; row < rows; row++, at += rowStride)
                        target[row * PanelWidth + column] = source[at];
        }
    }
}
