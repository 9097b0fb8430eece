// The memory behind llama_batch: pinned once per context, so that a decode step allocates nothing.

using System.Runtime.CompilerServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>Arrays of a <see cref="LlamaBatch"/> with room for a number of rows and of sequence ids over all rows.</summary>
internal sealed unsafe class LlamaBatchBuffer
{
    private readonly int[] _tokens;
    private readonly int[] _positions;
    private readonly int[] _sequenceCounts;
    private readonly nint[] _sequenceLists;
    private readonly int[] _sequences;
    private readonly sbyte[] _outputs;
    private int _rows;
    private int _used;

    /// <param name="maxRows">Most rows of a batch.</param>
    /// <param name="maxSequences">Most sequence ids over all rows, at least one per row.</param>
    public LlamaBatchBuffer(int maxRows, int maxSequences)
    {
        _tokens = GC.AllocateArray<int>(maxRows, pinned: true);
        _positions = GC.AllocateArray<int>(maxRows, pinned: true);
        _sequenceCounts = GC.AllocateArray<int>(maxRows, pinned: true);
        _sequenceLists = GC.AllocateArray<nint>(maxRows, pinned: true);
        _sequences = GC.AllocateArray<int>(maxSequences, pinned: true);
        _outputs = GC.AllocateArray<sbyte>(maxRows, pinned: true);
    }

    /// <summary>Most rows of a batch.</summary>
    public int MaxRows => _tokens.Length;

    /// <summary>Rows.</summary>
    public int Count => _rows;

    /// <summary>The token of a row.</summary>
    public int Token(int row) => _tokens[row];

    /// <summary>The position of a row's token.</summary>
    public int Position(int row) => _positions[row];

    /// <summary>Whether a row has outputs.</summary>
    public bool IsOutput(int row) => _outputs[row] != 0;

    /// <summary>The sequences that share a row.</summary>
    public ReadOnlySpan<int> Sequences(int row)
    {
        var first = (int)((_sequenceLists[row] - (nint)Unsafe.AsPointer(ref _sequences[0])) / sizeof(int));
        return _sequences.AsSpan(first, _sequenceCounts[row]);
    }

    /// <summary>Removes all rows.</summary>
    public void Clear() => _rows = _used = 0;

    /// <summary>Begins a row; it needs at least one <see cref="Share"/>, or llama.cpp reads through a null pointer.</summary>
    public void Add(int token, int position, bool output)
    {
        _tokens[_rows] = token;
        _positions[_rows] = position;
        _outputs[_rows] = output ? (sbyte)1 : (sbyte)0;
        _sequenceCounts[_rows] = 0;
        _sequenceLists[_rows] = (nint)Unsafe.AsPointer(ref _sequences[_used]);
        _rows++;
    }

    /// <summary>Adds a sequence to the row begun last.</summary>
    public void Share(int sequence)
    {
        _sequences[_used++] = sequence;
        _sequenceCounts[_rows - 1]++;
    }

    /// <summary>The native batch; keep this object alive while it is in use.</summary>
    public LlamaBatch ToNative() => new()
    {
        NTokens = _rows,
        Token = (int*)Unsafe.AsPointer(ref _tokens[0]),
        Pos = (int*)Unsafe.AsPointer(ref _positions[0]),
        NSeqId = (int*)Unsafe.AsPointer(ref _sequenceCounts[0]),
        SeqId = (int**)Unsafe.AsPointer(ref _sequenceLists[0]),
        Logits = (sbyte*)Unsafe.AsPointer(ref _outputs[0]),
    };
}
