// Planted faults, each in a process of its own, must be caught with the right report; their corrected twins must pass.
#include "test_support.h"

using test::Card;

namespace
{
struct Fault
{
    const char *source; // a kernel `broken(float* out, const float* in, int n)`, correct when FIXED is defined
    const char *mode;   // "" or "CHECKED"
    unsigned grid, block;
    size_t out_count, in_count; // floats
    int code;
    std::vector<const char *> report;
    unsigned shared_bytes = 0;
};

// What the process of one fault says: the error code and its text.
std::string outcome(const Fault &fault, bool fixed)
{
    std::vector<std::string> environment;
    if (*fault.mode)
        environment.push_back(fault.mode);
    return test::in_child(environment, [&] {
        Card card;
        const CUfunction kernel = card.function(
            fault.source, "broken", fixed ? std::vector<std::string>{"-DFIXED"} : std::vector<std::string>());
        const CUdeviceptr out = card.allocate(fault.out_count * 4);
        const CUdeviceptr in = card.upload(std::vector<float>(fault.in_count, 1.0f));
        CUresult result = card.launch(kernel, fault.grid, fault.block, fault.shared_bytes, nullptr, out, in,
                                      static_cast<int>(fault.in_count));
        if (result == CUDA_SUCCESS)
            result = cuCtxSynchronize();
        CUdeviceptr more;
        const CUresult later = cuMemAlloc_v2(&more, 16); // a failed context stays failed
        std::printf("code %d then %d: %s\n", result, later, test::error_text(result).c_str());
    });
}

void expect(const Fault &fault, const char *file, int line)
{
    const std::string broken = outcome(fault, false), fixed = outcome(fault, true);
    const std::string code = "code " + std::to_string(fault.code) + " then " + std::to_string(fault.code) + ":";
    bool right = broken.find(code) != std::string::npos;
    for (const char *phrase : fault.report)
        // On stderr and in the error's text.
        right = right && broken.find(phrase) != broken.rfind(phrase);
    if (!right)
        test::failed(file, line, "the fault gave: " + broken);
    if (fixed.find("code 0 then 0:") == std::string::npos)
        test::failed(file, line, "its corrected twin gave: " + fixed);
}
} // namespace

#define EXPECT_FAULT(...) expect(Fault __VA_ARGS__, __FILE__, __LINE__)

TEST(GlobalWrite_OnePastTheEnd_IsReported)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    const int i = threadIdx.x;
#ifdef FIXED
    if (i < n)
#endif
        out[i] = 1.0f;
}
)",
                  "",
                  1,
                  65,
                  64,
                  64,
                  700,
                  {"kernel 'broken', block (0,0,0), thread (64,0,0)", "out-of-bounds write",
                   "offset 256 of an allocation of 256 bytes", "test.cu:8"}});
}

TEST(GlobalRead_OnePastTheEnd_IsReported)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
#ifdef FIXED
    --n;
#endif
    const int i = threadIdx.x + blockIdx.x * 32;
    out[i] = in[i < n ? i + 1 : n];
}
)",
                  "",
                  2,
                  32,
                  64,
                  64,
                  700,
                  {"kernel 'broken', block (1,0,0), thread (31,0,0)", "out-of-bounds read",
                   "offset 256 of an allocation of 256 bytes", "test.cu:8"}});
}

TEST(GlobalRead_OnePastAnUnevenEnd_IsReportedWhenChecked)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
#ifdef FIXED
    --n;
#endif
    out[0] = in[n];
}
)",
                  "CHECKED",
                  1,
                  1,
                  64,
                  63,
                  700,
                  {"out-of-bounds read of 4 bytes at offset 252 of an allocation of 252 bytes", "test.cu:7"}});
}

TEST(GlobalWrite_OnePastAnUnevenEnd_IsReportedAfterTheLaunch)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
#ifdef FIXED
    --n;
#endif
    out[n] = in[0];
}
)",
                  "",
                  1,
                  1,
                  63,
                  63,
                  700,
                  {"kernel 'broken'", "a write next to an allocation of 252 bytes"}});
}

TEST(SharedRead_OnePastTheEnd_IsReportedWhenChecked)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    __shared__ float before[32];
    __shared__ float tile[32];
    __shared__ float after[32];
    before[threadIdx.x] = tile[threadIdx.x] = after[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
#ifdef FIXED
    const int next = (threadIdx.x + 1) % 32;
#else
    const int next = threadIdx.x + 1;
#endif
    out[threadIdx.x] = before[next] + tile[next] * after[next];
}
)",
                  "CHECKED",
                  1,
                  32,
                  32,
                  32,
                  700,
                  {"thread (31,0,0)", "out-of-bounds read of 4 bytes", "next to a shared variable", "test.cu:14"}});
}

TEST(SharedWrite_OnePastTheEnd_IsReported)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    __shared__ float tile[32];
#ifdef FIXED
    tile[threadIdx.x] = in[threadIdx.x];
#else
    tile[threadIdx.x + 1] = in[threadIdx.x];
#endif
    __syncthreads();
    out[threadIdx.x] = tile[threadIdx.x ^ 1];
}
)",
                  "",
                  1,
                  32,
                  32,
                  32,
                  700,
                  {"block (0,0,0)", "a write next to a shared variable: 'tile'"}});
}

TEST(DynamicShared_PastItsSize_IsReported)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    extern __shared__ float tile[];
#ifdef FIXED
    --n;
#endif
    tile[n] = in[0];
    out[0] = tile[n];
}
)",
                  "",
                  1,
                  1,
                  32,
                  32,
                  700,
                  {"out-of-bounds write past 128 bytes of dynamic shared memory", "test.cu:8"},
                  128});
}

TEST(UnsynchronisedShared_MissingBarrier_IsARaceWhenChecked)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    __shared__ float tile[64];
    tile[threadIdx.x] = in[threadIdx.x];
#ifdef FIXED
    __syncthreads();
#endif
    out[threadIdx.x] = tile[63 - threadIdx.x];
}
)",
                  "CHECKED",
                  1,
                  64,
                  64,
                  64,
                  719,
                  {"race: ", " at test.cu:", "what another warp (thread (", "nothing orders the two; at byte",
                   "of the shared variable 'tile'"}});
}

TEST(UnsynchronisedShared_ReadBeforeOverwrite_IsARaceWhenChecked)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    __shared__ float tile[64];
    float value = 0.0f;
    for (int round = 0; round < 3; ++round)
    {
        tile[threadIdx.x] = in[threadIdx.x] + round;
        __syncthreads();
        value += tile[63 - threadIdx.x];
#ifdef FIXED
        __syncthreads();
#endif
    }
    out[threadIdx.x] = value;
}
)",
                  "CHECKED",
                  1,
                  64,
                  64,
                  64,
                  719,
                  {"race: ", " at test.cu:", "what another warp (thread (", "'tile'"}});
}

// Whole structures are watched as single words are.
TEST(VectorStores_WithoutBarrier_AreARaceWhenChecked)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    __shared__ float4 tile[64];
    tile[threadIdx.x] = make_float4(in[threadIdx.x], 1.0f, 2.0f, 3.0f);
#ifdef FIXED
    __syncthreads();
#endif
    const float4 other = tile[63 - threadIdx.x];
    out[threadIdx.x] = other.x;
}
)",
                  "CHECKED",
                  1,
                  64,
                  64,
                  64,
                  719,
                  {"race: ", "another warp", "'tile'"}});
}

TEST(VectorLoad_OverTheEnd_IsReportedWhenChecked)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
#ifdef FIXED
    n = 8;
#endif
    const float2 pair = *reinterpret_cast<const float2*>(in + n - 2 + (n & 1));
    *reinterpret_cast<float2*>(out) = pair;
}
)",
                  "CHECKED",
                  1,
                  1,
                  64,
                  9,
                  700,
                  {"out-of-bounds read", "at offset 36 of an allocation of 36 bytes", "test.cu:7"}});
}

TEST(WarpExchange_WithoutSyncwarp_IsARaceWhenChecked)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    __shared__ float tile[32];
    tile[threadIdx.x] = in[threadIdx.x];
#ifdef FIXED
    __syncwarp();
#endif
    out[threadIdx.x] = tile[threadIdx.x ^ 1];
}
)",
                  "CHECKED",
                  1,
                  32,
                  32,
                  32,
                  719,
                  {"race: ", "another lane of its warp", "'tile'", "test.cu:"}});
}

TEST(Blocks_WriteTheSameWord_IsARaceWhenChecked)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
#ifdef FIXED
    atomicExch(out, in[blockIdx.x]);
#else
    out[0] = in[blockIdx.x];
#endif
}
)",
                  "CHECKED",
                  4,
                  1,
                  1,
                  4,
                  719,
                  {"race: writes at test.cu:7 what another block has written at test.cu:7, and", "at offset 0"}});
}

TEST(LastBlock_WithoutFence_IsARaceWhenChecked)
{
    EXPECT_FAULT({R"(
__device__ unsigned ticket;
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    out[blockIdx.x] = in[blockIdx.x];
#ifdef FIXED
    __threadfence();
#endif
    if (atomicAdd(&ticket, 1u) != gridDim.x - 1)
        return;
    float total = 0.0f;
    for (int b = 0; b < gridDim.x; ++b)
        total += out[b];
    out[gridDim.x] = total;
}
)",
                  "CHECKED",
                  4,
                  1,
                  5,
                  4,
                  719,
                  {"race: reads at test.cu:13 what another block has written at test.cu:5, and"}});
}

TEST(Halves_NeighboursInOneWord_RaceOnlyWhenTheyOverlap)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    unsigned short* halves = reinterpret_cast<unsigned short*>(out);
#ifdef FIXED
    halves[threadIdx.x] = softcuda_float_to_half(in[threadIdx.x]);
#else
    halves[threadIdx.x - (threadIdx.x == 7)] = softcuda_float_to_half(in[threadIdx.x]);
#endif
}
)",
                  "CHECKED",
                  1,
                  32,
                  16,
                  32,
                  719,
                  {"race: writes at test.cu:8 what another lane", "has written at test.cu:8, and", "at offset 12"}});
}

TEST(Barrier_InDivergentCode_IsReported)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    __shared__ float tile[64];
    tile[threadIdx.x] = in[threadIdx.x];
#ifndef FIXED
    if (threadIdx.x < 40)
#endif
        __syncthreads();
    out[threadIdx.x] = tile[0];
    __syncthreads();
}
)",
                  "",
                  1,
                  64,
                  64,
                  64,
                  719,
                  {"divergent barrier", "line 9", "line 11", "thread ("}});
}

TEST(Barrier_WaitsForLanesInAShuffle_IsADeadlock)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
    float value = in[threadIdx.x];
    if (threadIdx.x < 32)
    {
#ifndef FIXED
        if (threadIdx.x < 16)
#endif
            value += __shfl_xor_sync(0xFFFFFFFFu, value, 1);
    }
    __syncthreads();
    out[threadIdx.x] = value;
}
)",
                  "",
                  1,
                  64,
                  64,
                  64,
                  719,
                  {"deadlock", "48 of 64 threads wait at __syncthreads in line 12",
                   "the lanes 0000ffff wait in a warp operation for the lanes ffff0000"}});
}

TEST(Shuffle_LaneNotInItsMask_IsReported)
{
    EXPECT_FAULT({R"(
extern "C" __global__ void broken(float* out, const float* in, int n)
{
#ifdef FIXED
    const unsigned mask = 0xFFFFFFFFu;
#else
    const unsigned mask = 0xFFFFFFDFu;
#endif
    out[threadIdx.x] = __shfl_sync(mask, in[threadIdx.x], 0);
}
)",
                  "",
                  1,
                  32,
                  32,
                  32,
                  719,
                  {"thread (5,0,0)", "mask ffffffdf leaves it out"}});
}

TEST(Stack_Exhausted_IsReported)
{
    EXPECT_FAULT({R"(
__device__ __noinline__ float deep(const float* in, int n)
{
    volatile float local[256];
    local[n & 255] = in[0];
    return n <= 0 ? local[0] : deep(in, n - 1) + local[n & 255];
}
extern "C" __global__ void broken(float* out, const float* in, int n)
{
#ifdef FIXED
    n = 10;
#endif
    out[0] = deep(in, n);
}
)",
                  "",
                  1,
                  1,
                  1,
                  1000,
                  700,
                  {"stack overflow", "thread (0,0,0)"}});
}
