// Lays out the critic's input of every live beam: h, its mean, seven numbers that sum up the logits, z/b, progress and reward so far.
//
// latent_features
//   in      header; logits float[rows, V]; hidden float[rows, H]; means float[L, H]; row, candidate int[L]; states float[C];
//           progress, earned float[L]; end_tokens int[E]; mean, inverse_std float[2H + 10]
//   out     inputs Number[L, stride]: standardised, zero from 2H + 10 on; status where a row of logits is not numbers
//   launch  one block of LATENT_THREADS per possible live beam; blocks beyond header->live return
//   -D      NUMBER_IS_HALF
//   result  deterministic; the sums of exponentials differ from the CPU's in the last bits
//   cost    reads 4 (V + 2H) bytes per beam once; a row whose 20 largest logits crowd in one thread is read again
//   twin    LogitSummary.Of and CpuCritic.Evaluate        test  BlockEndKernelTests
#include "block_end.cuh"
#include "half.cuh"
#include "reduce.cuh"

constexpr int LATENT_THREADS = 512, MOST = 20, MIDDLE = 5, DEPTH = 4, SUMMARY = 7;
constexpr float SMALLEST_SHIFTED = -87.0f, SMALLEST_LOG_PROB = -100.0f;

__device__ __forceinline__ float shifted(float value, float maximum) { return fmaxf(value - maximum, SMALLEST_SHIFTED); }

// The running sums of one thread over its logits: total = Σ e^(x − maximum), weighted = Σ (x − maximum) e^(x − maximum), and its largest.
struct Running {
  float maximum = LOWEST, total = 0, weighted = 0, top[DEPTH] = {LOWEST, LOWEST, LOWEST, LOWEST};

  __device__ void rescale(float to) {
    const float x = shifted(maximum, to), factor = expf(x);
    weighted = (weighted + total * x) * factor;
    total *= factor;
    maximum = to;
  }
  __device__ void add(float value) {
    if (value > maximum) rescale(value);
    const float x = shifted(value, maximum), weight = expf(x);
    total += value - value == 0.0f || value < 0.0f ? weight : value - value;  // NaN and +∞ stay visible as NaN
    weighted += x * weight;
    if (!(value > top[DEPTH - 1])) return;
    // No index that only run time knows: the four stay in registers.
#pragma unroll
    for (int place = 0; place < DEPTH; ++place) {
      const float other = top[place];
      top[place] = fmaxf(value, other);
      value = fminf(value, other);
    }
  }
};

// Σ e^(x − maximum) over the largest MIDDLE and MOST logits; every thread gets both.
struct Masses {
  float middle, most;
};

// By one pass per different value: slow, right for any row.
__device__ Masses masses_by_passes(const float* logits, int vocabulary, float maximum, float* scratch, int* counts) {
  Masses masses = {0, 0};
  float previous = 0;
  for (int taken = 0; taken < MOST;) {
    float largest = LOWEST;
    visit_all(logits, vocabulary, [&](int, float logit) { if (taken == 0 || logit < previous) largest = fmaxf(largest, logit); });
    largest = block_reduce<Largest>(largest, scratch);
    if (largest == LOWEST) break;
    int count = 0;
    visit_all(logits, vocabulary, [&](int, float logit) { count += logit == largest; });
    count = block_reduce<Sum>(count, counts);
    const float weight = expf(largest - maximum);
    masses.middle += weight * max(0, min(count, MIDDLE - taken));
    masses.most += weight * min(count, MOST - taken);
    taken += count;
    previous = largest;
  }
  return masses;
}

extern "C" __global__ void __launch_bounds__(LATENT_THREADS) latent_features(
    const BlockEndHeader* __restrict__ header, const float* __restrict__ all_logits, int vocabulary, const float* __restrict__ all_hidden,
    int hidden_width, const float* __restrict__ means, const int* __restrict__ row, const int* __restrict__ candidate,
    const float* __restrict__ states, const float* __restrict__ progress, const float* __restrict__ earned,
    const int* __restrict__ end_tokens, int end_count, const float* __restrict__ mean, const float* __restrict__ inverse_std,
    float budget, Number* __restrict__ inputs, int stride, int* status) {
  __shared__ float scratch[32], maxima[LATENT_THREADS], list[MOST * DEPTH], extra[SUMMARY + 3];
  __shared__ int counts[32], maxima_count, listed;
  __shared__ float border;
  const int beam = blockIdx.x, thread = threadIdx.x;
  if (beam >= header->live) return;
  const float* const logits = all_logits + (size_t)row[beam] * vocabulary;

  Running own;
  visit_all(logits, vocabulary, [&](int, float logit) { own.add(logit); });
  const float maximum = block_reduce<Largest>(own.maximum, scratch);
  own.rescale(maximum);
  const float total = block_reduce<Sum>(own.total, scratch);
  const float weighted = block_reduce<Sum>(own.weighted, scratch);

  // The 20th largest of the threads' maxima is a lower border of the 20 largest logits; at most 19 threads have any above it. It is looked
  // for among the few that are not below the two largest of any warp.
  if (thread == 0) maxima_count = listed = 0;
  const float largest_of_warp = warp_reduce<Largest>(own.top[0]);
  const int holder = __ffs(__ballot_sync(ALL_LANES, own.top[0] == largest_of_warp)) - 1;
  const float second_of_warp = warp_reduce<Largest>(lane_of_thread() == holder ? LOWEST : own.top[0]);
  const float bound = -block_reduce<Largest>(-second_of_warp, scratch);
  if (own.top[0] >= bound) maxima[atomicAdd(&maxima_count, 1)] = own.top[0];
  __syncthreads();
  for (int at = thread; at < maxima_count; at += LATENT_THREADS) {
    int rank = 0;
    for (int other = 0; other < maxima_count; ++other) rank += maxima[other] > maxima[at] || (maxima[other] == maxima[at] && other < at);
    if (rank == MOST - 1) border = maxima[at];
  }
  __syncthreads();
  Masses masses = {0, 0};
  if (__syncthreads_or(own.top[DEPTH - 1] > border)) {
    masses = masses_by_passes(logits, vocabulary, maximum, scratch, counts);
  } else {
#pragma unroll
    for (int place = 0; place < DEPTH; ++place)
      if (own.top[place] > border) list[atomicAdd(&listed, 1)] = own.top[place];
    __syncthreads();
    const int count = listed;
    float weight = 0;
    int rank = MOST;
    if (thread < count) {
      rank = 0;
      for (int other = 0; other < count; ++other) rank += list[other] > list[thread] || (list[other] == list[thread] && other < thread);
      weight = expf(list[thread] - maximum);
    } else if (thread < MOST) {
      rank = thread;  // what is left of the 20 equals the border
      weight = expf(border - maximum);
    }
    masses.middle = block_reduce<Sum>(rank < MIDDLE ? weight : 0.0f, scratch);
    masses.most = block_reduce<Sum>(rank < MOST ? weight : 0.0f, scratch);
  }

  if (thread == 0) {
    if (!is_finite(maximum) || maximum == LOWEST || !is_finite(total)) report_fault(status, FAULT_LOGITS, candidate[beam]);
    const float log_total = logf(total);
    float ends = 0;
    for (int end = 0; end < end_count; ++end) ends += expf(logits[end_tokens[end]] - maximum);
    extra[0] = log_total - weighted / total;
    extra[1] = maximum + log_total;
    extra[2] = -log_total;
    extra[3] = 1 / total;
    extra[4] = masses.middle / total;
    extra[5] = masses.most / total;
    extra[6] = fmaxf(SMALLEST_LOG_PROB, logf(ends) - log_total);
    extra[7] = states[candidate[beam]] / budget;
    extra[8] = progress[beam];
    extra[9] = earned[beam];
  }
  __syncthreads();
  const float* const hidden = all_hidden + (size_t)row[beam] * hidden_width;
  const float* const mean_hidden = means + (size_t)beam * hidden_width;
  const int width = 2 * hidden_width + SUMMARY + 3;
  for (int at = thread; at < stride; at += LATENT_THREADS) {
    const float value = at < hidden_width ? hidden[at] : at < 2 * hidden_width ? mean_hidden[at - hidden_width] : at < width ? extra[at - 2 * hidden_width] : 0;
    inputs[(size_t)beam * stride + at] = to_number(at < width ? (value - mean[at]) * inverse_std[at] : 0);
  }
}
