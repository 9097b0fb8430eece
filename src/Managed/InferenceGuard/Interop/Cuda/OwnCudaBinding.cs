// Our own binding to CUDA: the declared functions, in the files that are found.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Cuda;

/// <summary>Forwards to <see cref="CudaDriver"/> and <see cref="NvrtcNative"/>, in the files of <see cref="CudaLibraries"/>; allocates nothing.</summary>
internal sealed unsafe class OwnCudaBinding : CudaBinding
{
    public override string Name => "own binding";

    internal override CudaLibrary Driver => CudaLibraries.Driver;

    internal override CudaLibrary Compiler => CudaLibraries.Compiler;

    internal override int Init(uint flags) => CudaDriver.Init(flags);

    internal override int DriverGetVersion(out int version) => CudaDriver.DriverGetVersion(out version);

    internal override int GetErrorName(int status, out nint text) => CudaDriver.GetErrorName(status, out text);

    internal override int GetErrorString(int status, out nint text) => CudaDriver.GetErrorString(status, out text);

    internal override int DeviceGetCount(out int count) => CudaDriver.DeviceGetCount(out count);

    internal override int DeviceGet(out int device, int ordinal) => CudaDriver.DeviceGet(out device, ordinal);

    internal override int DeviceGetName(byte[] name, int device)
    {
        fixed (byte* pointer = name)
            return CudaDriver.DeviceGetName(pointer, name.Length, device);
    }

    internal override int DeviceGetAttribute(out int value, CudaAttribute attribute, int device) => CudaDriver.DeviceGetAttribute(out value, attribute, device);

    internal override int DeviceTotalMem(out nuint sizeBytes, int device) => CudaDriver.DeviceTotalMem(out sizeBytes, device);

    internal override int PrimaryContextRetain(out nint context, int device) => CudaDriver.PrimaryContextRetain(out context, device);

    internal override int PrimaryContextRelease(int device) => CudaDriver.PrimaryContextRelease(device);

    internal override int ContextPush(nint context) => CudaDriver.ContextPush(context);

    internal override int ContextPop(out nint context) => CudaDriver.ContextPop(out context);

    internal override int MemoryGetInfo(out nuint freeBytes, out nuint totalBytes) => CudaDriver.MemoryGetInfo(out freeBytes, out totalBytes);

    internal override int MemoryAllocate(out nint pointer, nuint sizeBytes) => CudaDriver.MemoryAllocate(out pointer, sizeBytes);

    internal override int MemoryFree(nint pointer) => CudaDriver.MemoryFree(pointer);

    internal override int HostAllocate(out nint pointer, nuint sizeBytes, uint flags) => CudaDriver.HostAllocate(out pointer, sizeBytes, flags);

    internal override int HostFree(nint pointer) => CudaDriver.HostFree(pointer);

    internal override int CopyToDevice(nint target, nint source, nuint sizeBytes, nint stream) => CudaDriver.CopyToDevice(target, (void*)source, sizeBytes, stream);

    internal override int CopyToHost(nint target, nint source, nuint sizeBytes, nint stream) => CudaDriver.CopyToHost((void*)target, source, sizeBytes, stream);

    internal override int Fill(nint target, byte value, nuint sizeBytes, nint stream) => CudaDriver.Fill(target, value, sizeBytes, stream);

    internal override int StreamCreate(out nint stream, uint flags) => CudaDriver.StreamCreate(out stream, flags);

    internal override int StreamSynchronize(nint stream) => CudaDriver.StreamSynchronize(stream);

    internal override int StreamDestroy(nint stream) => CudaDriver.StreamDestroy(stream);

    internal override int EventCreate(out nint @event, uint flags) => CudaDriver.EventCreate(out @event, flags);

    internal override int EventRecord(nint @event, nint stream) => CudaDriver.EventRecord(@event, stream);

    internal override int EventSynchronize(nint @event) => CudaDriver.EventSynchronize(@event);

    internal override int EventElapsedTime(out float milliseconds, nint begin, nint end) => CudaDriver.EventElapsedTime(out milliseconds, begin, end);

    internal override int EventDestroy(nint @event) => CudaDriver.EventDestroy(@event);

    internal override int ModuleLoadData(out nint module, byte[] image, ReadOnlySpan<int> options, ReadOnlySpan<nint> values)
    {
        fixed (byte* pointer = image)
        fixed (int* optionPointer = options)
        fixed (nint* valuePointer = values)
            return CudaDriver.ModuleLoadData(out module, pointer, (uint)options.Length, optionPointer, (void**)valuePointer);
    }

    internal override int ModuleUnload(nint module) => CudaDriver.ModuleUnload(module);

    internal override int ModuleGetFunction(out nint function, nint module, string name) => CudaDriver.ModuleGetFunction(out function, module, name);

    internal override int FunctionGetAttribute(out int value, CudaFunctionAttribute attribute, nint function) =>
        CudaDriver.FunctionGetAttribute(out value, attribute, function);

    internal override int FunctionSetAttribute(nint function, CudaFunctionAttribute attribute, int value) =>
        CudaDriver.FunctionSetAttribute(function, attribute, value);

    internal override int LaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint threads, uint sharedBytes, nint stream, ReadOnlySpan<nint> arguments)
    {
        fixed (nint* pointer = arguments)
            return CudaDriver.LaunchKernel(function, gridX, gridY, gridZ, threads, 1, 1, sharedBytes, stream, (void**)pointer, null);
    }

    internal override int StreamBeginCapture(nint stream, int mode) => CudaDriver.StreamBeginCapture(stream, mode);

    internal override int StreamEndCapture(nint stream, out nint graph) => CudaDriver.StreamEndCapture(stream, out graph);

    internal override int GraphInstantiate(out nint executable, nint graph, ulong flags) => CudaDriver.GraphInstantiate(out executable, graph, flags);

    internal override int GraphLaunch(nint executable, nint stream) => CudaDriver.GraphLaunch(executable, stream);

    internal override int GraphExecutableDestroy(nint executable) => CudaDriver.GraphExecutableDestroy(executable);

    internal override int GraphDestroy(nint graph) => CudaDriver.GraphDestroy(graph);

    internal override int CompilerVersion(out int major, out int minor) => NvrtcNative.Version(out major, out minor);

    internal override string? CompilerErrorText(int status) => Marshal.PtrToStringUTF8(NvrtcNative.GetErrorString(status));

    internal override int CreateProgram(out nint program, string source, string name) => NvrtcNative.CreateProgram(out program, source, name, 0, null, null);

    internal override int CompileProgram(nint program, ReadOnlySpan<nint> options)
    {
        fixed (nint* pointer = options)
            return NvrtcNative.CompileProgram(program, options.Length, (byte**)pointer);
    }

    internal override int GetPtxSize(nint program, out nuint sizeBytes) => NvrtcNative.GetPtxSize(program, out sizeBytes);

    internal override int GetPtx(nint program, byte[] ptx)
    {
        fixed (byte* pointer = ptx)
            return NvrtcNative.GetPtx(program, pointer);
    }

    internal override int GetCubinSize(nint program, out nuint sizeBytes) => NvrtcNative.GetCubinSize(program, out sizeBytes);

    internal override int GetCubin(nint program, byte[] cubin)
    {
        fixed (byte* pointer = cubin)
            return NvrtcNative.GetCubin(program, pointer);
    }

    internal override int GetLogSize(nint program, out nuint sizeBytes) => NvrtcNative.GetLogSize(program, out sizeBytes);

    internal override int GetLog(nint program, byte[] log)
    {
        fixed (byte* pointer = log)
            return NvrtcNative.GetLog(program, pointer);
    }

    internal override int DestroyProgram(ref nint program) => NvrtcNative.DestroyProgram(ref program);
}
