// The critic's two heads: what each live beam's last hidden layer says of a safe end and of the reward (M5).
//
// critic_heads
//   in      header; inputs Number[L, stride]; weights float[2, width], bias float[2]; candidate int[L]; growth float[L]: γ^t
//   out     safe float[C]: f¹, never 0; values float[C]: f² · γ^t; both at the beams' candidates; status where either is not finite
//   launch  a warp per possible live beam, blocks of 128
//   -D      NUMBER_IS_HALF
//   result  deterministic
//   cost    reads the inputs and 8 · width bytes of weights per beam
//   twin    CpuCritic.Evaluate        test  BlockEndKernelTests
#include "block_end.cuh"
#include "half.cuh"
#include "reduce.cuh"

extern "C" __global__ void __launch_bounds__(128) critic_heads(
    const BlockEndHeader* __restrict__ header, const Number* __restrict__ inputs, const float* __restrict__ weights,
    const float* __restrict__ bias, const int* __restrict__ candidate, const float* __restrict__ growth, float* __restrict__ safe,
    float* __restrict__ values, int* status, int width, int stride) {
  const int beam = blockIdx.x * 4 + warp_of_thread();
  if (beam >= header->live) return;
  float first = 0, second = 0;
  for (int at = lane_of_thread(); at < width; at += 32) {
    const float input = to_float(inputs[(size_t)beam * stride + at]);
    first = fmaf(input, weights[at], first);
    second = fmaf(input, weights[width + at], second);
  }
  first = warp_reduce<Sum>(first) + bias[0];
  second = warp_reduce<Sum>(second) + bias[1];
  if (lane_of_thread() != 0) return;
  if (!is_finite(first) || !is_finite(second)) report_fault(status, FAULT_PREDICTION, candidate[beam]);
  safe[candidate[beam]] = fmaxf(1.401298464e-45f, 1 / (1 + expf(-first)));  // above 0, so that a threshold of 0 rejects nothing
  values[candidate[beam]] = second * growth[beam];
}
