// Finding the CUDA driver and NVRTC, or saying why there is none.

using System.Reflection;
using System.Runtime.InteropServices;
using InferenceGuard.Interop.Cuda;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Interop.Cuda;

internal sealed class CudaLibrariesTests
{
    [Test]
    public void Find_MissingFolder_SaysWhichAndWhoAskedForIt()
    {
        var folder = Path.Combine(TestFolder.Path, "no-cuda");
        foreach (var library in (CudaLibrary[])[CudaLibraries.FindDriver(folder), CudaLibraries.FindCompiler(folder, 12040)])
        {
            Assert.That((library.Path, library.Handle), Is.EqualTo(((string?)null, (nint)0)));
            Assert.That(library.Problem, Does.Contain(folder).And.Contain(CudaLibraries.FolderVariable).And.Contain("there is no").And.Not.Contain('\n'));
        }
    }

    [Test]
    [Platform("Linux")]
    public void FindDriver_FileThatIsNoLibrary_SaysThatItCannotBeLoaded()
    {
        var folder = Directory.CreateDirectory(Path.Combine(TestFolder.Path, "broken-cuda")).FullName;
        File.WriteAllText(Path.Combine(folder, "libcuda.so.1"), "not a library");
        Assert.That(CudaLibraries.FindDriver(folder).Problem, Does.Contain(Path.Combine(folder, "libcuda.so.1")).And.Contain("cannot be loaded"));
    }

    [Test]
    [Platform("Linux")]
    public void Find_AnotherLibrary_SaysWhatItLacks() =>
        Assert.That(CudaLibraries.Find(["libc.so.6"], "cuInit", null, [null]), Is.EqualTo(new CudaLibrary(null, 0, "libc.so.6 lacks cuInit")));

    [Test]
    [Platform("Linux")]
    public void Find_TheFirstIsOfNoUse_TakesTheNext()
    {
        var library = CudaLibraries.Find(["libnowhere.so.1", "libc.so.6", "libm.so.6"], "cosf", null, [null]);
        Assert.That((library.Path, library.Problem), Is.EqualTo(("libm.so.6", (string?)null)));
    }

    [Test]
    public void Find_Nowhere_NamesTheFiles() =>
        Assert.That(CudaLibraries.Find(["nowhere-a", "nowhere-b"], "cuInit", "", [null]).Problem, Is.EqualTo("the loader finds no nowhere-a or nowhere-b"));

    [TestCase(0, "12")]
    [TestCase(12080, "12")]
    [TestCase(13000, "13")]
    public void CompilerNames_ForADriver_BeginWithOneNoNewer(int driverVersion, string first)
    {
        var names = CudaLibraries.CompilerNames(driverVersion);
        Assert.That(names, Has.Length.EqualTo(2).And.Unique);
        Assert.That(names[0], Does.Contain(first));
    }

    [Test]
    public void Identity_OfAFile_ChangesWithIt()
    {
        var file = Path.Combine(TestFolder.Path, "identity.so");
        File.WriteAllText(file, "1");
        var first = new CudaLibrary(file, 1, null).Identity;
        File.WriteAllText(file, "12");
        Assert.That(new CudaLibrary(file, 1, null).Identity, Is.Not.EqualTo(first).And.Contain(file));
        Assert.That(new CudaLibrary("libnvrtc.so.12", 1, null).Identity, Is.EqualTo("libnvrtc.so.12"));
    }

    [Test]
    [Platform("Linux")]
    public void Identity_OfALink_IsThatOfItsTarget()
    {
        var (file, link) = (Path.Combine(TestFolder.Path, "identity.so.1"), Path.Combine(TestFolder.Path, "identity-link.so"));
        File.WriteAllText(file, "1");
        File.CreateSymbolicLink(link, file);
        Assert.That(new CudaLibrary(link, 1, null).Identity, Is.EqualTo(new CudaLibrary(file, 1, null).Identity));
    }

    [Test]
    public void EveryFunction_IsExported()
    {
        using var device = CudaFixture.Open(CudaBinding.Own);
        AssertExported(typeof(CudaDriver), CudaLibraries.Driver, 38);
        AssertExported(typeof(NvrtcNative), CudaLibraries.Compiler, 11);
    }

    private static void AssertExported(Type binding, CudaLibrary library, int count)
    {
        var names = binding.GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Select(static method => method.GetCustomAttribute<LibraryImportAttribute>()?.EntryPoint ?? method.GetCustomAttribute<DllImportAttribute>()?.EntryPoint)
            .OfType<string>().ToArray();
        Assert.That(names, Has.Length.GreaterThanOrEqualTo(count), "the declarations are not found by reflection");
        Assert.That(names.Where(name => !NativeLibrary.TryGetExport(library.Handle, name, out _)), Is.Empty, $"{library.Path} lacks them");
    }
}
