// One hidden layer of the critic for all live beams, as partial sums over slices of its inputs: the plain path, for any card.
//
// critic_layer
//   in      header; inputs Number[L, stride]; weights Number[units, stride]; stride a multiple of SLICE_STEP, zero beyond the inputs
//   out     partial float[slices, L, units]: the products over slice s of the inputs, without bias
//   launch  grid (units / TILE_UNITS, L / TILE_BEAMS, slices), 128 threads; tiles beyond header->live return
//   -D      NUMBER_IS_HALF
//   result  deterministic
//   cost    reads the weights once per TILE_BEAMS beams
//   twin    CpuCritic.Forward        test  BlockEndKernelTests
#include "block_end.cuh"
#include "half.cuh"

constexpr int TILE_UNITS = 64, TILE_BEAMS = 32, SLICE_STEP = 32, OWN = 4;

extern "C" __global__ void __launch_bounds__(128) critic_layer(
    const BlockEndHeader* __restrict__ header, const Number* __restrict__ inputs, const Number* __restrict__ weights,
    float* __restrict__ partial, int stride, int units, int slice_length, int beam_capacity) {
  __shared__ float input_tile[SLICE_STEP][TILE_BEAMS + 1], weight_tile[SLICE_STEP][TILE_UNITS + 1];
  const int first_unit = blockIdx.x * TILE_UNITS, first_beam = blockIdx.y * TILE_BEAMS, slice = blockIdx.z;
  if (first_beam >= header->live) return;
  const int beams = min(TILE_BEAMS, header->live - first_beam);
  const int from = slice * slice_length, to = min(from + slice_length, stride);
  // Each thread owns 4 beams × 4 units.
  const int own_unit = (threadIdx.x % 16) * OWN, own_beam = (threadIdx.x / 16) * OWN;
  float sum[OWN][OWN] = {};
  for (int step = from; step < to; step += SLICE_STEP) {
    for (int at = threadIdx.x; at < SLICE_STEP * TILE_BEAMS; at += 128) {
      const int beam = at / SLICE_STEP, k = at % SLICE_STEP;
      input_tile[k][beam] = beam < beams ? to_float(inputs[(size_t)(first_beam + beam) * stride + step + k]) : 0.0f;
    }
    for (int at = threadIdx.x; at < SLICE_STEP * TILE_UNITS; at += 128) {
      const int unit = at / SLICE_STEP, k = at % SLICE_STEP;
      weight_tile[k][unit] = first_unit + unit < units ? to_float(weights[(size_t)(first_unit + unit) * stride + step + k]) : 0.0f;
    }
    __syncthreads();
    for (int k = 0; k < SLICE_STEP; ++k)
      for (int beam = 0; beam < OWN; ++beam)
        for (int unit = 0; unit < OWN; ++unit)
          sum[beam][unit] = fmaf(input_tile[k][own_beam + beam], weight_tile[k][own_unit + unit], sum[beam][unit]);
    __syncthreads();
  }
  for (int beam = 0; beam < OWN; ++beam)
    for (int unit = 0; unit < OWN; ++unit)
      if (own_beam + beam < beams && first_unit + own_unit + unit < units)
        partial[((size_t)slice * beam_capacity + first_beam + own_beam + beam) * units + first_unit + own_unit + unit] = sum[beam][unit];
}
