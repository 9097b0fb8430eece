// Schedules the threads of a block: the next ready one is found in two bit masks, one that waits gives its stack away.
#include "block_runner.h"

#include <cstdio>
#include <new>

softcuda_thread *softcuda_self;
softcuda_grid softcuda_now;

namespace softcuda
{
namespace
{
unsigned lowest(unsigned bits) { return static_cast<unsigned>(__builtin_ctz(bits)); }
} // namespace

BlockRunner::BlockRunner() : threads_(), warps_(), pool_(max_block_threads, &fiber_main) {}

void BlockRunner::begin_launch(const char *kernel, uint3 grid, uint3 block, bool checked, std::uint64_t seed)
{
    kernel_ = kernel;
    checked_ = checked;
    random_state_ = seed;
    failure_ = Failure();
    softcuda_now.grid_size = grid;
    softcuda_now.block_size = block;
    thread_count_ = block.x * block.y * block.z;
    warp_count_ = (thread_count_ + warp_size - 1) / warp_size;
    for (unsigned i = 0; i < thread_count_; ++i)
    {
        threads_[i].visible = {{i % block.x, i / block.x % block.y, i / block.x / block.y}, i % warp_size};
        threads_[i].linear = i;
    }
}

bool BlockRunner::run(uint3 block_index, void (*call)(void **), void **arguments)
{
    softcuda_now.block_index = block_index;
    call_ = call;
    arguments_ = arguments;
    ready_warps_ = 0;
    for (unsigned w = 0; w < warp_count_; ++w)
    {
        const unsigned lanes = thread_count_ - w * warp_size;
        Warp &warp = warps_[w];
        warp.exists = lanes >= warp_size ? ~0u : (1u << lanes) - 1u;
        warp.ready = warp.exists;
        warp.started = warp.exited = warp.at_barrier = warp.at_active_mask = warp.open_slots = 0;
        ready_warps_ |= 1u << w;
    }
    alive_ = thread_count_;
    at_barrier_ = barrier_votes_ = 0;

    Thread *first = pick();
    Fiber *fiber = pool_.take();
    if (!fiber)
        throw std::bad_alloc();
    fiber->thread = first;
    first->fiber = fiber;
    softcuda_self = &first->visible;
    in_fiber_ = true;
    switch_fiber(main_, fiber->context);
    in_fiber_ = false;
    if (failure_.code == CUDA_SUCCESS)
        return true;
    pool_.reset();
    return false;
}

// A stack runs threads one after another until one has to wait: then that thread keeps it, and the next one gets
// another. A kernel that never waits so costs a call per thread and no switch.
void BlockRunner::fiber_main()
{
    BlockRunner &block = runner();
    for (;;)
    {
        Thread *thread = block.self();
        Fiber *fiber = thread->fiber;
        block.warps_[thread->linear / warp_size].started |= 1u << thread->visible.lane;
        block.call_(block.arguments_);
        block.leave(thread);
        Thread *next = block.alive_ == 0 ? nullptr : block.pick_or_unblock();
        if (next && !(block.warps_[next->linear / warp_size].started >> next->visible.lane & 1u))
        {
            next->fiber = fiber;
            fiber->thread = next;
            softcuda_self = &next->visible;
            continue;
        }
        block.pool_.give(fiber);
        if (next)
            softcuda_self = &next->visible;
        switch_fiber(fiber->context, next ? next->fiber->context : block.main_);
    }
}

void BlockRunner::wait()
{
    Thread *waiting = self();
    Thread *next = pick_or_unblock();
    if (next == waiting)
        return;
    if (!(warps_[next->linear / warp_size].started >> next->visible.lane & 1u))
    {
        next->fiber = pool_.take();
        if (!next->fiber)
            fail(CUDA_ERROR_OUT_OF_MEMORY, "the host has no memory left for stacks");
        next->fiber->thread = next;
    }
    softcuda_self = &next->visible;
    switch_fiber(waiting->fiber->context, next->fiber->context);
}

void BlockRunner::leave(Thread *thread)
{
    const unsigned w = thread->linear / warp_size, bit = 1u << thread->visible.lane;
    Warp &warp = warps_[w];
    warp.ready &= ~bit;
    if (warp.ready == 0)
        ready_warps_ &= ~(1u << w);
    warp.exited |= bit;
    --alive_;
    if (warp.open_slots != 0)
        finish_ready_slots(warp, w * warp_size);
    if (at_barrier_ != 0 && at_barrier_ == alive_)
        finish_barrier();
}

Thread *BlockRunner::pick()
{
    if (ready_warps_ == 0)
        return nullptr;
    unsigned w = lowest(ready_warps_);
    unsigned lane = lowest(warps_[w].ready);
    if (random_state_ != 0)
    {
        const std::uint64_t bits = random();
        const unsigned from_warp = static_cast<unsigned>(bits) & 31u;
        const unsigned from_lane = static_cast<unsigned>(bits >> 8) & 31u;
        const unsigned later_warps = ready_warps_ >> from_warp << from_warp;
        w = lowest(later_warps != 0 ? later_warps : ready_warps_);
        const unsigned later_lanes = warps_[w].ready >> from_lane << from_lane;
        lane = lowest(later_lanes != 0 ? later_lanes : warps_[w].ready);
    }
    return &threads_[w * warp_size + lane];
}

Thread *BlockRunner::pick_or_unblock()
{
    Thread *next = pick();
    while (!next)
    {
        if (!release_active_masks())
            fail(CUDA_ERROR_LAUNCH_FAILED, deadlock());
        next = pick();
    }
    return next;
}

void BlockRunner::wake(unsigned warp_index, unsigned lanes)
{
    if (lanes == 0)
        return;
    warps_[warp_index].ready |= lanes;
    ready_warps_ |= 1u << warp_index;
}

std::uint64_t BlockRunner::random()
{
    random_state_ ^= random_state_ << 13;
    random_state_ ^= random_state_ >> 7;
    random_state_ ^= random_state_ << 17;
    return random_state_ * 0x2545F4914F6CDD1Dull >> 16;
}

void BlockRunner::fail(CUresult code, const std::string &what)
{
    failure_.code = code;
    failure_.report = place() + ": " + what;
    abandon();
}

void BlockRunner::abandon()
{
    in_fiber_ = false;
    switch_fiber(abandoned_, main_);
}

std::string BlockRunner::coordinates(uint3 index)
{
    char text[48];
    std::snprintf(text, sizeof text, "(%u,%u,%u)", index.x, index.y, index.z);
    return text;
}

std::string BlockRunner::place() const
{
    return std::string("kernel '") + kernel_ + "', block " + coordinates(softcuda_now.block_index) + ", thread " +
           coordinates(softcuda_self->index);
}
} // namespace softcuda
