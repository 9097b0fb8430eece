// C += A · B in single precision: the arithmetic of a critic's layers.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using InferenceGuard.Interop;

namespace InferenceGuard.Compute;

/// <summary>
/// Products with a packed right side. A tile of C stays in registers while all of k goes by; tile after tile reads a panel of B front to
/// back, so that B comes from memory once and from a cache after that. Every element adds its products in the order of k, whatever
/// tile it falls in: a row's result does not depend on the other rows.
/// </summary>
internal static class MatrixProduct
{
    // The higher a tile, the more slowly it reads B, beside ever more rows of A: the processor no longer sees what comes next. From six
    // rows on it is told, this many rows of B ahead; lower tiles read so fast that the hint only costs.
    private const int RowsAhead = 32;

    private const int HighestTile = 12, WidestPanel = 32;

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
        if (Vector512.IsHardwareAccelerated)
            Add<Wide>(a, aRow, aColumn, b, c, rows, fromPanel, toPanel);
        else
            Add<Narrow>(a, aRow, aColumn, b, c, rows, fromPanel, toPanel);
    }

    private static void Add<T>(ReadOnlySpan<float> a, int aRow, int aColumn, PackedMatrix b, Span<float> c, int rows, int fromPanel, int toPanel)
        where T : struct, IPanelRow<T>
    {
        var width = PackedMatrix.PanelWidth;
        Span<float> edge = stackalloc float[HighestTile * WidestPanel];
        for (var panel = fromPanel; panel < toPanel; panel++)
        {
            var columns = Math.Min(width, b.Columns - panel * width);
            for (int row = 0, count; row < rows; row += count)
            {
                var left = a[(row * aRow)..];
                var target = c[(row * b.Columns + panel * width)..];
                if (columns == width)
                {
                    count = Tile<T>(left, aRow, aColumn, b.Panel(panel), target, b.Columns, b.Rows, rows - row);
                    continue;
                }
                // A narrow last panel goes by way of a tile of its own.
                var most = Math.Min(HighestTile, rows - row);
                for (var part = 0; part < most; part++)
                    target.Slice(part * b.Columns, columns).CopyTo(edge[(part * width)..]);
                count = Tile<T>(left, aRow, aColumn, b.Panel(panel), edge, width, b.Rows, most);
                for (var part = 0; part < count; part++)
                    edge.Slice(part * width, columns).CopyTo(target[(part * b.Columns)..]);
            }
        }
    }

    // The highest tile that the rows fill and that the registers hold; returns its height.
    private static int Tile<T>(ReadOnlySpan<float> a, int aRow, int aColumn, ReadOnlySpan<float> b, Span<float> c, int cRow, int depth, int rows)
        where T : struct, IPanelRow<T>
    {
        ref var left = ref MemoryMarshal.GetReference(a);
        ref var right = ref MemoryMarshal.GetReference(b);
        ref var sum = ref MemoryMarshal.GetReference(c);
        if (T.MaxRows >= 12 && rows >= 12)
            return Tile<T, Twelve>(ref left, aRow, aColumn, ref right, ref sum, cRow, depth);
        if (T.MaxRows >= 8 && rows >= 8)
            return Tile<T, Eight>(ref left, aRow, aColumn, ref right, ref sum, cRow, depth);
        if (rows >= 6)
            return Tile<T, Six>(ref left, aRow, aColumn, ref right, ref sum, cRow, depth);
        if (rows >= 4)
            return Tile<T, Four>(ref left, aRow, aColumn, ref right, ref sum, cRow, depth);
        if (rows == 3)
            return Tile<T, Three>(ref left, aRow, aColumn, ref right, ref sum, cRow, depth);
        if (rows == 2)
            return Tile<T, Two>(ref left, aRow, aColumn, ref right, ref sum, cRow, depth);
        return Tile<T, One>(ref left, aRow, aColumn, ref right, ref sum, cRow, depth);
    }

    // Compiled once for each height: what a height does not have falls away, and the sums of the rest have a register each.
    private static int Tile<T, TRows>(ref float a, nint aRow, nint aColumn, ref float b, ref float c, nint cRow, int depth)
        where T : struct, IPanelRow<T>
        where TRows : struct, IRows
    {
        T c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default, c8 = default, c9 = default, c10 = default, c11 = default;
        var c0 = T.Load(ref c);
        if (TRows.Count > 1) c1 = T.Load(ref Unsafe.Add(ref c, cRow));
        if (TRows.Count > 2) c2 = T.Load(ref Unsafe.Add(ref c, 2 * cRow));
        if (TRows.Count > 3) c3 = T.Load(ref Unsafe.Add(ref c, 3 * cRow));
        if (TRows.Count > 4) c4 = T.Load(ref Unsafe.Add(ref c, 4 * cRow));
        if (TRows.Count > 5) c5 = T.Load(ref Unsafe.Add(ref c, 5 * cRow));
        if (TRows.Count > 6) c6 = T.Load(ref Unsafe.Add(ref c, 6 * cRow));
        if (TRows.Count > 7) c7 = T.Load(ref Unsafe.Add(ref c, 7 * cRow));
        if (TRows.Count > 8) c8 = T.Load(ref Unsafe.Add(ref c, 8 * cRow));
        if (TRows.Count > 9) c9 = T.Load(ref Unsafe.Add(ref c, 9 * cRow));
        if (TRows.Count > 10) c10 = T.Load(ref Unsafe.Add(ref c, 10 * cRow));
        if (TRows.Count > 11) c11 = T.Load(ref Unsafe.Add(ref c, 11 * cRow));
        ref var a3 = ref Unsafe.Add(ref a, TRows.Count > 3 ? 3 * aRow : 0);
        ref var a6 = ref Unsafe.Add(ref a, TRows.Count > 6 ? 6 * aRow : 0);
        ref var a9 = ref Unsafe.Add(ref a, TRows.Count > 9 ? 9 * aRow : 0);
        for (var k = 0; k < depth; k++)
        {
            if (TRows.Count >= 6)
                CacheHint.Fetch(ref b, RowsAhead * T.Width, T.Width);
            var right = T.Load(ref b);
            c0 = T.Add(c0, a, right);
            if (TRows.Count > 1) c1 = T.Add(c1, Unsafe.Add(ref a, aRow), right);
            if (TRows.Count > 2) c2 = T.Add(c2, Unsafe.Add(ref a, 2 * aRow), right);
            if (TRows.Count > 3) c3 = T.Add(c3, a3, right);
            if (TRows.Count > 4) c4 = T.Add(c4, Unsafe.Add(ref a3, aRow), right);
            if (TRows.Count > 5) c5 = T.Add(c5, Unsafe.Add(ref a3, 2 * aRow), right);
            if (TRows.Count > 6) c6 = T.Add(c6, a6, right);
            if (TRows.Count > 7) c7 = T.Add(c7, Unsafe.Add(ref a6, aRow), right);
            if (TRows.Count > 8) c8 = T.Add(c8, Unsafe.Add(ref a6, 2 * aRow), right);
            if (TRows.Count > 9) c9 = T.Add(c9, a9, right);
            if (TRows.Count > 10) c10 = T.Add(c10, Unsafe.Add(ref a9, aRow), right);
            if (TRows.Count > 11) c11 = T.Add(c11, Unsafe.Add(ref a9, 2 * aRow), right);
            a = ref Unsafe.Add(ref a, aColumn);
            a3 = ref Unsafe.Add(ref a3, aColumn);
            a6 = ref Unsafe.Add(ref a6, aColumn);
            a9 = ref Unsafe.Add(ref a9, aColumn);
            b = ref Unsafe.Add(ref b, T.Width);
        }
        c0.Store(ref c);
        if (TRows.Count > 1) c1.Store(ref Unsafe.Add(ref c, cRow));
        if (TRows.Count > 2) c2.Store(ref Unsafe.Add(ref c, 2 * cRow));
        if (TRows.Count > 3) c3.Store(ref Unsafe.Add(ref c, 3 * cRow));
        if (TRows.Count > 4) c4.Store(ref Unsafe.Add(ref c, 4 * cRow));
        if (TRows.Count > 5) c5.Store(ref Unsafe.Add(ref c, 5 * cRow));
        if (TRows.Count > 6) c6.Store(ref Unsafe.Add(ref c, 6 * cRow));
        if (TRows.Count > 7) c7.Store(ref Unsafe.Add(ref c, 7 * cRow));
        if (TRows.Count > 8) c8.Store(ref Unsafe.Add(ref c, 8 * cRow));
        if (TRows.Count > 9) c9.Store(ref Unsafe.Add(ref c, 9 * cRow));
        if (TRows.Count > 10) c10.Store(ref Unsafe.Add(ref c, 10 * cRow));
        if (TRows.Count > 11) c11.Store(ref Unsafe.Add(ref c, 11 * cRow));
        return TRows.Count;
    }

    private interface IRows
    {
        static abstract int Count { get; }
    }

    private readonly struct One : IRows { public static int Count => 1; }

    private readonly struct Two : IRows { public static int Count => 2; }

    private readonly struct Three : IRows { public static int Count => 3; }

    private readonly struct Four : IRows { public static int Count => 4; }

    private readonly struct Six : IRows { public static int Count => 6; }

    private readonly struct Eight : IRows { public static int Count => 8; }

    private readonly struct Twelve : IRows { public static int Count => 12; }

    // A panel's width of numbers in registers.
    private interface IPanelRow<T>
        where T : struct, IPanelRow<T>
    {
        static abstract int Width { get; }

        // Rows of a tile that fit into the registers beside a row of B.
        static abstract int MaxRows { get; }

        static abstract T Load(ref float from);

        // sum + x · row
        static abstract T Add(T sum, float x, T row);

        void Store(ref float to);
    }

    private readonly struct Wide(Vector512<float> first, Vector512<float> second) : IPanelRow<Wide>
    {
        private readonly Vector512<float> _first = first, _second = second;

        public static int Width => 2 * Vector512<float>.Count;

        public static int MaxRows => 12;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide Load(ref float from) => new(Vector512.LoadUnsafe(ref from), Vector512.LoadUnsafe(ref from, (nuint)Vector512<float>.Count));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide Add(Wide sum, float x, Wide row)
        {
            var factor = Vector512.Create(x);
            return new(Vector512.FusedMultiplyAdd(factor, row._first, sum._first), Vector512.FusedMultiplyAdd(factor, row._second, sum._second));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(ref float to)
        {
            _first.StoreUnsafe(ref to);
            _second.StoreUnsafe(ref to, (nuint)Vector512<float>.Count);
        }
    }

    private readonly struct Narrow(Vector256<float> first, Vector256<float> second) : IPanelRow<Narrow>
    {
        private readonly Vector256<float> _first = first, _second = second;

        public static int Width => 2 * Vector256<float>.Count;

        public static int MaxRows => 6;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Narrow Load(ref float from) => new(Vector256.LoadUnsafe(ref from), Vector256.LoadUnsafe(ref from, (nuint)Vector256<float>.Count));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Narrow Add(Narrow sum, float x, Narrow row)
        {
            var factor = Vector256.Create(x);
            return new(Vector256.FusedMultiplyAdd(factor, row._first, sum._first), Vector256.FusedMultiplyAdd(factor, row._second, sum._second));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(ref float to)
        {
            _first.StoreUnsafe(ref to);
            _second.StoreUnsafe(ref to, (nuint)Vector256<float>.Count);
        }
    }
}
