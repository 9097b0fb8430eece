// What g++ calls around each memory access of a kernel compiled with -fsanitize=thread: here, the checker.
#include "race_check.h"

#include <new>

#define SOFTCUDA_HOOK extern "C" __attribute__((visibility("default")))

namespace
{
using softcuda::access_atomic;
using softcuda::access_write;

inline void note(const volatile void *address, std::size_t size, unsigned flags, const void *caller)
{
    // The address that a call returns to lies behind the instruction that the report should name.
    // No exception may leave: it would find no way through a kernel and a fiber's first function.
    try
    {
        softcuda::race_check().access(reinterpret_cast<std::uintptr_t>(address), size, flags,
                                      static_cast<const char *>(caller) - 1);
    }
    catch (const std::bad_alloc &)
    {
        softcuda::runner().fail(CUDA_ERROR_OUT_OF_MEMORY, "the host has no memory left for the checker's records");
    }
}
} // namespace

#define SOFTCUDA_PLAIN(name, size, flags)                                                                              \
    SOFTCUDA_HOOK void __tsan_##name(void *address);                                                                   \
    void __tsan_##name(void *address) { note(address, size, flags, __builtin_return_address(0)); }
#define SOFTCUDA_SIZED(size)                                                                                           \
    SOFTCUDA_PLAIN(read##size, size, 0)                                                                                \
    SOFTCUDA_PLAIN(write##size, size, access_write)                                                                    \
    SOFTCUDA_PLAIN(unaligned_read##size, size, 0)                                                                      \
    SOFTCUDA_PLAIN(unaligned_write##size, size, access_write)                                                          \
    SOFTCUDA_PLAIN(volatile_read##size, size, access_atomic)                                                           \
    SOFTCUDA_PLAIN(volatile_write##size, size, access_atomic | access_write)                                           \
    SOFTCUDA_PLAIN(unaligned_volatile_read##size, size, access_atomic)                                                 \
    SOFTCUDA_PLAIN(unaligned_volatile_write##size, size, access_atomic | access_write)
SOFTCUDA_SIZED(1)
SOFTCUDA_SIZED(2)
SOFTCUDA_SIZED(4)
SOFTCUDA_SIZED(8)
SOFTCUDA_SIZED(16)

SOFTCUDA_HOOK void __tsan_init();
SOFTCUDA_HOOK void __tsan_func_entry(void *caller);
SOFTCUDA_HOOK void __tsan_func_exit();
SOFTCUDA_HOOK void __tsan_vptr_update(void **address, void *value);
SOFTCUDA_HOOK void __tsan_read_range(void *address, std::size_t size);
SOFTCUDA_HOOK void __tsan_write_range(void *address, std::size_t size);

void __tsan_init() {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void **, void *) {}

void __tsan_read_range(void *address, std::size_t size)
{
    if (size != 0)
        note(address, size, 0, __builtin_return_address(0));
}

void __tsan_write_range(void *address, std::size_t size)
{
    if (size != 0)
        note(address, size, access_write, __builtin_return_address(0));
}

// All threads of the device run on one thread of the host, so atomics are plain operations that the checker knows of.
#define SOFTCUDA_FETCH(bits, type, name, result)                                                                       \
    SOFTCUDA_HOOK type __tsan_atomic##bits##_##name(volatile type *address, type value, int order);                    \
    type __tsan_atomic##bits##_##name(volatile type *address, type value, int)                                         \
    {                                                                                                                  \
        note(address, sizeof(type), access_atomic | access_write, __builtin_return_address(0));                        \
        const type old = *address;                                                                                     \
        *address = static_cast<type>(result);                                                                          \
        return old;                                                                                                    \
    }
#define SOFTCUDA_COMPARE(bits, type, name)                                                                             \
    SOFTCUDA_HOOK int __tsan_atomic##bits##_##name(volatile type *address, type *expected, type value, int, int);      \
    int __tsan_atomic##bits##_##name(volatile type *address, type *expected, type value, int, int)                     \
    {                                                                                                                  \
        note(address, sizeof(type), access_atomic | access_write, __builtin_return_address(0));                        \
        const type old = *address;                                                                                     \
        if (old == *expected)                                                                                          \
        {                                                                                                              \
            *address = value;                                                                                          \
            return 1;                                                                                                  \
        }                                                                                                              \
        *expected = old;                                                                                               \
        return 0;                                                                                                      \
    }
#define SOFTCUDA_ATOMICS(bits, type)                                                                                   \
    SOFTCUDA_FETCH(bits, type, exchange, value)                                                                        \
    SOFTCUDA_FETCH(bits, type, fetch_add, old + value)                                                                 \
    SOFTCUDA_FETCH(bits, type, fetch_sub, old - value)                                                                 \
    SOFTCUDA_FETCH(bits, type, fetch_and, old &value)                                                                  \
    SOFTCUDA_FETCH(bits, type, fetch_or, old | value)                                                                  \
    SOFTCUDA_FETCH(bits, type, fetch_xor, old ^ value)                                                                 \
    SOFTCUDA_FETCH(bits, type, fetch_nand, ~(old & value))                                                             \
    SOFTCUDA_COMPARE(bits, type, compare_exchange_strong)                                                              \
    SOFTCUDA_COMPARE(bits, type, compare_exchange_weak)                                                                \
    SOFTCUDA_HOOK type __tsan_atomic##bits##_load(const volatile type *address, int order);                            \
    type __tsan_atomic##bits##_load(const volatile type *address, int)                                                 \
    {                                                                                                                  \
        note(address, sizeof(type), access_atomic, __builtin_return_address(0));                                       \
        return *address;                                                                                               \
    }                                                                                                                  \
    SOFTCUDA_HOOK void __tsan_atomic##bits##_store(volatile type *address, type value, int order);                     \
    void __tsan_atomic##bits##_store(volatile type *address, type value, int)                                          \
    {                                                                                                                  \
        note(address, sizeof(type), access_atomic | access_write, __builtin_return_address(0));                        \
        *address = value;                                                                                              \
    }                                                                                                                  \
    SOFTCUDA_HOOK type __tsan_atomic##bits##_compare_exchange_val(volatile type *address, type expected, type value,   \
                                                                  int, int);                                           \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *address, type expected, type value, int, int)       \
    {                                                                                                                  \
        note(address, sizeof(type), access_atomic | access_write, __builtin_return_address(0));                        \
        const type old = *address;                                                                                     \
        if (old == expected)                                                                                           \
            *address = value;                                                                                          \
        return old;                                                                                                    \
    }
SOFTCUDA_ATOMICS(8, unsigned char)
SOFTCUDA_ATOMICS(16, unsigned short)
SOFTCUDA_ATOMICS(32, unsigned)
SOFTCUDA_ATOMICS(64, unsigned long long)

SOFTCUDA_HOOK void __tsan_atomic_thread_fence(int order);
SOFTCUDA_HOOK void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_thread_fence(int) { softcuda::race_check().fence(); }
void __tsan_atomic_signal_fence(int) {}
