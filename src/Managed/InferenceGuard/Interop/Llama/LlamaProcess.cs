// What llama.cpp makes of the process that loads it.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>The process as llama.cpp's: it can hold one build only, since the libraries of a second find those of the first under their names.</summary>
internal static partial class LlamaProcess
{
    private static readonly Lock s_gate = new();
    private static string? s_owner;

    /// <summary>Makes the process ready for a binding's libraries; before any of them is loaded.</summary>
    /// <param name="owner">The binding, for people.</param>
    /// <exception cref="GuardException">Another binding was first.</exception>
    public static void Claim(string owner)
    {
        lock (s_gate)
        {
            s_owner ??= owner;
            if (s_owner != owner)
                throw new GuardException(GuardFault.Environment, $"This process has loaded llama.cpp already ({s_owner}) and can hold one only; what needs another ({owner}) must run in a process of its own.");
        }

        // An abort inside ggml would otherwise start a debugger to print a backtrace. Only the C library's own
        // environment counts there, which Environment.SetEnvironmentVariable does not reach.
        if (!OperatingSystem.IsWindows())
            _ = SetEnvironment("GGML_NO_BACKTRACE", "1", 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
