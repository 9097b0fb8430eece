// Which bindings to native code this build uses, in one place.

using InferenceGuard.Model;

namespace InferenceGuard.App;

/// <summary>The bindings that this build was made with: the library's own, or those that a property of the build asked for.</summary>
internal static class Engines
{
    /// <summary>The binding to llama.cpp.</summary>
    public static LlamaEngine Llama =>
#if LLAMASHARP
        InferenceGuard.LLamaSharp.LLamaSharpEngine.Instance;
#else
        LlamaEngine.Own;
#endif
}
