// Who frees what on a device: also what could be made only in part, and in any order. A disposed context closes when all in it is freed.

using InferenceGuard.Compute;
using InferenceGuard.Interop.Cuda;
using InferenceGuard.Tests.Interop.Cuda;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Compute.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class CudaOwnershipTests(CudaBinding binding)
{
    private static readonly BlockEndRules s_rules = new(0.97f, 0.4f, 1000, IgnoresStates: false, 2);

    [Test]
    public void Compute_KernelThatCannotBeMade_FreesWhatWasMade()
    {
        using var device = CudaFixture.Open(binding);
        var context = CudaContext.Open(binding, 0);
        Assert.That(() => new CudaCompute(context, CriticPrecision.F32, NoCompiler), Throws.TypeOf<GuardException>());
        Assert.That(context.IsClosed, Is.True);
    }

    [Test]
    public void Critic_LastLayerThatIsNone_FreesWhatWasMade()
    {
        using var device = CudaFixture.Open(binding);
        using (device.Context.Enter())
        {
            var before = Free();
            var weights = RandomCritic.Weights(11, [16, 8], seed: 1);
            var broken = weights with { Layers = [weights.Layers[0], weights.Layers[1] with { Bias = [] }] };
            Assert.That(() => new CudaCritic(device.Context, device.Stream, device.Compiler, device.Device, broken, CriticPrecision.F32, 20, []), Throws.TypeOf<DivideByZeroException>());
            Assert.That(Free(), Is.EqualTo(before));
        }
        AssertNothingLeft(device);
    }

    [Test]
    public void BlockEnd_KernelThatCannotBeMade_FreesItsCriticToo()
    {
        using var device = CudaFixture.Open(binding);
        using (device.Context.Enter())
        {
            var before = Free();
            var critic = new CudaCritic(device.Context, device.Stream, device.Compiler, device.Device, RandomCritic.Weights(11, [16], seed: 1), CriticPrecision.F32, 20, [3]);
            Assert.That(() => new CudaBlockEnd(device.Context, device.Stream, NoCompiler(device.Context, device.Device), critic), Throws.TypeOf<GuardException>());
            Assert.That(Free(), Is.EqualTo(before));
        }
        AssertNothingLeft(device);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Dispose_InAnyOrder_FreesAll(bool isComputeFirst)
    {
        using var device = CudaFixture.Open(binding);
        var context = CudaContext.Open(binding, 0);
        var compute = new CudaCompute(context, CriticPrecision.F32, static (context, device) => new(context, device));
        var given = new BlockEndCase(5, 4, steps: 2, 11, [16], 20, seed: 1);
        var end = compute.OpenBlockEnd(given.Weights, 20, [3]);
        end.Run(given.Batch(), s_rules, given.Logits, given.Hidden);
        compute.Sample(given.Logits, 20, [0], [default], new(1, 0, 1, 0), [], new int[1], new float[1]);
        IDisposable[] parts = isComputeFirst ? [compute, end] : [end, compute];
        parts[0].Dispose();
        Assert.That(() => end.Run(given.Batch(), s_rules, given.Logits, given.Hidden), Throws.TypeOf<ObjectDisposedException>());
        parts[1].Dispose();
        Assert.That(context.IsClosed, Is.True);
        parts[0].Dispose();
        Assert.That(() => compute.Sample(given.Logits, 20, [0], [default], new(1, 0, 1, 0), [], new int[1], new float[1]), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Run_ForWhichThereIsTooLittleMemory_LeavesTheNextOneRight()
    {
        using var device = CudaFixture.Open(binding);
        using var compute = CudaDevice.Open(binding);
        const int Vocabulary = 152_064;
        var given = new BlockEndCase(3, 2, steps: 1, 11, [16], Vocabulary, seed: 1);
        using var end = compute.OpenBlockEnd(given.Weights, Vocabulary, [3]);
        var capacity = (int)(device.Device.TotalBytes / (sizeof(float) * Vocabulary)) + 1;
        foreach (var isTooMuch in (bool[])[false, true, false])
        {
            var batch = given.Batch(isTooMuch ? capacity : 4);
            void Run() => end.Run(batch, s_rules, given.Logits, given.Hidden);
            if (isTooMuch)
            {
                Assert.That(Run, Throws.TypeOf<GuardException>().With.Message.Contains("MiB were asked for"));
                Assert.That(batch.KeptCount, Is.Zero);
            }
            else
            {
                Run();
                given.Check(batch, s_rules, [3], 3e-5);
            }
        }
    }

    // For a card that no compiler knows.
    private static KernelCompiler NoCompiler(CudaContext context, CudaDeviceInfo device) => new(context, device with { Capability = 13 }, context.Binding.Compiler, new(null));

    private long Free()
    {
        Assert.That(binding.MemoryGetInfo(out var free, out _), Is.Zero);
        return (long)free;
    }

    private static void AssertNothingLeft(CudaFixture device)
    {
        device.Dispose();
        Assert.That(device.Context.IsClosed, Is.True);
    }
}
