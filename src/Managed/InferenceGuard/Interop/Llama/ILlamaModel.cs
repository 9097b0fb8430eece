// What is asked of a loaded model, whoever binds llama.cpp.

namespace InferenceGuard.Interop.Llama;

/// <summary>A model that llama.cpp has loaded. Ids must be checked before each call: llama.cpp ends the process on one that is out of range. Thread-safe.</summary>
internal interface ILlamaModel : IDisposable
{
    /// <summary>Vocabulary size V.</summary>
    int TokenCount { get; }

    /// <summary>The beginning-of-text token, or a negative number.</summary>
    int BeginOfText { get; }

    /// <summary>The token that ends a text, or a negative number.</summary>
    int EndOfText { get; }

    /// <summary>The token that ends a turn, or a negative number.</summary>
    int EndOfTurn { get; }

    /// <summary>Whether the model wants <see cref="BeginOfText"/> before a prompt.</summary>
    bool AddsBeginOfText { get; }

    /// <summary>Whether it generates text token by token: a decoder alone.</summary>
    bool IsDecoder { get; }

    /// <summary>Whether it has a state per sequence instead of cells per token, in some layers at least.</summary>
    bool IsRecurrent { get; }

    /// <summary>Whether layers can be kept on a GPU.</summary>
    bool OffloadsToGpu { get; }

    /// <summary>Weights of all parts of the file.</summary>
    long ParameterCount { get; }

    /// <summary>Bytes of all tensors of all parts of the file.</summary>
    long SizeBytes { get; }

    /// <summary>Hidden width H.</summary>
    int HiddenWidth { get; }

    /// <summary>The chat template's text, or null.</summary>
    string? ChatTemplate { get; }

    /// <summary>Whether a token ends the generation.</summary>
    bool EndsGeneration(int token);

    /// <summary>Bits of <c>llama_token_attr</c>: 0 unknown, 3 control, 4 user defined.</summary>
    int Attributes(int token);

    /// <summary>Writes a token's bytes.</summary>
    /// <returns>Their number, or −needed when the buffer is too small.</returns>
    int Piece(int token, Span<byte> buffer);

    /// <summary>Text to token ids, without a beginning of text; null where llama.cpp cannot.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="parseSpecial">Whether spellings of special tokens become those tokens.</param>
    int[]? Tokenize(string text, bool parseSpecial);

    /// <summary>Renders messages and opens the assistant's turn; null where llama.cpp does not know the template.</summary>
    /// <param name="template">A template's text, or the name of one that llama.cpp has.</param>
    /// <param name="messages">Role and content of each.</param>
    string? Render(string template, IReadOnlyList<(string Role, string Content)> messages);

    /// <summary>Makes a context that keeps the model alive; null where llama.cpp cannot.</summary>
    ILlamaContext? CreateContext(in LlamaContextSizes sizes);
}
