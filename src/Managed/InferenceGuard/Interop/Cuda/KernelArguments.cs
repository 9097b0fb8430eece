// The arguments of one launch, on the stack.

using System.Runtime.CompilerServices;

namespace InferenceGuard.Interop.Cuda;

/// <summary>The arguments of one launch, in the kernel's order; lives on the stack and allocates nothing.</summary>
internal unsafe ref struct KernelArguments
{
    private const int Most = 24;

    private Values _values;
    private int _count;

    /// <summary>Adds a pointer or a number of up to 8 bytes.</summary>
    public void Add<T>(T value)
        where T : unmanaged
    {
        if (sizeof(T) > sizeof(ulong) || _count == Most)
            throw new InvalidOperationException($"A launch takes at most {Most} arguments of at most 8 bytes.");
        Unsafe.WriteUnaligned(ref Unsafe.As<ulong, byte>(ref _values[_count++]), value);
    }

    /// <summary>Adds an array in device memory.</summary>
    public void Add<T>(CudaMemory<T> memory)
        where T : unmanaged => Add(memory.Pointer);

    /// <summary>The arguments, widened to 8 bytes each.</summary>
    public readonly ulong[] ToArray() => ((ReadOnlySpan<ulong>)_values)[.._count].ToArray();

    /// <summary>Launches a kernel with these arguments, and gives the driver's status.</summary>
    internal readonly int Launch(CudaBinding cuda, nint function, (int X, int Y, int Z) grid, int threads, int sharedBytes, CudaStream stream)
    {
        Span<nint> pointers = stackalloc nint[Most];
        fixed (ulong* values = &_values[0])
        {
            for (var at = 0; at < _count; at++)
                pointers[at] = (nint)(values + at);
            return cuda.LaunchKernel(function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)threads, (uint)sharedBytes, stream.Value, pointers[.._count]);
        }
    }

    [InlineArray(Most)]
    private struct Values
    {
        private ulong _first;
    }
}
