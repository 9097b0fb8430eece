// How the arguments of a launch reach a kernel.

using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Tests.Interop.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class KernelArgumentsTests(CudaBinding binding)
{
    [Test]
    public void Launch_EveryKindOfArgument_ReachesTheKernelUnchanged()
    {
        using var device = CudaFixture.Open(binding);
        using var scope = device.Context.Enter();
        using var kernel = device.Kernel("record");
        using var recorded = device.Filled(new ulong[8]);
        var arguments = new KernelArguments();
        arguments.Add(recorded);
        arguments.Add(-5);
        arguments.Add(4_000_000_000u);
        arguments.Add(2.25f);
        arguments.Add(-7_000_000_000L);
        arguments.Add(0xFEDCBA9876543210);
        arguments.Add(true);
        arguments.Add((ushort)65_535);
        arguments.Add<nint>(0);
        kernel.Launch(arguments, (1, 1, 1), 1, device.Stream);
        Assert.That(device.Read(recorded), Is.EqualTo((ulong[])[unchecked((ulong)-5L), 4_000_000_000, 9, unchecked((ulong)-7_000_000_000), 0xFEDCBA9876543210, 1, 65_535, 1]));
    }

    [Test]
    public void Add_BeyondTheMost_SaysHowManyThereMayBe()
    {
        var arguments = new KernelArguments();
        for (var at = 0; at < 24; at++)
            arguments.Add(at);
        string? said = null;
        try
        {
            arguments.Add(24);
        }
        catch (InvalidOperationException e)
        {
            said = e.Message;
        }
        Assert.That(said, Does.Contain("24"));
    }

    [Test]
    public void Add_MoreThanEightBytes_IsRefused() =>
        Assert.That(static () => new KernelArguments().Add((1L, 2)), Throws.InvalidOperationException.With.Message.Contains("8 bytes"));

    [Test]
    public void Add_DisposedMemory_IsRefused()
    {
        using var device = CudaFixture.Open(binding);
        using var scope = device.Context.Enter();
        var memory = new CudaMemory<int>(device.Context, 4);
        memory.Dispose();
        Assert.That(() => new KernelArguments().Add(memory), Throws.TypeOf<ObjectDisposedException>());
    }
}
