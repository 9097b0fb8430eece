// Receives llama.cpp's log and keeps the first error, so that a failed call can say why.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>The log of llama.cpp. The error is kept per thread; the log callback comes on the calling thread.</summary>
internal static unsafe class LlamaLog
{
    private const int Error = 4;
    private const int Continuation = 5;

    [ThreadStatic]
    private static string? t_error;

    [ThreadStatic]
    private static int t_level;

    /// <summary>Every line with its level (1 debug, 2 info, 3 warning, 4 error); set by <c>--verbose</c>. Must not throw.</summary>
    public static Action<int, string>? Listener { get; set; }

    /// <summary>Routes llama.cpp's log and abort message here. Called once, before anything else in the library.</summary>
    public static void Install()
    {
        LlamaNative.LogSet(&OnLog, null);
        GgmlNative.SetAbortCallback(&OnAbort);
    }

    /// <summary>Forgets the error of this thread; call it before a native call whose failure will be explained.</summary>
    public static void Clear() => t_error = null;

    /// <summary>The first error since <see cref="Clear"/>, which is the cause of those that follow it; in one line.</summary>
    public static string Cause() => t_error ?? "no reason was logged";

    /// <summary>Takes a line in.</summary>
    /// <param name="level">Its level; 5 continues the line before.</param>
    /// <param name="line">The line.</param>
    public static void Receive(int level, string line)
    {
        // An exception that leaves a callback ends the process.
        try
        {
            if (Takes(level))
                Keep(line);
        }
        catch (Exception)
        {
            // Nothing can be reported from here.
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(int level, byte* text, void* userData)
    {
        try
        {
            // Most lines are nobody's, and become no string.
            if (Takes(level))
                Keep(Marshal.PtrToStringUTF8((nint)text) ?? "");
        }
        catch (Exception)
        {
            // Nothing can be reported from here.
        }
    }

    private static bool Takes(int level)
    {
        if (level != Continuation)
            t_level = level;
        return Listener is not null || (t_level == Error && t_error is null);
    }

    private static void Keep(string line)
    {
        if (t_level == Error)
            t_error ??= line.Trim().Replace('\n', ' ');
        Listener?.Invoke(t_level, line);
    }

    // ggml ends the process after this returns.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnAbort(byte* reason)
    {
        try
        {
            Console.Error.WriteLine("llama.cpp ended the process: " + Marshal.PtrToStringUTF8((nint)reason));
        }
        catch (Exception)
        {
            // Nothing can be reported from here.
        }
    }
}
