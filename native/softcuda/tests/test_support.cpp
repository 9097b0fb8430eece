// Runs the registered cases: all, or those whose name the command line holds.
#include "test_support.h"

#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

namespace test
{
namespace
{
int failures = 0;
}

std::vector<Case> &cases()
{
    static std::vector<Case> list;
    return list;
}

void failed(const char *file, int line, const std::string &what)
{
    const char *slash = std::strrchr(file, '/');
    if (++failures > 20)
        return; // a loop of checks that fails everywhere needs no more lines
    std::printf("  %s:%d: %s\n", slash ? slash + 1 : file, line, what.c_str());
}

void Card::require(CUresult result, const char *what)
{
    if (result == CUDA_SUCCESS)
        return;
    std::printf("  %s gave %d: %s\n", what, static_cast<int>(result), error_text(result).c_str());
    std::fflush(stdout);
    std::_Exit(3);
}

Card::Card()
{
    CUcontext context;
    require(cuInit(0), "cuInit");
    require(cuDevicePrimaryCtxRetain(&context, 0), "cuDevicePrimaryCtxRetain");
    require(cuCtxSetCurrent(context), "cuCtxSetCurrent");
}

Card::~Card()
{
    cuDevicePrimaryCtxRelease_v2(0);
    cuCtxSetCurrent(nullptr);
}

CUmodule Card::compile(const std::string &source, const std::vector<std::string> &options)
{
    std::vector<const char *> list = {"--gpu-architecture=compute_80"};
    for (const std::string &option : options)
        list.push_back(option.c_str());
    nvrtcProgram program;
    nvrtcCreateProgram(&program, source.c_str(), "test.cu", 0, nullptr, nullptr);
    const nvrtcResult result = nvrtcCompileProgram(program, static_cast<int>(list.size()), list.data());
    if (result != NVRTC_SUCCESS)
    {
        size_t size;
        nvrtcGetProgramLogSize(program, &size);
        std::string log(size, '\0');
        nvrtcGetProgramLog(program, log.data());
        std::printf("  compilation gave %d: %s\n", static_cast<int>(result), log.c_str());
        std::fflush(stdout);
        std::_Exit(3);
    }
    size_t size;
    nvrtcGetPTXSize(program, &size);
    std::string image(size, '\0');
    nvrtcGetPTX(program, image.data());
    nvrtcDestroyProgram(&program);
    CUmodule module;
    require(cuModuleLoadData(&module, image.c_str()), "cuModuleLoadData");
    return module;
}

CUfunction Card::function(const std::string &source, const char *name, const std::vector<std::string> &options)
{
    CUfunction function;
    require(cuModuleGetFunction(&function, compile(source, options), name), name);
    return function;
}

CUdeviceptr Card::allocate(size_t bytes)
{
    CUdeviceptr address;
    require(cuMemAlloc_v2(&address, bytes), "cuMemAlloc_v2");
    return address;
}

std::vector<float> pattern(size_t count)
{
    std::vector<float> values(count);
    unsigned state = 12345;
    for (float &value : values)
    {
        state = state * 1664525u + 1013904223u;
        value = static_cast<float>(static_cast<int>(state >> 16) % 2001 - 1000) / 500.0f;
    }
    return values;
}

std::string in_child(const std::vector<std::string> &environment, const std::function<void()> &body)
{
    int ends[2];
    if (pipe(ends) != 0)
        return "no pipe";
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0)
    {
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        for (const std::string &variable : environment)
        {
            const size_t equals = variable.find('=');
            setenv(("INFERENCEGUARD_SOFTCUDA_" + variable.substr(0, equals)).c_str(),
                   equals == std::string::npos ? "1" : variable.c_str() + equals + 1, 1);
        }
        failures = 0; // those of the parent are its own
        body();
        std::fflush(stdout);
        std::_Exit(failures != 0);
    }
    close(ends[1]);
    std::string text;
    char buffer[1024];
    for (ssize_t count; (count = read(ends[0], buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<size_t>(count));
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        text += "(the process ended with status " + std::to_string(status) + ")";
    return text;
}

std::string error_text(CUresult code)
{
    const char *text = nullptr;
    cuGetErrorString(code, &text);
    return text ? text : "";
}
} // namespace test

int main(int count, char **arguments)
{
    int ran = 0;
    for (const test::Case &each : test::cases())
    {
        bool wanted = count < 2;
        for (int i = 1; i < count; ++i)
            wanted = wanted || std::strcmp(each.name, arguments[i]) == 0;
        if (!wanted)
            continue;
        const int before = test::failures;
        each.run();
        ++ran;
        std::printf("%s %s\n", test::failures == before ? "ok    " : "FAILED", each.name);
        std::fflush(stdout);
    }
    if (ran == 0)
        std::printf("no such case\n");
    return ran == 0 || test::failures != 0;
}
