// Warp operations: lanes leave their operands, the last one to come computes the results of all.
#include "block_runner.h"
#include "mma.h"
#include "race_check.h"

#include <cstdio>

namespace softcuda
{
unsigned long long BlockRunner::warp_operation(unsigned mask, softcuda_warp_kind kind, unsigned long long value,
                                               unsigned source)
{
    Thread *thread = self();
    const unsigned w = thread->linear / warp_size, bit = 1u << thread->visible.lane;
    Warp &warp = warps_[w];
    if ((mask & bit) == 0)
    {
        char text[120];
        std::snprintf(text, sizeof text, "lane %u calls a warp operation whose mask %08x leaves it out",
                      thread->visible.lane, mask);
        fail(CUDA_ERROR_LAUNCH_FAILED, text);
    }
    thread->value = value;
    thread->source = source;

    WarpSlot *slot = nullptr;
    for (unsigned open = warp.open_slots; open != 0; open &= open - 1)
    {
        WarpSlot &candidate = warp.slots[__builtin_ctz(open)];
        if (candidate.mask == mask)
            slot = &candidate;
    }
    if (!slot)
    {
        // Each open slot holds a lane that waits in it, so one of 32 is free.
        const unsigned index = static_cast<unsigned>(__builtin_ctz(~warp.open_slots));
        warp.open_slots |= 1u << index;
        slot = &warp.slots[index];
        *slot = {mask, 0, kind};
    }
    else if (slot->kind != kind)
        fail(CUDA_ERROR_LAUNCH_FAILED, "the lanes of one mask call different warp operations");
    slot->arrived |= bit;
    if ((mask & warp.exists & ~(slot->arrived | warp.exited)) == 0)
    {
        finish_slot(warp, w * warp_size, *slot);
        return thread->result;
    }
    warp.ready &= ~bit;
    if (warp.ready == 0)
        ready_warps_ &= ~(1u << w);
    wait();
    return thread->result;
}

void BlockRunner::finish_ready_slots(Warp &warp, unsigned first_lane)
{
    for (unsigned open = warp.open_slots; open != 0; open &= open - 1)
    {
        WarpSlot &slot = warp.slots[__builtin_ctz(open)];
        if ((slot.mask & warp.exists & ~(slot.arrived | warp.exited)) == 0)
            finish_slot(warp, first_lane, slot);
    }
}

void BlockRunner::finish_slot(Warp &warp, unsigned first_lane, WarpSlot &slot)
{
    Thread *lanes = threads_ + first_lane;
    const unsigned arrived = slot.arrived;
    const auto each = [&](auto visit) {
        for (unsigned rest = arrived; rest != 0; rest &= rest - 1)
            visit(lanes[__builtin_ctz(rest)]);
    };
    const auto reduce = [&](auto start, auto combine) {
        auto total = start;
        each([&](Thread &lane) { total = combine(total, static_cast<decltype(start)>(lane.value)); });
        each([&](Thread &lane) { lane.result = static_cast<unsigned>(total); });
    };
    switch (slot.kind)
    {
    case softcuda_warp_sync:
        if (checked_)
            race_check().warp_barrier(first_lane / warp_size, arrived);
        break;
    case softcuda_warp_shuffle:
        // What a lane that takes no part would hand over is undefined; all ones are a NaN to whoever uses it.
        each([&](Thread &lane) { lane.result = arrived >> lane.source & 1u ? lanes[lane.source].value : ~0ull; });
        break;
    case softcuda_warp_ballot: {
        unsigned votes = 0;
        each([&](Thread &lane) { votes |= (lane.value ? 1u : 0u) << lane.visible.lane; });
        each([&](Thread &lane) { lane.result = votes; });
        break;
    }
    case softcuda_warp_match:
        each([&](Thread &lane) {
            unsigned same = 0;
            each([&](Thread &other) { same |= (other.value == lane.value ? 1u : 0u) << other.visible.lane; });
            lane.result = same;
        });
        break;
    case softcuda_warp_add:
        reduce(0u, [](unsigned a, unsigned b) { return a + b; });
        break;
    case softcuda_warp_min_signed:
        reduce(0x7FFFFFFF, [](int a, int b) { return b < a ? b : a; });
        break;
    case softcuda_warp_max_signed:
        reduce(-0x7FFFFFFF - 1, [](int a, int b) { return a < b ? b : a; });
        break;
    case softcuda_warp_min_unsigned:
        reduce(~0u, [](unsigned a, unsigned b) { return b < a ? b : a; });
        break;
    case softcuda_warp_max_unsigned:
        reduce(0u, [](unsigned a, unsigned b) { return a < b ? b : a; });
        break;
    case softcuda_warp_and:
        reduce(~0u, [](unsigned a, unsigned b) { return a & b; });
        break;
    case softcuda_warp_or:
        reduce(0u, [](unsigned a, unsigned b) { return a | b; });
        break;
    case softcuda_warp_xor:
        reduce(0u, [](unsigned a, unsigned b) { return a ^ b; });
        break;
    case softcuda_warp_mma: {
        if (arrived != ~0u)
            fail(CUDA_ERROR_LAUNCH_FAILED, "mma.sync needs all 32 lanes of its warp");
        const softcuda_mma_operands *operands[warp_size];
        each([&](Thread &lane) {
            operands[lane.visible.lane] = reinterpret_cast<const softcuda_mma_operands *>(lane.value);
        });
        multiply_m16n8k16(operands);
        break;
    }
    }
    warp.open_slots &= ~(1u << (&slot - warp.slots));
    wake(first_lane / warp_size, arrived);
}
} // namespace softcuda

unsigned long long softcuda_warp(unsigned mask, softcuda_warp_kind kind, unsigned long long value, unsigned source)
{
    return softcuda::runner().warp_operation(mask, kind, value, source);
}
