// Writes the diversity penalties of an offset (M8) where the sampler reads them: one amount per token of the vocabulary.
//
// token_penalty_f32
//   in      tokens int[count], each at most once; amounts float[count]
//   out     penalties float[V]: amount · scale at those tokens; scale 0 clears them again
//   launch  any 1-D grid
//   result  deterministic
//   cost    reads 8 count bytes, writes 4 count
//   twin    CpuSampler.Prepare        test  SampleKernelTests

extern "C" __global__ void token_penalty_f32(
    const int* __restrict__ tokens, const float* __restrict__ amounts, float* __restrict__ penalties, int count, float scale) {
  const int at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at < count) penalties[tokens[at]] = amounts[at] * scale;
}
