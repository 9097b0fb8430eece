// Driver API: initialisation, the device's properties, its primary context.
#include "device.h"
#include "settings.h"

#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

namespace softcuda
{
namespace
{
// The contexts that a thread has pushed; the last one is current.
thread_local std::vector<CUcontext> context_stack;

// Attribute number and value: those of a card of compute capability 8.0, with one multiprocessor per host core.
struct Attribute
{
    int number, value;
};

int attribute_value(int number)
{
    static const Attribute attributes[] = {
        {1, 1024},                                                   // threads per block
        {2, 1024},                                                   // block size x
        {3, 1024},                                                   // block size y
        {4, 64},                                                     // block size z
        {5, 2147483647},                                             // grid size x
        {6, 65535},                                                  // grid size y
        {7, 65535},                                                  // grid size z
        {8, static_cast<int>(static_shared_limit)},                  // shared memory per block
        {9, 65536},                                                  // constant memory
        {10, 32},                                                    // warp size
        {11, 2147483647},                                            // copy pitch
        {12, 65536},                                                 // registers per block
        {13, 1410000},                                               // clock, kHz
        {14, 512},                                                   // texture alignment
        {15, 1},                                                     // copies overlap kernels
        {16, static_cast<int>(std::thread::hardware_concurrency())}, // multiprocessors
        {19, 1},                                                     // can map host memory
        {20, 0},                                                     // compute mode: default
        {31, 1},                                                     // kernels overlap
        {36, 1215000},                                               // memory clock, kHz
        {37, 384},                                                   // memory bus, bits
        {38, 6291456},                                               // L2 cache, bytes
        {39, 2048},                                                  // threads per multiprocessor
        {40, 1},                                                     // copy engines
        {41, 1},                                                     // unified addressing
        {75, 8},                                                     // compute capability, major
        {76, 0},                                                     // compute capability, minor
        {78, 1},                                                     // stream priorities
        {81, 102400},                                                // shared memory per multiprocessor
        {82, 65536},                                                 // registers per multiprocessor
        {90, 1},                                                     // kernels can be interrupted
        {97, static_cast<int>(opt_in_shared_limit)},                 // shared memory per block, when asked for
        {106, 32},                                                   // blocks per multiprocessor
        {111, 1024},                                                 // shared memory that the system keeps per block
    };
    for (const Attribute &attribute : attributes)
        if (attribute.number == number)
            return attribute.value;
    return 0;
}
} // namespace

CUcontext current_context() { return context_stack.empty() ? nullptr : context_stack.back(); }
} // namespace softcuda

using namespace softcuda;

CUresult cuInit(unsigned flags)
{
    if (flags != 0)
        return CUDA_ERROR_INVALID_VALUE;
    publish_device_symbols();
    Device &device = Device::instance();
    const std::lock_guard<std::mutex> lock(device.mutex);
    device.initialised = true;
    return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int *version)
{
    if (!version)
        return CUDA_ERROR_INVALID_VALUE;
    *version = 12040;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count)
{
    return entry(Needs::initialised, [&](Device &) {
        if (!count)
            return CUDA_ERROR_INVALID_VALUE;
        *count = 1;
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGet(CUdevice *device, int ordinal)
{
    return entry(Needs::initialised, [&](Device &) {
        if (!device)
            return CUDA_ERROR_INVALID_VALUE;
        if (ordinal != 0)
            return CUDA_ERROR_INVALID_DEVICE;
        *device = 0;
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device)
{
    return entry(Needs::initialised, [&](Device &) {
        if (!name || length <= 0)
            return CUDA_ERROR_INVALID_VALUE;
        if (device != 0)
            return CUDA_ERROR_INVALID_DEVICE;
        std::snprintf(name, static_cast<std::size_t>(length), "%s", "Software CUDA device");
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device)
{
    return entry(Needs::initialised, [&](Device &) {
        if (!value || attribute < 1 || attribute > 140)
            return CUDA_ERROR_INVALID_VALUE;
        if (device != 0)
            return CUDA_ERROR_INVALID_DEVICE;
        *value = attribute_value(attribute);
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device)
{
    return entry(Needs::initialised, [&](Device &) {
        if (!bytes)
            return CUDA_ERROR_INVALID_VALUE;
        if (device != 0)
            return CUDA_ERROR_INVALID_DEVICE;
        *bytes = settings().memory_size;
        return CUDA_SUCCESS;
    });
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device)
{
    return entry(Needs::initialised, [&](Device &state) {
        if (!context)
            return CUDA_ERROR_INVALID_VALUE;
        if (device != 0)
            return CUDA_ERROR_INVALID_DEVICE;
        if (state.retained == 0)
            state.open_context();
        ++state.retained;
        *context = primary_context();
        return CUDA_SUCCESS;
    });
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device)
{
    return entry(Needs::initialised, [&](Device &state) {
        if (device != 0)
            return CUDA_ERROR_INVALID_DEVICE;
        if (state.retained == 0)
            return CUDA_ERROR_INVALID_CONTEXT;
        if (--state.retained == 0)
        {
            if (state.sticky.code == CUDA_SUCCESS)
                state.finish_all();
            state.close_context();
        }
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxGetCurrent(CUcontext *context)
{
    return entry(Needs::initialised, [&](Device &) {
        if (!context)
            return CUDA_ERROR_INVALID_VALUE;
        *context = current_context();
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxSetCurrent(CUcontext context)
{
    return entry(Needs::initialised, [&](Device &) {
        if (context && context != primary_context())
            return CUDA_ERROR_INVALID_CONTEXT;
        if (!context_stack.empty())
            context_stack.pop_back();
        if (context)
            context_stack.push_back(context);
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxPushCurrent_v2(CUcontext context)
{
    return entry(Needs::initialised, [&](Device &) {
        if (context != primary_context())
            return CUDA_ERROR_INVALID_CONTEXT;
        context_stack.push_back(context);
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxPopCurrent_v2(CUcontext *context)
{
    return entry(Needs::initialised, [&](Device &) {
        if (context_stack.empty())
            return CUDA_ERROR_INVALID_CONTEXT;
        if (context)
            *context = context_stack.back();
        context_stack.pop_back();
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxSynchronize()
{
    return entry(Needs::context, [](Device &device) {
        const CUresult refused = device.streams.refuse_during_capture(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
        return refused != CUDA_SUCCESS ? refused : device.finish_all();
    });
}
