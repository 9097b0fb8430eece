// Each warp operation, conversion and intrinsic against its definition.
#include "test_support.h"

#include <cmath>
#include <cstdint>
#include <cstring>

using test::Card;
using test::pattern;

TEST(Shuffles_AllFormsWidthsAndTypes_ReadTheDefinedLane)
{
    Card card;
    const char *source = R"(
extern "C" __global__ void shuffle(TYPE* out, int argument, int width)
{
    const unsigned all = 0xFFFFFFFFu;
    const TYPE mine = static_cast<TYPE>(threadIdx.x * 7 + 1);
    out[threadIdx.x] = __shfl_sync(all, mine, argument, width);
    out[threadIdx.x + 32] = __shfl_up_sync(all, mine, argument, width);
    out[threadIdx.x + 64] = __shfl_down_sync(all, mine, argument, width);
    out[threadIdx.x + 96] = __shfl_xor_sync(all, mine, argument, width);
}
)";
    const auto run = [&](auto zero, const char *type) {
        using T = decltype(zero);
        const CUfunction shuffle = card.function(source, "shuffle", {std::string("-DTYPE=") + type});
        const CUdeviceptr out = card.allocate(128 * sizeof(T));
        for (const int width : {32, 16, 8, 2})
            for (const int argument : {0, 1, 3, 5, 16, 31})
            {
                CHECK_OK(card.launch(shuffle, 1, 32, 0, nullptr, out, argument, width));
                const std::vector<T> result = card.download<T>(out, 128);
                for (int lane = 0; lane < 32; ++lane)
                {
                    const int start = lane / width * width, end = start + width;
                    const int index = start + argument % width;
                    const int up = lane - argument < start ? lane : lane - argument;
                    const int down = lane + argument >= end ? lane : lane + argument;
                    const int across = (lane ^ argument) >= end ? lane : lane ^ argument;
                    CHECK(result[lane] == static_cast<T>(index * 7 + 1));
                    CHECK(result[lane + 32] == static_cast<T>(up * 7 + 1));
                    CHECK(result[lane + 64] == static_cast<T>(down * 7 + 1));
                    CHECK(result[lane + 96] == static_cast<T>(across * 7 + 1));
                }
            }
    };
    run(0, "int");
    run(0u, "unsigned");
    run(0.0f, "float");
    run(0.0, "double");
    run(0ll, "long long");
    run(0ull, "unsigned long long");
}

TEST(VotesAndReductions_DivergentMasks_CountTheirLanesOnly)
{
    Card card;
    const CUfunction vote = card.function(R"(
extern "C" __global__ void vote(unsigned* out)
{
    const unsigned lane = threadIdx.x;
    unsigned* mine = out + lane * 12;
    const unsigned mask = lane < 12 ? 0x00000FFFu : 0xFFFFF000u;
    if (lane < 12)
    {
        mine[0] = __ballot_sync(mask, lane % 3 == 0);
        mine[1] = __any_sync(mask, lane == 40);
        mine[2] = __all_sync(mask, lane < 12);
    }
    else
    {
        mine[0] = __ballot_sync(mask, lane % 2 == 0);
        mine[1] = __any_sync(mask, lane == 31);
        mine[2] = __all_sync(mask, lane < 31);
    }
    mine[3] = __reduce_add_sync(mask, lane);
    mine[4] = static_cast<unsigned>(__reduce_min_sync(mask, static_cast<int>(lane) - 20));
    mine[5] = __reduce_max_sync(mask, lane);
    mine[6] = __reduce_or_sync(mask, 1u << (lane / 2));
    mine[7] = __reduce_xor_sync(mask, lane);
    mine[8] = __match_any_sync(0xFFFFFFFFu, lane / 5);
    mine[9] = __syncthreads_count(lane % 4 == 1);
    mine[10] = __syncthreads_and(lane < 32) * 2 + (__syncthreads_and(lane != 9) ? 1 : 0);
    mine[11] = __syncthreads_or(lane == 9) * 2 + (__syncthreads_or(lane == 99) ? 1 : 0);
}
)",
                                          "vote");
    const CUdeviceptr out = card.allocate(32 * 12 * 4);
    CHECK_OK(card.launch(vote, 1, 32, 0, nullptr, out));
    const std::vector<unsigned> result = card.download<unsigned>(out, 32 * 12);
    for (unsigned lane = 0; lane < 32; ++lane)
    {
        const unsigned *mine = &result[lane * 12];
        const unsigned first = lane < 12 ? 0 : 12, end = lane < 12 ? 12 : 32;
        unsigned add = 0, bits = 0, mixed = 0, same = 0;
        for (unsigned other = first; other < end; ++other)
            add += other, bits |= 1u << other / 2, mixed ^= other;
        for (unsigned other = 0; other < 32; ++other)
            same |= (other / 5 == lane / 5 ? 1u : 0u) << other;
        CHECK(mine[0] == (lane < 12 ? 0x249u : 0x55555000u));
        CHECK(mine[1] == (lane < 12 ? 0u : 1u));
        CHECK(mine[2] == (lane < 12 ? 1u : 0u));
        CHECK(mine[3] == add && mine[5] == end - 1 && mine[6] == bits && mine[7] == mixed && mine[8] == same);
        CHECK(static_cast<int>(mine[4]) == static_cast<int>(first) - 20);
        CHECK(mine[9] == 8 && mine[10] == 2 && mine[11] == 2);
    }
}

TEST(ActiveMask_DivergentBranch_HoldsTheLanesInIt)
{
    Card card;
    const CUfunction gather = card.function(R"(
extern "C" __global__ void gather(unsigned* out, unsigned* counter)
{
    out[threadIdx.x] = 999;
    if (threadIdx.x % 3 == 1)
    {
        const unsigned active = __activemask();
        const int leader = __ffs(active) - 1;
        unsigned base = 0;
        if ((threadIdx.x & 31) == leader)
            base = atomicAdd(counter, __popc(active));
        base = __shfl_sync(active, base, leader);
        out[threadIdx.x] = base + __popc(active & ((1u << (threadIdx.x & 31)) - 1u));
    }
}
)",
                                            "gather");
    const CUdeviceptr out = card.allocate(64 * 4), counter = card.upload(std::vector<unsigned>{0});
    CHECK_OK(card.launch(gather, 1, 64, 0, nullptr, out, counter));
    std::vector<unsigned> places(64);
    for (const unsigned place : card.download<unsigned>(out, 64))
        if (place != 999)
            ++places.at(place);
    CHECK(card.download<unsigned>(counter, 1)[0] == 21);
    for (unsigned i = 0; i < 64; ++i)
        CHECK(places[i] == (i < 21 ? 1u : 0u));
}

TEST(EarlyExit_PartialWarp_LeavesTheOthersToGoOn)
{
    Card card;
    const CUfunction partial = card.function(R"(
extern "C" __global__ void partial(float* out, int n)
{
    const int i = threadIdx.y * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    __syncthreads();
    float value = static_cast<float>(i);
    for (int d = 16; d > 0; d /= 2)
        value = fmaxf(value, __shfl_xor_sync(0xFFFFFFFFu, value, d));
    out[i] = value;
}
)",
                                             "partial");
    const CUdeviceptr out = card.allocate(50 * 4);
    int n = 32;
    CUdeviceptr to = out;
    void *arguments[] = {&to, &n};
    CHECK_OK(cuLaunchKernel(partial, 1, 1, 1, 10, 5, 1, 0, nullptr, arguments, nullptr));
    for (const float value : card.download<float>(out, 32))
        CHECK(value == 31.0f);
}

TEST(Halves_AllValues_ConvertBothWays)
{
    Card card;
    const CUfunction convert = card.function(R"(
extern "C" __global__ void convert(float* floats, unsigned short* halves, const float* more, unsigned short* rounded)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    floats[i] = softcuda_half_to_float(static_cast<unsigned short>(i));
    halves[i] = softcuda_float_to_half(floats[i]);
    rounded[i] = softcuda_float_to_half(more[i]);
}
)",
                                             "convert");
    const int n = 65536;
    // Between two neighbouring halves, and exactly in the middle: ties go to the even one.
    std::vector<float> more(n);
    const auto exact = [](int half) {
        const int exponent = half >> 10 & 31, mantissa = half & 1023;
        const float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                              : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
        return half & 0x8000 ? -magnitude : magnitude;
    };
    for (int i = 0; i < n; ++i)
        more[i] = (i & 0x7C00) == 0x7C00 || (i & 0x7FFF) == 0x7BFF ? 0.0f : (exact(i) + exact(i + 1)) / 2.0f;
    const CUdeviceptr from = card.upload(more), floats = card.allocate(n * 4), halves = card.allocate(n * 2);
    const CUdeviceptr rounded = card.allocate(n * 2);
    CHECK_OK(card.launch(convert, n / 256, 256, 0, nullptr, floats, halves, from, rounded));
    const std::vector<float> wide = card.download<float>(floats, n);
    const std::vector<std::uint16_t> back = card.download<std::uint16_t>(halves, n);
    const std::vector<std::uint16_t> even = card.download<std::uint16_t>(rounded, n);
    for (int i = 0; i < n; ++i)
    {
        const bool special = (i & 0x7C00) == 0x7C00, number = !special || (i & 0x3FF) == 0;
        CHECK(special ? number == std::isinf(wide[i]) : wide[i] == exact(i));
        CHECK(number ? back[i] == i : (back[i] & 0x7C00) == 0x7C00 && (back[i] & 0x3FF) != 0);
        if (!special && (i & 0x7FFF) != 0x7BFF)
            CHECK(even[i] == i + (i & 1));
    }
}

TEST(MatrixProduct_Fragments_MatchADoubleReference)
{
    Card card;
    const CUfunction multiply = card.function(R"(
// a [16,16] and b [16,8] row by row as halves, c and d [16,8] as floats.
extern "C" __global__ void multiply(float* d, const unsigned short* a, const unsigned short* b, const float* c)
{
    const int g = threadIdx.x / 4, t = threadIdx.x % 4;
    const auto pair = [](unsigned short low, unsigned short high) { return low | static_cast<unsigned>(high) << 16; };
    unsigned fa[4], fb[2];
    float fc[4], fd[4];
    for (int i = 0; i < 4; ++i)
    {
        const int row = g + 8 * (i & 1), column = 2 * t + 8 * (i >> 1);
        fa[i] = pair(a[row * 16 + column], a[row * 16 + column + 1]);
        fc[i] = c[(g + 8 * (i >> 1)) * 8 + 2 * t + (i & 1)];
    }
    for (int i = 0; i < 2; ++i)
        fb[i] = pair(b[(2 * t + 8 * i) * 8 + g], b[(2 * t + 8 * i + 1) * 8 + g]);
    softcuda_mma_m16n8k16_f16(fd, fa, fb, fc);
    softcuda_mma_m16n8k16_f16(fd, fa, fb, fd);
    for (int i = 0; i < 4; ++i)
        d[(g + 8 * (i >> 1)) * 8 + 2 * t + (i & 1)] = fd[i];
}
)",
                                              "multiply");
    // Halves that are small integers times 1/8 are exact: the product must be too.
    std::vector<std::uint16_t> a(256), b(128);
    std::vector<double> exact_a(256), exact_b(128);
    const auto fill = [](std::vector<std::uint16_t> &bits, std::vector<double> &values, unsigned state) {
        for (size_t i = 0; i < bits.size(); ++i)
        {
            state = state * 1664525u + 1013904223u;
            const int mantissa = static_cast<int>(state >> 20 & 1023), exponent = 12 + static_cast<int>(state >> 30);
            bits[i] = static_cast<std::uint16_t>((state >> 19 & 1) << 15 | exponent << 10 | mantissa);
            values[i] = std::ldexp(1024.0 + mantissa, exponent - 25) * (state >> 19 & 1 ? -1 : 1);
        }
    };
    fill(a, exact_a, 1);
    fill(b, exact_b, 2);
    const std::vector<float> c = pattern(128);
    const CUdeviceptr on_a = card.upload(a), on_b = card.upload(b), on_c = card.upload(c), on_d = card.allocate(512);
    CHECK_OK(card.launch(multiply, 1, 32, 0, nullptr, on_d, on_a, on_b, on_c));
    const std::vector<float> d = card.download<float>(on_d, 128);
    for (int row = 0; row < 16; ++row)
        for (int column = 0; column < 8; ++column)
        {
            double expected = c[row * 8 + column];
            for (int k = 0; k < 16; ++k)
                expected += 2.0 * exact_a[row * 16 + k] * exact_b[k * 8 + column];
            CHECK_NEAR(d[row * 8 + column], expected, 1e-5);
        }
}

TEST(Intrinsics_BitsAndConversions_FollowTheirDefinition)
{
    Card card;
    const CUfunction compute = card.function(R"(
extern "C" __global__ void compute(unsigned* out, float* reals, float nan, float big)
{
    int k = 0;
    out[k++] = __clz(1) + 100 * __clz(0) + 10000 * __popc(0xF0F0u);
    out[k++] = __ffs(8) + 100 * __ffs(0);
    out[k++] = __brev(0x00000001u) + __brev(0x40000000u);
    out[k++] = __umulhi(0x80000000u, 6u);
    out[k++] = __float_as_uint(1.0f) + __float2int_rn(2.5f) + __float2int_rn(3.5f);
    out[k++] = static_cast<unsigned>(__float2int_rz(-2.9f)) + __float2int_rd(-2.1f) + __float2int_ru(2.1f);
    out[k++] = static_cast<unsigned>(__float2int_rn(big)) + __float2int_rn(nan) + __float2uint_rn(-5.0f);
    out[k++] = isnan(nan) + 2 * isinf(INFINITY) + 4 * isfinite(1.0f) + 8 * isfinite(-INFINITY) + 16 * isnan(1.0f);
    out[k++] = min(3, -4) == -4 && max(3u, 4u) == 4u && min(2.0f, nan) == 2.0f && fmaxf(nan, 1.0f) == 1.0f;
    out[k++] = __byte_perm(0x33221100u, 0x77665544u, 0x7531u) + __funnelshift_l(0x80000000u, 1u, 1);
    const float4 v = make_float4(1.0f, 2.0f, 3.0f, 4.0f);
    const int2 p = make_int2(5, 6);
    out[k++] = sizeof(float4) + alignof(float4) + sizeof(float3) + alignof(int2) + static_cast<unsigned>(v.w) + p.y;
    out[k++] = __CUDA_ARCH__;
    int j = 0;
    reals[j++] = __expf(1.0f) + expf(1.0f);
    reals[j++] = __logf(2.0f) + logf(2.0f);
    reals[j++] = rsqrtf(4.0f) + sqrtf(9.0f) + fabsf(-1.0f);
    reals[j++] = tanhf(0.5f) + __fdividef(1.0f, 4.0f) + fminf(1.0f, 2.0f);
    reals[j++] = exp2f(3.0f) + log1pf(1.0f) + powf(2.0f, 0.5f) + erff(0.5f);
    reals[j++] = __uint_as_float(0x3F800000u) + __int_as_float(0x40000000);
}
)",
                                             "compute");
    const CUdeviceptr out = card.allocate(12 * 4), reals = card.allocate(6 * 4);
    CHECK_OK(card.launch(compute, 1, 1, 0, nullptr, out, reals, NAN, 1e20f));
    const std::vector<unsigned> expected = {31 + 3200 + 80000,
                                            4,
                                            0x80000000u + 2,
                                            3,
                                            0x3F800000u + 2 + 4,
                                            static_cast<unsigned>(-2 - 3 + 3),
                                            0x7FFFFFFFu,
                                            1 + 2 + 4,
                                            1,
                                            0x77553311u + 3u,
                                            16 + 16 + 12 + 8 + 4 + 6,
                                            800};
    CHECK(card.download<unsigned>(out, 12) == expected);
    const std::vector<float> values = card.download<float>(reals, 6);
    const double wanted[] = {2 * std::exp(1.0),
                             2 * std::log(2.0),
                             0.5 + 3 + 1,
                             std::tanh(0.5) + 0.25 + 1,
                             8 + std::log(2.0) + std::sqrt(2.0) + std::erf(0.5),
                             3};
    for (int i = 0; i < 6; ++i)
        CHECK_NEAR(values[i], wanted[i], 1e-5);
}
