// Kernels whose results are known, run in normal, random and checked mode by way of the environment.
#include "test_support.h"

#include <cmath>
#include <numeric>

using test::Card;

namespace
{
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
} // namespace

TEST(Elementwise_ManyBlocks_ComputesEachElement)
{
    Card card;
    const CUfunction scale = card.function(R"(
extern "C" __global__ void scale(float* __restrict__ y, const float* __restrict__ x, float a, int n)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        y[i] = fmaf(a, __ldg(x + i), 1.0f);
}
)",
                                           "scale");
    const int n = 10000;
    const std::vector<float> x = pattern(n);
    const CUdeviceptr from = card.upload(x), to = card.allocate(n * sizeof(float));
    CHECK_OK(card.launch(scale, (n + 255) / 256, 256, 0, nullptr, to, from, 3.0f, n));
    const std::vector<float> y = card.download<float>(to, n);
    for (int i = 0; i < n; ++i)
        if (std::fabs(y[i] - (3.0f * x[i] + 1.0f)) > 1e-5f)
        {
            test::failed(__FILE__, __LINE__, "element " + std::to_string(i) + " is " + std::to_string(y[i]));
            break;
        }
}

TEST(Reduction_SharedTreeAndShuffles_SumsTheBlock)
{
    Card card;
    const CUfunction sum = card.function(R"(
extern "C" __global__ void __launch_bounds__(256) sum(float* out, const float* x, int n)
{
    __shared__ float warps[8];
    float total = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        total += x[i];
#pragma unroll
    for (int d = 16; d > 0; d >>= 1)
        total += __shfl_down_sync(0xFFFFFFFFu, total, d);
    if ((threadIdx.x & 31) == 0)
        warps[threadIdx.x >> 5] = total;
    __syncthreads();
    if (threadIdx.x < 32)
    {
        total = threadIdx.x < 8 ? warps[threadIdx.x] : 0.0f;
        for (int d = 4; d > 0; d >>= 1)
            total += __shfl_xor_sync(0xFFFFFFFFu, total, d);
        if (threadIdx.x == 0)
            atomicAdd(out, total);
    }
}
)",
                                         "sum");
    const int n = 5000;
    const std::vector<float> x = pattern(n);
    const CUdeviceptr from = card.upload(x), out = card.upload(std::vector<float>{0.0f});
    CHECK_OK(card.launch(sum, 4, 256, 0, nullptr, out, from, n));
    const double expected = std::accumulate(x.begin(), x.end(), 0.0);
    CHECK(std::fabs(card.download<float>(out, 1)[0] - expected) < 1e-2);
}
