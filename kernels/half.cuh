// IEEE half precision and the tensor-core product, without CUDA's headers; on the software device their C++ bodies.
#pragma once

#ifdef SOFTCUDA

__device__ __forceinline__ float half_to_float(unsigned short half) { return softcuda_half_to_float(half); }
__device__ __forceinline__ unsigned short float_to_half(float value) { return softcuda_float_to_half(value); }

// d = a · b + c for a 16×16 a, a 16×8 b and 16×8 c, d, spread over a warp as PTX's mma.m16n8k16 does.
__device__ __forceinline__ void multiply_16x8x16(float d[4], const unsigned a[4], const unsigned b[2], const float c[4]) {
  softcuda_mma_m16n8k16_f16(d, a, b, c);
}

#else

__device__ __forceinline__ float half_to_float(unsigned short half) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(half));
  return value;
}

__device__ __forceinline__ unsigned short float_to_half(float value) {
  unsigned short half;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(value));
  return half;
}

#if __CUDA_ARCH__ >= 800
__device__ __forceinline__ void multiply_16x8x16(float d[4], const unsigned a[4], const unsigned b[2], const float c[4]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};"
      : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
}
#endif

#endif

// Critic inputs and weights are float, or half where NUMBER_IS_HALF; sums are always float.
#ifndef NUMBER_IS_HALF
#error "NUMBER_IS_HALF: 1 stores the critic's inputs and weights as half, 0 as float"
#endif
#if NUMBER_IS_HALF
typedef unsigned short Number;
__device__ __forceinline__ float to_float(Number number) { return half_to_float(number); }
__device__ __forceinline__ Number to_number(float value) { return float_to_half(value); }
#else
typedef float Number;
__device__ __forceinline__ float to_float(Number number) { return number; }
__device__ __forceinline__ Number to_number(float value) { return value; }
#endif
