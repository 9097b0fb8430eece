// Switching between stacks within one operating-system thread.
#pragma once

#include <cstddef>

#if !defined(__x86_64__) || defined(SOFTCUDA_UCONTEXT)
#define SOFTCUDA_PORTABLE_FIBERS 1
#include <ucontext.h>
#endif

namespace softcuda
{
// Where a suspended fiber, or the thread that started it, goes on.
struct FiberContext
{
#ifdef SOFTCUDA_PORTABLE_FIBERS
    ucontext_t saved;
#else
    void *stack_pointer;
#endif
};

// Makes context start entry() on the given stack when it is switched to; entry must not return.
void prepare_fiber(FiberContext &context, void *stack, std::size_t size, void (*entry)());
void switch_fiber(FiberContext &from, FiberContext &to);
} // namespace softcuda
