// Makes and ends the device's context, and runs its pending work.
#include "device.h"

#include "device_thread.h"
#include "settings.h"

#include <cstdio>

namespace softcuda
{
namespace
{
constexpr std::size_t queue_limit = 1024; // a longer queue runs its older half, as a card makes its host wait

// Its address is the handle of the one context.
char context_identity;
} // namespace

Device &Device::instance()
{
    static Device *const device = new Device;
    return *device;
}

Device::Device() = default;

CUcontext primary_context() { return reinterpret_cast<CUcontext>(&context_identity); }

void Device::open_context()
{
    memory = std::make_unique<DeviceMemory>(settings().memory_size);
    if (!thread_)
        thread_ = std::make_unique<DeviceThread>();
    sticky = Failure();
}

void Device::close_context()
{
    if (settings().report_leaks && memory->live_count() + pinned.count() != 0)
        std::fprintf(stderr,
                     "softcuda: %zu allocations (%llu bytes) and %zu page-locked blocks are live at the end of the "
                     "context\n",
                     memory->live_count(), static_cast<unsigned long long>(memory->used()), pinned.count());
    pinned.forget();
    streams.clear();
    functions.clear();
    modules.clear();
    memory.reset();
    sticky = Failure();
}

CUresult Device::on_device_thread(const std::function<Failure()> &work)
{
    Failure failure;
    thread_->run([&] {
        try
        {
            failure = work();
        }
        catch (const std::bad_alloc &)
        {
            failure = {CUDA_ERROR_OUT_OF_MEMORY, "the host has no memory left for the device's work"};
        }
    });
    if (failure.code != CUDA_SUCCESS)
    {
        std::fprintf(stderr, "softcuda: %s\n", failure.report.c_str());
        sticky = failure;
    }
    return failure.code;
}

CUresult Device::submit(CUstream stream, Operation operation)
{
    const CUresult result = streams.submit(stream, std::move(operation));
    Stream *state = result == CUDA_SUCCESS ? streams.find(stream) : nullptr;
    if (!state || state->queue.size() < queue_limit)
        return result;
    return on_device_thread([&] { return streams.run_until(stream, state->queue[queue_limit / 2].first); });
}

CUresult Device::finish(CUstream stream)
{
    return on_device_thread([&] { return streams.run(stream); });
}

CUresult Device::finish_all()
{
    return on_device_thread([&] { return streams.run_all(); });
}

CUresult Device::finish_event(CUevent event)
{
    const std::shared_ptr<Event> state = streams.find_event(event);
    return on_device_thread([&] { return streams.run_until(state->stream, state->recorded); });
}
} // namespace softcuda
