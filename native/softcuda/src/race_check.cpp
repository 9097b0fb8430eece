// Decides for each access of a checked kernel whether it is in bounds and ordered with the accesses before it.
#include "race_check.h"

#include "device_memory.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace softcuda
{
void RaceCheck::begin_launch(Module &module, std::uint64_t block_count, std::uintptr_t dynamic_shared,
                             std::size_t dynamic_bytes, DeviceMemory &memory, const PinnedMemory &pinned)
{
    module_ = &module;
    memory_ = &memory;
    pinned_ = &pinned;
    dynamic_base_ = dynamic_shared;
    dynamic_bytes_ = dynamic_bytes;
    dynamic_shadow_.clear();
    first_block_ = block_ + 1;
    blocks_.clear();
    blocks_.reserve(std::min<std::uint64_t>(block_count, 1u << 20));
}

void RaceCheck::begin_block()
{
    ++block_;
    blocks_.emplace_back();
    tick_ = 1;
    const unsigned threads = runner().thread_count();
    std::fill_n(clock_, threads, 1u);
    std::fill_n(barrier_clock_, threads, 0u);
    std::memset(seen_, 0, threads * sizeof seen_[0]);
    std::fill_n(warp_fence_, warp_size, 0u);
    std::fill_n(warp_released_, warp_size, 0u);
    std::fill_n(warp_acquired_, warp_size, 0u);
}

void RaceCheck::block_barrier()
{
    for (unsigned i = 0; i < runner().thread_count(); ++i)
        barrier_clock_[i] = clock_[i]++;
}

// Each lane learns what any of them knows, and all that they did so far.
void RaceCheck::warp_barrier(unsigned warp, unsigned lanes)
{
    std::uint32_t joined[warp_size] = {};
    const unsigned first = warp * warp_size;
    for (unsigned rest = lanes; rest != 0; rest &= rest - 1)
    {
        const unsigned lane = static_cast<unsigned>(__builtin_ctz(rest));
        for (unsigned other = 0; other < warp_size; ++other)
            joined[other] = std::max(joined[other], seen_[first + lane][other]);
        joined[lane] = std::max(joined[lane], clock_[first + lane]);
    }
    for (unsigned rest = lanes; rest != 0; rest &= rest - 1)
    {
        const unsigned lane = static_cast<unsigned>(__builtin_ctz(rest));
        std::copy_n(joined, warp_size, seen_[first + lane]);
        ++clock_[first + lane];
    }
}

void RaceCheck::fence()
{
    ++tick_;
    blocks_.back().fence = tick_;
    warp_fence_[runner().self()->linear / warp_size] = tick_;
}

// A fence and an atomic after it release what came before the fence; an atomic acquires. Which memory the atomic
// works on is not asked: this finds a missing fence or a missing atomic, not a wrong pair of them.
void RaceCheck::note_atomic(bool shared)
{
    const unsigned warp = runner().self()->linear / warp_size;
    ++tick_;
    warp_released_[warp] = std::max(warp_released_[warp], warp_fence_[warp]);
    warp_acquired_[warp] = tick_;
    if (!shared)
    {
        blocks_.back().released = std::max(blocks_.back().released, blocks_.back().fence);
        blocks_.back().acquired = true;
    }
}

bool RaceCheck::ordered(const AccessRecord &earlier, bool shared) const
{
    if (earlier.block < first_block_ || (shared && earlier.block != block_))
        return true;
    if (earlier.block != block_)
        return blocks_.back().acquired && earlier.tick < blocks_[earlier.block - first_block_].released;
    const Thread *self = runner().self();
    const unsigned other = earlier.thread;
    if (earlier.clock <= barrier_clock_[other])
        return true;
    const unsigned warp = self->linear / warp_size, other_warp = other / warp_size;
    if (earlier.flags & access_far)
        return warp_acquired_[warp] > earlier.tick;
    if (other == self->linear)
        return !(earlier.flags & access_many) || clock_[other] > earlier.clock;
    if (warp == other_warp)
        return seen_[self->linear][other % warp_size] >= earlier.clock;
    return earlier.tick < warp_released_[other_warp] && warp_acquired_[warp] > earlier.tick;
}

void RaceCheck::watch(Shadow &shadow, std::size_t bytes, std::size_t offset, std::size_t size, unsigned flags,
                      bool shared, std::uintptr_t address, const void *code)
{
    const Thread *self = runner().self();
    const std::uintptr_t place = module_->offset(code);
    const AccessRecord now = {block_, clock_[self->linear],
                              tick_,  self->linear,
                              flags,  place < 1u << 18 ? static_cast<std::uint32_t>(place) : 0};
    std::size_t count;
    ShadowCell *cells = shadow.cells(bytes, offset, size, count);
    for (ShadowCell *cell = cells; cell != cells + count; ++cell)
    {
        AccessRecord &write = cell->write, &read = cell->read;
        if (!ordered(write, shared) && !(flags & write.flags & access_atomic))
            race(write, flags, address, shared, code);
        if (flags & access_write)
        {
            if (!ordered(read, shared) && !(flags & read.flags & access_atomic))
                race(read, flags, address, shared, code);
            // Whoever is ordered after this write is so after the reads too, and an atomic after earlier atomics.
            read = AccessRecord();
            write = now;
            continue;
        }
        if (ordered(read, shared))
        {
            read = now;
            continue;
        }
        // Of several unordered reads the first is kept, with a mark of who else it stands for.
        if (read.block != block_ || read.thread / warp_size != now.thread / warp_size)
            read.flags |= access_far;
        else if (read.thread != now.thread)
            read.flags |= access_many;
        if (!(flags & access_atomic))
            read.flags &= ~static_cast<std::uint32_t>(access_atomic);
    }
}

void RaceCheck::access(std::uintptr_t address, std::size_t size, unsigned flags, const void *code)
{
    BlockRunner &block = runner();
    if (!block.in_fiber())
        return;
    if (memory_->in_reserve(address))
    {
        Allocation *allocation = memory_->find(address);
        const std::size_t offset = allocation ? address - allocation->base : 0;
        if (!allocation || !allocation->live || offset >= allocation->size || size > allocation->size - offset)
            out_of_bounds(memory_->describe(address), size, flags, code);
        if (flags & access_atomic)
            note_atomic(false);
        watch(allocation->shadow, allocation->size, offset, size, flags, false, address, code);
        return;
    }
    const bool own = block.owns(address) || address - reinterpret_cast<std::uintptr_t>(&softcuda_self) < 8 ||
                     address - reinterpret_cast<std::uintptr_t>(&softcuda_now) < sizeof softcuda_now;
    if (own || block.stacks().contains(address))
        return;
    const std::size_t dynamic_offset = address - dynamic_base_;
    if (dynamic_offset < dynamic_bytes_)
    {
        if (size > dynamic_bytes_ - dynamic_offset)
            out_of_bounds("the end of the dynamic shared memory", size, flags, code);
        if (flags & access_atomic)
            note_atomic(true);
        watch(dynamic_shadow_, dynamic_bytes_, dynamic_offset, size, flags, true, address, code);
        return;
    }
    Variable *shared = module_->find_shared(address);
    if (Variable *variable = shared ? shared : module_->find_global(address))
    {
        const std::size_t offset = address - variable->address;
        if (size > variable->size - offset)
            out_of_bounds("the end of the variable '" + variable->name + "'", size, flags, code);
        if (flags & access_atomic)
            note_atomic(shared != nullptr);
        watch(variable->shadow, variable->size, offset, size, flags, shared != nullptr, address, code);
        return;
    }
    if (module_->in_gap(address))
        out_of_bounds("a place next to a shared variable" + module_->neighbour(address), size, flags, code);
    if (dynamic_offset < 4096 || dynamic_base_ - address < 4096)
        out_of_bounds("offset " + std::to_string(static_cast<std::ptrdiff_t>(dynamic_offset)) + " of " +
                          std::to_string(dynamic_bytes_) + " bytes of dynamic shared memory",
                      size, flags, code);
    if (flags & access_atomic)
        note_atomic(false);
    if (!module_->contains(address) && !pinned_->holds(address, size))
        out_of_bounds(memory_->describe(address), size, flags, code);
}

void RaceCheck::out_of_bounds(const std::string &where, std::size_t size, unsigned flags, const void *code)
{
    runner().fail(CUDA_ERROR_ILLEGAL_ADDRESS,
                  std::string("out-of-bounds ") + (flags & access_write ? "write" : "read") + " of " +
                      std::to_string(size) + " bytes at " + where + module_->source_place(code));
}

void RaceCheck::race(const AccessRecord &earlier, unsigned flags, std::uintptr_t address, bool shared, const void *code)
{
    const Variable *variable = shared ? module_->find_shared(address) : module_->find_global(address);
    std::string where = "at " + memory_->describe(address);
    if (variable)
        where = "at byte " + std::to_string(address - variable->address) + " of the " +
                (shared ? "shared variable '" : "variable '") + variable->name + "'";
    else if (shared)
        where = "at byte " + std::to_string(address - dynamic_base_) + " of dynamic shared memory";
    const char *relation = earlier.block != block_ ? "another block"
                           : earlier.thread / warp_size == runner().self()->linear / warp_size
                               ? "another lane of its warp"
                               : "another warp";
    std::string other = relation;
    if (earlier.block == block_)
        other += " (thread " + BlockRunner::coordinates(runner().thread(earlier.thread).visible.index) + ")";
    const std::string then = earlier.code == 0 ? "" : module_->source_place(module_->code(earlier.code));
    runner().fail(CUDA_ERROR_LAUNCH_FAILED, std::string("race: ") + (flags & access_write ? "writes" : "reads") +
                                                module_->source_place(code) + " what " + other + " has " +
                                                (earlier.flags & access_write ? "written" : "read") + then +
                                                ", and nothing orders the two; " + where);
}
} // namespace softcuda
