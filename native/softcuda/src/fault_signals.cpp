// Handles SIGSEGV, SIGBUS and SIGFPE while a kernel runs, on a stack of its own, and chains to earlier handlers.
#include "fault_signals.h"

#include "block_runner.h"

#include <pthread.h>
#include <ucontext.h>

namespace softcuda
{
namespace
{
constexpr int watched[] = {SIGSEGV, SIGBUS, SIGFPE};
struct sigaction previous[3];
pthread_t kernel_thread;
Fault fault;

void pass_on(int signal, siginfo_t *info, void *context)
{
    const struct sigaction &earlier = previous[signal == SIGSEGV ? 0 : signal == SIGBUS ? 1 : 2];
    if (earlier.sa_flags & SA_SIGINFO)
        earlier.sa_sigaction(signal, info, context);
    else if (earlier.sa_handler == SIG_DFL || earlier.sa_handler == SIG_IGN)
        sigaction(signal, &earlier, nullptr); // the instruction faults again and ends the process as it would have
    else
        earlier.sa_handler(signal);
}

void handle(int signal, siginfo_t *info, void *context)
{
    if (!pthread_equal(pthread_self(), kernel_thread) || !runner().in_fiber())
    {
        pass_on(signal, info, context);
        return;
    }
    fault = Fault();
    fault.signal = signal;
    fault.address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    const ucontext_t *machine = static_cast<const ucontext_t *>(context);
#if defined(__x86_64__)
    fault.code = reinterpret_cast<const void *>(machine->uc_mcontext.gregs[REG_RIP]);
    fault.known_direction = machine->uc_mcontext.gregs[REG_TRAPNO] == 14;
    fault.write = (machine->uc_mcontext.gregs[REG_ERR] & 2) != 0;
#elif defined(__aarch64__)
    fault.code = reinterpret_cast<const void *>(machine->uc_mcontext.pc);
#else
    static_cast<void>(machine);
#endif
    runner().failure().code = signal == SIGFPE ? CUDA_ERROR_LAUNCH_FAILED : CUDA_ERROR_ILLEGAL_ADDRESS;
    runner().abandon();
}
} // namespace

FaultSignals::FaultSignals()
{
    kernel_thread = pthread_self();
    fault = Fault();
    struct sigaction action = {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < 3; ++i)
        sigaction(watched[i], &action, &previous[i]);
}

FaultSignals::~FaultSignals()
{
    for (int i = 0; i < 3; ++i)
        sigaction(watched[i], &previous[i], nullptr);
}

Fault FaultSignals::last() { return fault; }

void prepare_thread_for_faults()
{
    static unsigned char stack[64 * 1024];
    stack_t alternate = {};
    alternate.ss_sp = stack;
    alternate.ss_size = sizeof stack;
    sigaltstack(&alternate, nullptr);
    sigset_t all;
    sigfillset(&all);
    for (const int signal : watched)
        sigdelset(&all, signal);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}
} // namespace softcuda
