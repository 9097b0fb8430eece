// A model through LLamaSharp.

using System.Text;
using InferenceGuard.Interop.Llama;
using LLama;
using LLama.Exceptions;
using LLama.Native;
using SafeLlamaModelHandle = LLama.Native.SafeLlamaModelHandle;

namespace InferenceGuard.LLamaSharp;

/// <summary>A model through LLamaSharp.</summary>
internal sealed class LLamaSharpModel : ILlamaModel
{
    private const int NoToken = -1;

    private readonly SafeLlamaModelHandle _handle;

    /// <param name="handle">A loaded model; disposed with this.</param>
    /// <param name="library">The library that loaded it.</param>
    public LLamaSharpModel(SafeLlamaModelHandle handle, LoadedLlama library)
    {
        _handle = handle;
        var vocabulary = handle.Vocab;
        TokenCount = vocabulary.Count;
        (BeginOfText, EndOfText, EndOfTurn) = (Id(vocabulary.BOS), Id(vocabulary.EOS), Id(vocabulary.EOT));
        AddsBeginOfText = vocabulary.ShouldAddBOS;
        IsRecurrent = handle.IsRecurrent || library.IsHybrid(handle);

        static int Id(LLamaToken? token) => token is { } known ? (int)known : NoToken;
    }

    public int TokenCount { get; }

    public int BeginOfText { get; }

    public int EndOfText { get; }

    public int EndOfTurn { get; }

    public bool AddsBeginOfText { get; }

    public bool IsDecoder => _handle.HasDecoder && !_handle.HasEncoder && !_handle.IsDiffusion;

    public bool IsRecurrent { get; }

    public bool OffloadsToGpu => NativeApi.llama_supports_gpu_offload();

    public long ParameterCount => (long)_handle.ParameterCount;

    public long SizeBytes => (long)_handle.SizeInBytes;

    public int HiddenWidth => _handle.EmbeddingSize;

    public string? ChatTemplate => _handle.GetTemplate(strict: false);

    public bool EndsGeneration(int token)
    {
        using var lease = new HandleLease(_handle);
        return ((LLamaToken)token).IsEndOfGeneration(_handle);
    }

    public int Attributes(int token)
    {
        using var lease = new HandleLease(_handle);
        return (int)((LLamaToken)token).GetAttributes(_handle);
    }

    public int Piece(int token, Span<byte> buffer)
    {
        using var lease = new HandleLease(_handle);
        return NativeApi.llama_token_to_piece(_handle.Vocab, token, buffer, lstrip: 0, special: false);
    }

    public int[] Tokenize(string text, bool parseSpecial)
    {
        using var lease = new HandleLease(_handle);
        return Array.ConvertAll(_handle.Tokenize(text, addBos: false, parseSpecial, Encoding.UTF8), static token => (int)token);
    }

    public string? Render(string template, IReadOnlyList<(string Role, string Content)> messages)
    {
        var rendering = new LLamaTemplate(template) { AddAssistant = true };
        foreach (var (role, content) in messages)
            rendering.Add(role, content);
        try
        {
            return Encoding.UTF8.GetString(rendering.Apply());
        }
        catch (Exception e) when (e is MissingTemplateException or ArgumentOutOfRangeException)
        {
            // It knows the status −1 only; another negative one becomes a length.
            return null;
        }
    }

    public ILlamaContext? CreateContext(in LlamaContextSizes sizes)
    {
        var parameters = LLamaContextParams.Default();
        parameters.n_ctx = (uint)sizes.Cells;
        parameters.n_batch = (uint)sizes.BatchTokens;
        parameters.n_ubatch = (uint)sizes.PhysicalBatchTokens;
        parameters.n_seq_max = (uint)sizes.Sequences;
        parameters.n_threads = parameters.n_threads_batch = sizes.Threads;
        parameters.llama_pooling_type = LLamaPoolingType.None;
        parameters.kv_unified = true;
        if (sizes.Exact)
        {
            parameters.llama_flash_attn_type = LLamaFlashAttentionType.LLAMA_FLASH_ATTENTION_TYPE_DISABLED;
            parameters.type_k = parameters.type_v = GGMLType.GGML_TYPE_F32;
        }

        var context = SafeLLamaContextHandle.Create(_handle, parameters);
        if (!context.IsInvalid)
            return new LLamaSharpContext(context);
        // It looks for null, which a handle never is, and so pins the model for a context that there is not.
        context.Dispose();
        _handle.DangerousRelease();
        return null;
    }

    public void Dispose() => _handle.Dispose();
}
