// Launches, alone and recorded as graphs, their limits and their time.

using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Tests.Interop.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class CudaKernelTests(CudaBinding binding)
{
    private CudaFixture _device = null!;

    [OneTimeSetUp]
    public void Open() => _device = CudaFixture.Open(binding);

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    [Test]
    public void Launch_ScaleAdd_Computes()
    {
        using var scope = _device.Context.Enter();
        using var kernel = _device.Kernel("scale_add");
        using var x = _device.Filled([.. Enumerable.Range(0, 1000).Select(static at => (float)at)]);
        using var y = _device.Filled([.. Enumerable.Repeat(1f, 1000)]);
        Queue(kernel, y, x, 2, blocks: 4);
        Assert.That(_device.Read(y), Is.EqualTo(Enumerable.Range(0, 1000).Select(static at => 2f * at + 1)));
    }

    [Test]
    public void Launch_GridOfThreeDirections_RunsEveryBlock()
    {
        using var scope = _device.Context.Enter();
        using var kernel = _device.Kernel("place");
        using var places = _device.Filled(new int[24]);
        var arguments = new KernelArguments();
        arguments.Add(places);
        kernel.Launch(arguments, (2, 3, 4), 32, _device.Stream);
        Assert.That(_device.Read(places), Is.EqualTo(Enumerable.Range(0, 24).Select(static at => 100 * (at % 2) + 10 * (at / 2 % 3) + at / 6)));
    }

    [Test]
    public void AllowSharedBytes_MoreThanUsual_LetsALaunchAskForIt()
    {
        using var scope = _device.Context.Enter();
        using var kernel = _device.Kernel("reverse");
        using var values = _device.Filled([.. Enumerable.Range(0, 64)]);
        var most = _device.Device.SharedBytes - 1024;
        Assert.That(() => Reverse(most), Throws.TypeOf<GuardException>().With.Message.Contains("LaunchKernel for reverse"));
        Assert.That(() => kernel.AllowSharedBytes(2 * most), Throws.TypeOf<GuardException>().With.Message.Contains("for reverse"));
        kernel.AllowSharedBytes(most);
        Reverse(most);
        Assert.That(_device.Read(values), Is.EqualTo(Enumerable.Range(0, 64).Reverse()));

        void Reverse(int sharedBytes)
        {
            var arguments = new KernelArguments();
            arguments.Add(values);
            kernel.Launch(arguments, (1, 1, 1), 64, _device.Stream, sharedBytes);
        }
    }

    [Test]
    public void Kernel_ThatTheModuleHasNot_IsNamedAndItsModuleFreed()
    {
        using var device = CudaFixture.Open(binding);
        using (device.Context.Enter())
            Assert.That(() => device.Kernel("reserve"), Throws.TypeOf<GuardException>().With.Message.Contains("ModuleGetFunction for reserve gave 500"));
        device.Dispose();
        Assert.That(device.Context.IsClosed, Is.True);
    }

    [Test]
    public void Kernel_Disposed_IsRefused()
    {
        using var scope = _device.Context.Enter();
        var kernel = _device.Kernel("place");
        Assert.That((kernel.Registers, kernel.LocalBytes), Is.Not.EqualTo((0, 1)));
        kernel.Dispose();
        Assert.That(() => kernel.Launch(new(), (1, 1, 1), 1, _device.Stream), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => kernel.AllowSharedBytes(1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => kernel.Registers, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Launch_InALoop_AllocatesNothing()
    {
        using var scope = _device.Context.Enter();
        using var kernel = _device.Kernel("scale_add");
        using var x = _device.Filled(1f, 1, 1, 1);
        using var y = _device.Filled(0f, 0, 0, 0);
        using var mark = new CudaEvent(_device.Context);
        using var host = new PinnedMemory<float>(_device.Context, 4);
        using var graph = CudaGraph.Record(_device.Context, _device.Stream, () => Queue(kernel, y, x, 1));
        Round(10);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Round(100);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(host.Span.ToArray(), Is.All.EqualTo(220f));

        void Round(int times)
        {
            for (var time = 0; time < times; time++)
            {
                using var entered = _device.Context.Enter();
                Queue(kernel, y, x, 1);
                graph.Launch(_device.Stream);
                host.CopyFrom(y, 4, _device.Stream);
                mark.Record(_device.Stream);
                _device.Stream.Synchronize();
            }
        }
    }

    [Test]
    public void Graph_LaunchedTwice_DoesItsWorkTwice()
    {
        using var scope = _device.Context.Enter();
        using var kernel = _device.Kernel("scale_add");
        using var x = _device.Filled(0f, 1, 2);
        using var y = _device.Filled(0f, 0, 0);
        using var graph = CudaGraph.Record(_device.Context, _device.Stream, () =>
        {
            Queue(kernel, y, x, 1);
            Queue(kernel, y, x, 10);
        });
        Assert.That(_device.Read(y), Is.All.Zero, "nothing runs while it is recorded");
        graph.Launch(_device.Stream);
        graph.Launch(_device.Stream);
        Assert.That(_device.Read(y), Is.EqualTo((float[])[0, 22, 44]));
    }

    [Test]
    public void Record_ThatThrows_TellsWhyAndLeavesTheStreamUsable()
    {
        using var scope = _device.Context.Enter();
        using var values = _device.Filled(1, 2, 3);
        Assert.That(() => CudaGraph.Record(_device.Context, _device.Stream, static () => throw new TimeoutException()), Throws.TypeOf<TimeoutException>());
        Assert.That(_device.Read(values), Is.EqualTo((int[])[1, 2, 3]));
    }

    [Test]
    public void Record_WhatMayNotBeRecorded_TellsWhyAndLeavesTheStreamUsable([Values("span", "wait", "allocate")] string what)
    {
        using var scope = _device.Context.Enter();
        using var values = _device.Filled(1, 2, 3);
        Assert.That(() => CudaGraph.Record(_device.Context, _device.Stream, () =>
        {
            switch (what)
            {
                case "span": values.CopyFrom([9], _device.Stream); break;
                case "wait": _device.Stream.Synchronize(); break;
                default: new CudaMemory<int>(_device.Context, 1).Dispose(); break;
            }
        }), Throws.TypeOf<GuardException>().With.Message.Contains(what switch { "span" => "CUDA_ERROR_STREAM_CAPTURE", "wait" => "StreamSynchronize", _ => "MemoryAllocate" }));
        Assert.That(_device.Read(values), Is.EqualTo((int[])[1, 2, 3]));
    }

    [Test]
    public void Events_AroundALaunch_MeasureATime()
    {
        using var scope = _device.Context.Enter();
        using var kernel = _device.Kernel("scale_add");
        using var x = _device.Filled(new float[1 << 16]);
        using var y = _device.Filled(new float[1 << 16]);
        using var begin = new CudaEvent(_device.Context);
        using var end = new CudaEvent(_device.Context);
        begin.Record(_device.Stream);
        Queue(kernel, y, x, 1, blocks: 256);
        end.Record(_device.Stream);
        Assert.That(end.ElapsedMs(begin), Is.Positive.And.LessThan(10_000));
    }

    private void Queue(CudaKernel kernel, CudaMemory<float> y, CudaMemory<float> x, float scale, int blocks = 1)
    {
        var arguments = new KernelArguments();
        arguments.Add(y);
        arguments.Add(x);
        arguments.Add(scale);
        arguments.Add((int)y.Length);
        kernel.Launch(arguments, (blocks, 1, 1), 256, _device.Stream);
    }
}
