// Turns memory faults of kernels into failures of the launch; all other faults go to whoever handled them before.
#pragma once

#include <csignal>
#include <cstdint>

namespace softcuda
{
struct Fault
{
    int signal = 0; // 0: none
    std::uintptr_t address = 0;
    const void *code = nullptr;
    bool known_direction = false, write = false;
};

// Installed around a launch, on the thread that runs it.
class FaultSignals
{
  public:
    FaultSignals();
    ~FaultSignals();
    FaultSignals(const FaultSignals &) = delete;
    FaultSignals &operator=(const FaultSignals &) = delete;

    static Fault last();
};

// Gives the calling thread a stack of its own for signal handlers and blocks all signals but faults.
void prepare_thread_for_faults();
} // namespace softcuda
