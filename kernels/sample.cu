// Draws one token per draw from its row of logits: temperature, penalties, top-k, top-p, min-p.
//
// sample_f32
//   in      logits float[rows, V], V ≤ 2¹⁹; row int[draws]; counters PhiloxCounter[draws]; penalties float[V], read if has_penalties
//   out     tokens int[draws]; log_probs float[draws] under the unmodified row at temperature 1; status int[draws]: 0, or 1 where the
//           row's largest logit is not a number
//   launch  one block of SAMPLE_THREADS per draw
//   result  deterministic: weights e^((x − max) / T) are summed as integers, so that no order of adding changes a draw
//   cost    the row 3 times without truncation, up to 9 times with top-k and top-p: once from memory, then mostly from the L2 cache
//   twin    CpuSampler        test  SampleKernelTests
//
// Tokens stand in order of falling weight, equal ones in order of their index. Every truncation keeps a first part of that order, so all
// together keep the shortest, and a part is known by its mass. A place in the order is found by the bits of its weight, ten at a time.
#include "philox.cuh"
#include "reduce.cuh"

constexpr int SAMPLE_THREADS = 1024, WARPS = SAMPLE_THREADS / 32, BIN_BITS = 10, BINS = 1 << BIN_BITS, KEY_BITS = 30;
constexpr float ONE = 17592186044416.0f;  // 2⁴⁴: the mass of a weight of 1

struct Histogram {
  unsigned count[BINS];
  u64 mass[BINS];
};

struct Shared {
  Histogram whole, part;  // whole: by the highest bits, the same for every place that is looked for
  u64 sums[32];
  float maxima[32];
  unsigned key;
  u64 count, mass;
};

struct Row {
  const float* logits;
  const float* penalties;  // or null
  int vocabulary;
  float maximum, inverse_temperature;

  __device__ __forceinline__ float modified(int token, float logit) const { return penalties ? logit - penalties[token] : logit; }
  // In [0, 1]; 1 for the most probable token.
  __device__ __forceinline__ float weight(int token, float logit) const { return expf((modified(token, logit) - maximum) * inverse_temperature); }
};

__device__ __forceinline__ u64 mass_of(float weight) { return (u64)(weight * ONE); }
__device__ __forceinline__ unsigned key_of(float weight) { return __float_as_uint(weight); }  // orders weights, below 2³⁰

__device__ __forceinline__ void count_into(Histogram& histogram, float weight, int shift) {
  const unsigned bin = key_of(weight) >> shift & (BINS - 1);
  const u64 mass = mass_of(weight);
  atomicAdd(&histogram.count[bin], 1u);
  if (mass) atomicAdd(&histogram.mass[bin], mass);
}

struct Place {
  unsigned key;      // of the weight there
  u64 count, mass;   // of the tokens that weigh more
};

// The first place in the order where count (BY_COUNT) or mass of the tokens up to it reach the target, 1 ≤ target ≤ that of all.
template <bool BY_COUNT> __device__ __forceinline__ Place find(Row row, u64 target, Shared& shared) {
  Place at = {0, 0, 0};
  const int thread = threadIdx.x, bin = BINS - 1 - thread;  // thread 0 has the heaviest
  for (int shift = KEY_BITS - BIN_BITS; shift >= 0; shift -= BIN_BITS) {
    Histogram& histogram = shift == KEY_BITS - BIN_BITS ? shared.whole : shared.part;
    if (&histogram == &shared.part) {
      histogram.count[thread] = 0;
      histogram.mass[thread] = 0;
      __syncthreads();
      visit_all(row.logits, row.vocabulary, [&](int token, float logit) {
        const float weight = row.weight(token, logit);
        if (key_of(weight) >> (shift + BIN_BITS) == at.key) count_into(histogram, weight, shift);
      });
      __syncthreads();
    }
    const u64 own_count = histogram.count[bin], own_mass = histogram.mass[bin];
    const u64 count = at.count + block_running_sum(own_count, shared.sums), mass = at.mass + block_running_sum(own_mass, shared.sums);
    const u64 reached = BY_COUNT ? count : mass, own = BY_COUNT ? own_count : own_mass;
    if (reached >= target && reached - own < target) {
      shared.key = at.key << BIN_BITS | bin;
      shared.count = count - own_count;
      shared.mass = mass - own_mass;
    }
    __syncthreads();
    at = {shared.key, shared.count, shared.mass};
    __syncthreads();
  }
  return at;
}

// The token, in order of index, where the running sum of amount(token) reaches the target, 1 ≤ target ≤ the whole sum.
template <typename Amount> __device__ __forceinline__ int token_at(int vocabulary, u64 target, Amount amount, u64* sums) {
  int begin = 0, end = vocabulary;
  while (end - begin > 32) {
    // Each warp adds up its share; the share that reaches the target is shared out again.
    const int length = (end - begin + WARPS - 1) / WARPS, from = begin + warp_of_thread() * length, to = min(end, from + length);
    u64 sum = 0;
    for (int token = from + lane_of_thread(); token < to; token += 32) sum += amount(token);
    sum = warp_reduce<Sum>(sum);
    if (lane_of_thread() == 0) sums[warp_of_thread()] = sum;
    __syncthreads();
    int share = 0;
    for (; share < WARPS - 1 && sums[share] < target; ++share) target -= sums[share];
    begin += share * length;
    end = min(end, begin + length);
    __syncthreads();
  }
  const int token = begin + lane_of_thread();
  const u64 running = warp_running_sum(token < end ? amount(token) : 0);
  return begin + __ffs(__ballot_sync(ALL_LANES, running >= target)) - 1;
}

struct MassOf {
  Row row;
  __device__ u64 operator()(int token) const { return mass_of(row.weight(token, row.logits[token])); }
};
struct HasKey {
  Row row;
  unsigned key;
  __device__ u64 operator()(int token) const { return key_of(row.weight(token, row.logits[token])) == key; }
};
struct IsLargest {
  Row row;
  __device__ u64 operator()(int token) const { return row.modified(token, row.logits[token]) == row.maximum; }
};

// ⌊u · mass⌋ for u = bits · 2⁻²⁴ < 1, exactly.
__device__ __forceinline__ u64 share_of(u64 mass, unsigned bits) { return (mass >> 24) * bits + ((mass & 0xffffff) * bits >> 24); }

extern "C" __global__ void __launch_bounds__(SAMPLE_THREADS) sample_f32(
    const float* __restrict__ all_logits, int vocabulary, const int* __restrict__ row_of, const PhiloxCounter* __restrict__ counters,
    const float* __restrict__ penalties, int has_penalties, float temperature, int top_k, float top_p, float min_p,
    int* __restrict__ tokens, float* __restrict__ log_probs, int* __restrict__ status) {
  __shared__ Shared shared;
  const int draw = blockIdx.x, thread = threadIdx.x;
  const float* const logits = all_logits + (size_t)row_of[draw] * vocabulary;
  const bool truncates = top_k > 0 || top_p < 1 || min_p > 0;
  Row row = {logits, has_penalties ? penalties : nullptr, vocabulary, 0, temperature > 0 ? 1 / temperature : 1};

  float plain = LOWEST, modified = LOWEST;
  bool bad = false;
  visit_all(logits, vocabulary, [&](int token, float logit) {
    bad = bad || logit != logit;
    plain = fmaxf(plain, logit);
    modified = fmaxf(modified, row.modified(token, logit));
  });
  plain = block_reduce<Largest>(plain, shared.maxima);
  row.maximum = block_reduce<Largest>(modified, shared.maxima);
  bad = __syncthreads_or(bad) || !is_finite(plain) || plain == LOWEST;
  if (thread == 0) status[draw] = bad;
  if (bad) return;

  shared.whole.count[thread] = 0;
  shared.whole.mass[thread] = 0;
  __syncthreads();
  u64 plain_mass = 0, whole = 0, likely = 0;  // likely: of what min-p keeps
  visit_all(logits, vocabulary, [&](int token, float logit) {
    const float weight = row.weight(token, logit);
    const u64 mass = mass_of(weight);
    plain_mass += mass_of(expf(logit - plain));
    whole += mass;
    if (weight >= min_p) likely += mass;
    if (truncates) count_into(shared.whole, weight, KEY_BITS - BIN_BITS);
  });
  plain_mass = block_reduce<Sum>(plain_mass, shared.sums);
  whole = block_reduce<Sum>(whole, shared.sums);
  likely = block_reduce<Sum>(likely, shared.sums);

  const unsigned bits = philox_bits(counters[draw]);
  int chosen;
  if (temperature == 0) {
    chosen = token_at(vocabulary, 1, IsLargest{row}, shared.sums);
  } else if (!truncates) {
    chosen = token_at(vocabulary, share_of(whole, bits) + 1, MassOf{row}, shared.sums);
  } else {
    u64 kept = whole;
    if (top_k > 0 && top_k < vocabulary) {
      const Place last = find<true>(row, top_k, shared);
      kept = last.mass + (top_k - last.count) * mass_of(__uint_as_float(last.key));
    }
    if (top_p < 1) {
      const u64 wanted = max((u64)1, (u64)ceil((double)top_p * (double)kept));
      const Place last = find<false>(row, wanted, shared);
      const u64 own = mass_of(__uint_as_float(last.key));
      kept = last.mass + (wanted - last.mass + own - 1) / own * own;
    }
    kept = min(kept, likely);
    const u64 target = share_of(kept, bits) + 1;
    const Place at = find<false>(row, target, shared);
    const u64 own = mass_of(__uint_as_float(at.key));
    chosen = token_at(vocabulary, (target - at.mass + own - 1) / own, HasKey{row, at.key}, shared.sums);
  }
  if (thread == 0) {
    tokens[draw] = chosen;
    log_probs[draw] = logits[chosen] - plain - logf((float)plain_mass / ONE);
  }
}
