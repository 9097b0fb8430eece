// Philox 4×32 with 10 rounds (Salmon et al., SC 2011), the same numbers as Philox.cs.
#pragma once

// A place in a stream; PhiloxCounter.cs has the same layout.
struct PhiloxCounter {
  unsigned long long seed;
  unsigned x, y, z, w;
};

// 24 random bits: the uniform number in [0, 1) is this · 2⁻²⁴.
__device__ __forceinline__ unsigned philox_bits(PhiloxCounter at) {
  unsigned key_a = (unsigned)at.seed, key_b = (unsigned)(at.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const unsigned high_a = __umulhi(0xD2511F53u, at.x), low_a = 0xD2511F53u * at.x;
    const unsigned high_b = __umulhi(0xCD9E8D57u, at.z), low_b = 0xCD9E8D57u * at.z;
    at.x = high_b ^ at.y ^ key_a;
    at.y = low_b;
    at.z = high_a ^ at.w ^ key_b;
    at.w = low_a;
    key_a += 0x9E3779B9u;
    key_b += 0xBB67AE85u;
  }
  return at.x >> 8;
}
