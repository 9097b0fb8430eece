// The layout of packed matrices, from rows and from columns.

using InferenceGuard.Compute;

namespace InferenceGuard.Tests.Compute;

internal sealed class PackedMatrixTests
{
    private static readonly int[] s_columns = [1, 15, 16, 17, 31, 32, 33, 70];

    [TestCase("by rows")]
    [TestCase("by columns")]
    [TestCase("with gaps")]
    public void Pack_AnyStrides_LaysElementsOutByPanel(string layout)
    {
        foreach (var rows in (int[])[1, 3, 8])
            foreach (var columns in s_columns)
            {
                // A wider matrix around it, so that a stride is no length.
                var (rowStride, columnStride) = layout switch { "by rows" => (columns + 2, 1), "by columns" => (1, rows + 2), _ => (3, 3 * rows + 2) };
                var source = Enumerable.Range(1, (3 * rows + 2) * (columns + 2)).Select(static value => (float)value).ToArray();
                var packed = new PackedMatrix(rows, columns);
                packed.Pack(source.Select(static value => -value).ToArray(), rowStride, columnStride); // Of a first use nothing stays.
                packed.Pack(source, rowStride, columnStride);
                Assert.That((packed.Rows, packed.Columns, packed.Panels), Is.EqualTo((rows, columns, (columns + PackedMatrix.PanelWidth - 1) / PackedMatrix.PanelWidth)));
                for (var at = 0; at < packed.Panels * rows * PackedMatrix.PanelWidth; at++)
                {
                    var (panel, row, column) = (at / (rows * PackedMatrix.PanelWidth), at / PackedMatrix.PanelWidth % rows, at % PackedMatrix.PanelWidth);
                    var place = panel * PackedMatrix.PanelWidth + column;
                    var expected = place < columns ? source[row * rowStride + place * columnStride] : 0;
                    Assert.That(packed.Panel(panel)[row * PackedMatrix.PanelWidth + column], Is.EqualTo(expected), $"[{rows}, {columns}] at ({row}, {place})");
                }
            }
    }

    [Test]
    public void Pack_SourceTooShort_IsRefused()
    {
        Assert.That(() => new PackedMatrix(3, 5).Pack(new float[14], 5, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new PackedMatrix(3, 5).Pack(new float[14], 1, 3), Throws.TypeOf<IndexOutOfRangeException>());
    }
}
