// Whole kernels of the usual shapes against a reference, run in normal, random and checked mode.
#include "test_support.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using test::Card;
using test::pattern;

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
        CHECK_NEAR(y[i], 3.0f * x[i] + 1.0f, 1e-5);
}

TEST(Reduction_SharedAndShuffles_SumsAllBlocks)
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
    CHECK_NEAR(card.download<float>(out, 1)[0], std::accumulate(x.begin(), x.end(), 0.0), 1e-2);
}

TEST(Scan_WarpsThenBlock_GivesInclusiveSums)
{
    Card card;
    const CUfunction scan = card.function(R"(
template <typename T> __device__ __forceinline__ T warp_scan(T value)
{
    const int lane = threadIdx.x & 31;
    for (int d = 1; d < warpSize; d *= 2)
    {
        const T other = __shfl_up_sync(0xFFFFFFFFu, value, d);
        if (lane >= d)
            value += other;
    }
    return value;
}
template <int WARPS> __device__ unsigned long long block_scan(unsigned long long value)
{
    __shared__ unsigned long long sums[WARPS];
    const int warp = threadIdx.x / 32;
    value = warp_scan(value);
    if (threadIdx.x % 32 == 31)
        sums[warp] = value;
    __syncthreads();
    if (warp == 0)
    {
        const unsigned long long total = threadIdx.x < WARPS ? sums[threadIdx.x] : 0ull;
        const unsigned long long before = warp_scan(total);
        if (threadIdx.x < WARPS)
            sums[threadIdx.x] = before - total;
    }
    __syncthreads();
    return value + sums[warp];
}
extern "C" __global__ void __launch_bounds__(1024, 1) scan(unsigned long long* out, const unsigned* x)
{
    out[threadIdx.x] = block_scan<32>(x[threadIdx.x]);
}
)",
                                          "scan");
    std::vector<unsigned> x(1024);
    for (unsigned i = 0; i < 1024; ++i)
        x[i] = i * 2654435761u;
    const CUdeviceptr from = card.upload(x), out = card.allocate(1024 * 8);
    CHECK_OK(card.launch(scan, 1, 1024, 0, nullptr, out, from));
    const std::vector<unsigned long long> sums = card.download<unsigned long long>(out, 1024);
    unsigned long long expected = 0;
    for (unsigned i = 0; i < 1024; ++i)
        CHECK(sums[i] == (expected += x[i]));
}

TEST(DynamicShared_OptIn_TransposesATile)
{
    Card card;
    const CUfunction transpose = card.function(R"(
extern "C" __global__ void transpose(float* out, const float* in, int n)
{
    extern __shared__ __align__(16) float tile[];
    float4* wide = reinterpret_cast<float4*>(tile);
    for (int i = threadIdx.x; i < n * n / 4; i += blockDim.x)
        wide[i] = reinterpret_cast<const float4*>(in)[i];
    __syncthreads();
    for (int i = threadIdx.x; i < n * n; i += blockDim.x)
        out[i] = tile[i % n * n + i / n];
}
)",
                                               "transpose");
    const int n = 128, bytes = n * n * 4;
    const std::vector<float> x = pattern(n * n);
    const CUdeviceptr from = card.upload(x), to = card.allocate(bytes);
    CHECK_CODE(card.launch(transpose, 1, 256, bytes, nullptr, to, from, n), CUDA_ERROR_INVALID_VALUE);
    CHECK_OK(cuFuncSetAttribute(transpose, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes));
    CHECK_OK(card.launch(transpose, 1, 256, bytes, nullptr, to, from, n));
    const std::vector<float> y = card.download<float>(to, n * n);
    for (int i = 0; i < n * n; ++i)
        CHECK(y[i] == x[i % n * n + i / n]);
}

// Two buffers per matrix, vector loads, a tail of rows: the shape of the critic's layers.
TEST(TiledProduct_DoubleBuffered_MatchesADoubleReference)
{
    Card card;
    const CUfunction product = card.function(R"(
#ifndef TILE
#error "TILE: columns of a that one step loads"
#endif
// out[m,n] = relu(a[m,k] * b[n,k]^T); a block makes 16 x 16 of it.
extern "C" __global__ void __launch_bounds__(256) product(float* __restrict__ out, const float* __restrict__ a,
                                                          const float* __restrict__ b, int m, int n, int k)
{
    __shared__ __align__(16) float tile_a[2][16][TILE + 4];
    __shared__ __align__(16) float tile_b[2][16][TILE + 4];
    const int x = threadIdx.x % 16, y = threadIdx.x / 16;
    const auto load = [&](int buffer, int from) {
        for (int i = threadIdx.x; i < 16 * TILE / 4; i += blockDim.x)
        {
            const int row = i / (TILE / 4), column = i % (TILE / 4) * 4;
            const int row_a = min(blockIdx.y * 16 + row, m - 1), row_b = min(blockIdx.x * 16 + row, n - 1);
            *reinterpret_cast<float4*>(&tile_a[buffer][row][column]) =
                __ldg(reinterpret_cast<const float4*>(a + row_a * k + from + column));
            *reinterpret_cast<float4*>(&tile_b[buffer][row][column]) =
                __ldg(reinterpret_cast<const float4*>(b + row_b * k + from + column));
        }
    };
    load(0, 0);
    __syncthreads();
    float sum = 0.0f;
    for (int from = 0, buffer = 0; from < k; from += TILE, buffer ^= 1)
    {
        if (from + TILE < k)
            load(buffer ^ 1, from + TILE);
#pragma unroll
        for (int i = 0; i < TILE; ++i)
            sum = fmaf(tile_a[buffer][y][i], tile_b[buffer][x][i], sum);
        __syncthreads();
    }
    const int row = blockIdx.y * 16 + y, column = blockIdx.x * 16 + x;
    if (row < m && column < n)
        out[row * n + column] = fmaxf(sum, 0.0f);
}
)",
                                             "product", {"-DTILE=32"});
    const int m = 19, n = 40, k = 128;
    const std::vector<float> a = pattern(m * k), b = pattern(n * k);
    CUdeviceptr from_a = card.upload(a), from_b = card.upload(b), out = card.allocate(m * n * 4);
    int rows = m, columns = n, depth = k;
    void *arguments[] = {&out, &from_a, &from_b, &rows, &columns, &depth};
    CHECK_OK(cuLaunchKernel(product, 3, 2, 1, 256, 1, 1, 0, nullptr, arguments, nullptr));
    const std::vector<float> result = card.download<float>(out, m * n);
    for (int row = 0; row < m; ++row)
        for (int column = 0; column < n; ++column)
        {
            double expected = 0.0;
            for (int i = 0; i < k; ++i)
                expected += static_cast<double>(a[row * k + i]) * b[column * k + i];
            CHECK_NEAR(result[row * n + column], std::max(expected, 0.0), 1e-3);
        }
}

TEST(BitonicSort_KeysWithPlaces_SortsStably)
{
    Card card;
    const CUfunction sort = card.function(R"(
extern "C" __global__ void sort(float* keys, int* places)
{
    __shared__ unsigned long long pairs[512];
    for (int i = threadIdx.x; i < 512; i += blockDim.x)
        pairs[i] = static_cast<unsigned long long>(__float_as_uint(keys[i]) ^
                       (__float_as_int(keys[i]) < 0 ? 0xFFFFFFFFu : 0x80000000u)) << 32 | static_cast<unsigned>(i);
    __syncthreads();
    for (int size = 2; size <= 512; size *= 2)
        for (int stride = size / 2; stride > 0; stride /= 2)
        {
            const int t = threadIdx.x, i = t / stride * stride * 2 + t % stride;
            const bool ascending = (i & size) == 0;
            if ((pairs[i] > pairs[i + stride]) == ascending)
            {
                const unsigned long long kept = pairs[i];
                pairs[i] = pairs[i + stride];
                pairs[i + stride] = kept;
            }
            __syncthreads();
        }
    for (int i = threadIdx.x; i < 512; i += blockDim.x)
    {
        places[i] = static_cast<int>(pairs[i] & 0xFFFFFFFFull);
        const unsigned bits = static_cast<unsigned>(pairs[i] >> 32);
        keys[i] = __uint_as_float(bits & 0x80000000u ? bits ^ 0x80000000u : ~bits);
    }
}
)",
                                          "sort");
    const std::vector<float> keys = pattern(512);
    std::vector<int> expected(512);
    std::iota(expected.begin(), expected.end(), 0);
    std::stable_sort(expected.begin(), expected.end(), [&](int i, int j) { return keys[i] < keys[j]; });
    const CUdeviceptr on_card = card.upload(keys), places = card.allocate(512 * 4);
    CHECK_OK(card.launch(sort, 1, 256, 0, nullptr, on_card, places));
    CHECK(card.download<int>(places, 512) == expected);
    CHECK(card.download<float>(on_card, 512)[100] == keys[expected[100]]);
}
