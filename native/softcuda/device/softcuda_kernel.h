// Describes the kernels of a module to the device: the translator appends the macros below to each source.
#pragma once

template <int... I> struct softcuda_indices
{
};
template <typename T> struct softcuda_is_pointer
{
    static constexpr unsigned long long value = 0;
};
template <typename T> struct softcuda_is_pointer<T *>
{
    static constexpr unsigned long long value = 1;
};

namespace
{
template <auto Kernel, typename Signature> struct softcuda_entry;

template <auto Kernel, typename... Arguments> struct softcuda_entry<Kernel, void (*)(Arguments...)>
{
    static constexpr unsigned count = sizeof...(Arguments);
    static constexpr unsigned sizes[count + 1] = {sizeof(Arguments)..., 0};

    static constexpr unsigned long long pointers()
    {
        unsigned long long mask = 0, bit = 1;
        ((mask |= softcuda_is_pointer<Arguments>::value * bit, bit <<= 1), ...);
        return mask;
    }
    // Reads the launch's copy of the arguments, which is no device memory.
    template <int... I> __attribute__((no_sanitize_thread)) static void unpack(void **arguments, softcuda_indices<I...>)
    {
        Kernel(*static_cast<Arguments *>(arguments[I])...);
    }
    __attribute__((no_sanitize_thread)) static void call(void **arguments)
    {
        unpack(arguments, softcuda_indices<__integer_pack(static_cast<int>(count))...>());
    }
};
} // namespace

#define SOFTCUDA_KERNEL(name, bounds)                                                                                  \
    {                                                                                                                  \
#name, &softcuda_entry < &name, decltype(&name)> ::call, softcuda_entry < &name, decltype(&name)> ::sizes,     \
            softcuda_entry < &name, decltype(&name)> ::count, softcuda_entry < &name, decltype(&name)> ::pointers(),   \
            bounds                                                                                                     \
    }
