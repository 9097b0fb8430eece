// Times what is queued on a CUDA device: alone with cold caches, back to back, and as the host sees it.

using System.Diagnostics;
using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Benchmarks;

/// <summary>Times what is queued on a stream. The context must be current.</summary>
internal sealed class DeviceTimer : IDisposable
{
    // More than the second-level cache of any card.
    private const long FlushBytes = 256L << 20;
    private const int WarmUps = 3, MostInARow = 20;

    private readonly CudaStream _stream;
    private readonly CudaEvent _begin, _end;
    private readonly CudaMemory<byte>? _flush;
    private readonly int _rounds, _inARow;

    public DeviceTimer(CudaContext context, CudaStream stream, int rounds, bool isSoftware)
    {
        (_stream, _rounds, _inARow) = (stream, rounds, isSoftware ? 1 : MostInARow);
        (_begin, _end) = (new(context), new(context));
        _flush = isSoftware ? null : new(context, FlushBytes);
    }

    /// <summary>Times it.</summary>
    /// <param name="queue">Queues the work.</param>
    /// <param name="isWaiting">Whether it also waits for it, so that several in a row say nothing.</param>
    public DeviceTimes Measure(Action queue, bool isWaiting = false)
    {
        var inARow = isWaiting ? 1 : _inARow;
        for (var time = 0; time < WarmUps && time <= _rounds; time++)
            queue();
        _stream.Synchronize();
        var (cold, row, wall) = (new double[_rounds], new double[_rounds], new double[_rounds]);
        for (var round = 0; round < _rounds; round++)
        {
            // While the device flushes its caches, the host queues the rest: the launch itself costs the device no waiting.
            _flush?.Clear(_stream);
            cold[round] = Between(queue, 1);
            row[round] = Between(queue, inARow);
            _stream.Synchronize();
            var begin = Stopwatch.GetTimestamp();
            queue();
            _stream.Synchronize();
            wall[round] = Stopwatch.GetElapsedTime(begin).TotalMicroseconds;
        }
        return new(cold, row, wall);
    }

    public void Dispose()
    {
        _begin.Dispose();
        _end.Dispose();
        _flush?.Dispose();
    }

    private double Between(Action queue, int times)
    {
        _begin.Record(_stream);
        for (var time = 0; time < times; time++)
            queue();
        _end.Record(_stream);
        return 1000.0 * _end.ElapsedMs(_begin) / times;
    }
}
