// The one software device of a process: its memory, its streams and the state that every entry point shares.
#pragma once

#include "../api/cuda_driver.h"
#include "block_runner.h"
#include "device_memory.h"
#include "module.h"
#include "stream.h"

#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <string>

namespace softcuda
{
class DeviceThread;

class Device
{
  public:
    static Device &instance();
    Device();
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;

    std::mutex mutex;
    bool initialised = false;
    unsigned retained = 0; // how often the primary context was retained; 0: there is none
    std::unique_ptr<DeviceMemory> memory;
    PinnedMemory pinned;
    Failure sticky; // the failure after which every call of the context fails
    std::map<CUmodule, std::shared_ptr<Module>> modules;
    std::map<CUfunction, std::pair<std::shared_ptr<Module>, Kernel *>> functions;
    StreamSet streams;

    void open_context();
    void close_context();
    CUresult submit(CUstream stream, Operation operation);
    // Runs pending work on the device's thread; each gives the sticky code if the work failed.
    CUresult finish(CUstream stream);
    CUresult finish_all();
    CUresult finish_event(CUevent event);
    CUresult on_device_thread(const std::function<Failure()> &work);

  private:
    std::unique_ptr<DeviceThread> thread_;
};

// The context that the calling thread has made current; null when there is none.
CUcontext current_context();
CUcontext primary_context();

enum class Needs
{
    initialised, // cuInit
    context      // a current context that has not failed
};

// The frame of every entry point: the lock, the state that the call needs, and no exception past the C interface.
template <typename Body> CUresult entry(Needs needs, Body body) noexcept
{
    Device &device = Device::instance();
    const std::lock_guard<std::mutex> lock(device.mutex);
    if (!device.initialised)
        return CUDA_ERROR_NOT_INITIALIZED;
    if (needs == Needs::context)
    {
        if (!current_context() || device.retained == 0)
            return CUDA_ERROR_INVALID_CONTEXT;
        if (device.sticky.code != CUDA_SUCCESS)
            return device.sticky.code;
    }
    try
    {
        return body(device);
    }
    catch (const std::bad_alloc &)
    {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    catch (const std::exception &)
    {
        return CUDA_ERROR_UNKNOWN;
    }
}
} // namespace softcuda
