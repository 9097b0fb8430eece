// Work that was recorded once and is launched as a whole.

namespace InferenceGuard.Interop.Cuda;

/// <summary>Copies and launches that were recorded once and are launched as a whole.</summary>
internal sealed class CudaGraph : IDisposable
{
    // Only this thread's calls count as part of the recording.
    private const int ThreadLocal = 1;

    private readonly CudaHandle _executable;

    private CudaGraph(CudaHandle executable) => _executable = executable;

    /// <summary>Records what is queued on a stream.</summary>
    /// <param name="context">The stream's context.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="queue">Queues the work; it must not wait, allocate or free.</param>
    public static CudaGraph Record(CudaContext context, CudaStream stream, Action queue)
    {
        var cuda = context.Binding;
        cuda.Check(cuda.StreamBeginCapture(stream.Value, ThreadLocal));
        try
        {
            queue();
        }
        catch
        {
            // The stream can be used again only after the recording has ended; what went wrong is already being told.
            if (cuda.StreamEndCapture(stream.Value, out var broken) == 0)
                _ = cuda.GraphDestroy(broken);
            throw;
        }
        cuda.Check(cuda.StreamEndCapture(stream.Value, out var graph));
        try
        {
            cuda.Check(cuda.GraphInstantiate(out var executable, graph, 0));
            return new(new(context, executable, cuda.GraphExecutableDestroy));
        }
        finally
        {
            _ = cuda.GraphDestroy(graph);
        }
    }

    /// <summary>Queues the recorded work.</summary>
    public void Launch(CudaStream stream) => _executable.Binding.Check(_executable.Binding.GraphLaunch(_executable.Value, stream.Value));

    public void Dispose() => _executable.Dispose();
}
