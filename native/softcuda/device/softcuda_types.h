// CUDA's keywords, vector types and built-in variables, for kernels that g++ compiles.
#pragma once

#define SOFTCUDA 1

#define SOFTCUDA_JOIN_(a, b) a##b
#define SOFTCUDA_JOIN(a, b) SOFTCUDA_JOIN_(a, b)

// Kernels stay out of line: the caller that unpacks their arguments must not be watched by the checker, they must.
#define __global__ __attribute__((noinline))
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define alignas(n) __attribute__((aligned(n)))
#define __grid_constant__
// Blocks run one after another, so one static copy serves all; the gap shows writes past either end.
#define __shared__                                                                                                     \
    static __attribute__((used, aligned(16))) unsigned char SOFTCUDA_JOIN(softcuda_gap_, __COUNTER__)[64];             \
    static __attribute__((aligned(16)))

using size_t = decltype(sizeof(0));
using uchar = unsigned char;
using ushort = unsigned short;
using uint = unsigned int;

struct dim3
{
    unsigned x, y, z;
    constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
};

#define SOFTCUDA_VECTORS(scalar, prefix, bytes)                                                                        \
    struct prefix##1 { scalar x; };                                                                                    \
    struct __attribute__((aligned(2 * (bytes)))) prefix##2 { scalar x, y; };                                           \
    struct __attribute__((aligned(4 * (bytes) > 16 ? 16 : 4 * (bytes)))) prefix##4 { scalar x, y, z, w; };             \
    inline prefix##1 make_##prefix##1(scalar x) { return {x}; }                                                        \
    inline prefix##2 make_##prefix##2(scalar x, scalar y) { return {x, y}; }                                           \
    inline prefix##3 make_##prefix##3(scalar x, scalar y, scalar z) { return {x, y, z}; }                              \
    inline prefix##4 make_##prefix##4(scalar x, scalar y, scalar z, scalar w) { return {x, y, z, w}; }

#define SOFTCUDA_TRIPLE(scalar, prefix)                                                                                \
    struct prefix##3 { scalar x, y, z; };

SOFTCUDA_TRIPLE(signed char, char)
SOFTCUDA_TRIPLE(unsigned char, uchar)
SOFTCUDA_TRIPLE(short, short)
SOFTCUDA_TRIPLE(unsigned short, ushort)
SOFTCUDA_TRIPLE(int, int)
SOFTCUDA_TRIPLE(float, float)
SOFTCUDA_TRIPLE(double, double)
SOFTCUDA_TRIPLE(long long, longlong)
SOFTCUDA_TRIPLE(unsigned long long, ulonglong)
SOFTCUDA_VECTORS(signed char, char, 1)
SOFTCUDA_VECTORS(unsigned char, uchar, 1)
SOFTCUDA_VECTORS(short, short, 2)
SOFTCUDA_VECTORS(unsigned short, ushort, 2)
SOFTCUDA_VECTORS(int, int, 4)
SOFTCUDA_VECTORS(unsigned, uint, 4)
SOFTCUDA_VECTORS(float, float, 4)
SOFTCUDA_VECTORS(double, double, 8)
SOFTCUDA_VECTORS(long long, longlong, 8)
SOFTCUDA_VECTORS(unsigned long long, ulonglong, 8)

#define threadIdx (static_cast<const uint3 &>(softcuda_self->index))
#define blockIdx (static_cast<const uint3 &>(softcuda_now.block_index))
#define blockDim (static_cast<const uint3 &>(softcuda_now.block_size))
#define gridDim (static_cast<const uint3 &>(softcuda_now.grid_size))
#define warpSize 32
