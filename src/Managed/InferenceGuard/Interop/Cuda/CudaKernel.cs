// A kernel that a device can launch.

namespace InferenceGuard.Interop.Cuda;

/// <summary>A kernel in a loaded module.</summary>
internal sealed class CudaKernel : IDisposable
{
    private readonly CudaHandle _module;
    private readonly nint _function;

    /// <param name="module">The module; disposed with the kernel, and if there is no such kernel in it.</param>
    /// <param name="name">The entry point.</param>
    public CudaKernel(CudaHandle module, string name)
    {
        (_module, Name) = (module, name);
        var status = module.Binding.ModuleGetFunction(out _function, module.Value, name);
        if (status == 0)
            return;
        module.Dispose();
        throw module.Binding.Error(status, nameof(CudaBinding.ModuleGetFunction), name, "");
    }

    /// <summary>Its entry point.</summary>
    public string Name { get; }

    /// <summary>Registers per thread.</summary>
    public int Registers => Attribute(CudaFunctionAttribute.Registers);

    /// <summary>Local memory per thread in bytes: what did not fit registers.</summary>
    public int LocalBytes => Attribute(CudaFunctionAttribute.LocalBytes);

    /// <summary>Lets launches ask for more dynamic shared memory than the usual 48 KiB.</summary>
    public void AllowSharedBytes(int sizeBytes)
    {
        ObjectDisposedException.ThrowIf(_module.IsClosed, this);
        Cuda.Check(Cuda.FunctionSetAttribute(_function, CudaFunctionAttribute.MaxDynamicSharedBytes, sizeBytes), Name);
    }

    /// <summary>Queues a launch.</summary>
    /// <param name="arguments">In the kernel's order.</param>
    /// <param name="grid">Blocks.</param>
    /// <param name="threads">Threads per block.</param>
    /// <param name="stream">The queue.</param>
    /// <param name="sharedBytes">Dynamic shared memory per block.</param>
    public void Launch(in KernelArguments arguments, (int X, int Y, int Z) grid, int threads, CudaStream stream, int sharedBytes = 0)
    {
        ObjectDisposedException.ThrowIf(_module.IsClosed, this);
        Cuda.Check(arguments.Launch(Cuda, _function, grid, threads, sharedBytes, stream), Name, nameof(CudaBinding.LaunchKernel));
        stream.Launched?.Invoke(new(this, arguments.ToArray(), grid, threads, sharedBytes));
    }

    public void Dispose() => _module.Dispose();

    private CudaBinding Cuda => _module.Binding;

    private int Attribute(CudaFunctionAttribute attribute)
    {
        ObjectDisposedException.ThrowIf(_module.IsClosed, this);
        Cuda.Check(Cuda.FunctionGetAttribute(out var value, attribute, _function), Name);
        return value;
    }
}
