// What a card can do at best, to compare kernels with: read memory, copy it, multiply and add, and a launch that does nothing.
//
// read_memory        from uint4[count]
// copy_memory        from → to uint4[count]
// multiply_add       8 · 2 · steps operations per thread, in float32
// multiply_tensor    8 · 4096 · steps operations per warp: float16 products, float32 sums, by the instruction that the critic uses
// do_nothing
#include "half.cuh"

constexpr int CHAINS = 8;

extern "C" __global__ void do_nothing() {}

__device__ __forceinline__ unsigned mix(uint4 value) { return value.x ^ value.y ^ value.z ^ value.w; }

extern "C" __global__ void __launch_bounds__(512) read_memory(const uint4* __restrict__ from, unsigned* to, unsigned long long count) {
  const size_t step = (size_t)gridDim.x * blockDim.x;
  size_t at = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
  unsigned mixed = 0;
  for (; at + 3 * step < count; at += 4 * step) {
    const uint4 a = from[at], b = from[at + step], c = from[at + 2 * step], d = from[at + 3 * step];
    mixed ^= mix(a) ^ mix(b) ^ mix(c) ^ mix(d);
  }
  for (; at < count; at += step) mixed ^= mix(from[at]);
  if (mixed == 1) *to = mixed;  // never: all are zeros, which the compiler cannot know
}

extern "C" __global__ void __launch_bounds__(512) copy_memory(const uint4* __restrict__ from, uint4* __restrict__ to, unsigned long long count) {
  const size_t step = (size_t)gridDim.x * blockDim.x;
  for (size_t at = (size_t)blockIdx.x * blockDim.x + threadIdx.x; at < count; at += step) to[at] = from[at];
}

extern "C" __global__ void __launch_bounds__(256) multiply_add(float* to, float a, float b, int steps) {
  float sum[CHAINS];
#pragma unroll
  for (int chain = 0; chain < CHAINS; ++chain) sum[chain] = threadIdx.x + chain;
  for (int step = 0; step < steps; ++step)
#pragma unroll
    for (int chain = 0; chain < CHAINS; ++chain) sum[chain] = fmaf(sum[chain], a, b);
  float total = 0;
#pragma unroll
  for (int chain = 0; chain < CHAINS; ++chain) total += sum[chain];
  if (total == 1.0f) *to = total;
}

#if defined(SOFTCUDA) || __CUDA_ARCH__ >= 800
extern "C" __global__ void __launch_bounds__(256) multiply_tensor(float* to, float scale, int steps) {
  // Chains that differ, or the compiler would make them one.
  float sum[CHAINS][4];
#pragma unroll
  for (int chain = 0; chain < CHAINS; ++chain)
#pragma unroll
    for (int value = 0; value < 4; ++value) sum[chain][value] = chain;
  // Halves near 1 that differ from lane to lane.
  const unsigned bits = 0x3c003c00u + threadIdx.x * 0x00070005u;
  const unsigned a[4] = {bits, bits ^ 0x00110022u, bits ^ 0x00330044u, bits ^ 0x00550066u}, b[2] = {bits ^ 0x80008000u, bits ^ 0x00770011u};
  for (int step = 0; step < steps; ++step)
#pragma unroll
    for (int chain = 0; chain < CHAINS; ++chain) multiply_16x8x16(sum[chain], a, b, sum[chain]);
  float total = 0;
#pragma unroll
  for (int chain = 0; chain < CHAINS; ++chain)
#pragma unroll
    for (int value = 0; value < 4; ++value) total += sum[chain][value];
  if (total * scale == 1.0f) *to = total;
}
#endif
