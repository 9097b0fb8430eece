// What every binding to CUDA keeps beyond its results: the same words for what goes wrong, and the same compiled kernels.

using InferenceGuard.Compute;
using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Tests.Interop.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class CudaBindingContractTests(CudaBinding binding)
{
    private CudaFixture _device = null!;

    [OneTimeSetUp]
    public void Open() => _device = CudaFixture.Open(binding);

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    [Test]
    public void Name_OfEveryBinding_IsItsOwnAndOneLine()
    {
        Assert.That(binding.Name, Is.Not.Empty.And.Not.Contain('\n'));
        Assert.That(CudaBindings.All.Count(other => other.Name == binding.Name), Is.EqualTo(1));
    }

    [Test]
    public void Libraries_OfEveryBinding_AreThoseThatAreFound()
    {
        Assert.That(binding.Driver, Is.EqualTo(CudaLibraries.Driver));
        Assert.That(binding.Compiler, Is.EqualTo(CudaLibraries.Compiler));
    }

    [Test]
    public void DeviceFacts_OfEveryBinding_AreThoseOfOurOwn()
    {
        Assert.That(CudaDeviceInfo.All(binding), Is.EqualTo(CudaDeviceInfo.All(CudaBinding.Own)));
        Assert.That(CudaCompute.Devices(binding), Is.EqualTo(CudaCompute.Devices()));
        Assert.That(CudaCompute.Compiler(binding), Is.EqualTo(CudaCompute.Compiler()));
    }

    [TestCase(1, "(CUDA_ERROR_INVALID_VALUE: ")]
    [TestCase(2, "(CUDA_ERROR_OUT_OF_MEMORY: ")]
    [TestCase(719, "(CUDA_ERROR_LAUNCH_FAILED: ")]
    [TestCase(123_456, "(unknown to the driver)")]
    public void Error_OfAStatus_SaysTheDriversName(int status, string name)
    {
        var error = binding.Error(status, "cuda.StreamSynchronize(stream)", "a kernel", "");
        Assert.That(error.Message, Does.StartWith($"CUDA failed: CudaDriver.StreamSynchronize for a kernel gave {status} {name}"));
        Assert.That(error.Message, Is.EqualTo(CudaBinding.Own.Error(status, "cuda.StreamSynchronize(stream)", "a kernel", "").Message));
    }

    [Test]
    public void CompilerError_OfAStatus_SaysTheCompilersName() =>
        Assert.That(() => binding.CheckCompiler(binding.GetPtxSize(0, out _)), Throws.TypeOf<GuardException>()
            .With.Property("Fault").EqualTo(GuardFault.Environment).And.Message.Match(@"^NVRTC failed: NvrtcNative\.GetPtxSize gave \d+, NVRTC_ERROR_\w+\.$"));

    [Test]
    public void Launch_OfMoreThreadsThanThereCanBe_NamesTheKernel()
    {
        using var scope = _device.Context.Enter();
        using var kernel = _device.Kernel("place");
        using var places = _device.Filled(new int[1]);
        var message = "";
        try
        {
            var arguments = new KernelArguments();
            arguments.Add(places);
            kernel.Launch(arguments, (1, 1, 1), 4096, _device.Stream);
        }
        catch (GuardException e)
        {
            message = e.Message;
        }
        Assert.That(message, Does.StartWith("CUDA failed: LaunchKernel for place gave 1 (CUDA_ERROR_INVALID_VALUE"));
        Assert.That(_device.Read(places), Is.All.Zero, "what comes after is not harmed");
    }

    [Test]
    public void Load_OfWhatIsNoModule_SaysWhatEveryBindingSays()
    {
        Assert.That(Said(_device), Is.EqualTo(Own()));

        static string Own()
        {
            using var own = CudaFixture.Open(CudaBinding.Own);
            return Said(own);
        }

        static string Said(CudaFixture device)
        {
            using var scope = device.Context.Enter();
            return Assert.Throws<GuardException>(() => device.Compiler.Load("no PTX"u8.ToArray(), "one"))!.Message;
        }
    }

    [Test]
    public void Contexts_OfEveryBinding_AreTheDevicesPrimaryOne()
    {
        // One driver, one primary context, as llama.cpp's: what one binding fills, another reads.
        using var scope = _device.Context.Enter();
        using var memory = _device.Filled(3, 1, 4);
        using var other = CudaFixture.Open(CudaBinding.Own);
        using var entered = other.Context.Enter();
        Assert.That(other.Read(memory), Is.EqualTo((int[])[3, 1, 4]));
    }
}
