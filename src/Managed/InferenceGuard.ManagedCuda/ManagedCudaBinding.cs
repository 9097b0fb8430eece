// The CUDA driver and NVRTC, called through the declarations of ManagedCuda.

using InferenceGuard.Interop.Cuda;
using ManagedCuda.BasicTypes;
using ManagedCuda.NVRTC;
using Native = ManagedCuda.DriverAPINativeMethods;

namespace InferenceGuard.ManagedCuda;

// ManagedCuda's classes leave the log out of a compilation's error and allocate with every launch, so that its declarations are called instead.
/// <summary>Calls the CUDA driver and NVRTC through ManagedCuda, which is under the GPL or a commercial licence.</summary>
public sealed class ManagedCudaBinding : CudaBinding
{
    private const int MostArguments = 32;

    // A launch takes an array of pointers; one for each thread lasts.
    [ThreadStatic]
    private static nint[]? t_arguments;

    private ManagedCudaBinding()
    {
    }

    /// <summary>The binding.</summary>
    public static CudaBinding Instance { get; } = new ManagedCudaBinding();

    /// <inheritdoc />
    public override string Name => $"ManagedCuda {typeof(Native).Assembly.GetName().Version}, GPL-3.0-or-later or commercial";

    internal override CudaLibrary Driver => ManagedCudaLibraries.Driver;

    internal override CudaLibrary Compiler => ManagedCudaLibraries.Compiler;

    internal override int Init(uint flags) => (int)Native.cuInit((CUInitializationFlags)flags);

    internal override int DriverGetVersion(out int version)
    {
        version = 0;
        return (int)Native.cuDriverGetVersion(ref version);
    }

    internal override int GetErrorName(int status, out nint text)
    {
        text = 0;
        return (int)Native.ErrorHandling.cuGetErrorName((CUResult)status, ref text);
    }

    internal override int GetErrorString(int status, out nint text)
    {
        text = 0;
        return (int)Native.ErrorHandling.cuGetErrorString((CUResult)status, ref text);
    }

    internal override int DeviceGetCount(out int count)
    {
        count = 0;
        return (int)Native.DeviceManagement.cuDeviceGetCount(ref count);
    }

    internal override int DeviceGet(out int device, int ordinal)
    {
        var made = new CUdevice();
        var status = Native.DeviceManagement.cuDeviceGet(ref made, ordinal);
        device = made.Pointer;
        return (int)status;
    }

    internal override int DeviceGetName(byte[] name, int device) => (int)Native.DeviceManagement.cuDeviceGetName(name, name.Length, Device(device));

    internal override int DeviceGetAttribute(out int value, CudaAttribute attribute, int device)
    {
        value = 0;
        return (int)Native.DeviceManagement.cuDeviceGetAttribute(ref value, (CUDeviceAttribute)attribute, Device(device));
    }

    internal override int DeviceTotalMem(out nuint sizeBytes, int device)
    {
        SizeT size = 0;
        var status = Native.DeviceManagement.cuDeviceTotalMem_v2(ref size, Device(device));
        sizeBytes = size;
        return (int)status;
    }

    internal override int PrimaryContextRetain(out nint context, int device)
    {
        var made = new CUcontext();
        var status = Native.ContextManagement.cuDevicePrimaryCtxRetain(ref made, Device(device));
        context = made.Pointer;
        return (int)status;
    }

    internal override int PrimaryContextRelease(int device) => (int)Native.ContextManagement.cuDevicePrimaryCtxRelease(Device(device));

    internal override int ContextPush(nint context) => (int)Native.ContextManagement.cuCtxPushCurrent_v2(new() { Pointer = context });

    internal override int ContextPop(out nint context)
    {
        var left = new CUcontext();
        var status = Native.ContextManagement.cuCtxPopCurrent_v2(ref left);
        context = left.Pointer;
        return (int)status;
    }

    internal override int MemoryGetInfo(out nuint freeBytes, out nuint totalBytes)
    {
        SizeT free = 0, total = 0;
        var status = Native.MemoryManagement.cuMemGetInfo_v2(ref free, ref total);
        (freeBytes, totalBytes) = (free, total);
        return (int)status;
    }

    internal override int MemoryAllocate(out nint pointer, nuint sizeBytes)
    {
        var made = new CUdeviceptr();
        var status = Native.MemoryManagement.cuMemAlloc_v2(ref made, sizeBytes);
        pointer = made.Pointer;
        return (int)status;
    }

    internal override int MemoryFree(nint pointer) => (int)Native.MemoryManagement.cuMemFree_v2(Memory(pointer));

    internal override int HostAllocate(out nint pointer, nuint sizeBytes, uint flags)
    {
        pointer = 0;
        return (int)Native.MemoryManagement.cuMemHostAlloc(ref pointer, sizeBytes, (CUMemHostAllocFlags)flags);
    }

    internal override int HostFree(nint pointer) => (int)Native.MemoryManagement.cuMemFreeHost(pointer);

    internal override int CopyToDevice(nint target, nint source, nuint sizeBytes, nint stream) =>
        (int)Native.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(Memory(target), source, sizeBytes, Stream(stream));

    internal override int CopyToHost(nint target, nint source, nuint sizeBytes, nint stream) =>
        (int)Native.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(target, Memory(source), sizeBytes, Stream(stream));

    internal override int Fill(nint target, byte value, nuint sizeBytes, nint stream) =>
        (int)Native.MemsetAsync.cuMemsetD8Async(Memory(target), value, sizeBytes, Stream(stream));

    internal override int StreamCreate(out nint stream, uint flags)
    {
        var made = new CUstream();
        var status = Native.Streams.cuStreamCreate(ref made, (CUStreamFlags)flags);
        stream = made.Pointer;
        return (int)status;
    }

    internal override int StreamSynchronize(nint stream) => (int)Native.Streams.cuStreamSynchronize(Stream(stream));

    internal override int StreamDestroy(nint stream) => (int)Native.Streams.cuStreamDestroy_v2(Stream(stream));

    internal override int EventCreate(out nint @event, uint flags)
    {
        var made = new CUevent();
        var status = Native.Events.cuEventCreate(ref made, (CUEventFlags)flags);
        @event = made.Pointer;
        return (int)status;
    }

    internal override int EventRecord(nint @event, nint stream) => (int)Native.Events.cuEventRecord(Event(@event), Stream(stream));

    internal override int EventSynchronize(nint @event) => (int)Native.Events.cuEventSynchronize(Event(@event));

    internal override int EventElapsedTime(out float milliseconds, nint begin, nint end)
    {
        milliseconds = 0;
        return (int)Native.Events.cuEventElapsedTime(ref milliseconds, Event(begin), Event(end));
    }

    internal override int EventDestroy(nint @event) => (int)Native.Events.cuEventDestroy_v2(Event(@event));

    internal override int ModuleLoadData(out nint module, byte[] image, ReadOnlySpan<int> options, ReadOnlySpan<nint> values)
    {
        var (made, kinds) = (new CUmodule(), new CUJITOption[options.Length]);
        for (var at = 0; at < kinds.Length; at++)
            kinds[at] = (CUJITOption)options[at];
        var status = Native.ModuleManagement.cuModuleLoadDataEx(ref made, image, (uint)kinds.Length, kinds, values.ToArray());
        module = made.Pointer;
        return (int)status;
    }

    internal override int ModuleUnload(nint module) => (int)Native.ModuleManagement.cuModuleUnload(new() { Pointer = module });

    internal override int ModuleGetFunction(out nint function, nint module, string name)
    {
        var found = new CUfunction();
        var status = Native.ModuleManagement.cuModuleGetFunction(ref found, new() { Pointer = module }, name);
        function = found.Pointer;
        return (int)status;
    }

    internal override int FunctionGetAttribute(out int value, CudaFunctionAttribute attribute, nint function)
    {
        value = 0;
        return (int)Native.FunctionManagement.cuFuncGetAttribute(ref value, (CUFunctionAttribute)attribute, Function(function));
    }

    internal override int FunctionSetAttribute(nint function, CudaFunctionAttribute attribute, int value) =>
        (int)Native.FunctionManagement.cuFuncSetAttribute(Function(function), (CUFunctionAttribute)attribute, value);

    internal override int LaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint threads, uint sharedBytes, nint stream, ReadOnlySpan<nint> arguments)
    {
        if (t_arguments is not { } pointers || pointers.Length < arguments.Length)
            t_arguments = pointers = new nint[Math.Max(MostArguments, arguments.Length)];
        arguments.CopyTo(pointers);
        return (int)Native.Launch.cuLaunchKernel(Function(function), gridX, gridY, gridZ, threads, 1, 1, sharedBytes, Stream(stream), pointers, null);
    }

    internal override int StreamBeginCapture(nint stream, int mode) => (int)Native.Streams.cuStreamBeginCapture(Stream(stream), (CUstreamCaptureMode)mode);

    internal override int StreamEndCapture(nint stream, out nint graph)
    {
        var made = new CUgraph();
        var status = Native.Streams.cuStreamEndCapture(Stream(stream), ref made);
        graph = made.Pointer;
        return (int)status;
    }

    internal override int GraphInstantiate(out nint executable, nint graph, ulong flags)
    {
        var made = new CUgraphExec();
        var status = Native.GraphManagment.cuGraphInstantiate(ref made, new() { Pointer = graph }, (CUgraphInstantiate_flags)flags);
        executable = made.Pointer;
        return (int)status;
    }

    internal override int GraphLaunch(nint executable, nint stream) => (int)Native.GraphManagment.cuGraphLaunch(new() { Pointer = executable }, Stream(stream));

    internal override int GraphExecutableDestroy(nint executable) => (int)Native.GraphManagment.cuGraphExecDestroy(new() { Pointer = executable });

    internal override int GraphDestroy(nint graph) => (int)Native.GraphManagment.cuGraphDestroy(new() { Pointer = graph });

    internal override int CompilerVersion(out int major, out int minor)
    {
        (major, minor) = (0, 0);
        return (int)NVRTCNativeMethods.nvrtcVersion(ref major, ref minor);
    }

    internal override string? CompilerErrorText(int status) => NVRTCNativeMethods.nvrtcGetErrorString((nvrtcResult)status);

    internal override int CreateProgram(out nint program, string source, string name)
    {
        var made = new nvrtcProgram();
        var status = NVRTCNativeMethods.nvrtcCreateProgram(ref made, source, name, 0, null, null);
        program = made.Pointer;
        return (int)status;
    }

    internal override int CompileProgram(nint program, ReadOnlySpan<nint> options) =>
        (int)NVRTCNativeMethods.nvrtcCompileProgram(Program(program), options.Length, options.ToArray());

    internal override int GetPtxSize(nint program, out nuint sizeBytes)
    {
        SizeT size = 0;
        var status = NVRTCNativeMethods.nvrtcGetPTXSize(Program(program), ref size);
        sizeBytes = size;
        return (int)status;
    }

    internal override int GetPtx(nint program, byte[] ptx) => (int)NVRTCNativeMethods.nvrtcGetPTX(Program(program), ptx);

    internal override int GetCubinSize(nint program, out nuint sizeBytes)
    {
        SizeT size = 0;
        var status = NVRTCNativeMethods.nvrtcGetCUBINSize(Program(program), ref size);
        sizeBytes = size;
        return (int)status;
    }

    internal override int GetCubin(nint program, byte[] cubin) => (int)NVRTCNativeMethods.nvrtcGetCUBIN(Program(program), cubin);

    internal override int GetLogSize(nint program, out nuint sizeBytes)
    {
        SizeT size = 0;
        var status = NVRTCNativeMethods.nvrtcGetProgramLogSize(Program(program), ref size);
        sizeBytes = size;
        return (int)status;
    }

    internal override int GetLog(nint program, byte[] log) => (int)NVRTCNativeMethods.nvrtcGetProgramLog(Program(program), log);

    internal override int DestroyProgram(ref nint program)
    {
        var destroyed = Program(program);
        var status = NVRTCNativeMethods.nvrtcDestroyProgram(ref destroyed);
        program = destroyed.Pointer;
        return (int)status;
    }

    private static CUdevice Device(int device) => new() { Pointer = device };

    private static CUdeviceptr Memory(nint pointer) => new() { Pointer = pointer };

    private static CUstream Stream(nint stream) => new() { Pointer = stream };

    private static CUevent Event(nint @event) => new() { Pointer = @event };

    private static CUfunction Function(nint function) => new() { Pointer = function };

    private static nvrtcProgram Program(nint program) => new() { Pointer = program };
}
