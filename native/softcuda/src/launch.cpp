// Runs the blocks of a launch one after another and turns whatever goes wrong into one report.
#include "launch.h"

#include "block_runner.h"
#include "device_memory.h"
#include "fault_signals.h"
#include "race_check.h"
#include "settings.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <sys/mman.h>
#include <unistd.h>

namespace softcuda
{
namespace
{
// Dynamic shared memory ends at an inaccessible page, as device memory does.
class DynamicShared
{
  public:
    static constexpr std::size_t capacity = 128 * 1024;

    DynamicShared()
    {
        void *memory = mmap(nullptr, capacity + static_cast<std::size_t>(sysconf(_SC_PAGESIZE)), PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED || mprotect(memory, capacity, PROT_READ | PROT_WRITE) != 0)
            throw std::bad_alloc();
        end_ = static_cast<unsigned char *>(memory) + capacity;
    }

    unsigned char *begin(std::size_t size) const { return end_ - padded(size); }
    bool is_guard(std::uintptr_t address) const { return address - reinterpret_cast<std::uintptr_t>(end_) < 4096; }

    void prepare(std::size_t size) const
    {
        unsigned char *start = begin(size);
        std::memset(start - 64, canary, 64);
        std::memset(start, poison, size);
        std::memset(start + size, canary, padded(size) - size);
    }
    bool intact(std::size_t size) const
    {
        const auto is_canary = [](unsigned char byte) { return byte == canary; };
        const unsigned char *start = begin(size);
        return std::all_of(start - 64, start, is_canary) && std::all_of(start + size, start + padded(size), is_canary);
    }

  private:
    static std::size_t padded(std::size_t size) { return (size + 15) / 16 * 16; }
    unsigned char *end_;
};

const DynamicShared &dynamic_shared()
{
    static const DynamicShared *const instance = new DynamicShared;
    return *instance;
}

std::string bad_pointer(const Launch &launch, std::vector<void *> &arguments, DeviceMemory &memory,
                        const PinnedMemory &pinned)
{
    for (unsigned i = 0; i < launch.kernel->entry->argument_count; ++i)
    {
        if (i >= 64 || !(launch.kernel->entry->pointer_mask >> i & 1u))
            continue;
        std::uintptr_t value;
        std::memcpy(&value, arguments[i], sizeof value);
        const Allocation *allocation = memory.find(value);
        // The end of an allocation is a fair argument for a range of no elements.
        if (value == 0 || pinned.holds(value, 0) ||
            (allocation && allocation->live && value - allocation->base <= allocation->size))
            continue;
        return "argument " + std::to_string(i) + " points to " + memory.describe(value);
    }
    return std::string();
}

std::string fault_report(const Fault &fault, const Launch &launch, DeviceMemory &memory)
{
    std::string what = !fault.known_direction ? "access" : fault.write ? "write" : "read";
    if (fault.signal == SIGFPE)
        what = "integer division by zero";
    else if (runner().stacks().is_guard(fault.address))
        what = "stack overflow: a thread has " + std::to_string(FiberPool::stack_size / 1024) + " KiB";
    else if (dynamic_shared().is_guard(fault.address))
        what = "out-of-bounds " + what + " past " + std::to_string(launch.dynamic_bytes) +
               " bytes of dynamic shared memory";
    else
        what = "out-of-bounds " + what + " at " + memory.describe(fault.address);
    return runner().place() + ": " + what + launch.module->source_place(fault.code);
}

std::string overrun_report(const Launch &launch, DeviceMemory &memory)
{
    const Allocation *overrun = memory.find_overrun();
    if (!overrun)
        return std::string();
    return std::string("kernel '") + launch.kernel->entry->name + "': a write next to an allocation of " +
           std::to_string(overrun->size) + " bytes";
}

// Blocks in a random order, which any correct kernel must stand.
std::vector<std::uint64_t> block_order(std::uint64_t count, std::uint64_t seed)
{
    std::vector<std::uint64_t> order(seed == 0 ? 0 : count);
    std::iota(order.begin(), order.end(), 0);
    std::uint64_t state = seed;
    for (std::size_t i = order.size(); i > 1; --i)
    {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        std::swap(order[i - 1], order[(state >> 33) % i]);
    }
    return order;
}

// Another order for each launch, the same in each run.
std::uint64_t launch_seed()
{
    static std::uint64_t launches = 0;
    if (settings().seed == 0)
        return 0;
    std::uint64_t mixed = settings().seed * 0x9E3779B97F4A7C15ull + ++launches * 0xD1B54A32D192ED03ull;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9ull;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBull;
    return (mixed ^ mixed >> 31) | 1u << 31; // never 0
}
} // namespace

Failure run_launch(const Launch &launch, DeviceMemory &memory, const PinnedMemory &pinned)
{
    std::vector<unsigned char> storage = launch.arguments;
    std::vector<void *> arguments;
    for (const std::size_t offset : launch.argument_offsets)
        arguments.push_back(storage.data() + offset);

    const std::string bad = bad_pointer(launch, arguments, memory, pinned);
    if (!bad.empty())
        return {CUDA_ERROR_ILLEGAL_ADDRESS, std::string("kernel '") + launch.kernel->entry->name + "': " + bad};

    const std::uint64_t seed = launch_seed();
    const std::uint64_t count = std::uint64_t{1} * launch.grid.x * launch.grid.y * launch.grid.z;
    const std::vector<std::uint64_t> order = block_order(count, seed);
    const bool checked = launch.module->checked();
    BlockRunner &block = runner();
    unsigned char *dynamic = dynamic_shared().begin(launch.dynamic_bytes);
    softcuda_now.dynamic_shared = dynamic;
    block.begin_launch(launch.kernel->entry->name, launch.grid, launch.block, checked, seed);
    if (checked)
        race_check().begin_launch(*launch.module, count, reinterpret_cast<std::uintptr_t>(dynamic),
                                  launch.dynamic_bytes, memory, pinned);
    launch.module->fill_gaps();

    const FaultSignals signals;
    for (std::uint64_t i = 0; i < count; ++i)
    {
        const std::uint64_t index = order.empty() ? i : order[i];
        dynamic_shared().prepare(launch.dynamic_bytes);
        for (const Variable *variable : launch.kernel->shared)
            std::memset(reinterpret_cast<void *>(variable->address), poison, variable->size);
        if (checked)
            race_check().begin_block();
        const uint3 position = {static_cast<unsigned>(index % launch.grid.x),
                                static_cast<unsigned>(index / launch.grid.x % launch.grid.y),
                                static_cast<unsigned>(index / launch.grid.x / launch.grid.y)};
        if (!block.run(position, launch.kernel->entry->call, arguments.data()))
        {
            Failure failure = block.failure();
            if (failure.report.empty())
                failure.report = fault_report(FaultSignals::last(), launch, memory);
            return failure;
        }
        std::string overrun;
        if (!launch.module->gaps_intact(overrun))
            return {CUDA_ERROR_ILLEGAL_ADDRESS, std::string("kernel '") + launch.kernel->entry->name + "', block " +
                                                    BlockRunner::coordinates(position) + ": " + overrun};
        if (!dynamic_shared().intact(launch.dynamic_bytes))
            return {CUDA_ERROR_ILLEGAL_ADDRESS, std::string("kernel '") + launch.kernel->entry->name + "', block " +
                                                    BlockRunner::coordinates(position) +
                                                    ": a write next to the dynamic shared memory"};
    }
    const std::string overrun = overrun_report(launch, memory);
    return overrun.empty() ? Failure() : Failure{CUDA_ERROR_ILLEGAL_ADDRESS, overrun};
}
} // namespace softcuda
