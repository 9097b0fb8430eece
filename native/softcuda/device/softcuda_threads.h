// Barriers, warp operations, fences, atomics and the matrix product, over the calls of softcuda_abi.h.
#pragma once

// A macro, so that a barrier knows its source line: one that threads reach on different lines is divergent.
#define __syncthreads() static_cast<void>(softcuda_barrier(softcuda_barrier_plain, 0, __LINE__))
#define __syncthreads_or(predicate) softcuda_barrier(softcuda_barrier_or, (predicate) ? 1 : 0, __LINE__)
#define __syncthreads_and(predicate) softcuda_barrier(softcuda_barrier_and, (predicate) ? 1 : 0, __LINE__)
#define __syncthreads_count(predicate) softcuda_barrier(softcuda_barrier_count, (predicate) ? 1 : 0, __LINE__)

inline void __syncwarp(unsigned mask = 0xFFFFFFFFu) { softcuda_warp(mask, softcuda_warp_sync, 0, 0); }
inline unsigned __activemask() { return softcuda_active_mask(); }
inline unsigned __ballot_sync(unsigned mask, int predicate)
{
    return static_cast<unsigned>(softcuda_warp(mask, softcuda_warp_ballot, predicate != 0, 0));
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }

template <typename T> inline T softcuda_shuffle(unsigned mask, T value, unsigned source)
{
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "a shuffle moves 4 or 8 bytes");
    unsigned long long raw = 0;
    __builtin_memcpy(&raw, &value, sizeof value);
    raw = softcuda_warp(mask, softcuda_warp_shuffle, raw, source);
    __builtin_memcpy(&value, &raw, sizeof value);
    return value;
}

// Which lane a shuffle reads, given that segments of `width` lanes work apart; out of the segment means the own lane.
inline unsigned softcuda_lane_index(int source, int width)
{
    return (softcuda_self->lane & ~(width - 1u)) | (static_cast<unsigned>(source) & (width - 1u));
}
inline unsigned softcuda_lane_up(unsigned delta, int width)
{
    const unsigned lane = softcuda_self->lane;
    return (lane & (width - 1u)) < delta ? lane : lane - delta;
}
inline unsigned softcuda_lane_down(unsigned delta, int width)
{
    const unsigned lane = softcuda_self->lane;
    return (lane & (width - 1u)) + delta >= static_cast<unsigned>(width) ? lane : lane + delta;
}
inline unsigned softcuda_lane_xor(int mask, int width)
{
    const unsigned lane = softcuda_self->lane, other = lane ^ static_cast<unsigned>(mask);
    return other > (lane | (width - 1u)) ? lane : other;
}

#define SOFTCUDA_SHUFFLES(type)                                                                                        \
    inline type __shfl_sync(unsigned mask, type value, int source, int width = 32)                                     \
    {                                                                                                                  \
        return softcuda_shuffle(mask, value, softcuda_lane_index(source, width));                                      \
    }                                                                                                                  \
    inline type __shfl_up_sync(unsigned mask, type value, unsigned delta, int width = 32)                              \
    {                                                                                                                  \
        return softcuda_shuffle(mask, value, softcuda_lane_up(delta, width));                                          \
    }                                                                                                                  \
    inline type __shfl_down_sync(unsigned mask, type value, unsigned delta, int width = 32)                            \
    {                                                                                                                  \
        return softcuda_shuffle(mask, value, softcuda_lane_down(delta, width));                                        \
    }                                                                                                                  \
    inline type __shfl_xor_sync(unsigned mask, type value, int lanes, int width = 32)                                  \
    {                                                                                                                  \
        return softcuda_shuffle(mask, value, softcuda_lane_xor(lanes, width));                                         \
    }
SOFTCUDA_SHUFFLES(int)
SOFTCUDA_SHUFFLES(unsigned)
SOFTCUDA_SHUFFLES(long)
SOFTCUDA_SHUFFLES(unsigned long)
SOFTCUDA_SHUFFLES(long long)
SOFTCUDA_SHUFFLES(unsigned long long)
SOFTCUDA_SHUFFLES(float)
SOFTCUDA_SHUFFLES(double)

inline unsigned __match_any_sync(unsigned mask, unsigned value)
{
    return static_cast<unsigned>(softcuda_warp(mask, softcuda_warp_match, value, 0));
}
inline unsigned __match_any_sync(unsigned mask, unsigned long long value)
{
    return static_cast<unsigned>(softcuda_warp(mask, softcuda_warp_match, value, 0));
}

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
#define SOFTCUDA_REDUCE(name, type, kind)                                                                              \
    inline type name(unsigned mask, type value)                                                                        \
    {                                                                                                                  \
        return static_cast<type>(softcuda_warp(mask, kind, static_cast<unsigned>(value), 0));                          \
    }
SOFTCUDA_REDUCE(__reduce_add_sync, int, softcuda_warp_add)
SOFTCUDA_REDUCE(__reduce_add_sync, unsigned, softcuda_warp_add)
SOFTCUDA_REDUCE(__reduce_min_sync, int, softcuda_warp_min_signed)
SOFTCUDA_REDUCE(__reduce_min_sync, unsigned, softcuda_warp_min_unsigned)
SOFTCUDA_REDUCE(__reduce_max_sync, int, softcuda_warp_max_signed)
SOFTCUDA_REDUCE(__reduce_max_sync, unsigned, softcuda_warp_max_unsigned)
SOFTCUDA_REDUCE(__reduce_and_sync, unsigned, softcuda_warp_and)
SOFTCUDA_REDUCE(__reduce_or_sync, unsigned, softcuda_warp_or)
SOFTCUDA_REDUCE(__reduce_xor_sync, unsigned, softcuda_warp_xor)
#endif

inline void __threadfence() { softcuda_fence(); }
inline void __threadfence_block() { softcuda_fence(); }
inline void __threadfence_system() { softcuda_fence(); }
inline void __trap() { softcuda_trap(); }
template <typename T> inline T __ldg(const T *address) { return *address; }
template <typename T> inline T __ldcg(const T *address) { return *address; }
template <typename T> inline T __ldcs(const T *address) { return *address; }
template <typename T> inline void __stcs(T *address, T value) { *address = value; }
template <typename T> inline void __stcg(T *address, T value) { *address = value; }

#define SOFTCUDA_ATOMIC(name, type, call)                                                                              \
    inline type name(type *address, type value) { return call(address, value, __ATOMIC_RELAXED); }
#define SOFTCUDA_ATOMIC_SELECT(name, type, condition)                                                                  \
    inline type name(type *address, type value)                                                                        \
    {                                                                                                                  \
        type old = __atomic_load_n(address, __ATOMIC_RELAXED);                                                         \
        while (!__atomic_compare_exchange_n(address, &old, (condition) ? value : old, false, __ATOMIC_RELAXED,         \
                                            __ATOMIC_RELAXED))                                                         \
            ;                                                                                                          \
        return old;                                                                                                    \
    }
#define SOFTCUDA_ATOMICS(type)                                                                                         \
    SOFTCUDA_ATOMIC(atomicAdd, type, __atomic_fetch_add)                                                               \
    SOFTCUDA_ATOMIC(atomicAnd, type, __atomic_fetch_and)                                                               \
    SOFTCUDA_ATOMIC(atomicOr, type, __atomic_fetch_or)                                                                 \
    SOFTCUDA_ATOMIC(atomicXor, type, __atomic_fetch_xor)                                                               \
    SOFTCUDA_ATOMIC(atomicExch, type, __atomic_exchange_n)                                                             \
    SOFTCUDA_ATOMIC_SELECT(atomicMin, type, value < old)                                                               \
    SOFTCUDA_ATOMIC_SELECT(atomicMax, type, value > old)                                                               \
    inline type atomicCAS(type *address, type compare, type value)                                                     \
    {                                                                                                                  \
        __atomic_compare_exchange_n(address, &compare, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);              \
        return compare;                                                                                                \
    }
SOFTCUDA_ATOMICS(int)
SOFTCUDA_ATOMICS(unsigned)
SOFTCUDA_ATOMICS(unsigned long long)
SOFTCUDA_ATOMIC(atomicSub, int, __atomic_fetch_sub)
SOFTCUDA_ATOMIC(atomicSub, unsigned, __atomic_fetch_sub)
SOFTCUDA_ATOMIC_SELECT(atomicMin, long long, value < old)
SOFTCUDA_ATOMIC_SELECT(atomicMax, long long, value > old)

// Counts up to a limit and starts again at 0, or down from it.
inline unsigned atomicInc(unsigned *address, unsigned limit)
{
    unsigned old = __atomic_load_n(address, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(address, &old, old >= limit ? 0 : old + 1, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
        ;
    return old;
}
inline unsigned atomicDec(unsigned *address, unsigned limit)
{
    unsigned old = __atomic_load_n(address, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(address, &old, old == 0 || old > limit ? limit : old - 1, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return old;
}

template <typename Real, typename Bits> inline Real softcuda_atomic_add(Real *address, Real value)
{
    Bits *bits = reinterpret_cast<Bits *>(address);
    Bits old = __atomic_load_n(bits, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(bits, &old, softcuda_bits<Bits>(softcuda_bits<Real>(old) + value), false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return softcuda_bits<Real>(old);
}
inline float atomicAdd(float *address, float value) { return softcuda_atomic_add<float, unsigned>(address, value); }
inline double atomicAdd(double *address, double value)
{
    return softcuda_atomic_add<double, unsigned long long>(address, value);
}
inline float atomicExch(float *address, float value)
{
    return __uint_as_float(atomicExch(reinterpret_cast<unsigned *>(address), __float_as_uint(value)));
}

// mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32: each lane holds 4 values of d and c, 8 halves of a, 4 of b.
inline void softcuda_mma_m16n8k16_f16(float d[4], const unsigned a[4], const unsigned b[2], const float c[4])
{
    softcuda_mma_operands operands = {d, a, b, c};
    softcuda_warp(0xFFFFFFFFu, softcuda_warp_mma, reinterpret_cast<unsigned long long>(&operands), 0);
    // The lane that came last wrote d for all of them; the compiler does not see that.
    asm volatile("" : : "r"(d) : "memory");
}
