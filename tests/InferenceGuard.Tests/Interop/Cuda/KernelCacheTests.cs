// What the kernels' cache keeps, tells apart and survives.

using InferenceGuard.Interop.Cuda;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Interop.Cuda;

internal sealed class KernelCacheTests
{
    private static readonly byte[] s_image = [1, 2, 3, 4, 5];

    private static string Folder(string name) => Path.Combine(TestFolder.Path, "kernel-cache", name);

    [Test]
    public void Key_SameParts_IsTheSame() =>
        Assert.That(Enumerable.Range(0, 2).Select(static _ => KernelCache.Key("a", "b")).Distinct().Single(), Does.Match("^[0-9a-f]{32}$"));

    [Test]
    public void Key_OtherParts_IsAnother() => Assert.That(
        (string[])[KernelCache.Key("ab", "c"), KernelCache.Key("ab", "d"), KernelCache.Key("a", "bc"), KernelCache.Key("abc"), KernelCache.Key("ab", "c", ""), KernelCache.Key("c", "ab")], Is.Unique);

    [Test]
    public void Read_AfterWrite_GivesTheImageAndLeavesNoOtherFile()
    {
        var (folder, cache) = (Folder("whole"), new KernelCache(Folder("whole")));
        Assert.That(cache.Read("key"), Is.Null);
        cache.Write("key", [9]);
        cache.Write("key", s_image);
        Assert.That(cache.Read("key"), Is.EqualTo(s_image));
        Assert.That(cache.Read("other"), Is.Null);
        Assert.That(Directory.GetFiles(folder), Has.Length.EqualTo(1));
    }

    [TestCase("changed")]
    [TestCase("cut")]
    [TestCase("cut short")]
    [TestCase("empty")]
    public void Read_DamagedFile_GivesNothingUntilItIsWrittenAgain(string damage)
    {
        var cache = new KernelCache(Folder(damage));
        cache.Write("key", s_image);
        var file = Directory.GetFiles(Folder(damage)).Single();
        var content = File.ReadAllBytes(file);
        content[^1] ^= 1;
        File.WriteAllBytes(file, damage switch { "changed" => content, "cut" => content[..^1], "cut short" => content[..20], _ => [] });
        Assert.That(cache.Read("key"), Is.Null);
        cache.Write("key", s_image);
        Assert.That(cache.Read("key"), Is.EqualTo(s_image));
    }

    [Test]
    public void Write_FolderThatCannotBe_IsNoError()
    {
        var file = Path.Combine(TestFolder.Path, "not-a-folder");
        File.WriteAllText(file, "");
        var cache = new KernelCache(Path.Combine(file, "kernels"));
        Assert.That(() => cache.Write("key", s_image), Throws.Nothing);
        Assert.That(cache.Read("key"), Is.Null);
    }

    [Test]
    public void Write_FileThatCannotBeReplaced_LeavesNothingBehind()
    {
        var folder = Folder("taken");
        Directory.CreateDirectory(Path.Combine(folder, "key.bin", "full"));
        new KernelCache(folder).Write("key", s_image);
        Assert.That(Directory.GetFiles(folder), Is.Empty);
    }

    [Test]
    public void Cache_WithoutAFolder_KeepsNothing()
    {
        var cache = new KernelCache(null);
        cache.Write("key", s_image);
        Assert.That(cache.Read("key"), Is.Null);
    }

    [Test]
    public void Write_ByManyAtOnce_IsNeverSeenInPart()
    {
        var cache = new KernelCache(Folder("crowded"));
        byte[][] images = [[.. Enumerable.Repeat((byte)1, 100_000)], [.. Enumerable.Repeat((byte)2, 200_000)]];
        cache.Write("key", images[0]);
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 4 }, at =>
        {
            if (at % 2 == 0)
                cache.Write("key", images[at / 2 % 2]);
            else
                Assert.That(cache.Read("key"), Is.EqualTo(images[0]).Or.EqualTo(images[1]));
        });
        Assert.That(Directory.GetFiles(Folder("crowded")), Has.Length.EqualTo(1));
    }
}
