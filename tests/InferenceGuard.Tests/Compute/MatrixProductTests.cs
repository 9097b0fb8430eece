// The packed product against float64, at every edge of tiles, panels and blocks.

using InferenceGuard.Compute;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Compute;

internal sealed class MatrixProductTests
{
    // What lies behind C must survive.
    private const int Margin = 64;
    private const float Untouched = 7;

    private static readonly int[] s_rows = [1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 33];

    [TestCase(1)]
    [TestCase(511)]
    [TestCase(513)]
    [TestCase(1030)]
    public void Add_AnyShape_AddsTheProductInFloat64(int depth)
    {
        var random = new Random(depth);
        foreach (var rows in s_rows)
            for (var columns = 1; columns <= 40; columns++)
            {
                var left = RandomCritic.Numbers(random, rows * depth, 1);
                Check(left, depth, 1, rows, depth, columns, random);
            }
    }

    [TestCase(9, 70, 37)]
    [TestCase(17, 513, 33)]
    public void Add_StridedLeftSide_ReadsOnlyItsElements(int rows, int depth, int columns)
    {
        var random = new Random(5);
        var (row, column) = (depth * 3 + 5, 3);
        var left = Enumerable.Repeat(float.NaN, (rows - 1) * row + (depth - 1) * column + 1).ToArray();
        for (var m = 0; m < rows; m++)
            for (var k = 0; k < depth; k++)
                left[m * row + k * column] = random.NextSingle() - 0.5f;
        Check(left, row, column, rows, depth, columns, random);
    }

    [TestCase(1, 3, 5)]
    [TestCase(9, 70, 37)]
    [TestCase(33, 1030, 40)]
    public void Add_TransposedLeftSide_AddsTheProduct(int rows, int depth, int columns)
    {
        var random = new Random(6);
        Check(RandomCritic.Numbers(random, rows * depth, 1), 1, rows, rows, depth, columns, random);
    }

    [TestCase(1)]
    [TestCase(600)]
    public void Add_RowAmongOthers_IsBitEqualToTheRowAlone(int depth)
    {
        const int Rows = 35, Columns = 71;
        var random = new Random(7);
        var (left, right) = (RandomCritic.Numbers(random, Rows * depth, 1), Packed(RandomCritic.Numbers(random, depth * Columns, 1), depth, Columns));
        var whole = new float[Rows * Columns];
        MatrixProduct.Add(left, depth, 1, right, whole, Rows, 0, right.Panels);
        for (var from = 0; from < Rows; from++)
            foreach (var rows in s_rows.Where(rows => from + rows <= Rows))
            {
                var part = new float[rows * Columns];
                MatrixProduct.Add(left.AsSpan(from * depth), depth, 1, right, part, rows, 0, right.Panels);
                Assert.That(part.AsSpan().SequenceEqual(whole.AsSpan(from * Columns, rows * Columns)), $"rows {from} to {from + rows}");
            }
    }

    [Test]
    public void Add_RangeOfPanels_ChangesItsColumnsOnly()
    {
        const int Rows = 11, Depth = 530;
        var columns = PackedMatrix.PanelWidth * 3 + 5;
        var random = new Random(8);
        var (left, right) = (RandomCritic.Numbers(random, Rows * Depth, 1), Packed(RandomCritic.Numbers(random, Depth * columns, 1), Depth, columns));
        var (before, whole) = (RandomCritic.Numbers(random, Rows * columns, 1), new float[Rows * columns]);
        before.CopyTo(whole, 0);
        MatrixProduct.Add(left, Depth, 1, right, whole, Rows, 0, right.Panels);
        for (var from = 0; from <= right.Panels; from++)
            for (var to = from; to <= right.Panels; to++)
            {
                var part = (float[])before.Clone();
                MatrixProduct.Add(left, Depth, 1, right, part, Rows, from, to);
                for (var at = 0; at < part.Length; at++)
                {
                    var isInside = at % columns / PackedMatrix.PanelWidth >= from && at % columns / PackedMatrix.PanelWidth < to;
                    if (part[at] != (isInside ? whole : before)[at])
                        Assert.Fail($"panels {from} to {to}, element {at}");
                }
            }
    }

    [Test]
    public void Add_NoRows_DoesNothing() => Assert.That(() => MatrixProduct.Add([], 3, 1, new(3, 5), [], 0, 0, 1), Throws.Nothing);

    [TestCase(29, 25)]
    [TestCase(30, 24)]
    public void Add_SideTooShort_IsRefused(int left, int target) =>
        Assert.That(() => MatrixProduct.Add(new float[left], 6, 1, new(6, 5), new float[target], 5, 0, 1), Throws.TypeOf<ArgumentOutOfRangeException>());

    private static void Check(float[] left, int row, int column, int rows, int depth, int columns, Random random)
    {
        var right = RandomCritic.Numbers(random, depth * columns, 1);
        var packed = Packed(right, depth, columns);
        var before = RandomCritic.Numbers(random, rows * columns, 1);
        float[] target = [.. before, .. Enumerable.Repeat(Untouched, Margin)];
        MatrixProduct.Add(left, row, column, packed, target, rows, 0, packed.Panels);
        for (var m = 0; m < rows; m++)
            for (var n = 0; n < columns; n++)
            {
                double sum = before[m * columns + n], size = Math.Abs(sum);
                for (var k = 0; k < depth; k++)
                {
                    var product = (double)left[m * row + k * column] * right[k * columns + n];
                    (sum, size) = (sum + product, size + Math.Abs(product));
                }
                // Each of k roundings loses at most half a unit in the last place, 2^−24, of a sum no larger than that of the sizes.
                if (!(Math.Abs(target[m * columns + n] - sum) <= 1e-7 + (depth + 1) * Math.ScaleB(1, -24) * size))
                    Assert.Fail($"[{rows}, {depth}] · [{depth}, {columns}] at ({m}, {n}): {target[m * columns + n]}, expected {sum}");
            }
        Assert.That(target.AsSpan(rows * columns).ContainsAnyExcept(Untouched), Is.False, $"[{rows}, {depth}] · [{depth}, {columns}] wrote behind C");
    }

    private static PackedMatrix Packed(float[] right, int depth, int columns)
    {
        var packed = new PackedMatrix(depth, columns);
        packed.Pack(right, columns, 1);
        return packed;
    }
}
