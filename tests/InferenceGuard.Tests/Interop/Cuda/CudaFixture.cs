// An opened device with a stream, for tests of the binding; where there is none, they are ignored and say why.

using InferenceGuard.Interop.Cuda;
using InferenceGuard.Tests.Compute.Cuda;

namespace InferenceGuard.Tests.Interop.Cuda;

/// <summary>A device, current on the test's thread, with a stream and a compiler that keeps nothing.</summary>
internal sealed class CudaFixture : IDisposable
{
    // A small kernel for every kind of argument, and one that needs its dynamic shared memory.
    private const string Source = """
        extern "C" __global__ void scale_add(float* y, const float* x, float a, int n)
        {
            int i = blockIdx.x * blockDim.x + threadIdx.x;
            if (i < n)
                y[i] = a * x[i] + y[i];
        }

        extern "C" __global__ void record(unsigned long long* out, int a, unsigned b, float c, long long d, unsigned long long e, bool f, unsigned short g, const float* none)
        {
            out[0] = (unsigned long long)(long long)a;
            out[1] = b;
            out[2] = (unsigned long long)(c * 4.0f);
            out[3] = (unsigned long long)d;
            out[4] = e;
            out[5] = f;
            out[6] = g;
            out[7] = none == nullptr;
        }

        extern "C" __global__ void place(int* out)
        {
            if (threadIdx.x == 0)
                out[(blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x] = 100 * blockIdx.x + 10 * blockIdx.y + blockIdx.z;
        }

        extern "C" __global__ void reverse(int* values)
        {
            extern __shared__ int kept[];
            kept[threadIdx.x] = values[threadIdx.x];
            __syncthreads();
            values[threadIdx.x] = kept[blockDim.x - 1 - threadIdx.x];
        }

        extern "C" __global__ void stray(int* out) { out[1 << 28] = 1; }
        """;

    private CudaFixture(CudaContext context)
    {
        using var scope = context.Enter();
        (Context, Device, Stream) = (context, CudaDeviceInfo.Of(context.Binding, context.Ordinal), new(context));
        Compiler = new(context, Device, context.Binding.Compiler, new(null));
    }

    public CudaContext Context { get; }

    public CudaDeviceInfo Device { get; }

    public CudaStream Stream { get; }

    public KernelCompiler Compiler { get; }

    /// <summary>The device, or an ignored test.</summary>
    public static CudaFixture Open(CudaBinding binding)
    {
        CudaDevice.Open(binding).Dispose();
        return new(CudaContext.Open(binding, 0));
    }

    /// <summary>A kernel of the small source.</summary>
    public CudaKernel Kernel(string name) => Compiler.Compile("probe.cu", Source, name, "-DPROBE");

    /// <summary>An array in device memory that holds the values.</summary>
    public CudaMemory<T> Filled<T>(params T[] values)
        where T : unmanaged
    {
        var memory = new CudaMemory<T>(Context, values.Length);
        memory.CopyFrom(values, Stream);
        return memory;
    }

    /// <summary>What an array in device memory holds, after the work that is queued.</summary>
    public T[] Read<T>(CudaMemory<T> memory)
        where T : unmanaged
    {
        var values = new T[memory.Length];
        memory.CopyTo(values, Stream);
        return values;
    }

    public void Dispose()
    {
        Stream.Dispose();
        Context.Dispose();
    }
}
