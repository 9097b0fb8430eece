// libggml and libggml-base: backends, the abort hook, and the optimiser's parameters and results.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>The exports of ggml that this library uses; names follow ggml's headers without their prefix.</summary>
internal static unsafe partial class GgmlNative
{
    /// <summary>Logical name of the library with the backend registry.</summary>
    public const string Registry = "ggml";

    /// <summary>Logical name of the library with tensors and the optimiser.</summary>
    public const string Base = "ggml-base";

    [LibraryImport(Registry, EntryPoint = "ggml_backend_load_all_from_path", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void BackendLoadAllFromPath(string folder);

    [LibraryImport(Registry, EntryPoint = "ggml_backend_reg_count")]
    public static partial nuint BackendRegCount();

    [LibraryImport(Registry, EntryPoint = "ggml_backend_dev_count")]
    public static partial nuint BackendDevCount();

    [LibraryImport(Registry, EntryPoint = "ggml_backend_dev_get")]
    public static partial nint BackendDevGet(nuint index);

    [LibraryImport(Base, EntryPoint = "ggml_backend_dev_name")]
    public static partial byte* BackendDevName(nint device);

    [LibraryImport(Base, EntryPoint = "ggml_backend_dev_description")]
    public static partial byte* BackendDevDescription(nint device);

    [LibraryImport(Base, EntryPoint = "ggml_version")]
    public static partial byte* Version();

    /// <summary>Called with the reason before ggml ends the process; it cannot prevent that. Returns the former callback.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_set_abort_callback")]
    public static partial nint SetAbortCallback(delegate* unmanaged[Cdecl]<byte*, void> callback);

    /// <summary>The memory of a host tensor.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_get_data")]
    public static partial void* GetData(nint tensor);

    [LibraryImport(Base, EntryPoint = "ggml_nelements")]
    public static partial long NElements(nint tensor);

    /// <summary>What ggml knows of an element format; statically allocated.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_get_type_traits")]
    public static partial GgmlTypeTraits* GetTypeTraits(int type);

    [LibraryImport(Base, EntryPoint = "ggml_opt_default_params")]
    public static partial GgmlOptParams OptDefaultParams(nint backendSched, int lossType);

    [LibraryImport(Base, EntryPoint = "ggml_opt_get_default_optimizer_params")]
    public static partial GgmlOptOptimizerParams OptGetDefaultOptimizerParams(void* userData);

    [LibraryImport(Base, EntryPoint = "ggml_opt_result_init")]
    public static partial nint OptResultInit();

    [LibraryImport(Base, EntryPoint = "ggml_opt_result_free")]
    public static partial void OptResultFree(nint result);

    [LibraryImport(Base, EntryPoint = "ggml_opt_result_reset")]
    public static partial void OptResultReset(nint result);

    /// <summary>Mean loss and its uncertainty (may be null).</summary>
    [LibraryImport(Base, EntryPoint = "ggml_opt_result_loss")]
    public static partial void OptResultLoss(nint result, double* loss, double* uncertainty);
}
