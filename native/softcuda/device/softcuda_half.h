// Conversions between IEEE binary16 bits and float, for kernels and for the device's own matrix product.
#pragma once

inline float softcuda_half_to_float(unsigned short half)
{
#if defined(__F16C__) && defined(__FLT16_MANT_DIG__)
    _Float16 value;
    __builtin_memcpy(&value, &half, sizeof value);
    return value;
#else
    const unsigned sign = (half & 0x8000u) << 16;
    const unsigned rest = half & 0x7FFFu;
    unsigned bits;
    if (rest >= 0x7C00u)
        bits = sign | 0x7F800000u | (rest & 0x3FFu) << 13 | (rest > 0x7C00u ? 0x400000u : 0u);
    else if (rest >= 0x400u)
        bits = sign | ((rest << 13) + ((127u - 15u) << 23));
    else
    {
        const float magnitude = static_cast<float>(rest) * 5.9604644775390625e-8f; // 2^-24 per unit of a subnormal
        __builtin_memcpy(&bits, &magnitude, sizeof bits);
        bits |= sign;
    }
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
#endif
}

// Rounds to nearest, ties to even; beyond 65504 to infinity.
inline unsigned short softcuda_float_to_half(float value)
{
#if defined(__F16C__) && defined(__FLT16_MANT_DIG__)
    const _Float16 half = static_cast<_Float16>(value);
    unsigned short result;
    __builtin_memcpy(&result, &half, sizeof result);
    return result;
#else
    unsigned bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    const unsigned sign = bits >> 16 & 0x8000u;
    bits &= 0x7FFFFFFFu;
    if (bits > 0x7F800000u)
        return static_cast<unsigned short>(sign | 0x7E00u | (bits >> 13 & 0x3FFu));
    if (bits >= 0x477FF000u)
        return static_cast<unsigned short>(sign | 0x7C00u);
    if (bits < 0x33000000u)
        return static_cast<unsigned short>(sign);
    const unsigned exponent = bits >> 23;
    // Below 2^-14 the result is subnormal: the mantissa, with its hidden bit, is shifted further.
    const unsigned shift = exponent < 113u ? 126u - exponent : 13u;
    const unsigned mantissa = exponent < 113u ? (bits & 0x7FFFFFu) | 0x800000u : bits - (112u << 23);
    const unsigned kept = mantissa >> shift;
    const unsigned lost = mantissa & ((1u << shift) - 1u);
    const unsigned tie = 1u << (shift - 1u);
    return static_cast<unsigned short>(sign | (kept + (lost > tie || (lost == tie && (kept & 1u)) ? 1u : 0u)));
#endif
}
