// Charges every candidate's cost steps of a block to its safety state (M2): z ← (z − c) / γ.
//
// safety_update_f32
//   in      header; charges int[C]; costs float[S, C], step-major; states_before, values_before float[C]
//   out     states float[C]; values float[C], copied; safe float[C], all 1; status int[4], all NO_FAULT but for a charge that is not finite
//   launch  1 block of up to 1024 threads; first kernel of the graph, so it resets what later ones report into
//   result  deterministic; the same bits as the CPU
//   cost    reads (S + 3) · 4 C bytes, writes 12 C
//   twin    CpuBlockEnd.Charge        test  BlockEndKernelTests
#include "block_end.cuh"
#include "reduce.cuh"

extern "C" __global__ void __launch_bounds__(1024) safety_update_f32(
    const BlockEndHeader* __restrict__ header, const int* __restrict__ charges, const float* __restrict__ costs,
    const float* __restrict__ states_before, const float* __restrict__ values_before, float* __restrict__ states,
    float* __restrict__ values, float* __restrict__ safe, int* status, int capacity) {
  if (threadIdx.x < 4) status[threadIdx.x] = NO_FAULT;
  __syncthreads();
  for (int candidate = threadIdx.x; candidate < header->candidates; candidate += blockDim.x) {
    float state = states_before[candidate];
    bool finite = true;
    for (int step = 0; step < charges[candidate]; ++step) {
      const float cost = costs[step * capacity + candidate];
      state = (state - cost) / header->discount;
      finite = finite && is_finite(cost) && is_finite(state);
    }
    if (!finite) report_fault(status, FAULT_CHARGE, candidate);
    states[candidate] = state;
    values[candidate] = values_before[candidate];
    safe[candidate] = 1.0f;
  }
}
