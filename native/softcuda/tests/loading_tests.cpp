// The library as a managed host loads it: privately, under both names, with signal handlers of the host's own.
#include "../api/nvrtc.h"

#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <thread>
#include <vector>

namespace
{
int failures = 0;
volatile sig_atomic_t host_faults = 0;
thread_local sigjmp_buf host_return;

void check(bool right, const char *what)
{
    std::printf("%s %s\n", right ? "ok    " : "FAILED", what);
    failures += !right;
}

void host_handler(int, siginfo_t *, void *)
{
    host_faults = host_faults + 1;
    siglongjmp(host_return, 1);
}

// A fault of the host, as a null reference is one of .NET.
void fault_in_host()
{
    volatile int *volatile null = nullptr;
    if (sigsetjmp(host_return, 1) == 0)
        *null = 1;
}

template <typename Function> Function *entry_point(void *library, const char *name, Function *)
{
    return reinterpret_cast<Function *>(dlsym(library, name));
}
#define ENTRY(library, name) const auto name##_ = entry_point(library, #name, name)
} // namespace

int main(int, char **arguments)
{
    const std::string folder = arguments[1];
    void *nvrtc = dlopen((folder + "/libnvrtc.so.12").c_str(), RTLD_NOW | RTLD_LOCAL);
    void *cuda = dlopen((folder + "/libcuda.so.1").c_str(), RTLD_NOW | RTLD_LOCAL);
    check(nvrtc && nvrtc == cuda, "both names are one library");
    if (!nvrtc || !cuda)
        return 1;
    check(!dlsym(RTLD_DEFAULT, "cuInit"), "it is private before its first use");
    ENTRY(nvrtc, nvrtcCreateProgram);
    ENTRY(nvrtc, nvrtcCompileProgram);
    ENTRY(nvrtc, nvrtcGetPTXSize);
    ENTRY(nvrtc, nvrtcGetPTX);
    ENTRY(cuda, cuInit);
    ENTRY(cuda, cuDevicePrimaryCtxRetain);
    ENTRY(cuda, cuCtxSetCurrent);
    ENTRY(cuda, cuCtxSynchronize);
    ENTRY(cuda, cuModuleLoadData);
    ENTRY(cuda, cuModuleGetFunction);
    ENTRY(cuda, cuMemAlloc_v2);
    ENTRY(cuda, cuLaunchKernel);

    struct sigaction action = {}, after;
    action.sa_sigaction = host_handler;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, nullptr);

    const char *source = R"(
extern "C" __global__ void fill(float* out, int n)
{
    for (int i = 0; i < n; ++i)
        out[(i * 32 + threadIdx.x) % 64] = __shfl_xor_sync(0xFFFFFFFFu, 1.0f, 1);
}
extern "C" __global__ void beyond(float* out, int n) { out[n] = 1.0f; }
)";
    nvrtcProgram program;
    nvrtcCreateProgram_(&program, source, "host.cu", 0, nullptr, nullptr);
    check(nvrtcCompileProgram_(program, 0, nullptr) == NVRTC_SUCCESS, "it compiles before cuInit");
    size_t size = 0;
    nvrtcGetPTXSize_(program, &size);
    std::vector<char> image(size);
    nvrtcGetPTX_(program, image.data());

    CUcontext context;
    CUmodule module;
    CUfunction fill, beyond;
    CUdeviceptr memory;
    cuInit_(0);
    cuDevicePrimaryCtxRetain_(&context, 0);
    cuCtxSetCurrent_(context);
    check(cuModuleLoadData_(&module, image.data()) == CUDA_SUCCESS, "a module finds the device's symbols");
    cuModuleGetFunction_(&fill, module, "fill");
    cuModuleGetFunction_(&beyond, module, "beyond");
    cuMemAlloc_v2_(&memory, 256);

    // A launch of some 50 ms while another thread of the host faults again and again.
    int n = 60000, last = 64;
    void *fill_arguments[] = {&memory, &n}, *beyond_arguments[] = {&memory, &last};
    volatile bool running = true;
    std::thread host([&] {
        while (running)
            fault_in_host();
    });
    CUresult result = cuLaunchKernel_(fill, 1, 1, 1, 32, 1, 1, 0, nullptr, fill_arguments, nullptr);
    result = result == CUDA_SUCCESS ? cuCtxSynchronize_() : result;
    running = false;
    host.join();
    check(result == CUDA_SUCCESS && host_faults > 0, "faults of the host during a launch are the host's");

    const int before = host_faults;
    cuLaunchKernel_(beyond, 1, 1, 1, 1, 1, 1, 0, nullptr, beyond_arguments, nullptr);
    check(cuCtxSynchronize_() == CUDA_ERROR_ILLEGAL_ADDRESS && host_faults == before, "faults of a kernel are not");
    sigaction(SIGSEGV, nullptr, &after);
    check(after.sa_sigaction == host_handler, "the host's handler stands again after a launch");
    fault_in_host();
    check(host_faults == before + 1, "and still works");
    return failures != 0;
}
