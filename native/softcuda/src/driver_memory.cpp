// Driver API: device memory, page-locked host memory, copies and fills.
#include "device.h"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

using namespace softcuda;

namespace
{
std::uintptr_t host_address(const void *memory) { return reinterpret_cast<std::uintptr_t>(memory); }

void *pointer(CUdeviceptr address) { return reinterpret_cast<void *>(static_cast<std::uintptr_t>(address)); }

// Work that was checked when it was asked for is checked again when it runs: a graph may outlive its memory.
Failure check(Device &device, const char *what, CUdeviceptr address, size_t bytes)
{
    if (device.memory->holds(address, bytes))
        return Failure();
    return {CUDA_ERROR_ILLEGAL_ADDRESS,
            std::string(what) + " of " + std::to_string(bytes) + " bytes at " + device.memory->describe(address)};
}

// A graph that reads or writes pageable memory later is refused: garbage collectors move it.
CUresult refuse_pageable_capture(Device &device, CUstream stream)
{
    Stream *state = device.streams.find(stream);
    if (!state->capture)
        return CUDA_SUCCESS;
    state->capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

CUresult refuse_synchronous(Device &device)
{
    const CUresult refused = device.streams.refuse_legacy_during_capture();
    return refused != CUDA_SUCCESS ? refused
                                   : device.streams.refuse_during_capture(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
}

CUresult fill(CUdeviceptr to, unsigned value, size_t width, size_t count, CUstream stream)
{
    return entry(Needs::context, [&](Device &device) {
        if (!device.streams.find(stream))
            return CUDA_ERROR_INVALID_HANDLE;
        if (count == 0)
            return CUDA_SUCCESS;
        if (to % width != 0 || !device.memory->holds(to, count * width))
            return CUDA_ERROR_INVALID_VALUE;
        return device.submit(stream, [=, &device] {
            Failure failure = check(device, "fill", to, count * width);
            if (failure.code == CUDA_SUCCESS && width == 1)
                std::memset(pointer(to), static_cast<int>(value), count);
            else if (failure.code == CUDA_SUCCESS)
                for (size_t i = 0; i < count; ++i)
                    std::memcpy(pointer(to + 4 * i), &value, 4);
            return failure;
        });
    });
}
} // namespace

CUresult cuMemGetInfo_v2(size_t *free_bytes, size_t *total_bytes)
{
    return entry(Needs::context, [&](Device &device) {
        if (free_bytes)
            *free_bytes = device.memory->capacity() - device.memory->used();
        if (total_bytes)
            *total_bytes = device.memory->capacity();
        return CUDA_SUCCESS;
    });
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes)
{
    return entry(Needs::context, [&](Device &device) {
        if (!address || bytes == 0)
            return CUDA_ERROR_INVALID_VALUE;
        const CUresult refused = device.streams.refuse_during_capture(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
        if (refused != CUDA_SUCCESS)
            return refused;
        const std::uintptr_t made = device.memory->allocate(bytes);
        if (made == 0)
            return CUDA_ERROR_OUT_OF_MEMORY;
        *address = made;
        return CUDA_SUCCESS;
    });
}

CUresult cuMemFree_v2(CUdeviceptr address)
{
    return entry(Needs::context, [&](Device &device) {
        if (address == 0)
            return CUDA_SUCCESS;
        const CUresult refused = device.streams.refuse_during_capture(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
        if (refused != CUDA_SUCCESS)
            return refused;
        const CUresult finished = device.finish_all();
        if (finished != CUDA_SUCCESS)
            return finished;
        return device.memory->free(address) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuMemHostAlloc(void **address, size_t bytes, unsigned)
{
    return entry(Needs::context, [&](Device &device) {
        if (!address || bytes == 0)
            return CUDA_ERROR_INVALID_VALUE;
        const CUresult refused = device.streams.refuse_during_capture(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
        if (refused != CUDA_SUCCESS)
            return refused;
        *address = device.pinned.allocate(bytes);
        return *address ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
    });
}

CUresult cuMemFreeHost(void *address)
{
    return entry(Needs::context, [&](Device &device) {
        const CUresult refused = device.streams.refuse_during_capture(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
        if (refused != CUDA_SUCCESS)
            return refused;
        const CUresult finished = device.finish_all();
        if (finished != CUDA_SUCCESS)
            return finished;
        return device.pinned.free(address) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes)
{
    return entry(Needs::context, [&](Device &device) {
        const CUresult refused = refuse_synchronous(device);
        if (refused != CUDA_SUCCESS)
            return refused;
        if (bytes == 0)
            return CUDA_SUCCESS;
        if (!from || !device.memory->holds(to, bytes))
            return CUDA_ERROR_INVALID_VALUE;
        const CUresult finished = device.finish(nullptr);
        if (finished == CUDA_SUCCESS)
            std::memcpy(pointer(to), from, bytes);
        return finished;
    });
}

CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes)
{
    return entry(Needs::context, [&](Device &device) {
        const CUresult refused = refuse_synchronous(device);
        if (refused != CUDA_SUCCESS)
            return refused;
        if (bytes == 0)
            return CUDA_SUCCESS;
        if (!to || !device.memory->holds(from, bytes))
            return CUDA_ERROR_INVALID_VALUE;
        const CUresult finished = device.finish(nullptr);
        if (finished == CUDA_SUCCESS)
            std::memcpy(to, pointer(from), bytes);
        return finished;
    });
}

// Pageable memory is copied now, page-locked memory when the copy runs.
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream)
{
    return entry(Needs::context, [&](Device &device) {
        if (!device.streams.find(stream))
            return CUDA_ERROR_INVALID_HANDLE;
        if (bytes == 0)
            return CUDA_SUCCESS;
        if (!from || !device.memory->holds(to, bytes))
            return CUDA_ERROR_INVALID_VALUE;
        const bool pinned = device.pinned.holds(host_address(from), bytes);
        const CUresult refused = pinned ? CUDA_SUCCESS : refuse_pageable_capture(device, stream);
        if (refused != CUDA_SUCCESS)
            return refused;
        std::shared_ptr<std::vector<unsigned char>> staged;
        if (!pinned)
        {
            const unsigned char *source = static_cast<const unsigned char *>(from);
            staged = std::make_shared<std::vector<unsigned char>>(source, source + bytes);
        }
        return device.submit(stream, [=, &device] {
            Failure failure = check(device, "copy to the device", to, bytes);
            if (failure.code == CUDA_SUCCESS)
                std::memcpy(pointer(to), staged ? staged->data() : from, bytes);
            return failure;
        });
    });
}

// A copy to pageable memory is done when the call returns; one to page-locked memory when the stream is waited for.
CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream)
{
    return entry(Needs::context, [&](Device &device) {
        if (!device.streams.find(stream))
            return CUDA_ERROR_INVALID_HANDLE;
        if (bytes == 0)
            return CUDA_SUCCESS;
        if (!to || !device.memory->holds(from, bytes))
            return CUDA_ERROR_INVALID_VALUE;
        const bool pinned = device.pinned.holds(host_address(to), bytes);
        const CUresult refused = pinned ? CUDA_SUCCESS : refuse_pageable_capture(device, stream);
        if (refused != CUDA_SUCCESS)
            return refused;
        const CUresult submitted = device.submit(stream, [=, &device] {
            Failure failure = check(device, "copy from the device", from, bytes);
            if (failure.code == CUDA_SUCCESS)
                std::memcpy(to, pointer(from), bytes);
            return failure;
        });
        return submitted != CUDA_SUCCESS || pinned ? submitted : device.finish(stream);
    });
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream)
{
    return entry(Needs::context, [&](Device &device) {
        if (!device.streams.find(stream))
            return CUDA_ERROR_INVALID_HANDLE;
        if (bytes == 0)
            return CUDA_SUCCESS;
        if (!device.memory->holds(to, bytes) || !device.memory->holds(from, bytes))
            return CUDA_ERROR_INVALID_VALUE;
        return device.submit(stream, [=, &device] {
            Failure failure = check(device, "copy to the device", to, bytes);
            if (failure.code == CUDA_SUCCESS)
                failure = check(device, "copy from the device", from, bytes);
            if (failure.code == CUDA_SUCCESS)
                std::memmove(pointer(to), pointer(from), bytes);
            return failure;
        });
    });
}

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream)
{
    return fill(to, value, 1, count, stream);
}

CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream)
{
    return fill(to, value, 4, count, stream);
}
