// Planted accesses out of bounds must be caught with the right report; their corrected twins must pass.
#include "planted_fault.h"

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
