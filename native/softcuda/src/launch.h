// A kernel launch: what was asked for, and running it on the device's thread.
#pragma once

#include "module.h"

#include <memory>
#include <vector>

namespace softcuda
{
class DeviceMemory;
class PinnedMemory;
struct Failure;

struct Launch
{
    std::shared_ptr<Module> module;
    const Kernel *kernel;
    uint3 grid, block;
    std::size_t dynamic_bytes;
    std::vector<unsigned char> arguments; // copied when the launch was asked for, at argument_offsets
    std::vector<std::size_t> argument_offsets;
};

// Runs all blocks; a failure has a code other than CUDA_SUCCESS.
Failure run_launch(const Launch &launch, DeviceMemory &memory, const PinnedMemory &pinned);
} // namespace softcuda
