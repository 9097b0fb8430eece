// llama_chat_message: two NUL-terminated UTF-8 strings that the caller owns.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>Mirror of <c>llama_chat_message</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaChatMessage
{
    public byte* Role;
    public byte* Content;
}
