// Deferred streams, events, and graphs made by capturing: order, codes, and what may not be called.
#include "test_support.h"

#include <cstring>
#include <thread>

using test::Card;

namespace
{
const char *const add_kernel = R"(
extern "C" __global__ void add(float* out, const float* in, float a)
{
    out[threadIdx.x] = in[threadIdx.x] + a;
}
)";

struct Pinned
{
    explicit Pinned(size_t count)
    {
        Card::require(cuMemHostAlloc(reinterpret_cast<void **>(&data), count * 4, 0), "pin");
    }
    ~Pinned() { cuMemFreeHost(data); }
    Pinned(const Pinned &) = delete;
    Pinned &operator=(const Pinned &) = delete;
    float *data = nullptr;
};

CUstream make_stream(unsigned flags)
{
    CUstream stream;
    Card::require(cuStreamCreate(&stream, flags), "cuStreamCreate");
    return stream;
}
} // namespace

TEST(Work_NotWaitedFor_HasNotHappened)
{
    Card card;
    const CUfunction add = card.function(add_kernel, "add");
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING), other = make_stream(CU_STREAM_NON_BLOCKING);
    const CUdeviceptr in = card.allocate(128), out = card.allocate(128);
    Pinned from(32), to(32);
    float pageable[32];
    for (int i = 0; i < 32; ++i)
        from.data[i] = 1.0f, to.data[i] = -7.0f, pageable[i] = 2.0f;
    // Page-locked memory is read when the copy runs, pageable memory at the call.
    CHECK_OK(cuMemcpyHtoDAsync_v2(in, from.data, 128, stream));
    CHECK_OK(card.launch(add, 1, 32, 0, stream, out, in, 10.0f));
    CHECK_OK(cuMemcpyDtoHAsync_v2(to.data, out, 128, stream));
    CHECK(to.data[0] == -7.0f);
    CHECK_OK(cuStreamSynchronize(other));
    CHECK_OK(cuStreamSynchronize(nullptr));
    CHECK(to.data[0] == -7.0f);
    from.data[0] = 3.0f;
    CHECK_OK(cuStreamSynchronize(stream));
    CHECK(to.data[0] == 13.0f && to.data[1] == 11.0f);

    CHECK_OK(cuMemcpyHtoDAsync_v2(in, pageable, 128, stream));
    pageable[0] = 5.0f;
    CHECK_OK(card.launch(add, 1, 32, 0, stream, out, in, 10.0f));
    CHECK_OK(cuMemcpyDtoHAsync_v2(pageable, out, 128, stream));
    CHECK(pageable[0] == 12.0f); // a copy to pageable memory waits
    CHECK_OK(cuStreamDestroy_v2(stream));
    CHECK_CODE(cuStreamSynchronize(stream), CUDA_ERROR_INVALID_HANDLE);
}

TEST(LegacyStream_WaitsForBlockingStreams_AndTheyForIt)
{
    Card card;
    const CUfunction add = card.function(add_kernel, "add");
    const CUstream blocking = make_stream(0), free_running = make_stream(CU_STREAM_NON_BLOCKING);
    const CUdeviceptr a = card.upload(std::vector<float>(32, 1.0f)), b = card.upload(std::vector<float>(32, 0.0f));
    CHECK_OK(card.launch(add, 1, 32, 0, blocking, b, a, 1.0f));      // b = 2
    CHECK_OK(card.launch(add, 1, 32, 0, nullptr, a, b, 1.0f));       // a = 3
    CHECK_OK(card.launch(add, 1, 32, 0, blocking, b, a, 1.0f));      // b = 4
    CHECK_OK(card.launch(add, 1, 32, 0, free_running, a, a, 50.0f)); // when it is waited for
    CHECK(card.download<float>(b, 1)[0] == 4.0f);
    CHECK(card.download<float>(a, 1)[0] == 3.0f);
    CHECK_OK(cuCtxSynchronize());
    CHECK(card.download<float>(a, 1)[0] == 53.0f);
}

TEST(Queue_LongerThanACardHolds_RunsItsOldestWork)
{
    Card card;
    const CUfunction add = card.function(add_kernel, "add");
    const CUstream stream = make_stream(0);
    const CUdeviceptr a = card.upload(std::vector<float>(32, 0.0f));
    for (int i = 0; i < 3000; ++i)
        CHECK_OK(card.launch(add, 1, 32, 0, stream, a, a, 1.0f));
    CHECK_OK(cuStreamSynchronize(stream));
    CHECK(card.download<float>(a, 1)[0] == 3000.0f);
}

TEST(Events_RecordedAndWaitedFor_RunWhatCameBefore)
{
    Card card;
    const CUfunction add = card.function(add_kernel, "add");
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING);
    const CUdeviceptr a = card.upload(std::vector<float>(32, 1.0f));
    Pinned to(32);
    CUevent start, end, untimed;
    CHECK_OK(cuEventCreate(&start, 0));
    CHECK_OK(cuEventCreate(&end, 0));
    CHECK_OK(cuEventCreate(&untimed, CU_EVENT_DISABLE_TIMING));
    float elapsed = -1.0f;
    CHECK_OK(cuEventSynchronize(start));
    CHECK_CODE(cuEventElapsedTime(&elapsed, start, end), CUDA_ERROR_INVALID_HANDLE);
    CHECK_OK(cuEventRecord(start, stream));
    CHECK_OK(card.launch(add, 1, 32, 0, stream, a, a, 1.0f));
    CHECK_OK(cuMemcpyDtoHAsync_v2(to.data, a, 128, stream));
    CHECK_OK(cuEventRecord(end, stream));
    CHECK_OK(cuEventRecord(untimed, stream));
    CHECK_OK(card.launch(add, 1, 32, 0, stream, a, a, 100.0f));
    CHECK_OK(cuMemcpyDtoHAsync_v2(to.data, a, 128, stream));
    CHECK_CODE(cuEventElapsedTime(&elapsed, start, end), CUDA_ERROR_NOT_READY);
    CHECK_OK(cuEventSynchronize(end));
    CHECK(to.data[0] == 2.0f); // not what was queued behind the event
    CHECK_OK(cuEventElapsedTime(&elapsed, start, end));
    CHECK(elapsed >= 0.0f && elapsed < 1000.0f);
    CHECK_OK(cuEventElapsedTime_v2(&elapsed, start, end));
    CHECK_CODE(cuEventElapsedTime(&elapsed, start, untimed), CUDA_ERROR_INVALID_HANDLE);
    CHECK_OK(cuStreamSynchronize(stream));
    CHECK(to.data[0] == 102.0f);
    CHECK_OK(cuEventDestroy_v2(end));
    CHECK_CODE(cuEventSynchronize(end), CUDA_ERROR_INVALID_HANDLE);
}

TEST(Graph_Captured_RepeatsItsWorkWithNewPinnedData)
{
    Card card;
    const CUfunction add = card.function(add_kernel, "add");
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING);
    const CUdeviceptr a = card.allocate(128), b = card.allocate(128);
    Pinned from(32), to(32);
    for (int i = 0; i < 32; ++i)
        from.data[i] = 1.0f, to.data[i] = -7.0f;
    CHECK_OK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
    CHECK_CODE(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_ERROR_ILLEGAL_STATE);
    CHECK_OK(cuMemcpyHtoDAsync_v2(a, from.data, 128, stream));
    float constant = 10.0f;
    CHECK_OK(card.launch(add, 1, 32, 0, stream, b, a, constant)); // the argument is copied here
    constant = 99.0f;
    CHECK_OK(cuMemcpyDtoHAsync_v2(to.data, b, 128, stream));
    CUgraph graph;
    CHECK_OK(cuStreamEndCapture(stream, &graph));
    CUgraphExec exec;
    CHECK_OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
    CHECK_OK(cuGraphDestroy(graph));
    CHECK_OK(cuStreamSynchronize(stream));
    CHECK(to.data[0] == -7.0f); // capturing runs nothing
    for (int round = 0; round < 3; ++round)
    {
        from.data[0] = static_cast<float>(round);
        CHECK_OK(cuGraphLaunch(exec, stream));
        CHECK_OK(cuStreamSynchronize(stream));
        CHECK(to.data[0] == round + 10.0f && to.data[1] == 11.0f);
    }
    CHECK_OK(cuGraphExecDestroy(exec));
    CHECK_CODE(cuGraphLaunch(exec, stream), CUDA_ERROR_INVALID_VALUE);
}

TEST(Capture_CallsThatItForbids_FailAndEndIt)
{
    Card card;
    const CUfunction add = card.function(add_kernel, "add");
    const CUdeviceptr a = card.upload(std::vector<float>(32, 1.0f));
    float pageable[32] = {};
    CUdeviceptr more;
    CUevent event;
    CHECK_OK(cuEventCreate(&event, 0));
    CHECK_CODE(cuStreamBeginCapture_v2(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    const auto during = [&](unsigned flags, auto call) {
        const CUstream stream = make_stream(flags);
        CHECK_OK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
        CHECK_OK(card.launch(add, 1, 32, 0, stream, a, a, 1.0f));
        const CUresult result = call(stream);
        CUgraph graph = reinterpret_cast<CUgraph>(1);
        CHECK_CODE(card.launch(add, 1, 32, 0, stream, a, a, 1.0f), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
        CHECK_CODE(cuStreamEndCapture(stream, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
        CHECK(graph == nullptr);
        CHECK_CODE(cuStreamEndCapture(stream, &graph), CUDA_ERROR_ILLEGAL_STATE);
        CHECK_OK(cuStreamDestroy_v2(stream));
        return result;
    };
    const unsigned apart = CU_STREAM_NON_BLOCKING;
    CHECK_CODE(during(apart, [](CUstream s) { return cuStreamSynchronize(s); }), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    CHECK_CODE(during(apart, [](CUstream) { return cuCtxSynchronize(); }), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    CHECK_CODE(during(apart, [&](CUstream) { return cuMemAlloc_v2(&more, 4); }), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    CHECK_CODE(during(apart, [&](CUstream) { return cuMemcpyDtoH_v2(pageable, a, 4); }),
               CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    CHECK_CODE(during(0, [&](CUstream) { return cuMemcpyDtoH_v2(pageable, a, 4); }),
               CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
    CHECK_CODE(during(0, [&](CUstream) { return card.launch(add, 1, 32, 0, nullptr, a, a, 1.0f); }),
               CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
    CHECK_CODE(during(apart, [&](CUstream s) { return cuMemcpyDtoHAsync_v2(pageable, a, 4, s); }),
               CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    CHECK(card.download<float>(a, 1)[0] == 1.0f);

    // Of another thread, and an event that belongs to a capture.
    const CUstream stream = make_stream(apart);
    CUgraph graph;
    CUcontext context;
    CHECK_OK(cuCtxGetCurrent(&context));
    CHECK_OK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    CHECK_OK(cuEventRecord(event, stream));
    CHECK_CODE(cuEventSynchronize(event), CUDA_ERROR_CAPTURED_EVENT);
    std::thread([&] {
        CHECK_OK(cuCtxSetCurrent(context));
        CHECK_CODE(cuStreamEndCapture(stream, &graph), CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
        CUdeviceptr address;
        CHECK_OK(cuMemAlloc_v2(&address, 4)); // another thread may, in this mode
    }).join();
    CHECK_OK(cuStreamEndCapture(stream, &graph));
    CHECK_OK(cuGraphDestroy(graph));
}

TEST(Graph_ThatOutlivesItsMemory_FailsWhenItRuns)
{
    Card card;
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING);
    const CUdeviceptr a = card.allocate(128);
    CHECK_OK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
    CHECK_OK(cuMemsetD8Async(a, 0, 128, stream));
    CUgraph graph;
    CUgraphExec exec;
    CHECK_OK(cuStreamEndCapture(stream, &graph));
    CHECK_OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
    CHECK_OK(cuMemFree_v2(a));
    CHECK_OK(cuGraphLaunch(exec, stream));
    CHECK_CODE(cuStreamSynchronize(stream), CUDA_ERROR_ILLEGAL_ADDRESS);
    CHECK(test::error_text(CUDA_ERROR_ILLEGAL_ADDRESS)
              .find("fill of 128 bytes at offset 0 of an allocation of 128 "
                    "bytes that has been freed") != std::string::npos);
}
