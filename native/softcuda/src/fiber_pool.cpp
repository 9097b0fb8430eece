// Maps the stacks of fibers, each above a guard page.
#include "fiber_pool.h"

#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace softcuda
{
FiberPool::FiberPool(std::size_t capacity, void (*entry)())
    : capacity_(capacity), page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))), pitch_(stack_size + page_),
      entry_(entry), fibers_(capacity)
{
    void *memory = mmap(nullptr, capacity_ * pitch_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        throw std::bad_alloc();
    base_ = reinterpret_cast<std::uintptr_t>(memory);
    free_.reserve(capacity);
}

void FiberPool::prepare(Fiber &fiber)
{
    // Tops at different offsets keep the stacks out of the same cache sets.
    const std::size_t offset = fiber.index % 32 * 128;
    void *stack = reinterpret_cast<void *>(base_ + fiber.index * pitch_ + page_);
    prepare_fiber(fiber.context, stack, stack_size - offset, entry_);
}

Fiber *FiberPool::take()
{
    if (!free_.empty())
    {
        Fiber *fiber = free_.back();
        free_.pop_back();
        return fiber;
    }
    // A block has no more threads than the pool has stacks, and each thread holds at most one.
    Fiber &fiber = fibers_[made_];
    fiber.index = made_;
    void *stack = reinterpret_cast<void *>(base_ + made_ * pitch_ + page_);
    if (mprotect(stack, stack_size, PROT_READ | PROT_WRITE) != 0)
        return nullptr;
    ++made_;
    prepare(fiber);
    return &fiber;
}

void FiberPool::reset()
{
    free_.clear();
    for (std::size_t i = made_; i-- > 0;)
    {
        prepare(fibers_[i]);
        free_.push_back(&fibers_[i]);
    }
}

bool FiberPool::is_guard(std::uintptr_t address) const
{
    return contains(address) && (address - base_) % pitch_ < page_;
}
} // namespace softcuda
