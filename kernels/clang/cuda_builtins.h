// What CUDA C++ has built in and clang's device compiler lacks without NVIDIA's headers: only what our kernels use.
#pragma once

#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __forceinline__ __inline__ __attribute__((always_inline))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))

typedef __SIZE_TYPE__ size_t;

struct __attribute__((aligned(16))) uint4 {
  unsigned x, y, z, w;
};
__device__ __forceinline__ uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

#define SPECIAL_REGISTER(name, type)                                                          \
  struct type {                                                                               \
    __declspec(property(get = get_x)) unsigned x;                                             \
    __declspec(property(get = get_y)) unsigned y;                                             \
    __declspec(property(get = get_z)) unsigned z;                                             \
    __device__ __forceinline__ unsigned get_x() const { return __nvvm_read_ptx_sreg_##name##_x(); } \
    __device__ __forceinline__ unsigned get_y() const { return __nvvm_read_ptx_sreg_##name##_y(); } \
    __device__ __forceinline__ unsigned get_z() const { return __nvvm_read_ptx_sreg_##name##_z(); } \
  }
SPECIAL_REGISTER(tid, ThreadIndex);
SPECIAL_REGISTER(ctaid, BlockIndex);
SPECIAL_REGISTER(ntid, BlockDim);
extern const __device__ ThreadIndex threadIdx;
extern const __device__ BlockIndex blockIdx;
extern const __device__ BlockDim blockDim;

constexpr int WHOLE_WARP = 0x1f;

__device__ __forceinline__ int __shfl_xor_sync(unsigned mask, int value, int lanes) { return __nvvm_shfl_sync_bfly_i32(mask, value, lanes, WHOLE_WARP); }
__device__ __forceinline__ int __shfl_up_sync(unsigned mask, int value, int lanes) { return __nvvm_shfl_sync_up_i32(mask, value, lanes, 0); }
__device__ __forceinline__ float __shfl_xor_sync(unsigned mask, float value, int lanes) { return __nvvm_shfl_sync_bfly_f32(mask, value, lanes, WHOLE_WARP); }
__device__ __forceinline__ unsigned long long __shfl_xor_sync(unsigned mask, unsigned long long value, int lanes) {
  const unsigned low = __shfl_xor_sync(mask, (int)value, lanes), high = __shfl_xor_sync(mask, (int)(value >> 32), lanes);
  return (unsigned long long)high << 32 | low;
}
__device__ __forceinline__ unsigned long long __shfl_up_sync(unsigned mask, unsigned long long value, int lanes) {
  const unsigned low = __shfl_up_sync(mask, (int)value, lanes), high = __shfl_up_sync(mask, (int)(value >> 32), lanes);
  return (unsigned long long)high << 32 | low;
}
__device__ __forceinline__ unsigned __ballot_sync(unsigned mask, bool vote) { return __nvvm_vote_ballot_sync(mask, vote); }
__device__ __forceinline__ int __syncthreads_or(int vote) { return __nvvm_bar0_or(vote); }

__device__ __forceinline__ int atomicAdd(int* at, int value) { return __nvvm_atom_add_gen_i(at, value); }
__device__ __forceinline__ unsigned atomicAdd(unsigned* at, unsigned value) { return __nvvm_atom_add_gen_i((int*)at, (int)value); }
__device__ __forceinline__ unsigned long long atomicAdd(unsigned long long* at, unsigned long long value) {
  return __nvvm_atom_add_gen_ll((long long*)at, (long long)value);
}
__device__ __forceinline__ int atomicMin(int* at, int value) { return __nvvm_atom_min_gen_i(at, value); }

template <typename T> __device__ __forceinline__ T min(T a, T b) { return a < b ? a : b; }
template <typename T> __device__ __forceinline__ T max(T a, T b) { return a < b ? b : a; }
__device__ __forceinline__ int __ffs(unsigned bits) { return bits ? __builtin_ctz(bits) + 1 : 0; }
__device__ __forceinline__ unsigned __umulhi(unsigned a, unsigned b) { return (unsigned long long)a * b >> 32; }
__device__ __forceinline__ unsigned __float_as_uint(float value) { return __builtin_bit_cast(unsigned, value); }
__device__ __forceinline__ float __uint_as_float(unsigned bits) { return __builtin_bit_cast(float, bits); }
__device__ __forceinline__ float fabsf(float value) { return __nvvm_fabs_f(value); }
__device__ __forceinline__ float fmaf(float a, float b, float c) { return __nvvm_fma_rn_f(a, b, c); }
__device__ __forceinline__ float fmaxf(float a, float b) { return __nvvm_fmax_f(a, b); }
__device__ __forceinline__ float fminf(float a, float b) { return __nvvm_fmin_f(a, b); }
__device__ __forceinline__ double ceil(double value) { return __nvvm_ceil_d(value); }

// 2^(x log₂ e) with the product's rounding error put right: the card's own power of two alone loses digits where |x| is large.
__device__ __forceinline__ float expf(float x) {
  if (!(x > -104.0f)) return x != x ? x : 0.0f;
  if (x > 89.0f) return __builtin_inff();
  const float whole = __nvvm_round_f(x * 1.44269504f);
  const float rest = fmaf(x, 1.92596303e-8f, fmaf(x, 1.44269502f, -whole));
  const float half = __nvvm_round_f(whole * 0.5f);  // in two steps, so that denormals come out
  return __nvvm_ex2_approx_f(rest) * __nvvm_ex2_approx_f(half) * __nvvm_ex2_approx_f(whole - half);
}
__device__ __forceinline__ float logf(float x) { return __nvvm_lg2_approx_f(x) * 0.693147181f; }
