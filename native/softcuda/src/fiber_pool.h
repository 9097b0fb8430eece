// The stacks on which CUDA threads wait: made once, kept for every later block.
#pragma once

#include "fiber_switch.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace softcuda
{
struct Thread;

struct Fiber
{
    FiberContext context;
    Thread *thread; // the CUDA thread that runs or waits on this stack
    std::size_t index;
};

class FiberPool
{
  public:
    static constexpr std::size_t stack_size = 128 * 1024;

    FiberPool(std::size_t capacity, void (*entry)());
    FiberPool(const FiberPool &) = delete;
    FiberPool &operator=(const FiberPool &) = delete;

    // Null when the host has no memory left.
    Fiber *take();
    void give(Fiber *fiber) { free_.push_back(fiber); }
    // After a failed launch: whatever the stacks hold is forgotten.
    void reset();
    bool contains(std::uintptr_t address) const { return address - base_ < capacity_ * pitch_; }
    // Whether the address lies in a guard page, that is, below a stack that is full.
    bool is_guard(std::uintptr_t address) const;

  private:
    void prepare(Fiber &fiber);

    std::size_t capacity_, page_, pitch_;
    std::uintptr_t base_;
    void (*entry_)();
    std::vector<Fiber> fibers_;
    std::vector<Fiber *> free_;
    std::size_t made_ = 0;
};
} // namespace softcuda
