// A device that a kernel's fault has lost: it is told, nothing hides it, and nothing of it keeps the process from going on.

using InferenceGuard.Interop.Cuda;
using InferenceGuard.Tests.Interop.Cuda;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Compute.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class LostDeviceTests(CudaBinding binding)
{
    // The device is lost for all of a process, so that the test runs itself in one of its own.
    private const string Variable = "INFERENCEGUARD_TEST_LOSES_DEVICE";

    [Test]
    public void Device_LostByAKernel_IsToldAndCanBeDisposed()
    {
        var losing = Environment.GetEnvironmentVariable(Variable);
        if (losing is null)
        {
            CudaDevice.Open(binding).Dispose(); // Ignores the test where there is no device.
            Assert.That(TestProcess.Run($"FullyQualifiedName~{nameof(LostDeviceTests)}", Variable, binding.Name), Is.EqualTo(1));
            return;
        }
        if (losing != binding.Name)
            Assert.Ignore("this process is for another binding");
        var compute = CudaDevice.Open(binding);
        var device = CudaFixture.Open(binding);
        using (device.Context.Enter())
        {
            var memory = device.Filled(1, 2, 3);
            var kernel = device.Kernel("stray");
            var arguments = new KernelArguments();
            arguments.Add(memory);
            kernel.Launch(arguments, (1, 1, 1), 1, device.Stream);
            Assert.That(device.Stream.Synchronize, Throws.TypeOf<GuardException>().With.Message.Contains("A kernel failed").And.Message.Contains("--device cpu"));
            Assert.That(() => device.Read(memory), Throws.TypeOf<GuardException>().With.Message.Contains("A kernel failed"));
            Assert.That(() => compute.Sample([1, 2], 2, [0], [default], new(1, 0, 1, 0), [], new int[1], new float[1]), Throws.TypeOf<GuardException>());
            foreach (var part in (IDisposable[])[memory, kernel, compute])
                Assert.That(part.Dispose, Throws.Nothing);
        }
        Assert.That(device.Dispose, Throws.Nothing);
        Assert.That(device.Context.IsClosed, Is.True);
        if (!CudaDevice.IsSoftware)
            return;
        using var again = CudaDevice.Open(binding);
        Assert.That(() => again.Sample([1, 2], 2, [0], [default], new(1, 0, 1, 0), [], new int[1], new float[1]), Throws.Nothing);
    }
}
