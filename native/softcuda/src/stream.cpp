// Orders deferred work as streams promise: within a stream always, with the legacy stream unless told otherwise.
#include "stream.h"

#include <utility>

namespace softcuda
{
StreamSet::StreamSet() { clear(); }

// Handles are never given twice in a process, so that a destroyed one is always known to be so.
template <typename Handle> Handle StreamSet::next_handle()
{
    handles_ += 64;
    return reinterpret_cast<Handle>(std::uintptr_t{0x50F70000000} + handles_);
}

void StreamSet::clear()
{
    streams_.clear();
    events_.clear();
    graphs_.clear();
    execs_.clear();
    streams_[nullptr].blocking = true;
}

CUstream StreamSet::create(bool blocking)
{
    const CUstream handle = next_handle<CUstream>();
    streams_[handle].blocking = blocking;
    return handle;
}

void StreamSet::destroy(CUstream stream) { streams_.erase(stream); }

Stream *StreamSet::find(CUstream stream)
{
    // Handle 1 names the legacy stream too.
    if (reinterpret_cast<std::uintptr_t>(stream) == 1)
        stream = nullptr;
    const auto found = streams_.find(stream);
    return found == streams_.end() ? nullptr : &found->second;
}

CUevent StreamSet::create_event(bool timed)
{
    const CUevent handle = next_handle<CUevent>();
    events_[handle] = std::make_shared<Event>();
    events_[handle]->timed = timed;
    return handle;
}

std::shared_ptr<Event> StreamSet::find_event(CUevent event)
{
    const auto found = events_.find(event);
    return found == events_.end() ? nullptr : found->second;
}

CUgraph StreamSet::add_graph(Graph graph)
{
    const CUgraph handle = next_handle<CUgraph>();
    graphs_[handle] = std::move(graph);
    return handle;
}

const Graph *StreamSet::find_graph(CUgraph graph)
{
    const auto found = graphs_.find(graph);
    return found == graphs_.end() ? nullptr : &found->second;
}

CUgraphExec StreamSet::add_exec(const Graph &graph)
{
    const CUgraphExec handle = next_handle<CUgraphExec>();
    execs_[handle] = graph;
    return handle;
}

const Graph *StreamSet::find_exec(CUgraphExec exec)
{
    const auto found = execs_.find(exec);
    return found == execs_.end() ? nullptr : &found->second;
}

CUresult StreamSet::submit(CUstream handle, Operation operation)
{
    Stream *stream = find(handle);
    if (!stream)
        return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture)
    {
        if (stream->capture->invalid)
            return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        stream->capture->operations.push_back(std::move(operation));
        return CUDA_SUCCESS;
    }
    if (stream == &streams_[nullptr])
    {
        const CUresult refused = refuse_legacy_during_capture();
        if (refused != CUDA_SUCCESS)
            return refused;
    }
    stream->queue.emplace_back(++sequence_, std::move(operation));
    return CUDA_SUCCESS;
}

CUresult StreamSet::record(CUstream handle, const std::shared_ptr<Event> &event)
{
    Stream *stream = find(handle);
    if (!stream)
        return CUDA_ERROR_INVALID_HANDLE;
    const bool captured = stream->capture != nullptr;
    const std::uint64_t number = sequence_ + 1;
    const CUresult result = submit(handle, [event, captured, number] {
        event->time = std::chrono::steady_clock::now();
        if (!captured)
            event->completed = number;
        return Failure();
    });
    if (result != CUDA_SUCCESS)
        return result;
    event->captured = captured;
    event->stream = handle;
    event->recorded = captured ? 0 : number;
    return CUDA_SUCCESS;
}

// Runs the stream's work up to a sequence number, and before each piece the work of others that it must follow.
// The numbers fall with each call inside another, so this ends.
Failure StreamSet::run_until(CUstream handle, std::uint64_t sequence)
{
    Stream *stream = find(handle);
    if (!stream)
        return Failure();
    Stream *legacy = &streams_[nullptr];
    while (!stream->queue.empty() && stream->queue.front().first <= sequence)
    {
        const std::uint64_t number = stream->queue.front().first;
        if (stream == legacy)
        {
            for (auto &[other, state] : streams_)
                if (&state != legacy && state.blocking)
                {
                    Failure failure = run_until(other, number - 1);
                    if (failure.code != CUDA_SUCCESS)
                        return failure;
                }
        }
        else if (stream->blocking)
        {
            Failure failure = run_until(nullptr, number - 1);
            if (failure.code != CUDA_SUCCESS)
                return failure;
        }
        // Running others may have run this piece too.
        if (stream->queue.empty() || stream->queue.front().first != number)
            continue;
        const Operation operation = std::move(stream->queue.front().second);
        stream->queue.pop_front();
        Failure failure = operation();
        if (failure.code != CUDA_SUCCESS)
            return failure;
    }
    return Failure();
}

Failure StreamSet::run(CUstream handle)
{
    Stream *stream = find(handle);
    // A wait for the legacy stream waits for every blocking one.
    if (stream == &streams_[nullptr])
        for (auto &[other, state] : streams_)
            if (state.blocking)
            {
                Failure failure = run_until(other, sequence_);
                if (failure.code != CUDA_SUCCESS)
                    return failure;
            }
    return run_until(handle, sequence_);
}

Failure StreamSet::run_all()
{
    for (auto &[handle, stream] : streams_)
    {
        Failure failure = run_until(handle, sequence_);
        if (failure.code != CUDA_SUCCESS)
            return failure;
    }
    return Failure();
}

CUresult StreamSet::refuse_during_capture(CUresult code)
{
    CUresult result = CUDA_SUCCESS;
    for (auto &[handle, stream] : streams_)
    {
        Capture *capture = stream.capture.get();
        if (!capture || capture->mode == CU_STREAM_CAPTURE_MODE_RELAXED)
            continue;
        if (capture->mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL && capture->owner != std::this_thread::get_id())
            continue;
        capture->invalid = true;
        result = code;
    }
    return result;
}

CUresult StreamSet::refuse_legacy_during_capture()
{
    CUresult result = CUDA_SUCCESS;
    for (auto &[handle, stream] : streams_)
        if (stream.capture && stream.blocking)
        {
            stream.capture->invalid = true;
            result = CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
        }
    return result;
}
} // namespace softcuda
