// libllama: the vocabulary of a model. The pointer belongs to the model; ids must be checked before each call.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

internal static unsafe partial class LlamaNative
{
    [LibraryImport(Library, EntryPoint = "llama_vocab_n_tokens")]
    public static partial int VocabNTokens(nint vocab);

    [LibraryImport(Library, EntryPoint = "llama_vocab_bos")]
    public static partial int VocabBos(nint vocab);

    [LibraryImport(Library, EntryPoint = "llama_vocab_eos")]
    public static partial int VocabEos(nint vocab);

    [LibraryImport(Library, EntryPoint = "llama_vocab_eot")]
    public static partial int VocabEot(nint vocab);

    [LibraryImport(Library, EntryPoint = "llama_vocab_get_add_bos")]
    public static partial byte VocabGetAddBos(nint vocab);

    [LibraryImport(Library, EntryPoint = "llama_vocab_is_eog")]
    public static partial byte VocabIsEog(nint vocab, int token);

    /// <summary>Bits of <c>llama_token_attr</c>: 0 unknown, 3 control, 4 user defined.</summary>
    [LibraryImport(Library, EntryPoint = "llama_vocab_get_attr")]
    public static partial int VocabGetAttr(nint vocab, int token);

    /// <summary>Number of tokens, or −needed when the buffer is too small.</summary>
    [LibraryImport(Library, EntryPoint = "llama_tokenize")]
    public static partial int Tokenize(nint vocab, byte* text, int textBytes, int* tokens, int maxTokens, byte addSpecial, byte parseSpecial);

    /// <summary>Number of bytes, or −needed when the buffer is too small.</summary>
    [LibraryImport(Library, EntryPoint = "llama_token_to_piece")]
    public static partial int TokenToPiece(nint vocab, int token, byte* buffer, int length, int leftStrip, byte special);
}
