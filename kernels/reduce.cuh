// Sums, maxima and running sums over a warp or a block; integers only where the order would change the result.
#pragma once

typedef unsigned long long u64;

constexpr unsigned ALL_LANES = 0xffffffffu;
constexpr float LOWEST = -3.402823466e38f;

__device__ __forceinline__ int lane_of_thread() { return threadIdx.x & 31; }
__device__ __forceinline__ int warp_of_thread() { return threadIdx.x >> 5; }

struct Sum {
  template <typename T> static __device__ __forceinline__ T apply(T a, T b) { return a + b; }
};
struct Largest {
  template <typename T> static __device__ __forceinline__ T apply(T a, T b) { return a > b ? a : b; }
};

// Every lane gets the result; always the same tree, so floats add in a fixed order.
template <typename Op, typename T> __device__ __forceinline__ T warp_reduce(T value) {
  for (int distance = 16; distance > 0; distance >>= 1) value = Op::apply(value, __shfl_xor_sync(ALL_LANES, value, distance));
  return value;
}

// Every thread gets the result. scratch: T[32] in shared memory, free again on return. blockDim.x is a multiple of 32.
template <typename Op, typename T> __device__ T block_reduce(T value, T* scratch) {
  value = warp_reduce<Op>(value);
  const int warps = blockDim.x >> 5;
  if (lane_of_thread() == 0) scratch[warp_of_thread()] = value;
  __syncthreads();
  T result = scratch[0];
  for (int warp = 1; warp < warps; ++warp) result = Op::apply(result, scratch[warp]);
  __syncthreads();
  return result;
}

// Sum of the values of this lane and of all lower ones.
__device__ __forceinline__ u64 warp_running_sum(u64 value) {
  for (int distance = 1; distance < 32; distance <<= 1) {
    const u64 below = __shfl_up_sync(ALL_LANES, value, distance);
    if (lane_of_thread() >= distance) value += below;
  }
  return value;
}

// Sum of the values of this thread and of all lower ones. scratch: u64[32] in shared memory, free again on return.
__device__ __forceinline__ u64 block_running_sum(u64 value, u64* scratch) {
  value = warp_running_sum(value);
  if (lane_of_thread() == 31) scratch[warp_of_thread()] = value;
  __syncthreads();
  for (int warp = 0; warp < warp_of_thread(); ++warp) value += scratch[warp];
  __syncthreads();
  return value;
}

// Calls visit(at, values[at]) for this thread's share of the values; four loads are under way at a time.
template <typename Visit> __device__ __forceinline__ void visit_all(const float* __restrict__ values, int count, Visit visit) {
  constexpr int AHEAD = 4;
  const int step = blockDim.x;
  int at = threadIdx.x;
  for (; at + (AHEAD - 1) * step < count; at += AHEAD * step) {
    float loaded[AHEAD];
#pragma unroll
    for (int ahead = 0; ahead < AHEAD; ++ahead) loaded[ahead] = values[at + ahead * step];
#pragma unroll
    for (int ahead = 0; ahead < AHEAD; ++ahead) visit(at + ahead * step, loaded[ahead]);
  }
  for (; at < count; at += step) visit(at, values[at]);
}

__device__ __forceinline__ bool is_finite(float value) { return fabsf(value) <= 3.402823466e38f; }
