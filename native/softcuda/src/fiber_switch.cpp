// Switching between stacks: written for x86-64 (16-38 ns), by ucontext elsewhere (250 ns, two system calls).
#include "fiber_switch.h"

#include <cstdint>

#ifndef SOFTCUDA_PORTABLE_FIBERS
extern "C" void softcuda_switch_stacks(void **save_stack_pointer, void *load_stack_pointer);

// Only what a called function must preserve is saved; the new stack ends in the address to go on at.
__asm__(R"(
    .text
    .p2align 4
    .hidden softcuda_switch_stacks
    .globl softcuda_switch_stacks
    .type softcuda_switch_stacks, @function
softcuda_switch_stacks:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    popq %rcx
    jmp *%rcx
    .size softcuda_switch_stacks, .-softcuda_switch_stacks
)");
#endif

namespace softcuda
{
#ifdef SOFTCUDA_PORTABLE_FIBERS
void prepare_fiber(FiberContext &context, void *stack, std::size_t size, void (*entry)())
{
    getcontext(&context.saved);
    context.saved.uc_stack.ss_sp = stack;
    context.saved.uc_stack.ss_size = size;
    context.saved.uc_link = nullptr;
    makecontext(&context.saved, entry, 0);
}

void switch_fiber(FiberContext &from, FiberContext &to) { swapcontext(&from.saved, &to.saved); }
#else
void prepare_fiber(FiberContext &context, void *stack, std::size_t size, void (*entry)())
{
    auto top = reinterpret_cast<std::uintptr_t>(stack) + size;
    top &= ~std::uintptr_t{15};
    void **slot = reinterpret_cast<void **>(top);
    *--slot = nullptr; // the return address of entry, which aligns its stack as a call would
    *--slot = reinterpret_cast<void *>(entry);
    for (int saved_register = 0; saved_register < 6; ++saved_register)
        *--slot = nullptr;
    context.stack_pointer = slot;
}

void switch_fiber(FiberContext &from, FiberContext &to)
{
    softcuda_switch_stacks(&from.stack_pointer, to.stack_pointer);
}
#endif
} // namespace softcuda
