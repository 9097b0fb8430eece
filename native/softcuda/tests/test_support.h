// A few lines of test framework: cases that register themselves, checks, and a device to run kernels on.
#pragma once

#include "../api/nvrtc.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace test
{
struct Case
{
    const char *name;
    void (*run)();
};

std::vector<Case> &cases();

struct Registration
{
    Registration(const char *name, void (*run)()) { cases().push_back({name, run}); }
};

// Counts a failed check and says where; the case goes on.
void failed(const char *file, int line, const std::string &what);

// A context for the life of the object; whatever it made is freed with it.
class Card
{
  public:
    Card();
    ~Card();
    Card(const Card &) = delete;
    Card &operator=(const Card &) = delete;

    // Compiles for compute_80; ends the process with the log when that fails.
    CUmodule compile(const std::string &source, const std::vector<std::string> &options = {});
    CUfunction function(const std::string &source, const char *name, const std::vector<std::string> &options = {});
    CUdeviceptr allocate(size_t bytes);

    template <typename T> CUdeviceptr upload(const std::vector<T> &values)
    {
        const CUdeviceptr address = allocate(values.size() * sizeof(T));
        require(cuMemcpyHtoD_v2(address, values.data(), values.size() * sizeof(T)), "upload");
        return address;
    }
    template <typename T> std::vector<T> download(CUdeviceptr address, size_t count)
    {
        std::vector<T> values(count);
        require(cuMemcpyDtoH_v2(values.data(), address, count * sizeof(T)), "download");
        return values;
    }
    template <typename... Arguments>
    CUresult launch(CUfunction function, unsigned grid, unsigned block, unsigned shared_bytes, CUstream stream,
                    Arguments... arguments)
    {
        void *pointers[] = {&arguments..., nullptr};
        return cuLaunchKernel(function, grid, 1, 1, block, 1, 1, shared_bytes, stream, pointers, nullptr);
    }

    static void require(CUresult result, const char *what);
};

std::string error_text(CUresult code);
// Runs body in a process of its own, with the device's environment variables of that name set to "1" or to what
// follows "="; gives what it printed, and how it ended unless well. Only before this process has used the device.
std::string in_child(const std::vector<std::string> &environment, const std::function<void()> &body);
// Values between -2 and 2 that look random and are the same each time.
std::vector<float> pattern(size_t count);
} // namespace test

#define TEST(name)                                                                                                     \
    static void name();                                                                                                \
    static const test::Registration registration_##name(#name, name);                                                  \
    static void name()

#define CHECK(condition)                                                                                               \
    do                                                                                                                 \
        if (!(condition))                                                                                              \
            test::failed(__FILE__, __LINE__, #condition);                                                              \
    while (false)

#define CHECK_CODE(call, code)                                                                                         \
    do                                                                                                                 \
    {                                                                                                                  \
        const int actual = static_cast<int>(call);                                                                     \
        if (actual != static_cast<int>(code))                                                                          \
            test::failed(__FILE__, __LINE__, #call " gave " + std::to_string(actual) + " instead of " #code);          \
    } while (false)

#define CHECK_NEAR(value, expected, tolerance)                                                                         \
    do                                                                                                                 \
    {                                                                                                                  \
        const double check_actual = (value), check_wanted = (expected);                                                \
        if (!(check_actual - check_wanted <= (tolerance) && check_wanted - check_actual <= (tolerance)))               \
            test::failed(__FILE__, __LINE__,                                                                           \
                         #value " is " + std::to_string(check_actual) + " instead of " +                               \
                             std::to_string(check_wanted));                                                            \
    } while (false)

#define CHECK_OK(call) CHECK_CODE(call, 0)
