// The checker behind kernels compiled in checked mode: exact bounds, and races by what orders two accesses.
#pragma once

#include "block_runner.h"
#include "module.h"
#include "shadow.h"

#include <cstdint>
#include <vector>

namespace softcuda
{
class DeviceMemory;
class PinnedMemory;

enum AccessFlag : unsigned
{
    access_write = 1,
    access_atomic = 2, // atomic or volatile: two of them do not race
    access_many = 4,   // a read that stands for reads by other lanes of its warp too
    access_far = 8     // or by other warps or blocks
};

class RaceCheck
{
  public:
    void begin_launch(Module &module, std::uint64_t block_count, std::uintptr_t dynamic_shared,
                      std::size_t dynamic_bytes, DeviceMemory &memory, const PinnedMemory &pinned);
    void begin_block();

    void access(std::uintptr_t address, std::size_t size, unsigned flags, const void *code);
    void block_barrier();
    void warp_barrier(unsigned warp, unsigned lanes);
    void fence();

  private:
    // What an earlier block leaves: accesses before `released` are ordered before a later block's acquire.
    struct BlockState
    {
        std::uint32_t fence = 0, released = 0;
        bool acquired = false;
    };

    void watch(Shadow &shadow, std::size_t bytes, std::size_t offset, std::size_t size, unsigned flags, bool shared,
               std::uintptr_t address, const void *code);
    bool ordered(const AccessRecord &earlier, bool shared) const;
    void note_atomic(bool shared);
    void out_of_bounds(const std::string &where, std::size_t size, unsigned flags, const void *code);
    void race(const AccessRecord &earlier, unsigned flags, std::uintptr_t address, bool shared, const void *code);

    Module *module_ = nullptr;
    DeviceMemory *memory_ = nullptr;
    const PinnedMemory *pinned_ = nullptr;
    std::uintptr_t dynamic_base_ = 0;
    std::size_t dynamic_bytes_ = 0;
    Shadow dynamic_shadow_;

    std::uint32_t first_block_ = 1, block_ = 0; // serial numbers
    std::vector<BlockState> blocks_;            // of this launch
    std::uint32_t tick_ = 1;
    std::uint32_t clock_[max_block_threads];           // of each thread of the running block
    std::uint32_t barrier_clock_[max_block_threads];   // what the last block barrier ordered
    std::uint32_t seen_[max_block_threads][warp_size]; // what a thread knows of the lanes of its warp
    std::uint32_t warp_fence_[warp_size], warp_released_[warp_size], warp_acquired_[warp_size];
};

inline RaceCheck &race_check()
{
    static RaceCheck *const instance = new RaceCheck;
    return *instance;
}
} // namespace softcuda
