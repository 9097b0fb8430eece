// The seam between a compiled kernel and the software device: what either side may assume about the other.
#pragma once

struct uint3
{
    unsigned x, y, z;
};

// One CUDA thread as its kernel sees it. The device keeps more behind these fields.
struct softcuda_thread
{
    uint3 index;
    unsigned lane;
};

// What all threads of the running block share.
struct softcuda_grid
{
    uint3 block_index, block_size, grid_size;
    unsigned char *dynamic_shared;
};

// One entry point of a module. call() reads the arguments of one thread from an array of pointers.
struct softcuda_kernel
{
    const char *name;
    void (*call)(void **arguments);
    const unsigned *argument_sizes;
    unsigned argument_count;
    unsigned long long pointer_mask; // bit i: argument i is a pointer
    unsigned max_threads;            // 0 without __launch_bounds__
};

// Exported by each module under the name softcuda_module.
struct softcuda_module_table
{
    unsigned abi;
    unsigned checked;
    const softcuda_kernel *kernels;
    unsigned kernel_count;
    const char *shared_names; // the names of __shared__ variables, each followed by a space
};

enum
{
    softcuda_abi = 1
};

enum softcuda_barrier_kind
{
    softcuda_barrier_plain,
    softcuda_barrier_or,
    softcuda_barrier_and,
    softcuda_barrier_count
};

enum softcuda_warp_kind
{
    softcuda_warp_sync,
    softcuda_warp_shuffle,
    softcuda_warp_ballot,
    softcuda_warp_match,
    softcuda_warp_add,
    softcuda_warp_min_signed,
    softcuda_warp_max_signed,
    softcuda_warp_min_unsigned,
    softcuda_warp_max_unsigned,
    softcuda_warp_and,
    softcuda_warp_or,
    softcuda_warp_xor,
    softcuda_warp_mma
};

// The operands of one lane for softcuda_warp_mma.
struct softcuda_mma_operands
{
    float *d;
    const unsigned *a, *b;
    const float *c;
};

#pragma GCC visibility push(default)
extern "C"
{
    extern softcuda_thread *softcuda_self;
    extern softcuda_grid softcuda_now;
    int softcuda_barrier(softcuda_barrier_kind kind, int predicate, unsigned line);
    // Waits for all lanes of mask; a shuffle gives what lane `source` passed as value, the others give their result.
    unsigned long long softcuda_warp(unsigned mask, softcuda_warp_kind kind, unsigned long long value, unsigned source);
    unsigned softcuda_active_mask();
    void softcuda_fence();
    void softcuda_trap();
}
#pragma GCC visibility pop
