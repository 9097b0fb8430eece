// Asks the processor to read memory before it is needed.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace InferenceGuard.Interop;

/// <summary>Hints; they change no result, and where a processor knows none they are nothing.</summary>
internal static class CacheHint
{
    private const int LineFloats = 16;

    /// <summary>Brings the cache lines of count numbers nearer, ahead numbers from here; what lies outside of an array is never touched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Fetch(ref float here, nint ahead, int count)
    {
        if (!Sse.IsSupported)
            return;
        // The array may move meanwhile: then the hint is of no use, and does no harm.
        var address = (float*)Unsafe.AsPointer(ref here) + ahead;
        Sse.Prefetch0(address);
        if (count > LineFloats)
            Sse.Prefetch0(address + LineFloats);
    }
}
