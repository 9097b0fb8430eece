// CUDA's mathematical functions and bit casts over g++'s builtins; the fast forms are as accurate as the slow ones.
#pragma once

#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")

extern "C"
{
    int printf(const char *format, ...);
    void *memcpy(void *to, const void *from, size_t bytes);
    void *memset(void *to, int value, size_t bytes);
}

#define SOFTCUDA_UNARY(name)                                                                                           \
    inline float name##f(float x) { return __builtin_##name##f(x); }                                                   \
    inline float name(float x) { return __builtin_##name##f(x); }                                                      \
    inline double name(double x) { return __builtin_##name(x); }
#define SOFTCUDA_BINARY(name)                                                                                          \
    inline float name##f(float x, float y) { return __builtin_##name##f(x, y); }                                       \
    inline float name(float x, float y) { return __builtin_##name##f(x, y); }                                          \
    inline double name(double x, double y) { return __builtin_##name(x, y); }

SOFTCUDA_UNARY(exp)
SOFTCUDA_UNARY(exp2)
SOFTCUDA_UNARY(expm1)
SOFTCUDA_UNARY(log)
SOFTCUDA_UNARY(log2)
SOFTCUDA_UNARY(log10)
SOFTCUDA_UNARY(log1p)
SOFTCUDA_UNARY(sqrt)
SOFTCUDA_UNARY(cbrt)
SOFTCUDA_UNARY(sin)
SOFTCUDA_UNARY(cos)
SOFTCUDA_UNARY(tan)
SOFTCUDA_UNARY(sinh)
SOFTCUDA_UNARY(cosh)
SOFTCUDA_UNARY(tanh)
SOFTCUDA_UNARY(erf)
SOFTCUDA_UNARY(erfc)
SOFTCUDA_UNARY(floor)
SOFTCUDA_UNARY(ceil)
SOFTCUDA_UNARY(trunc)
SOFTCUDA_UNARY(round)
SOFTCUDA_UNARY(rint)
SOFTCUDA_UNARY(fabs)
SOFTCUDA_BINARY(fmax)
SOFTCUDA_BINARY(fmin)
SOFTCUDA_BINARY(fmod)
SOFTCUDA_BINARY(pow)
SOFTCUDA_BINARY(atan2)
SOFTCUDA_BINARY(copysign)

inline float fmaf(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
inline float fma(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
inline double fma(double x, double y, double z) { return __builtin_fma(x, y, z); }
inline float ldexpf(float x, int exponent) { return __builtin_ldexpf(x, exponent); }
inline float rsqrtf(float x) { return 1.0f / __builtin_sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / __builtin_sqrt(x); }
inline float exp10f(float x) { return __builtin_powf(10.0f, x); }

inline float __expf(float x) { return __builtin_expf(x); }
inline float __exp10f(float x) { return exp10f(x); }
inline float __logf(float x) { return __builtin_logf(x); }
inline float __log2f(float x) { return __builtin_log2f(x); }
inline float __log10f(float x) { return __builtin_log10f(x); }
inline float __sinf(float x) { return __builtin_sinf(x); }
inline float __cosf(float x) { return __builtin_cosf(x); }
inline float __powf(float x, float y) { return __builtin_powf(x, y); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fsqrt_rn(float x) { return __builtin_sqrtf(x); }
inline float __frsqrt_rn(float x) { return 1.0f / __builtin_sqrtf(x); }
inline float __fmaf_rn(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

inline bool isnan(float x) { return __builtin_isnan(x); }
inline bool isnan(double x) { return __builtin_isnan(x); }
inline bool isinf(float x) { return __builtin_isinf(x); }
inline bool isinf(double x) { return __builtin_isinf(x); }
inline bool isfinite(float x) { return __builtin_isfinite(x); }
inline bool isfinite(double x) { return __builtin_isfinite(x); }
inline bool signbit(float x) { return __builtin_signbit(x); }

#define SOFTCUDA_MINMAX(type)                                                                                          \
    inline type min(type x, type y) { return y < x ? y : x; }                                                          \
    inline type max(type x, type y) { return x < y ? y : x; }
SOFTCUDA_MINMAX(int)
SOFTCUDA_MINMAX(unsigned)
SOFTCUDA_MINMAX(long)
SOFTCUDA_MINMAX(unsigned long)
SOFTCUDA_MINMAX(long long)
SOFTCUDA_MINMAX(unsigned long long)
inline float min(float x, float y) { return __builtin_fminf(x, y); }
inline float max(float x, float y) { return __builtin_fmaxf(x, y); }
inline double min(double x, double y) { return __builtin_fmin(x, y); }
inline double max(double x, double y) { return __builtin_fmax(x, y); }
// Mixed signs compare as unsigned, as they do on the device.
inline unsigned min(int x, unsigned y) { return min(static_cast<unsigned>(x), y); }
inline unsigned min(unsigned x, int y) { return min(x, static_cast<unsigned>(y)); }
inline unsigned max(int x, unsigned y) { return max(static_cast<unsigned>(x), y); }
inline unsigned max(unsigned x, int y) { return max(x, static_cast<unsigned>(y)); }
inline int abs(int x) { return x < 0 ? -x : x; }
inline long long llabs(long long x) { return x < 0 ? -x : x; }
inline float abs(float x) { return __builtin_fabsf(x); }
inline double abs(double x) { return __builtin_fabs(x); }

template <typename To, typename From> inline To softcuda_bits(From from)
{
    static_assert(sizeof(To) == sizeof(From), "a bit cast keeps the size");
    To to;
    __builtin_memcpy(&to, &from, sizeof to);
    return to;
}
inline unsigned __float_as_uint(float x) { return softcuda_bits<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return softcuda_bits<float>(x); }
inline int __float_as_int(float x) { return softcuda_bits<int>(x); }
inline float __int_as_float(int x) { return softcuda_bits<float>(x); }
inline long long __double_as_longlong(double x) { return softcuda_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return softcuda_bits<double>(x); }

// Conversions clamp and turn a NaN into 0, as the device's do.
template <typename To> inline To softcuda_clamp(float x, float low, float above, To lowest, To highest)
{
    return __builtin_isnan(x) ? To(0) : x < low ? lowest : x >= above ? highest : static_cast<To>(x);
}
inline int softcuda_to_int(float x) { return softcuda_clamp<int>(x, -0x1p31f, 0x1p31f, -2147483647 - 1, 2147483647); }
inline unsigned softcuda_to_uint(float x) { return softcuda_clamp<unsigned>(x, 0.0f, 0x1p32f, 0u, 0xFFFFFFFFu); }
inline int __float2int_rn(float x) { return softcuda_to_int(__builtin_rintf(x)); }
inline int __float2int_rz(float x) { return softcuda_to_int(__builtin_truncf(x)); }
inline int __float2int_rd(float x) { return softcuda_to_int(__builtin_floorf(x)); }
inline int __float2int_ru(float x) { return softcuda_to_int(__builtin_ceilf(x)); }
inline unsigned __float2uint_rn(float x) { return softcuda_to_uint(__builtin_rintf(x)); }
inline unsigned __float2uint_rz(float x) { return softcuda_to_uint(__builtin_truncf(x)); }
inline unsigned __float2uint_rd(float x) { return softcuda_to_uint(__builtin_floorf(x)); }
inline unsigned __float2uint_ru(float x) { return softcuda_to_uint(__builtin_ceilf(x)); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline float __double2float_rn(double x) { return static_cast<float>(x); }

inline unsigned __umulhi(unsigned x, unsigned y) { return static_cast<unsigned>((1ull * x * y) >> 32); }
inline int __mulhi(int x, int y) { return static_cast<int>((1ll * x * y) >> 32); }
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y)
{
    return static_cast<unsigned long long>(static_cast<unsigned __int128>(x) * y >> 64);
}
inline int __clz(int x) { return x ? __builtin_clz(static_cast<unsigned>(x)) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll(static_cast<unsigned long long>(x)) : 64; }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x)
{
    x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
    x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
    x = (x >> 4 & 0x0F0F0F0Fu) | (x & 0x0F0F0F0Fu) << 4;
    return __builtin_bswap32(x);
}
inline unsigned long long __brevll(unsigned long long x)
{
    return static_cast<unsigned long long>(__brev(static_cast<unsigned>(x))) << 32 |
           __brev(static_cast<unsigned>(x >> 32));
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift)
{
    return static_cast<unsigned>(((1ull * high << 32 | low) << (shift & 31)) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift)
{
    return static_cast<unsigned>((1ull * high << 32 | low) >> (shift & 31));
}
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector)
{
    const unsigned long long bytes = 1ull * y << 32 | x;
    unsigned result = 0;
    for (int i = 0; i < 4; ++i)
        result |= static_cast<unsigned>(bytes >> 8 * (selector >> 4 * i & 7) & 0xFF) << 8 * i;
    return result;
}
