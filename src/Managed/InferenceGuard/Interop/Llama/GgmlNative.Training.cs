// libggml-base: building a forward graph of our own and stepping the optimiser over it.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

// Shapes are written [ne0, ne1, …], the contiguous dimension first. A tensor pointer lives as long as its context.
internal static unsafe partial class GgmlNative
{
    [LibraryImport(Base, EntryPoint = "ggml_init")]
    public static partial nint Init(GgmlInitParams parameters);

    [LibraryImport(Base, EntryPoint = "ggml_free")]
    public static partial void Free(nint context);

    [LibraryImport(Base, EntryPoint = "ggml_tensor_overhead")]
    public static partial nuint TensorOverhead();

    [LibraryImport(Base, EntryPoint = "ggml_graph_overhead_custom")]
    public static partial nuint GraphOverhead(nuint nodes, byte gradients);

    [LibraryImport(Base, EntryPoint = "ggml_new_tensor_4d")]
    public static partial nint NewTensor(nint context, GgmlType type, long ne0, long ne1, long ne2, long ne3);

    [LibraryImport(Base, EntryPoint = "ggml_set_name", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint SetName(nint tensor, string name);

    /// <summary>Marks a tensor as one the optimiser changes.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_set_param")]
    public static partial void SetParam(nint tensor);

    /// <summary>Rows of <paramref name="matrix"/> [n, rows] by I32 indices [count]: [n, count].</summary>
    [LibraryImport(Base, EntryPoint = "ggml_get_rows")]
    public static partial nint GetRows(nint context, nint matrix, nint indices);

    [LibraryImport(Base, EntryPoint = "ggml_add")]
    public static partial nint Add(nint context, nint a, nint b);

    /// <summary>Elementwise product; <paramref name="b"/> is repeated to the shape of <paramref name="a"/>.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_mul")]
    public static partial nint Mul(nint context, nint a, nint b);

    /// <summary>For a [k, m] and b [k, n]: aᵀ·b, [m, n].</summary>
    [LibraryImport(Base, EntryPoint = "ggml_mul_mat")]
    public static partial nint MulMat(nint context, nint a, nint b);

    [LibraryImport(Base, EntryPoint = "ggml_rms_norm")]
    public static partial nint RmsNorm(nint context, nint a, float epsilon);

    /// <summary>silu(<paramref name="gate"/>) · <paramref name="up"/>.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_swiglu_split")]
    public static partial nint SwiGlu(nint context, nint gate, nint up);

    /// <summary>softmax(a · scale + mask) over ne0.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_soft_max_ext")]
    public static partial nint SoftMax(nint context, nint a, nint mask, float scale, float maxBias);

    /// <summary>Rotates pairs of a [head, heads, tokens] by I32 positions [tokens]; mode 0 pairs neighbours, as llama models do.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_rope_ext")]
    public static partial nint Rope(
        nint context, nint a, nint positions, nint frequencyFactors, int dimensions, int mode, int originalContext,
        float frequencyBase, float frequencyScale, float extFactor, float attentionFactor, float betaFast, float betaSlow);

    [LibraryImport(Base, EntryPoint = "ggml_reshape_2d")]
    public static partial nint Reshape2(nint context, nint a, long ne0, long ne1);

    [LibraryImport(Base, EntryPoint = "ggml_reshape_3d")]
    public static partial nint Reshape3(nint context, nint a, long ne0, long ne1, long ne2);

    [LibraryImport(Base, EntryPoint = "ggml_reshape_4d")]
    public static partial nint Reshape4(nint context, nint a, long ne0, long ne1, long ne2, long ne3);

    /// <summary>Moves dimension i to place axis_i.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_permute")]
    public static partial nint Permute(nint context, nint a, int axis0, int axis1, int axis2, int axis3);

    [LibraryImport(Base, EntryPoint = "ggml_cont")]
    public static partial nint Cont(nint context, nint a);

    /// <summary>The device of a kind: 0 = CPU.</summary>
    [LibraryImport(Registry, EntryPoint = "ggml_backend_dev_by_type")]
    public static partial nint BackendDevByType(int type);

    [LibraryImport(Base, EntryPoint = "ggml_backend_dev_init")]
    public static partial nint BackendDevInit(nint device, nint parameters);

    [LibraryImport(Base, EntryPoint = "ggml_backend_free")]
    public static partial void BackendFree(nint backend);

    [LibraryImport(Base, EntryPoint = "ggml_backend_dev_backend_reg")]
    public static partial nint BackendDevBackendReg(nint device);

    /// <summary>A backend's own function by name, or null.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_backend_reg_get_proc_address", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void* BackendRegGetProcAddress(nint registry, string name);

    [LibraryImport(Base, EntryPoint = "ggml_backend_sched_new")]
    public static partial nint BackendSchedNew(nint* backends, nint* bufferTypes, int count, nuint graphNodes, byte parallel, byte opOffload);

    [LibraryImport(Base, EntryPoint = "ggml_backend_sched_free")]
    public static partial void BackendSchedFree(nint scheduler);

    /// <summary>Gives every tensor of a context memory on a backend; returns the buffer, null when there is none left.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_backend_alloc_ctx_tensors")]
    public static partial nint BackendAllocCtxTensors(nint context, nint backend);

    [LibraryImport(Base, EntryPoint = "ggml_backend_buffer_free")]
    public static partial void BackendBufferFree(nint buffer);

    /// <summary>An optimiser over the fixed graph given in the parameters; builds the backward graph.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_opt_init")]
    public static partial nint OptInit(GgmlOptParams parameters);

    [LibraryImport(Base, EntryPoint = "ggml_opt_free")]
    public static partial void OptFree(nint optimiser);

    /// <summary>The labels [V, tokens], F32 probabilities.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_opt_labels")]
    public static partial nint OptLabels(nint optimiser);

    /// <summary>Prepares the next evaluation; labels and inputs are set between this call and <see cref="OptEval"/>.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_opt_alloc")]
    public static partial void OptAlloc(nint optimiser, byte backward);

    /// <summary>Runs forward, and after <c>backward = 1</c> also backward and the optimiser's step; adds to the result.</summary>
    [LibraryImport(Base, EntryPoint = "ggml_opt_eval")]
    public static partial void OptEval(nint optimiser, nint result);
}
