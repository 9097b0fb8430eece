// The order of threads and blocks: plain without a seed, shuffled and repeatable with one; what that order costs no
// one.
#include "test_support.h"

#include <algorithm>
#include <numeric>
#include <sstream>

using test::Card;

namespace
{
// Who came when, for 3 blocks of 70 threads that all wait once in between.
std::vector<unsigned> order_of(const std::vector<std::string> &environment)
{
    const std::string said = test::in_child(environment, [] {
        Card card;
        const CUfunction note = card.function(R"(
extern "C" __global__ void note(unsigned* order, unsigned* next)
{
    const unsigned id = blockIdx.x * blockDim.x + threadIdx.x;
    order[atomicAdd(next, 1u)] = id;
    __syncthreads();
    order[atomicAdd(next, 1u)] = id + 1000;
}
)",
                                              "note");
        const CUdeviceptr order = card.allocate(420 * 4), next = card.upload(std::vector<unsigned>{0});
        CHECK_OK(card.launch(note, 3, 70, 0, nullptr, order, next));
        for (const unsigned id : card.download<unsigned>(order, 420))
            std::printf("%u ", id);
    });
    std::istringstream stream(said);
    std::vector<unsigned> order;
    for (unsigned id; stream >> id;)
        order.push_back(id);
    return order;
}

bool is_complete(std::vector<unsigned> order)
{
    std::vector<unsigned> all(210), later(210);
    std::iota(all.begin(), all.end(), 0u);
    std::iota(later.begin(), later.end(), 1000u);
    all.insert(all.end(), later.begin(), later.end());
    std::sort(order.begin(), order.end());
    return order == all;
}

// Whether a barrier kept the two halves of each block apart.
bool respects_barriers(const std::vector<unsigned> &order)
{
    for (size_t block = 0; block < 3; ++block)
        for (size_t i = 0; i < 140; ++i)
            if (order[block * 140 + i] % 1000 / 70 != order[block * 140] % 1000 / 70 ||
                (order[block * 140 + i] >= 1000) != (i >= 70))
                return false;
    return true;
}
} // namespace

TEST(Order_WithoutSeed_IsAscending)
{
    const std::vector<unsigned> order = order_of({});
    CHECK(is_complete(order) && respects_barriers(order));
    CHECK(std::is_sorted(order.begin(), order.begin() + 70) && order[0] == 0 && order[140] == 70);
}

TEST(Order_WithSeed_IsShuffledAndRepeats)
{
    const std::vector<unsigned> one = order_of({"SEED=1"}), again = order_of({"SEED=1"}), two = order_of({"SEED=2"});
    CHECK(is_complete(one) && is_complete(two) && respects_barriers(one) && respects_barriers(two));
    CHECK(one == again);
    CHECK(one != two);
    CHECK(!std::is_sorted(one.begin(), one.begin() + 70) && !std::is_sorted(two.begin(), two.begin() + 70));
}

// A kernel whose result depends on who comes first is right by luck in the normal order only.
TEST(Seed_OnAKernelThatReliesOnTheOrder_ShowsIt)
{
    const auto last_lane = [](const std::vector<std::string> &environment) {
        return test::in_child(environment, [] {
            Card card;
            const CUfunction last = card.function(R"(
extern "C" __global__ void last(unsigned* out) { *out = blockIdx.x * blockDim.x + threadIdx.x; }
)",
                                                  "last");
            const CUdeviceptr out = card.allocate(4);
            CHECK_OK(card.launch(last, 4, 64, 0, nullptr, out));
            std::printf("%u", card.download<unsigned>(out, 1)[0]);
        });
    };
    CHECK(last_lane({}) == "255");
    CHECK(last_lane({"SEED=1"}) != "255" || last_lane({"SEED=2"}) != "255");
}
