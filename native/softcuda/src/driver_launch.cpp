// Driver API: launching a kernel, with the limits that a card checks.
#include "device.h"
#include "launch.h"

#include <cstring>

using namespace softcuda;

namespace
{
CUresult check_shape(const Kernel &kernel, uint3 grid, uint3 block, size_t shared_bytes)
{
    if (grid.x == 0 || grid.y == 0 || grid.z == 0 || block.x == 0 || block.y == 0 || block.z == 0)
        return CUDA_ERROR_INVALID_VALUE;
    if (grid.x > 2147483647u || grid.y > 65535 || grid.z > 65535)
        return CUDA_ERROR_INVALID_VALUE;
    if (block.x > max_block_threads || block.y > max_block_threads || block.z > 64)
        return CUDA_ERROR_INVALID_VALUE;
    const size_t threads = size_t{block.x} * block.y * block.z;
    if (threads > max_block_threads || shared_bytes > kernel.dynamic_limit)
        return CUDA_ERROR_INVALID_VALUE;
    if (kernel.entry->max_threads != 0 && threads > kernel.entry->max_threads)
        return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
    return CUDA_SUCCESS;
}
} // namespace

CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                        unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream stream, void **arguments,
                        void **extra)
{
    return entry(Needs::context, [&](Device &device) {
        const auto found = device.functions.find(function);
        if (found == device.functions.end() || !device.streams.find(stream))
            return CUDA_ERROR_INVALID_HANDLE;
        if (extra)
            return CUDA_ERROR_NOT_SUPPORTED;
        const auto launch = std::make_shared<Launch>();
        launch->module = found->second.first;
        launch->kernel = found->second.second;
        launch->grid = {grid_x, grid_y, grid_z};
        launch->block = {block_x, block_y, block_z};
        launch->dynamic_bytes = shared_bytes;
        const softcuda_kernel &entry_point = *launch->kernel->entry;
        const CUresult fits = check_shape(*launch->kernel, launch->grid, launch->block, shared_bytes);
        if (fits != CUDA_SUCCESS)
            return fits;
        if (entry_point.argument_count != 0 && !arguments)
            return CUDA_ERROR_INVALID_VALUE;
        for (unsigned i = 0; i < entry_point.argument_count; ++i)
        {
            if (!arguments[i])
                return CUDA_ERROR_INVALID_VALUE;
            const size_t offset = (launch->arguments.size() + 15) / 16 * 16;
            launch->argument_offsets.push_back(offset);
            launch->arguments.resize(offset + entry_point.argument_sizes[i]);
            std::memcpy(launch->arguments.data() + offset, arguments[i], entry_point.argument_sizes[i]);
        }
        return device.submit(stream, [launch, &device] { return run_launch(*launch, *device.memory, device.pinned); });
    });
}
