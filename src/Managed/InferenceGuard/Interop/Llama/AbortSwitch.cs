// Lets another thread end a running llama_decode: a pinned flag that the abort callback reads between graph nodes.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>The abort flag of one context.</summary>
internal sealed unsafe class AbortSwitch
{
    private static readonly Action<object?> s_raise = static self => ((AbortSwitch)self!).Raise();

    private readonly int[] _flag = GC.AllocateArray<int>(1, pinned: true);

    /// <summary>What llama.cpp calls between graph nodes, with <see cref="Flag"/>.</summary>
    public static delegate* unmanaged[Cdecl]<void*, byte> Callback => &IsRaised;

    /// <summary>The flag; this must live as long as a context that was given it decodes.</summary>
    public void* Flag => Unsafe.AsPointer(ref _flag[0]);

    /// <summary>Lowers the flag and lets a token raise it until the result is disposed. Allocates nothing in the steady state.</summary>
    public CancellationTokenRegistration Arm(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Volatile.Write(ref _flag[0], 0);
        return cancellation.UnsafeRegister(s_raise, this);
    }

    private void Raise() => Volatile.Write(ref _flag[0], 1);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte IsRaised(void* flag) => (byte)Volatile.Read(ref *(int*)flag);
}
