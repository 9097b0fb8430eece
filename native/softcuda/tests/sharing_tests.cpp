// Threads that share words rightly, by atomics, fences and barriers, against a reference in all modes.
#include "test_support.h"

#include <algorithm>
#include <numeric>

using test::Card;
using test::pattern;

// Both common forms of the pattern: every writer fences, or one thread does after a barrier.
TEST(LastBlock_ReducesWhatOthersWrote_IsNoRace)
{
    Card card;
    const char *source = R"(
extern "C" __global__ void last(float* out, float* partial, unsigned* ticket, const float* x, int n)
{
    __shared__ float tile[128];
    __shared__ bool is_last;
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    tile[threadIdx.x] = i < n ? x[i] : 0.0f;
    __syncthreads();
    for (int d = blockDim.x / 2; d > 0; d /= 2)
    {
        if (threadIdx.x < d)
            tile[threadIdx.x] += tile[threadIdx.x + d];
        __syncthreads();
    }
    if (threadIdx.x == 0)
    {
        partial[blockIdx.x] = tile[0];
        __threadfence();
        is_last = atomicAdd(ticket, 1u) == gridDim.x - 1;
    }
    __syncthreads();
    if (!is_last)
        return;
    __threadfence();
    float total = 0.0f;
    for (int b = threadIdx.x; b < gridDim.x; b += blockDim.x)
        total += partial[b];
    tile[threadIdx.x] = total;
    __syncthreads();
    if (threadIdx.x == 0)
    {
        total = 0.0f;
        for (int t = 0; t < blockDim.x; ++t)
            total += tile[t];
        *out = total;
        *ticket = 0;
    }
}
extern "C" __global__ void last_by_warp(float* out, float* partial, unsigned* ticket, const float* x, int n)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    partial[i] = i < n ? x[i] : 0.0f;
    __threadfence();
    __syncthreads();
    unsigned mine = 0;
    if (threadIdx.x == 0)
        mine = atomicAdd(ticket, 1u);
    if (!__syncthreads_or(threadIdx.x == 0 && mine == gridDim.x - 1))
        return;
    if (threadIdx.x < 32)
    {
        float total = 0.0f;
        for (int k = threadIdx.x; k < gridDim.x * blockDim.x; k += 32)
            total += partial[k];
        for (int d = 16; d > 0; d /= 2)
            total += __shfl_down_sync(0xFFFFFFFFu, total, d);
        if (threadIdx.x == 0)
            *out = total, *ticket = 0;
    }
}
)";
    const CUmodule module = card.compile(source);
    const int n = 2000, blocks = 16;
    const std::vector<float> x = pattern(n);
    const CUdeviceptr from = card.upload(x), out = card.allocate(4), partial = card.allocate(blocks * 128 * 4);
    const CUdeviceptr ticket = card.upload(std::vector<unsigned>{0});
    for (const char *name : {"last", "last_by_warp", "last"})
    {
        CUfunction function;
        CHECK_OK(cuModuleGetFunction(&function, module, name));
        CHECK_OK(card.launch(function, blocks, 128, 0, nullptr, out, partial, ticket, from, n));
        CHECK_NEAR(card.download<float>(out, 1)[0], std::accumulate(x.begin(), x.end(), 0.0), 1e-2);
    }
}

// Pairs exchanged through shared memory with warp barriers only, then with barriers of half a warp.
TEST(SyncWarp_OrdersLanes_IsNoRace)
{
    Card card;
    const CUfunction exchange = card.function(R"(
extern "C" __global__ void exchange(unsigned* out)
{
    __shared__ unsigned slots[64];
    const unsigned t = threadIdx.x, lane = t % 32;
    slots[t] = t * 3;
    __syncwarp();
    const unsigned first = slots[t ^ 1];
    __syncwarp();
    const unsigned half = lane < 16 ? 0x0000FFFFu : 0xFFFF0000u;
    if (lane < 16)
    {
        slots[t] = first + 1;
        __syncwarp(half);
        out[t] = slots[t ^ 8];
    }
    else
    {
        slots[t] = first + 2;
        __syncwarp(half);
        out[t] = slots[t ^ 4];
    }
}
)",
                                              "exchange");
    const CUdeviceptr out = card.allocate(64 * 4);
    CHECK_OK(card.launch(exchange, 1, 64, 0, nullptr, out));
    const std::vector<unsigned> result = card.download<unsigned>(out, 64);
    for (unsigned t = 0; t < 64; ++t)
        CHECK(result[t] == (t % 32 < 16 ? ((t ^ 8) ^ 1) * 3 + 1 : ((t ^ 4) ^ 1) * 3 + 2));
}

TEST(Atomics_SharedAndGlobal_CountEverything)
{
    Card card;
    const CUfunction count = card.function(R"(
extern "C" __global__ void count(unsigned* histogram, int* extremes, unsigned long long* wide, float* sum,
                                 unsigned* bits, const int* x, int n)
{
    __shared__ unsigned local[16];
    if (threadIdx.x < 16)
        local[threadIdx.x] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    {
        atomicAdd(&local[x[i] & 15], 1u);
        atomicMin(&extremes[0], x[i]);
        atomicMax(&extremes[1], x[i]);
        atomicAdd(wide, 1ull << 33);
        atomicMax(wide + 1, static_cast<unsigned long long>(x[i] & 1023));
        atomicAdd(sum, 0.5f);
        atomicOr(bits, 1u << (x[i] & 31));
        unsigned old = 0, seen;
        do
            seen = old;
        while ((old = atomicCAS(bits + 2, seen, seen + 1)) != seen);
    }
    __syncthreads();
    if (threadIdx.x < 16)
        atomicAdd(&histogram[threadIdx.x], local[threadIdx.x]);
    atomicInc(bits + 4, 100u);
    atomicDec(bits + 5, 100u);
    if (threadIdx.x == 0)
        atomicExch(bits + 3, 7u);
}
)",
                                           "count");
    const int n = 3000;
    std::vector<int> x(n);
    std::vector<unsigned> expected(16);
    unsigned long long highest = 0;
    unsigned mask = 0;
    for (int i = 0; i < n; ++i)
    {
        x[i] = static_cast<int>(i * 2654435761u) >> 3;
        ++expected[x[i] & 15];
        highest = std::max<unsigned long long>(highest, x[i] & 1023);
        mask |= 1u << (x[i] & 31);
    }
    const CUdeviceptr from = card.upload(x), histogram = card.upload(std::vector<unsigned>(16));
    const CUdeviceptr extremes = card.upload(std::vector<int>{0, 0});
    const CUdeviceptr wide = card.upload(std::vector<unsigned long long>(2)), sum = card.upload(std::vector<float>(1));
    const CUdeviceptr bits = card.upload(std::vector<unsigned>(6));
    CHECK_OK(card.launch(count, 3, 128, 0, nullptr, histogram, extremes, wide, sum, bits, from, n));
    CHECK(card.download<unsigned>(histogram, 16) == expected);
    CHECK(card.download<int>(extremes, 2)[0] == *std::min_element(x.begin(), x.end()));
    CHECK(card.download<int>(extremes, 2)[1] == *std::max_element(x.begin(), x.end()));
    CHECK(card.download<unsigned long long>(wide, 2)[0] == static_cast<unsigned long long>(n) << 33);
    CHECK(card.download<unsigned long long>(wide, 2)[1] == highest);
    CHECK(card.download<float>(sum, 1)[0] == n * 0.5f);
    // 384 threads count modulo 101, up and down from 0.
    CHECK((card.download<unsigned>(bits, 6) ==
           std::vector<unsigned>{mask, 0, static_cast<unsigned>(n), 7, 384 % 101, (101 - 384 % 101) % 101}));
}
