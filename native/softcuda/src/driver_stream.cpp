// Driver API: streams, events, and graphs made by capturing a stream.
#include "device.h"

#include <thread>
#include <utility>

using namespace softcuda;

CUresult cuStreamCreate(CUstream *stream, unsigned flags)
{
    return entry(Needs::context, [&](Device &device) {
        if (!stream || (flags & ~CU_STREAM_NON_BLOCKING))
            return CUDA_ERROR_INVALID_VALUE;
        *stream = device.streams.create((flags & CU_STREAM_NON_BLOCKING) == 0);
        return CUDA_SUCCESS;
    });
}

CUresult cuStreamSynchronize(CUstream stream)
{
    return entry(Needs::context, [&](Device &device) {
        Stream *state = device.streams.find(stream);
        if (!state)
            return CUDA_ERROR_INVALID_HANDLE;
        if (state->capture)
        {
            state->capture->invalid = true;
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        if (state == device.streams.find(nullptr))
        {
            const CUresult refused = device.streams.refuse_legacy_during_capture();
            if (refused != CUDA_SUCCESS)
                return refused;
        }
        return device.finish(stream);
    });
}

CUresult cuStreamDestroy_v2(CUstream stream)
{
    return entry(Needs::context, [&](Device &device) {
        Stream *state = device.streams.find(stream);
        if (!state || state == device.streams.find(nullptr))
            return CUDA_ERROR_INVALID_HANDLE;
        // Work that is under way ends; a capture is dropped.
        const CUresult finished = state->capture ? CUDA_SUCCESS : device.finish(stream);
        device.streams.destroy(stream);
        return finished;
    });
}

CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode)
{
    return entry(Needs::context, [&](Device &device) {
        Stream *state = device.streams.find(stream);
        if (!state)
            return CUDA_ERROR_INVALID_HANDLE;
        if (mode < CU_STREAM_CAPTURE_MODE_GLOBAL || mode > CU_STREAM_CAPTURE_MODE_RELAXED)
            return CUDA_ERROR_INVALID_VALUE;
        if (state == device.streams.find(nullptr))
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        if (state->capture)
            return CUDA_ERROR_ILLEGAL_STATE;
        state->capture = std::make_unique<Capture>();
        state->capture->mode = mode;
        state->capture->owner = std::this_thread::get_id();
        return CUDA_SUCCESS;
    });
}

CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph)
{
    return entry(Needs::context, [&](Device &device) {
        Stream *state = device.streams.find(stream);
        if (!state)
            return CUDA_ERROR_INVALID_HANDLE;
        if (!graph)
            return CUDA_ERROR_INVALID_VALUE;
        if (!state->capture)
            return CUDA_ERROR_ILLEGAL_STATE;
        if (state->capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED &&
            state->capture->owner != std::this_thread::get_id())
            return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
        const std::unique_ptr<Capture> capture = std::move(state->capture);
        *graph = nullptr;
        if (capture->invalid)
            return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        *graph = device.streams.add_graph(std::move(capture->operations));
        return CUDA_SUCCESS;
    });
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph, unsigned long long)
{
    return entry(Needs::context, [&](Device &device) {
        const Graph *operations = device.streams.find_graph(graph);
        if (!exec || !operations)
            return CUDA_ERROR_INVALID_VALUE;
        *exec = device.streams.add_exec(*operations);
        return CUDA_SUCCESS;
    });
}

CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream)
{
    return entry(Needs::context, [&](Device &device) {
        const Graph *operations = device.streams.find_exec(exec);
        if (!operations)
            return CUDA_ERROR_INVALID_VALUE;
        for (const Operation &operation : *operations)
        {
            const CUresult submitted = device.submit(stream, operation);
            if (submitted != CUDA_SUCCESS)
                return submitted;
        }
        return device.streams.find(stream) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
    });
}

CUresult cuGraphExecDestroy(CUgraphExec exec)
{
    return entry(Needs::context, [&](Device &device) {
        return device.streams.remove_exec(exec) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuGraphDestroy(CUgraph graph)
{
    return entry(Needs::context, [&](Device &device) {
        return device.streams.remove_graph(graph) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuEventCreate(CUevent *event, unsigned flags)
{
    return entry(Needs::context, [&](Device &device) {
        if (!event)
            return CUDA_ERROR_INVALID_VALUE;
        *event = device.streams.create_event((flags & CU_EVENT_DISABLE_TIMING) == 0);
        return CUDA_SUCCESS;
    });
}

CUresult cuEventRecord(CUevent event, CUstream stream)
{
    return entry(Needs::context, [&](Device &device) {
        const std::shared_ptr<Event> state = device.streams.find_event(event);
        return state ? device.streams.record(stream, state) : CUDA_ERROR_INVALID_HANDLE;
    });
}

CUresult cuEventSynchronize(CUevent event)
{
    return entry(Needs::context, [&](Device &device) {
        const std::shared_ptr<Event> state = device.streams.find_event(event);
        if (!state)
            return CUDA_ERROR_INVALID_HANDLE;
        if (state->captured)
            return CUDA_ERROR_CAPTURED_EVENT;
        // An event that was never recorded is complete.
        return state->recorded == state->completed ? CUDA_SUCCESS : device.finish_event(event);
    });
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end)
{
    return entry(Needs::context, [&](Device &device) {
        const std::shared_ptr<Event> from = device.streams.find_event(start), to = device.streams.find_event(end);
        if (!milliseconds)
            return CUDA_ERROR_INVALID_VALUE;
        if (!from || !to)
            return CUDA_ERROR_INVALID_HANDLE;
        if (from->captured || to->captured)
            return CUDA_ERROR_CAPTURED_EVENT;
        if (!from->timed || !to->timed || from->recorded == 0 || to->recorded == 0)
            return CUDA_ERROR_INVALID_HANDLE;
        if (from->completed != from->recorded || to->completed != to->recorded)
            return CUDA_ERROR_NOT_READY;
        *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
        return CUDA_SUCCESS;
    });
}

CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent start, CUevent end)
{
    return cuEventElapsedTime(milliseconds, start, end);
}

CUresult cuEventDestroy_v2(CUevent event)
{
    return entry(Needs::context, [&](Device &device) {
        return device.streams.destroy_event(event) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
    });
}
