// Scores every candidate (M7) and ranks them: the value where it is safe, −n where it is not; the best K are kept.
//
// beam_score_select_f32
//   in      header; states, safe, values float[C]
//   out     scores float[C]; kept int[C], the best min(K, candidates) first; status
//   launch  1 block of up to 1024 threads; dynamic shared memory 8 C bytes
//   result  deterministic: by score, then by f¹ (z without a critic, or where it is negative), then by lower index, as the CPU does
//   cost    reads 12 C bytes, writes 8 C; C² / blockDim comparisons per thread
//   twin    CpuBlockEnd.Score, .Select        test  BlockEndKernelTests
#include "block_end.cuh"
#include "reduce.cuh"

extern __shared__ float shared[];

extern "C" __global__ void __launch_bounds__(1024) beam_score_select_f32(
    const BlockEndHeader* __restrict__ header, const float* __restrict__ states, const float* __restrict__ safe,
    const float* __restrict__ values, float* __restrict__ scores, int* __restrict__ kept, int* status) {
  const int count = header->candidates;
  float* const score_of = shared;
  float* const tie_of = shared + count;
  for (int candidate = threadIdx.x; candidate < count; candidate += blockDim.x) {
    const float state = states[candidate], value = values[candidate];
    const bool within = state >= 0.0f;
    if (!is_finite(value)) report_fault(status, FAULT_REWARD, candidate);
    const bool is_safe = (within || (header->flags & IGNORES_STATES)) && safe[candidate] > header->threshold;
    scores[candidate] = score_of[candidate] = is_safe ? value : -header->penalty;
    tie_of[candidate] = (header->flags & HAS_CRITIC) && within ? safe[candidate] : state;
  }
  __syncthreads();
  // A candidate's place is the number of better ones.
  for (int candidate = threadIdx.x; candidate < count; candidate += blockDim.x) {
    const float score = score_of[candidate], tie = tie_of[candidate];
    int place = 0;
    for (int other = 0; other < count; ++other) {
      const bool equal = score_of[other] == score;
      place += score_of[other] > score || (equal && (tie_of[other] > tie || (tie_of[other] == tie && other < candidate)));
    }
    if (place < header->keep) kept[place] = candidate;
  }
}
