// A launch as it was queued, so that it can be queued again.

namespace InferenceGuard.Interop.Cuda;

/// <summary>A launch as it was queued, so that it can be queued again: for measuring kernels by themselves.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Arguments">Its arguments, 8 bytes each.</param>
/// <param name="Grid">Blocks.</param>
/// <param name="Threads">Threads per block.</param>
/// <param name="SharedBytes">Dynamic shared memory per block.</param>
internal sealed record CudaLaunch(CudaKernel Kernel, ulong[] Arguments, (int X, int Y, int Z) Grid, int Threads, int SharedBytes)
{
    /// <summary>Queues it again. What its pointers point to must still be there.</summary>
    public void Queue(CudaStream stream)
    {
        var arguments = new KernelArguments();
        foreach (var argument in Arguments)
            arguments.Add(argument);
        Kernel.Launch(arguments, Grid, Threads, stream, SharedBytes);
    }
}
