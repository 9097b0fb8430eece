// The one thread on which kernels and copies run: its signals and its stack are the device's own.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

namespace softcuda
{
class DeviceThread
{
  public:
    DeviceThread();
    DeviceThread(const DeviceThread &) = delete;
    DeviceThread &operator=(const DeviceThread &) = delete;

    // Runs work there and waits for its end. One caller at a time; work throws nothing.
    void run(const std::function<void()> &work);

  private:
    void loop();

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()> *work_ = nullptr;
};
} // namespace softcuda
