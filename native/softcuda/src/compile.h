// Compiles CUDA C++ into a module file by way of g++, or finds it in the cache.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace softcuda
{
struct Source
{
    std::string text, name;
    std::vector<std::pair<std::string, std::string>> headers; // name, text
    std::vector<std::string> definitions;                     // "NAME" or "NAME=VALUE"
    int architecture;                                         // 80 for compute_80
};

struct Compiled
{
    bool compiler_ran = false; // false: no compiler could be started
    std::string path;          // of the module; empty when there were errors
    std::string log;
};

Compiled compile(const Source &source);
} // namespace softcuda
