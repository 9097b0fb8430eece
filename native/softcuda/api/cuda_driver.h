// The part of the CUDA driver API that the software device offers, declared from its documented binary interface.
#pragma once

#include <cstddef>

#define SOFTCUDA_API extern "C" __attribute__((visibility("default")))

using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct softcuda_context *;
using CUmodule = struct softcuda_module *;
using CUfunction = struct softcuda_function *;
using CUstream = struct softcuda_stream *;
using CUevent = struct softcuda_event *;
using CUgraph = struct softcuda_graph *;
using CUgraphExec = struct softcuda_graph_exec *;

enum CUresult : int
{
    CUDA_SUCCESS = 0,
    CUDA_ERROR_INVALID_VALUE = 1,
    CUDA_ERROR_OUT_OF_MEMORY = 2,
    CUDA_ERROR_NOT_INITIALIZED = 3,
    CUDA_ERROR_INVALID_DEVICE = 101,
    CUDA_ERROR_INVALID_IMAGE = 200,
    CUDA_ERROR_INVALID_CONTEXT = 201,
    CUDA_ERROR_INVALID_HANDLE = 400,
    CUDA_ERROR_ILLEGAL_STATE = 401,
    CUDA_ERROR_NOT_FOUND = 500,
    CUDA_ERROR_NOT_READY = 600,
    CUDA_ERROR_ILLEGAL_ADDRESS = 700,
    CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES = 701,
    CUDA_ERROR_LAUNCH_FAILED = 719,
    CUDA_ERROR_NOT_SUPPORTED = 801,
    CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900,
    CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901,
    CUDA_ERROR_STREAM_CAPTURE_IMPLICIT = 906,
    CUDA_ERROR_CAPTURED_EVENT = 907,
    CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD = 908,
    CUDA_ERROR_UNKNOWN = 999
};

enum CUfunction_attribute : int
{
    CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 0,
    CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES = 1,
    CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES = 2,
    CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES = 3,
    CU_FUNC_ATTRIBUTE_NUM_REGS = 4,
    CU_FUNC_ATTRIBUTE_PTX_VERSION = 5,
    CU_FUNC_ATTRIBUTE_BINARY_VERSION = 6,
    CU_FUNC_ATTRIBUTE_CACHE_MODE_CA = 7,
    CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
    CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT = 9
};

enum : unsigned
{
    CU_STREAM_NON_BLOCKING = 1,
    CU_EVENT_DISABLE_TIMING = 2
};

enum CUstreamCaptureMode : int
{
    CU_STREAM_CAPTURE_MODE_GLOBAL = 0,
    CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1,
    CU_STREAM_CAPTURE_MODE_RELAXED = 2
};

enum CUjit_option : int
{
    CU_JIT_INFO_LOG_BUFFER = 3,
    CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES = 4,
    CU_JIT_ERROR_LOG_BUFFER = 5,
    CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6
};

SOFTCUDA_API CUresult cuInit(unsigned flags);
SOFTCUDA_API CUresult cuDriverGetVersion(int *version);
SOFTCUDA_API CUresult cuGetErrorName(CUresult error, const char **name);
SOFTCUDA_API CUresult cuGetErrorString(CUresult error, const char **text);

SOFTCUDA_API CUresult cuDeviceGetCount(int *count);
SOFTCUDA_API CUresult cuDeviceGet(CUdevice *device, int ordinal);
SOFTCUDA_API CUresult cuDeviceGetName(char *name, int length, CUdevice device);
SOFTCUDA_API CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device);
SOFTCUDA_API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device);

SOFTCUDA_API CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device);
SOFTCUDA_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device);
SOFTCUDA_API CUresult cuCtxGetCurrent(CUcontext *context);
SOFTCUDA_API CUresult cuCtxSetCurrent(CUcontext context);
SOFTCUDA_API CUresult cuCtxPushCurrent_v2(CUcontext context);
SOFTCUDA_API CUresult cuCtxPopCurrent_v2(CUcontext *context);
SOFTCUDA_API CUresult cuCtxSynchronize();

SOFTCUDA_API CUresult cuModuleLoadData(CUmodule *module, const void *image);
SOFTCUDA_API CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned option_count,
                                         CUjit_option *options, void **values);
SOFTCUDA_API CUresult cuModuleUnload(CUmodule module);
SOFTCUDA_API CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name);
SOFTCUDA_API CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute, CUfunction function);
SOFTCUDA_API CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value);

SOFTCUDA_API CUresult cuMemGetInfo_v2(size_t *free_bytes, size_t *total_bytes);
SOFTCUDA_API CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes);
SOFTCUDA_API CUresult cuMemFree_v2(CUdeviceptr address);
SOFTCUDA_API CUresult cuMemHostAlloc(void **address, size_t bytes, unsigned flags);
SOFTCUDA_API CUresult cuMemFreeHost(void *address);
SOFTCUDA_API CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes);
SOFTCUDA_API CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes);
SOFTCUDA_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream);
SOFTCUDA_API CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream);
SOFTCUDA_API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream);
SOFTCUDA_API CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream);
SOFTCUDA_API CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream);

SOFTCUDA_API CUresult cuStreamCreate(CUstream *stream, unsigned flags);
SOFTCUDA_API CUresult cuStreamSynchronize(CUstream stream);
SOFTCUDA_API CUresult cuStreamDestroy_v2(CUstream stream);
SOFTCUDA_API CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode);
SOFTCUDA_API CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph);
SOFTCUDA_API CUresult cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph, unsigned long long flags);
SOFTCUDA_API CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream);
SOFTCUDA_API CUresult cuGraphExecDestroy(CUgraphExec exec);
SOFTCUDA_API CUresult cuGraphDestroy(CUgraph graph);

SOFTCUDA_API CUresult cuEventCreate(CUevent *event, unsigned flags);
SOFTCUDA_API CUresult cuEventRecord(CUevent event, CUstream stream);
SOFTCUDA_API CUresult cuEventSynchronize(CUevent event);
SOFTCUDA_API CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end);
SOFTCUDA_API CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent start, CUevent end);
SOFTCUDA_API CUresult cuEventDestroy_v2(CUevent event);

SOFTCUDA_API CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                                     unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                                     CUstream stream, void **arguments, void **extra);
