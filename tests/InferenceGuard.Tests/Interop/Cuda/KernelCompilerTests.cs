// From a source to a kernel: errors with their lines, the cache, and what happens without a compiler.

using InferenceGuard.Interop.Cuda;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Interop.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class KernelCompilerTests(CudaBinding binding)
{
    private const string Source = "extern \"C\" __global__ void one(int* out) { out[0] = VALUE; }";

    private CudaFixture _device = null!;

    [OneTimeSetUp]
    public void Open() => _device = CudaFixture.Open(binding);

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    [TestCase(1)]
    [TestCase(42)]
    public void Compile_WithADefine_CompilesWithIt(int value) => Assert.That(CompileAndRun(null, $"-DVALUE={value}"), Is.EqualTo(value));

    [Test]
    public void Compile_WrongSource_CarriesTheLogAndTheNumberedLine()
    {
        using var scope = _device.Context.Enter();
        const string Wrong = "\n\nextern \"C\" __global__ void one(int* out)\n{\n    out[0] = undeclared_name;\n}\n";
        Assert.That(() => _device.Compiler.Compile("wrong.cu", Wrong, "one", "-DVALUE=1"), Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Environment)
            .And.Message.Contains("NVRTC cannot compile wrong.cu").And.Message.Contains("wrong.cu:   5 >     out[0] = undeclared_name;\nwrong.cu:   6 | }"));
    }

    [Test]
    public void Compile_TheSecondTime_TakesWhatIsKept()
    {
        var (folder, other) = (Folder("hit"), Folder("hit-other"));
        Assert.That(CompileAndRun(folder, "-DVALUE=1"), Is.EqualTo(1));
        Assert.That(CompileAndRun(other, "-DVALUE=5"), Is.EqualTo(5));
        // Another kernel under the key of this one: seen only if the file is what is loaded.
        File.Copy(OnlyFile(other), OnlyFile(folder), overwrite: true);
        Assert.That(CompileAndRun(folder, "-DVALUE=1"), Is.EqualTo(5));
    }

    [Test]
    public void Compile_WithAnotherOption_IsKeptApart()
    {
        Assert.That(CompileAndRun(Folder("apart"), "-DVALUE=1"), Is.EqualTo(1));
        Assert.That(CompileAndRun(Folder("apart"), "-DVALUE=2"), Is.EqualTo(2));
        Assert.That(Directory.GetFiles(Folder("apart")), Has.Length.EqualTo(2));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Compile_FileThatIsOfNoUse_CompilesAgain(bool isDamaged)
    {
        var folder = Folder($"of-no-use-{isDamaged}");
        CompileAndRun(folder, "-DVALUE=1");
        var file = OnlyFile(folder);
        var whole = File.ReadAllBytes(file);
        if (isDamaged)
            File.WriteAllBytes(file, whole[..^3]);
        else
            new KernelCache(folder).Write(Path.GetFileNameWithoutExtension(file), "what no driver loads"u8);
        Assert.That(CompileAndRun(folder, "-DVALUE=1"), Is.EqualTo(1));
        Assert.That(File.ReadAllBytes(file), Is.EqualTo(whole));
    }

    [Test]
    public void Compile_CardThatTheCompilerDoesNotKnow_MakesTheNewestThatItKnows()
    {
        using var scope = _device.Context.Enter();
        var device = _device.Device with { Capability = 199 };
        using var kernel = new KernelCompiler(_device.Context, device, binding.Compiler, new(null)).Compile("sample", "sample_f32");
        Assert.That(kernel.Registers, Is.Not.Negative);
    }

    [Test]
    public void Compile_CardOlderThanAny_SaysWhich()
    {
        using var scope = _device.Context.Enter();
        var device = _device.Device with { Capability = 13 };
        Assert.That(() => new KernelCompiler(_device.Context, device, binding.Compiler, new(null)).Compile("sample", "sample_f32"),
            Throws.TypeOf<GuardException>().With.Message.Contains("sample.cu for compute capability 13"));
    }

    [Test]
    public void Compile_OptionThatIsNone_IsAnErrorAndNoLoop()
    {
        using var scope = _device.Context.Enter();
        Assert.That(() => _device.Compiler.Compile("one.cu", "extern \"C\" __global__ void one() {}", "one", "-D1=2"), Throws.TypeOf<GuardException>());
    }

    [Test]
    public void Compile_WithoutCompilerAndPtx_SaysWhatToDo()
    {
        using var scope = _device.Context.Enter();
        var (library, device) = (new CudaLibrary(null, 0, "it was left out"), _device.Device with { Capability = 70 }); // No PTX is made for so old a card.
        Assert.That(() => new KernelCompiler(_device.Context, device, library, new(null)).Compile("sample", "sample_f32"), Throws.TypeOf<GuardException>()
            .With.Property("Fault").EqualTo(GuardFault.Environment)
            .And.Message.Contains("it was left out").And.Message.Contains("NVRTC").And.Message.Contains("--device cpu").And.Message.Not.Contains('\n'));
    }

    [Test]
    public void Load_PtxOfALowerCard_Runs()
    {
        using var scope = _device.Context.Enter();
        using var kernel = _device.Compiler.Load(NvrtcProgram.Compile(binding, "one.cu", Source, ["-DVALUE=7"], 75), "one");
        Assert.That(Run(kernel), Is.EqualTo(7));
    }

    [Test]
    public void Load_WhatIsNone_CarriesTheDriversWords()
    {
        using var scope = _device.Context.Enter();
        Assert.That(() => _device.Compiler.Load("no PTX"u8.ToArray(), "one"), Throws.TypeOf<GuardException>().With.Message.Contains("ModuleLoadData for one gave"));
    }

    private string Folder(string name) => Path.Combine(TestFolder.Path, "compiler-cache", binding.Name, name);

    private static string OnlyFile(string folder) => Directory.GetFiles(folder).Single();

    private int CompileAndRun(string? folder, string define)
    {
        using var scope = _device.Context.Enter();
        using var kernel = new KernelCompiler(_device.Context, _device.Device, binding.Compiler, new(folder)).Compile("one.cu", Source, "one", define);
        return Run(kernel);
    }

    private int Run(CudaKernel kernel)
    {
        using var result = _device.Filled(0);
        var arguments = new KernelArguments();
        arguments.Add(result);
        kernel.Launch(arguments, (1, 1, 1), 1, _device.Stream);
        return _device.Read(result)[0];
    }
}
