// Runs one block at a time: its CUDA threads as fibers, its barriers and its warps.
#pragma once

#include "../api/cuda_driver.h"
#include "../device/softcuda_abi.h"
#include "fiber_pool.h"

#include <cstdint>
#include <string>

namespace softcuda
{
constexpr unsigned max_block_threads = 1024;
constexpr unsigned warp_size = 32;

struct Thread
{
    softcuda_thread visible; // first: a kernel holds a pointer to it
    Fiber *fiber;
    unsigned linear; // in its block, x fastest
    unsigned source; // the lane whose value a shuffle reads
    unsigned long long value, result;
    const void *site; // where it waits in __activemask
};

// A warp operation that has begun: which lanes it needs and which have come.
struct WarpSlot
{
    unsigned mask, arrived;
    softcuda_warp_kind kind;
};

struct Warp
{
    unsigned exists, ready, started, exited, at_barrier, at_active_mask;
    unsigned open_slots;
    WarpSlot slots[warp_size];
};

struct Failure
{
    CUresult code = CUDA_SUCCESS;
    std::string report;
};

// There is one runner, on the one thread that runs kernels; its state is reached from every fiber.
class BlockRunner
{
  public:
    BlockRunner();
    BlockRunner(const BlockRunner &) = delete;
    BlockRunner &operator=(const BlockRunner &) = delete;

    // For all blocks of a launch: their size, and the seed of their order (0: normal).
    void begin_launch(const char *kernel, uint3 grid, uint3 block, bool checked, std::uint64_t seed);
    // Runs a block to its end; false: failure() says why it ended early.
    bool run(uint3 block_index, void (*call)(void **), void **arguments);

    // From a fiber: ends the launch with a report that names the kernel, the block and the thread. Does not return.
    void fail(CUresult code, const std::string &what);
    // From the signal handler: leaves the fiber, so that failure() can be filled in by the caller of run().
    void abandon();

    int barrier(softcuda_barrier_kind kind, int predicate, unsigned line);
    unsigned long long warp_operation(unsigned mask, softcuda_warp_kind kind, unsigned long long value,
                                      unsigned source);
    unsigned active_mask(const void *site);

    Failure &failure() { return failure_; }
    bool checked() const { return checked_; }
    bool in_fiber() const { return in_fiber_; }
    const FiberPool &stacks() const { return pool_; }
    Thread *self() const { return reinterpret_cast<Thread *>(softcuda_self); }
    unsigned thread_count() const { return thread_count_; }
    const Thread &thread(unsigned linear) const { return threads_[linear]; }
    bool owns(std::uintptr_t address) const { return address - reinterpret_cast<std::uintptr_t>(this) < sizeof *this; }
    // "kernel 'name', block (x,y,z), thread (x,y,z)"
    std::string place() const;
    static std::string coordinates(uint3 index);

  private:
    static void fiber_main();
    Thread *pick();
    Thread *pick_or_unblock();
    void wait();
    void leave(Thread *thread);
    void finish_barrier();
    void finish_slot(Warp &warp, unsigned first_lane, WarpSlot &slot);
    void finish_ready_slots(Warp &warp, unsigned first_lane);
    bool release_active_masks();
    std::string deadlock() const;
    void wake(unsigned warp_index, unsigned lanes);
    std::uint64_t random();

    Thread threads_[max_block_threads];
    Warp warps_[max_block_threads / warp_size];
    unsigned ready_warps_ = 0, thread_count_ = 0, warp_count_ = 0, alive_ = 0, at_barrier_ = 0;
    unsigned barrier_line_ = 0;
    softcuda_barrier_kind barrier_kind_ = softcuda_barrier_plain;
    unsigned barrier_votes_ = 0, barrier_result_ = 0;
    bool checked_ = false, in_fiber_ = false;
    std::uint64_t random_state_ = 0;
    void (*call_)(void **) = nullptr;
    void **arguments_ = nullptr;
    const char *kernel_ = "";
    FiberContext main_, abandoned_;
    Failure failure_;
    FiberPool pool_;
};

inline BlockRunner &runner()
{
    static BlockRunner *const instance = new BlockRunner;
    return *instance;
}
} // namespace softcuda
