// C += A · B in single precision: the arithmetic of a critic's layers.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace InferenceGuard.Compute;

/// <summary>
/// Products with a packed right side. Tiles of C stay in registers while a block of k goes by, and a panel's block of B stays in the
/// cache while the rows of A go by, so that B is read from memory once. Every element adds its products in the order of k, whatever
/// tile it falls in: a row's result does not depend on the other rows.
/// </summary>
internal static class MatrixProduct
{
    // 512 rows of a panel are 64 KiB: they stay in the second-level cache.
    private const int BlockRows = 512;

    /// <summary>Adds the panels [fromPanel, toPanel) of A · B to C.</summary>
    /// <param name="a">A; element (m, k) lies at m · aRow + k · aColumn.</param>
    /// <param name="aRow">Distance of rows in A.</param>
    /// <param name="aColumn">Distance of columns in A.</param>
    /// <param name="b">B.</param>
    /// <param name="c">C, float32[rows, n].</param>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="fromPanel">First panel.</param>
    /// <param name="toPanel">Panel after the last.</param>
    public static void Add(ReadOnlySpan<float> a, int aRow, int aColumn, PackedMatrix b, Span<float> c, int rows, int fromPanel, int toPanel)
    {
        if (rows == 0)
            return;
        ArgumentOutOfRangeException.ThrowIfLessThan(a.Length, (rows - 1) * aRow + (b.Rows - 1) * aColumn + 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(c.Length, rows * b.Columns);
        var width = PackedMatrix.PanelWidth;
        var isWide = Vector512.IsHardwareAccelerated;
        var tileRows = isWide ? 8 : 4;
        Span<float> edge = stackalloc float[8 * 32];
        for (var panel = fromPanel; panel < toPanel; panel++)
            for (var k = 0; k < b.Rows; k += BlockRows)
            {
                var depth = Math.Min(BlockRows, b.Rows - k);
                var block = b.Panel(panel).Slice(k * width, depth * width);
                var columns = Math.Min(width, b.Columns - panel * width);
                for (var row = 0; row < rows; row += tileRows)
                {
                    var left = a[(row * aRow + k * aColumn)..];
                    var target = c[(row * b.Columns + panel * width)..];
                    var count = Math.Min(tileRows, rows - row);
                    if (columns == width)
                    {
                        Tile(left, aRow, aColumn, block, target, b.Columns, depth, count);
                        continue;
                    }
                    // A narrow last panel goes by way of a tile of its own.
                    for (var part = 0; part < count; part++)
                        target.Slice(part * b.Columns, columns).CopyTo(edge[(part * width)..]);
                    Tile(left, aRow, aColumn, block, edge, width, depth, count);
                    for (var part = 0; part < count; part++)
                        edge.Slice(part * width, columns).CopyTo(target[(part * b.Columns)..]);
                }
            }
    }

    private static void Tile(ReadOnlySpan<float> a, int aRow, int aColumn, ReadOnlySpan<float> b, Span<float> c, int cRow, int depth, int rows)
    {
        ref var left = ref MemoryMarshal.GetReference(a);
        ref var right = ref MemoryMarshal.GetReference(b);
        ref var sum = ref MemoryMarshal.GetReference(c);
        if (Vector512.IsHardwareAccelerated && rows == 8)
            Tile8(ref left, aRow, aColumn, ref right, ref sum, cRow, depth);
        else if (!Vector512.IsHardwareAccelerated && rows == 4)
            Tile4(ref left, aRow, aColumn, ref right, ref sum, cRow, depth);
        else
            for (var row = 0; row < rows; row++)
                for (var column = 0; column < PackedMatrix.PanelWidth; column += 16)
                    Row(ref Unsafe.Add(ref left, row * aRow), aColumn, ref Unsafe.Add(ref right, column), ref Unsafe.Add(ref sum, row * cRow + column), depth);
    }

    private static void Tile8(ref float a, nint aRow, nint aColumn, ref float b, ref float c, nint cRow, int depth)
    {
        Vector512<float> c00 = Load(ref c, 0), c01 = Load(ref c, 16), c10 = Load(ref c, cRow), c11 = Load(ref c, cRow + 16);
        Vector512<float> c20 = Load(ref c, 2 * cRow), c21 = Load(ref c, 2 * cRow + 16), c30 = Load(ref c, 3 * cRow), c31 = Load(ref c, 3 * cRow + 16);
        Vector512<float> c40 = Load(ref c, 4 * cRow), c41 = Load(ref c, 4 * cRow + 16), c50 = Load(ref c, 5 * cRow), c51 = Load(ref c, 5 * cRow + 16);
        Vector512<float> c60 = Load(ref c, 6 * cRow), c61 = Load(ref c, 6 * cRow + 16), c70 = Load(ref c, 7 * cRow), c71 = Load(ref c, 7 * cRow + 16);
        ref var a4 = ref Unsafe.Add(ref a, 4 * aRow);
        for (var k = 0; k < depth; k++)
        {
            Vector512<float> b0 = Load(ref b, 0), b1 = Load(ref b, 16);
            var x = Vector512.Create(a);
            (c00, c01) = (Vector512.FusedMultiplyAdd(x, b0, c00), Vector512.FusedMultiplyAdd(x, b1, c01));
            x = Vector512.Create(Unsafe.Add(ref a, aRow));
            (c10, c11) = (Vector512.FusedMultiplyAdd(x, b0, c10), Vector512.FusedMultiplyAdd(x, b1, c11));
            x = Vector512.Create(Unsafe.Add(ref a, 2 * aRow));
            (c20, c21) = (Vector512.FusedMultiplyAdd(x, b0, c20), Vector512.FusedMultiplyAdd(x, b1, c21));
            x = Vector512.Create(Unsafe.Add(ref a, 3 * aRow));
            (c30, c31) = (Vector512.FusedMultiplyAdd(x, b0, c30), Vector512.FusedMultiplyAdd(x, b1, c31));
            x = Vector512.Create(a4);
            (c40, c41) = (Vector512.FusedMultiplyAdd(x, b0, c40), Vector512.FusedMultiplyAdd(x, b1, c41));
            x = Vector512.Create(Unsafe.Add(ref a4, aRow));
            (c50, c51) = (Vector512.FusedMultiplyAdd(x, b0, c50), Vector512.FusedMultiplyAdd(x, b1, c51));
            x = Vector512.Create(Unsafe.Add(ref a4, 2 * aRow));
            (c60, c61) = (Vector512.FusedMultiplyAdd(x, b0, c60), Vector512.FusedMultiplyAdd(x, b1, c61));
            x = Vector512.Create(Unsafe.Add(ref a4, 3 * aRow));
            (c70, c71) = (Vector512.FusedMultiplyAdd(x, b0, c70), Vector512.FusedMultiplyAdd(x, b1, c71));
            a = ref Unsafe.Add(ref a, aColumn);
            a4 = ref Unsafe.Add(ref a4, aColumn);
            b = ref Unsafe.Add(ref b, 32);
        }
        Store(c00, c01, ref c);
        Store(c10, c11, ref Unsafe.Add(ref c, cRow));
        Store(c20, c21, ref Unsafe.Add(ref c, 2 * cRow));
        Store(c30, c31, ref Unsafe.Add(ref c, 3 * cRow));
        Store(c40, c41, ref Unsafe.Add(ref c, 4 * cRow));
        Store(c50, c51, ref Unsafe.Add(ref c, 5 * cRow));
        Store(c60, c61, ref Unsafe.Add(ref c, 6 * cRow));
        Store(c70, c71, ref Unsafe.Add(ref c, 7 * cRow));

        static Vector512<float> Load(ref float from, nint at) => Vector512.LoadUnsafe(ref Unsafe.Add(ref from, at));

        static void Store(Vector512<float> first, Vector512<float> second, ref float to)
        {
            first.StoreUnsafe(ref to);
            second.StoreUnsafe(ref to, 16);
        }
    }

    private static void Tile4(ref float a, nint aRow, nint aColumn, ref float b, ref float c, nint cRow, int depth)
    {
        Vector256<float> c00 = Load(ref c, 0), c01 = Load(ref c, 8), c10 = Load(ref c, cRow), c11 = Load(ref c, cRow + 8);
        Vector256<float> c20 = Load(ref c, 2 * cRow), c21 = Load(ref c, 2 * cRow + 8), c30 = Load(ref c, 3 * cRow), c31 = Load(ref c, 3 * cRow + 8);
        for (var k = 0; k < depth; k++)
        {
            Vector256<float> b0 = Load(ref b, 0), b1 = Load(ref b, 8);
            var x = Vector256.Create(a);
            (c00, c01) = (Vector256.FusedMultiplyAdd(x, b0, c00), Vector256.FusedMultiplyAdd(x, b1, c01));
            x = Vector256.Create(Unsafe.Add(ref a, aRow));
            (c10, c11) = (Vector256.FusedMultiplyAdd(x, b0, c10), Vector256.FusedMultiplyAdd(x, b1, c11));
            x = Vector256.Create(Unsafe.Add(ref a, 2 * aRow));
            (c20, c21) = (Vector256.FusedMultiplyAdd(x, b0, c20), Vector256.FusedMultiplyAdd(x, b1, c21));
            x = Vector256.Create(Unsafe.Add(ref a, 3 * aRow));
            (c30, c31) = (Vector256.FusedMultiplyAdd(x, b0, c30), Vector256.FusedMultiplyAdd(x, b1, c31));
            a = ref Unsafe.Add(ref a, aColumn);
            b = ref Unsafe.Add(ref b, 16);
        }
        Store(c00, c01, ref c);
        Store(c10, c11, ref Unsafe.Add(ref c, cRow));
        Store(c20, c21, ref Unsafe.Add(ref c, 2 * cRow));
        Store(c30, c31, ref Unsafe.Add(ref c, 3 * cRow));

        static Vector256<float> Load(ref float from, nint at) => Vector256.LoadUnsafe(ref Unsafe.Add(ref from, at));

        static void Store(Vector256<float> first, Vector256<float> second, ref float to)
        {
            first.StoreUnsafe(ref to);
            second.StoreUnsafe(ref to, 8);
        }
    }

    // One row of 16 columns, for the rows that make no tile.
    private static void Row(ref float a, nint aColumn, ref float b, ref float c, int depth)
    {
        Vector256<float> first = Vector256.LoadUnsafe(ref c), second = Vector256.LoadUnsafe(ref c, 8);
        for (var k = 0; k < depth; k++)
        {
            var x = Vector256.Create(a);
            first = Vector256.FusedMultiplyAdd(x, Vector256.LoadUnsafe(ref b), first);
            second = Vector256.FusedMultiplyAdd(x, Vector256.LoadUnsafe(ref b, 8), second);
            a = ref Unsafe.Add(ref a, aColumn);
            b = ref Unsafe.Add(ref b, PackedMatrix.PanelWidth);
        }
        first.StoreUnsafe(ref c);
        second.StoreUnsafe(ref c, 8);
    }
}
