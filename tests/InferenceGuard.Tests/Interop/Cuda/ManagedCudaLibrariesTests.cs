// Which files ManagedCuda reaches; only in a build that contains it.

#if MANAGED_CUDA
using InferenceGuard.Interop.Cuda;
using InferenceGuard.ManagedCuda;

namespace InferenceGuard.Tests.Interop.Cuda;

internal sealed class ManagedCudaLibrariesTests
{
    private static readonly CudaLibrary s_offered = new("/driver/libcuda.so.1", 1, null);

    [Test]
    public void Reached_NothingThatItFindsByItself_IsWhatItIsOffered() => Assert.That(Reached(CudaLibraries.Driver, "nowhere"), Is.EqualTo(CudaLibraries.Driver));

    [Test]
    [Platform("Linux")]
    public void Reached_AnotherThanTheDemandedFolders_SaysWhatToDo()
    {
        // The session demands the software device's folder.
        Assume.That(CudaLibraries.Demanded, Is.Not.Null);
        var reached = Reached(s_offered, "libm.so.6");
        Assert.That((reached.Path, reached.Handle), Is.EqualTo(((string?)null, (nint)0)));
        Assert.That(reached.Problem, Does.Contain(CudaLibraries.FolderVariable).And.Contain("libm.so.6").And.Contain("a build without ManagedCuda").And.Not.Contain('\n'));
    }

    [Test]
    [Platform("Linux")]
    public void Reached_NoneInTheDemandedFolder_KeepsItsReason()
    {
        Assume.That(CudaLibraries.Demanded, Is.Not.Null);
        var missing = new CudaLibrary(null, 0, "it is not there");
        Assert.That(Reached(missing, "libm.so.6"), Is.EqualTo(missing));
    }

    private static CudaLibrary Reached(CudaLibrary offered, string name) =>
        ManagedCudaLibraries.Reached(offered, typeof(global::ManagedCuda.DriverAPINativeMethods).Assembly, name);
}
#endif
