// Starts the device's thread, which lives as long as the process.
#include "device_thread.h"

#include "fault_signals.h"

#include <thread>

namespace softcuda
{
DeviceThread::DeviceThread()
{
    std::thread([this] { loop(); }).detach();
}

void DeviceThread::run(const std::function<void()> &work)
{
    std::unique_lock<std::mutex> lock(mutex_);
    work_ = &work;
    changed_.notify_all();
    changed_.wait(lock, [this] { return work_ == nullptr; });
}

void DeviceThread::loop()
{
    prepare_thread_for_faults();
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;)
    {
        changed_.wait(lock, [this] { return work_ != nullptr; });
        (*work_)();
        work_ = nullptr;
        changed_.notify_all();
    }
}
} // namespace softcuda
