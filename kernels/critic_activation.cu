// Ends a hidden layer of the critic: adds the slices' partial sums and the bias, applies SiLU, and lays out the next layer's input.
//
// critic_activation
//   in      header; partial float[slices, L, units]; bias float[units]
//   out     outputs Number[L, stride]: x · sigmoid(x), zero from units on
//   launch  grid (stride / 256, L), 256 threads; beams beyond header->live return
//   -D      NUMBER_IS_HALF
//   result  deterministic: the slices are added in their order
//   cost    reads 4 · slices · units bytes per beam, writes stride numbers
//   twin    CpuCritic.Activate        test  BlockEndKernelTests
#include "block_end.cuh"
#include "half.cuh"

extern "C" __global__ void __launch_bounds__(256) critic_activation(
    const BlockEndHeader* __restrict__ header, const float* __restrict__ partial, const float* __restrict__ bias,
    Number* __restrict__ outputs, int slices, int units, int stride, int beam_capacity) {
  const int unit = blockIdx.x * blockDim.x + threadIdx.x, beam = blockIdx.y;
  if (beam >= header->live || unit >= stride) return;
  float x = 0;
  if (unit < units) {
    x = bias[unit];
    for (int slice = 0; slice < slices; ++slice) x += partial[((size_t)slice * beam_capacity + beam) * units + unit];
    x /= 1 + expf(-x);
  }
  outputs[(size_t)beam * stride + unit] = to_number(x);
}
