// One hidden layer of the critic for all live beams, as partial sums over slices of its inputs, on tensor cores (sm_80 and later).
//
// critic_layer_mma
//   in      header; inputs half[L, stride]; weights half[units, stride]; stride a multiple of SLICE_STEP, zero beyond the inputs
//   out     partial float[slices, L, units]: the products over slice s of the inputs, without bias
//   launch  grid (units / TILE_UNITS, L / TILE_BEAMS, slices), 128 threads; tiles beyond header->live return
//   -D      NUMBER_IS_HALF = 1
//   result  deterministic; float sums of half products
//   cost    reads the weights once per TILE_BEAMS beams, in pieces of 64 consecutive bytes
//   twin    CpuCritic.Forward        test  BlockEndKernelTests
#include "block_end.cuh"
#include "half.cuh"

#if !NUMBER_IS_HALF
#error "critic_layer_mma multiplies halves: compile it with NUMBER_IS_HALF=1"
#endif

constexpr int TILE_UNITS = 64, TILE_BEAMS = 64, SLICE_STEP = 32, COLUMNS = TILE_BEAMS / 8;

// Eight consecutive halves.
__device__ __forceinline__ uint4 load(const Number* numbers, bool inside) {
  return inside ? *reinterpret_cast<const uint4*>(numbers) : make_uint4(0, 0, 0, 0);
}

// What a lane multiplies in one step: its 8 inputs of every 32, of two units and of one beam in each column of beams.
struct Fragments {
  uint4 low, high, beams[COLUMNS];
};

extern "C" __global__ void __launch_bounds__(128) critic_layer_mma(
    const BlockEndHeader* __restrict__ header, const Number* __restrict__ inputs, const Number* __restrict__ weights,
    float* __restrict__ partial, int stride, int units, int slice_length, int beam_capacity) {
  const int first_beam = blockIdx.y * TILE_BEAMS, slice = blockIdx.z;
  if (first_beam >= header->live) return;
  // A warp has 16 units and all beams of the tile. In a fragment, lane 4 g + t holds row g and, of every 16 inputs, four. A sum does not
  // care which: the lane takes inputs 8 t … 8 t + 7 of every 32, so that it loads 16 bytes at once.
  const int lane = threadIdx.x % 32, group = lane / 4, quarter = lane % 4;
  const int first_unit = blockIdx.x * TILE_UNITS + threadIdx.x / 32 * 16;
  const int low = first_unit + group, high = low + 8;
  const Number* const low_weights = weights + (size_t)low * stride + quarter * 8;
  const Number* const high_weights = weights + (size_t)high * stride + quarter * 8;
  const Number* const own_inputs = inputs + (size_t)(first_beam + group) * stride + quarter * 8;
  const int from = slice * slice_length, to = min(from + slice_length, stride);
  const int live = header->live;
  const auto fetch = [&](Fragments& next, int step) {
    next.low = load(low_weights + step, low < units);
    next.high = load(high_weights + step, high < units);
#pragma unroll
    for (int column = 0; column < COLUMNS; ++column)
      next.beams[column] = load(own_inputs + (size_t)column * 8 * stride + step, first_beam + column * 8 + group < live);
  };
  float sum[COLUMNS][4] = {};
  Fragments next;
  fetch(next, from);
  for (int step = from; step < to; step += SLICE_STEP) {
    const Fragments now = next;
    if (step + SLICE_STEP < to) fetch(next, step + SLICE_STEP);  // under way while this step is multiplied
    const unsigned first[4] = {now.low.x, now.high.x, now.low.y, now.high.y}, second[4] = {now.low.z, now.high.z, now.low.w, now.high.w};
#pragma unroll
    for (int column = 0; column < COLUMNS; ++column) {
      const uint4 b = now.beams[column];
      const unsigned b_first[2] = {b.x, b.y}, b_second[2] = {b.z, b.w};
      multiply_16x8x16(sum[column], first, b_first, sum[column]);
      multiply_16x8x16(sum[column], second, b_second, sum[column]);
    }
  }
#pragma unroll
  for (int column = 0; column < COLUMNS; ++column)
#pragma unroll
    for (int value = 0; value < 4; ++value) {
      const int unit = value < 2 ? low : high, beam = first_beam + column * 8 + quarter * 2 + value % 2;
      if (unit < units && beam < live) partial[((size_t)slice * beam_capacity + beam) * units + unit] = sum[column][value];
    }
}
