// A model through our own binding.

using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace InferenceGuard.Interop.Llama;

/// <summary>A model through our own binding.</summary>
internal sealed unsafe class NativeLlamaModel : ILlamaModel
{
    private const int NoPooling = 0;
    private const int NoFlashAttention = 0;

    // Tokens of a text never outnumber its bytes by more than what a tokenizer adds at the ends.
    private const int SpareTokens = 8;

    private readonly SafeLlamaModelHandle _handle;
    private readonly nint _vocabulary;

    /// <param name="handle">A loaded model; disposed with this.</param>
    public NativeLlamaModel(SafeLlamaModelHandle handle)
    {
        _handle = handle;
        _vocabulary = LlamaNative.ModelGetVocab(handle);
        TokenCount = LlamaNative.VocabNTokens(_vocabulary);
        (BeginOfText, EndOfText, EndOfTurn) = (LlamaNative.VocabBos(_vocabulary), LlamaNative.VocabEos(_vocabulary), LlamaNative.VocabEot(_vocabulary));
        AddsBeginOfText = LlamaNative.VocabGetAddBos(_vocabulary) != 0;
    }

    public int TokenCount { get; }

    public int BeginOfText { get; }

    public int EndOfText { get; }

    public int EndOfTurn { get; }

    public bool AddsBeginOfText { get; }

    public bool IsDecoder => LlamaNative.ModelHasDecoder(_handle) != 0 && LlamaNative.ModelHasEncoder(_handle) == 0 && LlamaNative.ModelIsDiffusion(_handle) == 0;

    public bool IsRecurrent => LlamaNative.ModelIsRecurrent(_handle) != 0 || LlamaNative.ModelIsHybrid(_handle) != 0;

    public bool OffloadsToGpu => LlamaNative.SupportsGpuOffload() != 0;

    public long ParameterCount => (long)LlamaNative.ModelNParams(_handle);

    public long SizeBytes => (long)LlamaNative.ModelSize(_handle);

    public int HiddenWidth => LlamaNative.ModelNEmbdOut(_handle);

    public string? ChatTemplate => Marshal.PtrToStringUTF8((nint)LlamaNative.ModelChatTemplate(_handle, null));

    public bool EndsGeneration(int token)
    {
        using var lease = new HandleLease(_handle);
        return LlamaNative.VocabIsEog(_vocabulary, token) != 0;
    }

    public int Attributes(int token)
    {
        using var lease = new HandleLease(_handle);
        return LlamaNative.VocabGetAttr(_vocabulary, token);
    }

    public int Piece(int token, Span<byte> buffer)
    {
        using var lease = new HandleLease(_handle);
        fixed (byte* start = buffer)
            return LlamaNative.TokenToPiece(_vocabulary, token, start, buffer.Length, 0, 0);
    }

    public int[]? Tokenize(string text, bool parseSpecial)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        var rented = ArrayPool<int>.Shared.Rent(utf8.Length + SpareTokens);
        try
        {
            var count = Tokenize(utf8, rented, parseSpecial);
            if (count < 0)
            {
                ArrayPool<int>.Shared.Return(rented);
                rented = ArrayPool<int>.Shared.Rent(-count);
                count = Tokenize(utf8, rented, parseSpecial);
            }
            return count < 0 ? null : rented[..count];
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    public string? Render(string template, IReadOnlyList<(string Role, string Content)> messages)
    {
        var strings = messages.SelectMany(static m => (byte[][])[ZeroTerminated(m.Role), ZeroTerminated(m.Content)]).ToArray();
        var pins = Array.ConvertAll(strings, static s => GCHandle.Alloc(s, GCHandleType.Pinned));
        try
        {
            var chat = new LlamaChatMessage[messages.Count];
            for (var i = 0; i < chat.Length; i++)
                chat[i] = new LlamaChatMessage { Role = (byte*)pins[2 * i].AddrOfPinnedObject(), Content = (byte*)pins[2 * i + 1].AddrOfPinnedObject() };
            var (name, buffer) = (ZeroTerminated(template), new byte[1024]);
            var length = Render(name, chat, buffer);
            if (length > buffer.Length)
                length = Render(name, chat, buffer = new byte[length]);
            return length < 0 ? null : Encoding.UTF8.GetString(buffer, 0, length);
        }
        finally
        {
            Array.ForEach(pins, static pin => pin.Free());
        }
    }

    public ILlamaContext? CreateContext(in LlamaContextSizes sizes)
    {
        var parameters = LlamaNative.ContextDefaultParams();
        parameters.NCtx = (uint)sizes.Cells;
        parameters.NBatch = (uint)sizes.BatchTokens;
        parameters.NUbatch = (uint)sizes.PhysicalBatchTokens;
        parameters.NSeqMax = (uint)sizes.Sequences;
        parameters.NThreads = parameters.NThreadsBatch = sizes.Threads;
        parameters.PoolingType = NoPooling;
        parameters.KvUnified = 1;
        if (sizes.Exact)
        {
            parameters.FlashAttnType = NoFlashAttention;
            parameters.TypeK = parameters.TypeV = GgmlType.F32;
        }

        var handle = SafeLlamaContextHandle.Create(_handle, parameters);
        if (!handle.IsInvalid)
            return new NativeLlamaContext(handle);
        handle.Dispose();
        return null;
    }

    public void Dispose() => _handle.Dispose();

    private int Tokenize(ReadOnlySpan<byte> utf8, Span<int> tokens, bool parseSpecial)
    {
        using var lease = new HandleLease(_handle);
        fixed (byte* text = utf8)
        fixed (int* ids = tokens)
            return LlamaNative.Tokenize(_vocabulary, text, utf8.Length, ids, tokens.Length, 0, parseSpecial ? (byte)1 : (byte)0);
    }

    private static byte[] ZeroTerminated(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private static int Render(byte[] template, LlamaChatMessage[] chat, byte[] buffer)
    {
        fixed (byte* name = template)
        fixed (LlamaChatMessage* first = chat)
        fixed (byte* output = buffer)
            return LlamaNative.ChatApplyTemplate(name, first, (nuint)chat.Length, 1, output, buffer.Length);
    }
}
