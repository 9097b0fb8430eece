// What the device promises its callers: memory, contexts, limits, and failures that stay until the context ends.
#include "test_support.h"

#include <cmath>
#include <cstring>
#include <string>
#include <thread>

using test::Card;

namespace
{
const char *const copy_kernels = R"(
extern "C" __global__ void copy(float* out, const float* in, int n)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = in[i];
}
extern "C" __global__ void through(float* out, float* const* pointers)
{
    out[threadIdx.x] = pointers[0][threadIdx.x];
}
extern "C" __global__ void __launch_bounds__(64) bounded(float* out)
{
    __shared__ double scratch[100];
    scratch[threadIdx.x] = 1.0;
    out[threadIdx.x] = static_cast<float>(scratch[threadIdx.x]);
}
)";
}

// First, while this process has not used the device: these cases run in processes of their own.
TEST(EntryPoints_BeforeTheyMayBeCalled_SaySo)
{
    const std::string said = test::in_child({}, [] {
        int count;
        CUdeviceptr address;
        CHECK_CODE(cuDeviceGetCount(&count), CUDA_ERROR_NOT_INITIALIZED);
        CHECK_CODE(cuInit(1), CUDA_ERROR_INVALID_VALUE);
        CHECK_OK(cuInit(0));
        CHECK_OK(cuDeviceGetCount(&count));
        CHECK(count == 1);
        CHECK_CODE(cuMemAlloc_v2(&address, 16), CUDA_ERROR_INVALID_CONTEXT);
        CHECK_CODE(cuDevicePrimaryCtxRelease_v2(0), CUDA_ERROR_INVALID_CONTEXT);
        CHECK_CODE(cuDeviceGet(&count, 1), CUDA_ERROR_INVALID_DEVICE);
    });
    CHECK(said.empty());
    if (!said.empty())
        std::printf("%s\n", said.c_str());
}

TEST(Memory_SmallerThanAsked_IsOutOfMemory)
{
    const std::string said = test::in_child({"MEMORY_MIB=8", "LEAKS"}, [] {
        Card card;
        size_t free_bytes, total;
        CHECK_OK(cuMemGetInfo_v2(&free_bytes, &total));
        CHECK(total == 8u << 20 && free_bytes == total);
        const CUdeviceptr large = card.allocate(6 << 20), small = card.allocate(100);
        CUdeviceptr more;
        CHECK_CODE(cuMemAlloc_v2(&more, 3 << 20), CUDA_ERROR_OUT_OF_MEMORY);
        CHECK_OK(cuMemGetInfo_v2(&free_bytes, &total));
        CHECK(free_bytes == (2u << 20) - 100);
        // Addresses run out in time and come round.
        for (int i = 0; i < 250; ++i)
        {
            CHECK_OK(cuMemFree_v2(i == 0 ? large : more));
            CHECK_OK(cuMemAlloc_v2(&more, 6 << 20));
            CHECK_OK(cuMemsetD8Async(more, 1, 6 << 20, nullptr));
        }
        CHECK_OK(cuMemsetD8Async(small, 1, 100, nullptr));
        void *pinned;
        CHECK_OK(cuMemHostAlloc(&pinned, 100, 0));
    });
    CHECK(said ==
          "softcuda: 2 allocations (6291556 bytes) and 1 page-locked blocks are live at the end of the context\n");
    if (said.find("2 allocations") == std::string::npos)
        std::printf("%s\n", said.c_str());
}

TEST(Properties_OfTheDevice_AreThoseOfACard)
{
    Card card;
    char name[64];
    size_t bytes;
    CHECK_OK(cuDeviceGetName(name, sizeof name, 0));
    CHECK(std::strcmp(name, "Software CUDA device") == 0);
    CHECK_OK(cuDeviceTotalMem_v2(&bytes, 0));
    CHECK(bytes == size_t{4096} << 20);
    int value;
    const int expected[][2] = {{1, 1024}, {8, 49152}, {10, 32}, {75, 8}, {76, 0}, {97, 101376}};
    for (const auto &[attribute, wanted] : expected)
    {
        CHECK_OK(cuDeviceGetAttribute(&value, attribute, 0));
        CHECK(value == wanted);
    }
    CHECK_OK(cuDeviceGetAttribute(&value, 16, 0));
    CHECK(value >= 1);
    CHECK_CODE(cuDeviceGetAttribute(&value, 0, 0), CUDA_ERROR_INVALID_VALUE);
}

TEST(Contexts_PerThread_ArePushedAndPopped)
{
    Card card;
    CUcontext context, popped;
    CHECK_OK(cuCtxGetCurrent(&context));
    CHECK(context != nullptr);
    CHECK_OK(cuCtxPushCurrent_v2(context));
    CHECK_OK(cuCtxPopCurrent_v2(&popped));
    CHECK(popped == context);
    std::thread([context] {
        CUcontext current = context;
        CUdeviceptr address;
        CHECK_OK(cuCtxGetCurrent(&current));
        CHECK(current == nullptr);
        CHECK_CODE(cuMemAlloc_v2(&address, 4), CUDA_ERROR_INVALID_CONTEXT);
        CHECK_CODE(cuCtxPopCurrent_v2(&current), CUDA_ERROR_INVALID_CONTEXT);
        CHECK_OK(cuCtxSetCurrent(context));
        CHECK_OK(cuMemAlloc_v2(&address, 4));
        CHECK_OK(cuMemFree_v2(address));
    }).join();
}

TEST(Threads_AtOnce_ShareTheDevice)
{
    Card card;
    const CUfunction copy = card.function(copy_kernels, "copy");
    CUcontext context;
    CHECK_OK(cuCtxGetCurrent(&context));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&card, copy, context, t] {
            CHECK_OK(cuCtxSetCurrent(context));
            CUstream stream;
            CHECK_OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
            const int n = 300;
            const CUdeviceptr in = card.upload(std::vector<float>(n, t + 0.5f)), out = card.allocate(n * 4);
            for (int i = 0; i < 50; ++i)
            {
                CHECK_OK(cuMemsetD8Async(out, 0, n * 4, stream));
                CHECK_OK(card.launch(copy, 3, 128, 0, stream, out, in, n));
                CHECK_OK(cuStreamSynchronize(stream));
                CHECK(card.download<float>(out, n)[n - 1] == t + 0.5f);
            }
            CHECK_OK(cuStreamDestroy_v2(stream));
        });
    for (std::thread &thread : threads)
        thread.join();
}

TEST(Copies_OutsideAnAllocation_AreRefused)
{
    Card card;
    std::vector<float> host(65);
    const CUdeviceptr memory = card.allocate(256);
    CHECK_CODE(cuMemcpyHtoD_v2(memory, host.data(), 260), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(cuMemcpyHtoD_v2(memory + 4, host.data(), 256), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(cuMemcpyDtoH_v2(host.data(), memory - 4, 8), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(cuMemcpyHtoDAsync_v2(reinterpret_cast<CUdeviceptr>(host.data()), host.data(), 4, nullptr),
               CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(cuMemcpyDtoDAsync_v2(memory, memory + 252, 8, nullptr), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(cuMemsetD32Async(memory, 0, 65, nullptr), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(cuMemsetD32Async(memory + 2, 0, 1, nullptr), CUDA_ERROR_INVALID_VALUE);
    CHECK_OK(cuMemsetD32Async(memory, 0x3F800000, 64, nullptr));
    CHECK_OK(cuMemcpyDtoDAsync_v2(memory + 128, memory, 128, nullptr));
    CHECK(card.download<float>(memory, 64)[63] == 1.0f);
    CHECK_CODE(cuMemFree_v2(memory + 4), CUDA_ERROR_INVALID_VALUE);
    CHECK_OK(cuMemFree_v2(memory));
    CHECK_CODE(cuMemFree_v2(memory), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(cuMemcpyDtoH_v2(host.data(), memory, 4), CUDA_ERROR_INVALID_VALUE);
    CUdeviceptr none;
    CHECK_CODE(cuMemAlloc_v2(&none, 0), CUDA_ERROR_INVALID_VALUE);
    CHECK_OK(cuMemFree_v2(0));
}

TEST(NewMemory_NeverWritten_IsPoison)
{
    Card card;
    for (const float value : card.download<float>(card.allocate(400), 100))
        CHECK(std::isnan(value));
}

TEST(Launches_BeyondTheLimits_AreRefused)
{
    Card card;
    const CUmodule module = card.compile(copy_kernels);
    CUfunction copy, bounded, none;
    CHECK_OK(cuModuleGetFunction(&copy, module, "copy"));
    CHECK_OK(cuModuleGetFunction(&bounded, module, "bounded"));
    CHECK_CODE(cuModuleGetFunction(&none, module, "missing"), CUDA_ERROR_NOT_FOUND);
    CUdeviceptr out = card.allocate(4096), in = card.allocate(4096);
    int n = 1;
    void *arguments[] = {&out, &in, &n}, *missing[] = {&out, nullptr, &n};
    const auto launch = [&](unsigned gx, unsigned gy, unsigned bx, unsigned by, unsigned bz, unsigned shared) {
        return cuLaunchKernel(copy, gx, gy, 1, bx, by, bz, shared, nullptr, arguments, nullptr);
    };
    CHECK_OK(launch(1, 1, 1024, 1, 1, 49152));
    CHECK_CODE(launch(0, 1, 1, 1, 1, 0), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(launch(1, 65536, 1, 1, 1, 0), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(launch(1, 1, 1025, 1, 1, 0), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(launch(1, 1, 64, 17, 1, 0), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(launch(1, 1, 1, 1, 65, 0), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(launch(1, 1, 1, 1, 1, 49153), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(cuLaunchKernel(copy, 1, 1, 1, 1, 1, 1, 0, nullptr, missing, nullptr), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(card.launch(bounded, 1, 65, 0, nullptr, out), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
    CHECK_OK(card.launch(bounded, 1, 64, 0, nullptr, out));

    int value;
    CHECK_OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, bounded));
    CHECK(value == 800);
    CHECK_OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, bounded));
    CHECK(value == 64);
    CHECK_CODE(card.launch(bounded, 1, 64, 49152 - 799, nullptr, out), CUDA_ERROR_INVALID_VALUE);
    CHECK_CODE(cuFuncSetAttribute(bounded, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 101376 - 799),
               CUDA_ERROR_INVALID_VALUE);
    CHECK_OK(cuFuncSetAttribute(bounded, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 101376 - 800));
    CHECK_OK(card.launch(bounded, 1, 64, 101376 - 800, nullptr, out));
    CHECK_OK(cuCtxSynchronize());
    CHECK_OK(cuModuleUnload(module));
    CHECK_CODE(card.launch(copy, 1, 1, 0, nullptr, out, in, n), CUDA_ERROR_INVALID_HANDLE);
}

TEST(Images_OfOthers_AreRefusedWithALog)
{
    Card card;
    CUmodule module;
    char log[200] = "";
    CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
    CHECK_CODE(cuModuleLoadDataEx(&module, ".version 8.4\n.target sm_80\n", 2, options, values),
               CUDA_ERROR_INVALID_IMAGE);
    CHECK(std::strstr(log, "compile the source with its own NVRTC") != nullptr);
    CHECK_CODE(cuModuleUnload(nullptr), CUDA_ERROR_INVALID_HANDLE);
}

// Each context ends with its failure: the next one works again.
TEST(Pointers_FreedOrOfTheHost_AreIllegal)
{
    const auto run = [](auto use) {
        Card card;
        const CUdeviceptr out = card.allocate(128), in = card.upload(std::vector<float>(32, 1.0f));
        const CUresult result = use(card, card.compile(copy_kernels), out, in);
        const CUresult waited = result == CUDA_SUCCESS ? cuCtxSynchronize() : result;
        return std::to_string(waited) + " " + test::error_text(waited);
    };
    const auto function = [](CUmodule module, const char *name) {
        CUfunction result;
        Card::require(cuModuleGetFunction(&result, module, name), name);
        return result;
    };
    const auto direct = [&](bool freed, bool host) {
        return run([&](Card &card, CUmodule module, CUdeviceptr out, CUdeviceptr in) {
            static float memory[32];
            if (freed)
                CHECK_OK(cuMemFree_v2(in));
            return card.launch(function(module, "copy"), 1, 32, 0, nullptr, out,
                               host ? reinterpret_cast<CUdeviceptr>(memory) : in, 32);
        });
    };
    const auto stored = [&](bool freed) {
        return run([&](Card &card, CUmodule module, CUdeviceptr out, CUdeviceptr in) {
            const CUdeviceptr pointers = card.upload(std::vector<CUdeviceptr>{in});
            if (freed)
                CHECK_OK(cuMemFree_v2(in));
            return card.launch(function(module, "through"), 1, 32, 0, nullptr, out, pointers);
        });
    };
    CHECK(direct(false, false).rfind("0 ", 0) == 0);
    CHECK(direct(true, false).find("700") == 0);
    CHECK(direct(true, false).find("argument 1 points to offset 0 of an allocation of 128 bytes that has been freed") !=
          std::string::npos);
    CHECK(direct(false, true).find("which is no device memory") != std::string::npos);
    CHECK(stored(false).rfind("0 ", 0) == 0);
    CHECK(stored(true).find("700") == 0);
    CHECK(stored(true).find("out-of-bounds read at offset 0 of an allocation of 128 bytes that has been freed") !=
          std::string::npos);
}

TEST(MissingBarrier_WithoutTheChecker_ReadsPoison)
{
    Card card;
    const char *source = R"(
extern "C" __global__ void mirror(float* out)
{
    __shared__ float tile[64];
    tile[threadIdx.x] = 1.0f;
    if (BARRIER)
        __syncthreads();
    out[threadIdx.x] = tile[63 - threadIdx.x];
}
)";
    const CUdeviceptr out = card.allocate(256);
    for (const bool barrier : {false, true})
    {
        const CUfunction mirror = card.function(source, "mirror", {barrier ? "-DBARRIER=1" : "-DBARRIER=0"});
        CHECK_OK(card.launch(mirror, 1, 64, 0, nullptr, out));
        CHECK(std::isnan(card.download<float>(out, 64)[0]) != barrier);
    }
}
