// How the CUDA driver and NVRTC are called: by our own declarations, or by those of an optional package.

namespace InferenceGuard.Interop.Cuda;

/// <summary>
/// How the CUDA driver and NVRTC are called. Each call is the function of cuda.h or nvrtc.h of that name and gives its status, which goes through
/// <see cref="CudaStatus"/>; handles and device pointers are <see cref="nint"/>. A binding has no state of its own, and any thread may call it.
/// </summary>
public abstract class CudaBinding
{
    /// <summary>Our own declarations, which need no package.</summary>
    public static CudaBinding Own { get; } = new OwnCudaBinding();

    /// <summary>What calls the driver, for people.</summary>
    public abstract string Name { get; }

    /// <inheritdoc />
    public sealed override string ToString() => Name;

    /// <summary>The driver that the calls reach, or why there is none.</summary>
    internal abstract CudaLibrary Driver { get; }

    /// <summary>The NVRTC that the calls reach, or why there is none.</summary>
    internal abstract CudaLibrary Compiler { get; }

    internal abstract int Init(uint flags);

    internal abstract int DriverGetVersion(out int version);

    internal abstract int GetErrorName(int status, out nint text);

    internal abstract int GetErrorString(int status, out nint text);

    internal abstract int DeviceGetCount(out int count);

    internal abstract int DeviceGet(out int device, int ordinal);

    internal abstract int DeviceGetName(byte[] name, int device);

    internal abstract int DeviceGetAttribute(out int value, CudaAttribute attribute, int device);

    internal abstract int DeviceTotalMem(out nuint sizeBytes, int device);

    internal abstract int PrimaryContextRetain(out nint context, int device);

    internal abstract int PrimaryContextRelease(int device);

    internal abstract int ContextPush(nint context);

    internal abstract int ContextPop(out nint context);

    internal abstract int MemoryGetInfo(out nuint freeBytes, out nuint totalBytes);

    internal abstract int MemoryAllocate(out nint pointer, nuint sizeBytes);

    internal abstract int MemoryFree(nint pointer);

    internal abstract int HostAllocate(out nint pointer, nuint sizeBytes, uint flags);

    internal abstract int HostFree(nint pointer);

    internal abstract int CopyToDevice(nint target, nint source, nuint sizeBytes, nint stream);

    internal abstract int CopyToHost(nint target, nint source, nuint sizeBytes, nint stream);

    internal abstract int Fill(nint target, byte value, nuint sizeBytes, nint stream);

    internal abstract int StreamCreate(out nint stream, uint flags);

    internal abstract int StreamSynchronize(nint stream);

    internal abstract int StreamDestroy(nint stream);

    internal abstract int EventCreate(out nint @event, uint flags);

    internal abstract int EventRecord(nint @event, nint stream);

    internal abstract int EventSynchronize(nint @event);

    internal abstract int EventElapsedTime(out float milliseconds, nint begin, nint end);

    internal abstract int EventDestroy(nint @event);

    /// <summary>Loads PTX, which ends with a zero byte, or machine code.</summary>
    /// <param name="module">The module.</param>
    /// <param name="image">The image.</param>
    /// <param name="options">Numbers of <c>CUjit_option</c>.</param>
    /// <param name="values">A number or a pointer for each option.</param>
    internal abstract int ModuleLoadData(out nint module, byte[] image, ReadOnlySpan<int> options, ReadOnlySpan<nint> values);

    internal abstract int ModuleUnload(nint module);

    internal abstract int ModuleGetFunction(out nint function, nint module, string name);

    internal abstract int FunctionGetAttribute(out int value, CudaFunctionAttribute attribute, nint function);

    internal abstract int FunctionSetAttribute(nint function, CudaFunctionAttribute attribute, int value);

    /// <summary>Queues a launch of blocks in one direction of threads.</summary>
    /// <param name="function">The kernel.</param>
    /// <param name="gridX">Blocks.</param>
    /// <param name="gridY">Blocks.</param>
    /// <param name="gridZ">Blocks.</param>
    /// <param name="threads">Threads per block.</param>
    /// <param name="sharedBytes">Dynamic shared memory per block.</param>
    /// <param name="stream">The queue.</param>
    /// <param name="arguments">Pointers to the arguments, which are read before the call ends.</param>
    internal abstract int LaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint threads, uint sharedBytes, nint stream, ReadOnlySpan<nint> arguments);

    internal abstract int StreamBeginCapture(nint stream, int mode);

    internal abstract int StreamEndCapture(nint stream, out nint graph);

    internal abstract int GraphInstantiate(out nint executable, nint graph, ulong flags);

    internal abstract int GraphLaunch(nint executable, nint stream);

    internal abstract int GraphExecutableDestroy(nint executable);

    internal abstract int GraphDestroy(nint graph);

    internal abstract int CompilerVersion(out int major, out int minor);

    internal abstract string? CompilerErrorText(int status);

    internal abstract int CreateProgram(out nint program, string source, string name);

    /// <summary>Compiles.</summary>
    /// <param name="program">The program.</param>
    /// <param name="options">Pointers to texts in UTF-8 that end with a zero byte.</param>
    internal abstract int CompileProgram(nint program, ReadOnlySpan<nint> options);

    internal abstract int GetPtxSize(nint program, out nuint sizeBytes);

    internal abstract int GetPtx(nint program, byte[] ptx);

    internal abstract int GetCubinSize(nint program, out nuint sizeBytes);

    internal abstract int GetCubin(nint program, byte[] cubin);

    internal abstract int GetLogSize(nint program, out nuint sizeBytes);

    internal abstract int GetLog(nint program, byte[] log);

    internal abstract int DestroyProgram(ref nint program);
}
