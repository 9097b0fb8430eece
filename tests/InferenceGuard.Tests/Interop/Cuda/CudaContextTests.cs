// Which devices can be opened, and in what order what was made in one may be disposed.

using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Tests.Interop.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class CudaContextTests(CudaBinding binding)
{
    [Test]
    public void Of_ADevice_GivesPlausibleNumbers()
    {
        using var device = CudaFixture.Open(binding);
        var found = CudaDeviceInfo.All(binding)[0];
        Assert.Multiple(() =>
        {
            Assert.That(found, Is.EqualTo(device.Device));
            Assert.That(found.Name, Is.Not.Empty);
            Assert.That(found.Capability, Is.InRange(50, 200));
            Assert.That(found.TotalBytes, Is.GreaterThan(128L << 20));
            Assert.That(found.Multiprocessors, Is.InRange(1, 1024));
            Assert.That(found.SharedBytes, Is.InRange(48 << 10, 1 << 20));
            Assert.That(found.BytesPerSecond, Is.Zero.Or.InRange(1e10, 2e13));
            Assert.That(found.Driver, Does.Match(@"^1\d\.\d+$"));
        });
    }

    [TestCase(11080, "11.8")]
    [TestCase(12000, null)]
    [TestCase(13010, null)]
    public void WhyTooOld_ADriver_SaysWhatItKnows(int version, string? known) =>
        Assert.That(CudaDeviceInfo.WhyTooOld(version), known is null ? Is.Null : Does.Contain($"CUDA {known},"));

    [TestCase(-1)]
    [TestCase(1000)]
    public void Open_DeviceThatIsNotThere_SaysWhichThereAre(int ordinal)
    {
        using var device = CudaFixture.Open(binding);
        Assert.That(() => CudaContext.Open(binding, ordinal), Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Environment)
            .And.Message.Contains($"cuda:{ordinal};").And.Message.Contains("cuda:0 to").And.Message.Contains("CUDA_VISIBLE_DEVICES"));
    }

    [Test]
    public void Enter_Nested_ReturnsToTheOuterOne()
    {
        using var device = CudaFixture.Open(binding);
        using (device.Context.Enter())
        {
            using (device.Context.Enter())
                Assert.That(Status(), Is.Zero);
            Assert.That(Status(), Is.Zero);
        }
        Assert.That(Status(), Is.EqualTo(201), "no context is current");

        int Status() => binding.MemoryGetInfo(out _, out _);
    }

    [Test]
    public void Enter_Disposed_IsRefused()
    {
        using var device = CudaFixture.Open(binding);
        var context = CudaContext.Open(binding, 0);
        context.Dispose();
        Assert.That(() => context.Enter().Dispose(), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Dispose_BeforeWhatWasMadeInIt_WaitsForIt([Values(0, 1, 2)] int first)
    {
        using var device = CudaFixture.Open(binding);
        var context = CudaContext.Open(binding, 0);
        IDisposable[] made;
        using (context.Enter())
        {
            var stream = new CudaStream(context);
            made = [new CudaMemory<int>(context, 4), new PinnedMemory<int>(context, 4), new CudaEvent(context), CudaGraph.Record(context, stream, static () => { }), stream];
        }
        context.Dispose();
        for (var at = 0; at < made.Length; at++)
        {
            Assert.That(context.IsClosed, Is.False);
            made[(first + at) % made.Length].Dispose();
        }
        Assert.That(context.IsClosed, Is.True);
    }
}
