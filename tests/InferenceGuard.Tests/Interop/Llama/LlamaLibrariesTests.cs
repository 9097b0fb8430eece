// Finding llama.cpp: which folder, which files, and what is said when they are missing or of another build.

using System.Diagnostics;
using System.Runtime.InteropServices;
using InferenceGuard.Interop.Llama;
using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Interop.Llama;

public sealed class LlamaLibrariesTests
{
    private static string Folder(string name, params string[] files)
    {
        var folder = Path.Combine(TestFolder.Path, name);
        Directory.CreateDirectory(folder);
        foreach (var file in files)
            File.WriteAllText(Path.Combine(folder, file), "not a library");
        return folder;
    }

    [Test]
    [OwnEngine]
    public void Load_OfThePinnedBuild_SaysWhatItIs()
    {
        var build = LlamaEngine.Own.Describe();
        Assert.That(build.Version, Does.StartWith("0.5.").Or.StartWith("0.4."));
        Assert.That(build.Devices, Has.Some.StartsWith("CPU"));
        Assert.That(Directory.Exists(build.Folder));
    }

    [Test]
    public void Find_WithoutAFolder_SaysWhereItLookedAndWhatToDo()
    {
        var app = Folder("app-without-llama");
        var error = Assert.Throws<GuardException>(() => LlamaLibraries.Find(null, app))!;
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Environment));
        Assert.That(error.Message, Does.Contain(Path.Combine(app, "llama")).And.Contain(LlamaLibraries.FolderVariable));
    }

    [Test]
    public void Find_InARequestedFolderWithoutLibraries_DoesNotFallBack()
    {
        var folder = Folder("empty-llama");
        var error = Assert.Throws<GuardException>(() => LlamaLibraries.Find(folder, AppContext.BaseDirectory))!;
        Assert.That(error.Message, Does.Contain(folder).And.Contain("libllama").And.Contain("unset it"));
    }

    [Test]
    [Platform("Linux")]
    public void Find_AmongVersionedNames_TakesThePlainOneElseTheNewest()
    {
        var versioned = Folder("versioned", "libllama.v0.4.0.so", "libllama.v0.5.0.so", "libllama-common.so", "libggml.so", "libggml.v0.5.0.so", "libggml-base.so", "libggml-cpu-x64.so");
        var libraries = LlamaLibraries.Find(versioned, "/");
        Assert.That(Path.GetFileName(libraries.File("llama")), Is.EqualTo("libllama.v0.5.0.so"));
        Assert.That(Path.GetFileName(libraries.File("ggml")), Is.EqualTo("libggml.so"));
        Assert.That(Path.GetFileName(libraries.File("ggml-base")), Is.EqualTo("libggml-base.so"));
        Assert.That(libraries.File("cuda"), Is.Null);
        Assert.That(libraries.Load("cuda"), Is.EqualTo((nint)0));
    }

    [Test]
    [Platform("Linux")]
    public void Load_OfAFileThatIsNoLibrary_NamesItAndWhatIsNeeded()
    {
        var folder = Folder("broken", "libllama.so", "libggml.so", "libggml-base.so");
        var error = Assert.Throws<GuardException>(() => LlamaLibraries.Find(folder, "/").Load("llama"))!;
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Environment));
        Assert.That(error.Message, Does.Contain(Path.Combine(folder, "libllama.so")).And.Contain("v0.5"));
        Assert.That(error.Message, Does.Not.Contain('\n'));
    }

    // A library with another layout must be refused before anything is passed to it by value.
    [TestCase("", "llama_version", TestName = "Check_OfALibraryWithoutVersion_IsRefused")]
    [TestCase("const char* llama_version() { return \"0.9.1\"; }", "0.9.1", TestName = "Check_OfAnotherVersion_IsRefused")]
    [TestCase(
        "const char* llama_version() { return \"0.5.0\"; } struct M { char b[72]; }; M llama_model_default_params() { M m; __builtin_memset(&m, 0, 72); return m; }",
        "writes 72 bytes",
        TestName = "Check_OfASmallerStructure_IsRefused")]
    [TestCase(
        "const char* llama_version() { return \"0.5.0\"; } struct M { char b[78]; }; M llama_model_default_params() { M m; __builtin_memset(&m, 0, 78); return m; }"
        + "struct C { char b[160]; }; C llama_context_default_params() { C c; __builtin_memset(&c, 0, 160); return c; }",
        "other llama_model_params",
        TestName = "Check_OfOtherDefaults_IsRefused")]
    [Platform("Linux")]
    public void Check_OfAnotherBuild_SaysWhichWasFoundAndWhichIsNeeded(string source, string found)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 && found.StartsWith("writes", StringComparison.Ordinal))
            Assert.Ignore("Structure sizes can only be measured on x64.");
        var file = Compile(source);
        var library = NativeLibrary.Load(file);
        var error = Assert.Throws<GuardException>(() => LlamaAbi.Check(library, file))!;
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Environment));
        Assert.That(error.Message, Does.Contain(found).And.Contain("v0.5").And.Contain(file));
    }

    private static string Compile(string source)
    {
        var file = Path.Combine(TestFolder.Path, $"libllama-{Guid.NewGuid():N}.so");
        var start = new ProcessStartInfo("g++", ["-shared", "-fPIC", "-x", "c++", "-o", file, "-"]) { RedirectStandardInput = true, RedirectStandardError = true };
        try
        {
            using var compiler = Process.Start(start)!;
            compiler.StandardInput.Write($"extern \"C\" {{ {source} }}");
            compiler.StandardInput.Close();
            var errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            Assert.That(compiler.ExitCode, Is.Zero, errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Ignore("g++ is not installed, so no library with another ABI can be made.");
        }

        return file;
    }
}
