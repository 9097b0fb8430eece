// How llama.cpp brings the weights of a file into memory.

namespace InferenceGuard.Interop.Llama;

/// <summary>Values of <c>llama_model_params.load_mode</c>.</summary>
internal enum LlamaLoadMode
{
    /// <summary>llama.cpp decides.</summary>
    Auto = -1,

    /// <summary>The file is read into memory of its own, which can be written: training needs this.</summary>
    Read = 0,

    /// <summary>The file is mapped.</summary>
    Map = 1,
}
