// Memory that grows, also after it could not.

using InferenceGuard.Compute;
using InferenceGuard.Interop.Cuda;
using InferenceGuard.Tests.Interop.Cuda;

namespace InferenceGuard.Tests.Compute.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class CudaArrayTests(CudaBinding binding)
{
    [Test]
    public void Reserve_MoreOrLess_GrowsAndNeverShrinks()
    {
        using var device = CudaFixture.Open(binding);
        using var scope = device.Context.Enter();
        using var array = new CudaArray<int>(device.Context, isStaged: true);
        Assert.That((array.Reserve(4), array.Reserve(3), array.Reserve(4), array.Reserve(9)), Is.EqualTo((true, false, false, true)));
        Assert.That((array.Device.Length, array.Host.Length), Is.EqualTo((9, 9)));
        array.Host.Fill(5);
        array.Upload(9, device.Stream);
        device.Stream.Synchronize();
        array.Host.Clear();
        array.Download(8, device.Stream);
        device.Stream.Synchronize();
        Assert.That(array.Host.ToArray(), Is.EqualTo((int[])[5, 5, 5, 5, 5, 5, 5, 5, 0]));
    }

    [Test]
    public void Reserve_ThatFails_CanBeCalledAgain()
    {
        using var device = CudaFixture.Open(binding);
        using var scope = device.Context.Enter();
        using var array = new CudaArray<byte>(device.Context, isStaged: false);
        array.Reserve(10);
        Assert.That(() => array.Reserve(2 * device.Device.TotalBytes), Throws.TypeOf<GuardException>().With.Message.Contains("MiB were asked for"));
        Assert.That(() => array.Device, Throws.InvalidOperationException);
        Assert.That(array.Reserve(10), Is.True);
        array.Device.CopyFrom([1, 2, 3], device.Stream);
    }

    [Test]
    public void Reserve_MoreThanTheHostCounts_IsRefusedAndCanBeCalledAgain()
    {
        using var device = CudaFixture.Open(binding);
        using var scope = device.Context.Enter();
        using var array = new CudaArray<byte>(device.Context, isStaged: true);
        array.Reserve(10);
        Assert.That(() => array.Reserve(1L << 33), Throws.TypeOf<OverflowException>());
        Assert.That(array.Reserve(10), Is.True);
        Assert.That(array.Host.ToArray(), Is.All.Zero);
    }
}
