// The environment variables of the software device, read once per process.
#pragma once

#include <cstdint>
#include <string>

namespace softcuda
{
struct Settings
{
    std::uint64_t seed;        // 0: threads and blocks run in their normal order
    bool checked;              // compile kernels with the race and bounds detector
    bool report_leaks;         // tell on stderr what is still allocated when the context ends
    std::uint64_t memory_size; // bytes of device memory
    std::string compiler;
    std::string cache; // folder of compiled kernels; empty: a folder of the user's below the temporary folder
};

const Settings &settings();
} // namespace softcuda
