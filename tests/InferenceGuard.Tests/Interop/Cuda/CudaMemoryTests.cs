// Memory of the device and of the host: copies, limits, and what is said when there is too little.

using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Tests.Interop.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class CudaMemoryTests(CudaBinding binding)
{
    private CudaFixture _device = null!;

    [OneTimeSetUp]
    public void Open() => _device = CudaFixture.Open(binding);

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    [Test]
    public void Copy_ThereAndBack_KeepsEveryElement()
    {
        using var scope = _device.Context.Enter();
        using var memory = new CudaMemory<int>(_device.Context, 1000);
        var sent = Enumerable.Range(0, 1000).ToArray();
        memory.CopyFrom(sent, _device.Stream);
        Assert.That(_device.Read(memory), Is.EqualTo(sent));
        Assert.That((memory.Length, memory.SizeBytes), Is.EqualTo((1000, 4000)));
    }

    [Test]
    public void CopyFrom_FewerElements_LeavesTheOthers()
    {
        using var scope = _device.Context.Enter();
        using var memory = _device.Filled<byte>(1, 2, 3, 4);
        memory.CopyFrom([7, 8], _device.Stream);
        memory.CopyFrom([], _device.Stream);
        Assert.That(_device.Read(memory), Is.EqualTo((byte[])[7, 8, 3, 4]));
        memory.Clear(_device.Stream);
        Assert.That(_device.Read(memory), Is.All.Zero);
    }

    [Test]
    public void Copy_PageLockedMemory_IsDoneWhenTheStreamIs()
    {
        using var scope = _device.Context.Enter();
        using var sent = new PinnedMemory<float>(_device.Context, 100);
        using var received = new PinnedMemory<float>(_device.Context, 100);
        using var memory = new CudaMemory<float>(_device.Context, 120);
        Assert.That(sent.Span.ToArray(), Is.All.Zero, "it begins empty");
        for (var at = 0; at < sent.Length; at++)
            sent.Span[at] = at;
        sent.CopyTo(memory, 100, _device.Stream);
        received.CopyFrom(memory, 50, _device.Stream);
        _device.Stream.Synchronize();
        Assert.That(received.Span.ToArray(), Is.EqualTo(Enumerable.Range(0, 100).Select(static at => at < 50 ? at : 0f)));
    }

    [Test]
    public void CopyFrom_ASpan_WaitsForAllThatIsQueued()
    {
        using var scope = _device.Context.Enter();
        using var memory = _device.Filled(1, 2, 3);
        using var received = new PinnedMemory<int>(_device.Context, 3);
        received.CopyFrom(memory, 3, _device.Stream);
        memory.CopyFrom([4], _device.Stream);
        Assert.That(received.Span.ToArray(), Is.EqualTo((int[])[1, 2, 3]));
    }

    [Test]
    public void Copy_OutOfRange_IsRefusedBeforeTheDeviceSeesIt()
    {
        using var scope = _device.Context.Enter();
        using var memory = _device.Filled(1, 2, 3, 4);
        using var shorter = new PinnedMemory<int>(_device.Context, 3);
        using var longer = new PinnedMemory<int>(_device.Context, 5);
        foreach (var copy in (Action[])
        [
            () => memory.CopyFrom(new int[5], _device.Stream), () => memory.CopyTo(new int[5], _device.Stream),
            () => shorter.CopyTo(memory, 4, _device.Stream), () => shorter.CopyFrom(memory, 4, _device.Stream),
            () => longer.CopyTo(memory, 5, _device.Stream), () => longer.CopyFrom(memory, 5, _device.Stream),
        ])
            Assert.That(copy, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(_device.Read(memory), Is.EqualTo((int[])[1, 2, 3, 4]));
    }

    [Test]
    public void Allocation_OfANegativeLength_IsRefused()
    {
        using var scope = _device.Context.Enter();
        Assert.That(() => new CudaMemory<int>(_device.Context, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new PinnedMemory<int>(_device.Context, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new CudaMemory<long>(_device.Context, long.MaxValue / 4), Throws.TypeOf<OverflowException>());
    }

    [Test]
    public void Allocation_OfNothing_CanBeUsed()
    {
        using var scope = _device.Context.Enter();
        using var memory = new CudaMemory<int>(_device.Context, 0);
        using var pinned = new PinnedMemory<int>(_device.Context, 0);
        pinned.CopyTo(memory, 0, _device.Stream);
        Assert.That(_device.Read(memory), Is.Empty);
        Assert.That(memory.Pointer, Is.Not.Zero);
    }

    [Test]
    public void Allocation_OfMoreThanThereIs_SaysHowMuchWasAskedForAndIsFree()
    {
        using var scope = _device.Context.Enter();
        var sizeBytes = _device.Device.TotalBytes * 2;
        Assert.That(() => new CudaMemory<byte>(_device.Context, sizeBytes), Throws.TypeOf<GuardException>()
            .With.Property("Fault").EqualTo(GuardFault.Environment)
            .And.Message.Contains("CUDA_ERROR_OUT_OF_MEMORY").And.Message.Contains($" {sizeBytes >> 20} MiB were asked for")
            .And.Message.Match(@"\d+ of \d+ MiB are free").And.Message.Contains("--gpu-layers").And.Message.Not.Contains('\n'));
    }

    [Test]
    public void Dispose_OfMemory_GivesItBack()
    {
        using var scope = _device.Context.Enter();
        const int Size = 16 << 20;
        var before = Free();
        using (new CudaMemory<byte>(_device.Context, Size))
            Assert.That(Free(), Is.LessThanOrEqualTo(before - Size));
        Assert.That(Free(), Is.EqualTo(before));

        long Free()
        {
            Assert.That(binding.MemoryGetInfo(out var free, out _), Is.Zero);
            return (long)free;
        }
    }

    [Test]
    public void Memory_Disposed_IsRefused()
    {
        using var scope = _device.Context.Enter();
        var (memory, pinned) = (new CudaMemory<int>(_device.Context, 4), new PinnedMemory<int>(_device.Context, 4));
        memory.Dispose();
        memory.Dispose();
        pinned.Dispose();
        Assert.That(() => memory.Clear(_device.Stream), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => memory.CopyFrom([1], _device.Stream), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => pinned.Span.Clear(), Throws.TypeOf<ObjectDisposedException>());
    }
}
