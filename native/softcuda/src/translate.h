// Makes C++ that g++ compiles out of preprocessed CUDA C++, line by line the same.
#pragma once

#include <string>
#include <vector>

namespace softcuda
{
struct Translation
{
    std::string text;
    std::vector<std::string> kernels;       // entry points: extern "C", no templates
    std::vector<std::string> thread_bounds; // per kernel: the first argument of __launch_bounds__, or "0"
    std::vector<std::string> shared_names;
};

// Dynamic shared arrays become pointers; kernels and shared variables are found. Throws std::runtime_error with a
// message "file:line: error: ..." for what cannot be translated.
Translation translate(const std::string &preprocessed);
// The lines that describe the module to the device, for the end of the source.
std::string module_description(const Translation &translation, bool checked);
} // namespace softcuda
