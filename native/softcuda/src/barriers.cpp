// __syncthreads and its voting forms, __activemask, and the report when no thread of a block can go on.
#include "block_runner.h"
#include "race_check.h"

#include <cstdio>

namespace softcuda
{
int BlockRunner::barrier(softcuda_barrier_kind kind, int predicate, unsigned line)
{
    Thread *thread = self();
    const unsigned w = thread->linear / warp_size, bit = 1u << thread->visible.lane;
    if (at_barrier_ == 0)
    {
        barrier_kind_ = kind;
        barrier_line_ = line;
    }
    else if (barrier_line_ != line || barrier_kind_ != kind)
    {
        char text[160];
        std::snprintf(text, sizeof text,
                      "divergent barrier: %u threads wait at __syncthreads in line %u, this one in "
                      "line %u",
                      at_barrier_, barrier_line_, line);
        fail(CUDA_ERROR_LAUNCH_FAILED, text);
    }
    barrier_votes_ += predicate != 0;
    ++at_barrier_;
    Warp &warp = warps_[w];
    warp.at_barrier |= bit;
    warp.ready &= ~bit;
    if (warp.ready == 0)
        ready_warps_ &= ~(1u << w);
    if (at_barrier_ == alive_)
        finish_barrier();
    wait();
    return static_cast<int>(barrier_result_);
}

void BlockRunner::finish_barrier()
{
    switch (barrier_kind_)
    {
    case softcuda_barrier_or:
        barrier_result_ = barrier_votes_ != 0;
        break;
    case softcuda_barrier_and:
        barrier_result_ = barrier_votes_ == at_barrier_;
        break;
    default:
        barrier_result_ = barrier_votes_;
        break;
    }
    at_barrier_ = barrier_votes_ = 0;
    for (unsigned w = 0; w < warp_count_; ++w)
    {
        wake(w, warps_[w].at_barrier);
        warps_[w].at_barrier = 0;
    }
    if (checked_)
        race_check().block_barrier();
}

unsigned BlockRunner::active_mask(const void *site)
{
    Thread *thread = self();
    const unsigned w = thread->linear / warp_size, bit = 1u << thread->visible.lane;
    Warp &warp = warps_[w];
    thread->site = site;
    warp.at_active_mask |= bit;
    warp.ready &= ~bit;
    if (warp.ready == 0)
        ready_warps_ &= ~(1u << w);
    wait();
    return static_cast<unsigned>(thread->result);
}

// When nothing else can run, the lanes of a warp that stand at the same place are the active ones.
bool BlockRunner::release_active_masks()
{
    for (unsigned w = 0; w < warp_count_; ++w)
    {
        Warp &warp = warps_[w];
        if (warp.at_active_mask == 0)
            continue;
        const void *site = threads_[w * warp_size + static_cast<unsigned>(__builtin_ctz(warp.at_active_mask))].site;
        unsigned together = 0;
        for (unsigned lane = 0; lane < warp_size; ++lane)
            if (warp.at_active_mask >> lane & 1u && threads_[w * warp_size + lane].site == site)
                together |= 1u << lane;
        for (unsigned lane = 0; lane < warp_size; ++lane)
            if (together >> lane & 1u)
                threads_[w * warp_size + lane].result = together;
        warp.at_active_mask &= ~together;
        wake(w, together);
        return true;
    }
    return false;
}

std::string BlockRunner::deadlock() const
{
    char text[200];
    std::string what = "deadlock";
    if (at_barrier_ != 0)
    {
        std::snprintf(text, sizeof text, "; %u of %u threads wait at __syncthreads in line %u", at_barrier_, alive_,
                      barrier_line_);
        what += text;
    }
    for (unsigned w = 0; w < warp_count_; ++w)
        for (unsigned open = warps_[w].open_slots; open != 0; open &= open - 1)
        {
            const WarpSlot &slot = warps_[w].slots[__builtin_ctz(open)];
            std::snprintf(text, sizeof text, "; in warp %u the lanes %08x wait in a warp operation for the lanes %08x",
                          w, slot.arrived, slot.mask & ~slot.arrived & ~warps_[w].exited);
            what += text;
            w = warp_count_ - 1; // one such warp tells enough
            break;
        }
    return what;
}
} // namespace softcuda

int softcuda_barrier(softcuda_barrier_kind kind, int predicate, unsigned line)
{
    return softcuda::runner().barrier(kind, predicate, line);
}

unsigned softcuda_active_mask() { return softcuda::runner().active_mask(__builtin_return_address(0)); }

void softcuda_fence()
{
    if (softcuda::runner().checked())
        softcuda::race_check().fence();
}

void softcuda_trap() { softcuda::runner().fail(CUDA_ERROR_LAUNCH_FAILED, "__trap()"); }
