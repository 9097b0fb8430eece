// Streams that defer: work queues up and runs when somebody waits for it, so that nobody can rely on luck.
#pragma once

#include "../api/cuda_driver.h"
#include "block_runner.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace softcuda
{
using Operation = std::function<Failure()>;

struct Event
{
    bool timed;
    bool captured = false;                      // last recorded while its stream was captured
    CUstream stream = nullptr;                  // where it was last recorded
    std::uint64_t recorded = 0;                 // sequence number of the record; 0: never recorded
    std::uint64_t completed = 0;                // sequence number of the last record that has run
    std::chrono::steady_clock::time_point time; // when it ran
};

struct Capture
{
    CUstreamCaptureMode mode;
    std::thread::id owner;
    bool invalid = false;
    std::vector<Operation> operations;
};

struct Stream
{
    bool blocking; // ordered with the legacy stream
    std::deque<std::pair<std::uint64_t, Operation>> queue;
    std::unique_ptr<Capture> capture;
};

using Graph = std::vector<Operation>;

class StreamSet
{
  public:
    StreamSet();

    CUstream create(bool blocking);
    void destroy(CUstream stream);
    // Null for a handle that is none.
    Stream *find(CUstream stream);
    CUevent create_event(bool timed);
    bool destroy_event(CUevent event) { return events_.erase(event) != 0; }
    std::shared_ptr<Event> find_event(CUevent event);

    CUgraph add_graph(Graph graph);
    const Graph *find_graph(CUgraph graph);
    bool remove_graph(CUgraph graph) { return graphs_.erase(graph) != 0; }
    CUgraphExec add_exec(const Graph &graph);
    const Graph *find_exec(CUgraphExec exec);
    bool remove_exec(CUgraphExec exec) { return execs_.erase(exec) != 0; }

    // Queues work, or records it when the stream is captured.
    CUresult submit(CUstream stream, Operation operation);
    CUresult record(CUstream stream, const std::shared_ptr<Event> &event);
    // Runs what a wait for the stream, or for everything, must run. Stops at the first failure.
    Failure run(CUstream stream);
    Failure run_until(CUstream stream, std::uint64_t sequence);
    Failure run_all();

    // For calls that no capture allows: the error code, after which the captures they break are invalid.
    CUresult refuse_during_capture(CUresult code);
    // The same for calls that work on the legacy stream.
    CUresult refuse_legacy_during_capture();
    void clear();

  private:
    template <typename Handle> Handle next_handle();

    std::map<CUstream, Stream> streams_;
    std::map<CUevent, std::shared_ptr<Event>> events_;
    std::map<CUgraph, Graph> graphs_;
    std::map<CUgraphExec, Graph> execs_;
    std::uint64_t sequence_ = 0;
    std::uintptr_t handles_ = 0;
};
} // namespace softcuda
