// Planted races, barriers and shuffles must be caught with the right report; their corrected twins must pass.
#include "planted_fault.h"

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

TEST(GlobalVariable_UsedByTwoBlocks_IsARaceWhenChecked)
{
    EXPECT_FAULT({R"(
__device__ int latest[2];
extern "C" __global__ void broken(float* out, const float* in, int n)
{
#ifdef FIXED
    atomicMax(&latest[1], static_cast<int>(blockIdx.x));
#else
    latest[1] = blockIdx.x;
#endif
    if (n < 0)
        out[0] = latest[n & 1]; // what nobody reads is not even written
}
)",
                  "CHECKED",
                  4,
                  1,
                  1,
                  4,
                  719,
                  {"race: writes at test.cu:8 what another block has written", "at byte 4 of the variable 'latest'"}});
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
