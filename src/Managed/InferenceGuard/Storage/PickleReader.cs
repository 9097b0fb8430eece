// Reads Python pickles as data: nothing in them is executed, and what is not known by name is refused.

using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace InferenceGuard.Storage;

/// <summary>
/// A pickle as data. Values are null, bool, long, double, string, byte[], object?[] for a tuple, <see cref="List{T}"/>, <see cref="Dictionary{TKey, TValue}"/> with
/// string keys, and what the known globals make. A pickle is a program that may name any function of Python; here a name outside the given table, or an opcode that
/// files of tensors do not need, is an error. Work and memory are proportional to the size of the pickle.
/// </summary>
internal sealed class PickleReader
{
    // A key is hashed whenever it is used, and a long one could be used millions of times for two bytes each.
    private const int MaxKeyLetters = 1000;

    private readonly string _path;
    private readonly byte[] _bytes;
    private readonly IReadOnlyDictionary<string, PickleGlobal> _globals;
    private readonly Func<object?, object?> _persistent;
    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = [];
    private readonly List<object?> _memo = [];
    private int _at;

    private PickleReader(string path, byte[] bytes, IReadOnlyDictionary<string, PickleGlobal> globals, Func<object?, object?> persistent) =>
        (_path, _bytes, _globals, _persistent) = (path, bytes, globals, persistent);

    private enum Opcode : byte
    {
        Mark = (byte)'(', EmptyTuple = (byte)')', Stop = (byte)'.', PopItem = (byte)'0', PopMark = (byte)'1',
        BinBytes = (byte)'B', ShortBinBytes = (byte)'C', BinFloat = (byte)'G', BinInt = (byte)'J', BinIntOne = (byte)'K', BinIntTwo = (byte)'M',
        None = (byte)'N', BinPersistent = (byte)'Q', Reduce = (byte)'R', BinString = (byte)'T', ShortBinString = (byte)'U', BinUnicode = (byte)'X',
        EmptyList = (byte)']', Append = (byte)'a', Build = (byte)'b', Global = (byte)'c', Dict = (byte)'d', Appends = (byte)'e', BinGet = (byte)'h',
        LongBinGet = (byte)'j', List = (byte)'l', BinPut = (byte)'q', LongBinPut = (byte)'r', SetItem = (byte)'s', Tuple = (byte)'t', SetItems = (byte)'u', EmptyDict = (byte)'}',
        Protocol = 0x80, TupleOfOne = 0x85, TupleOfTwo = 0x86, TupleOfThree = 0x87, True = 0x88, False = 0x89, LongOne = 0x8A,
        ShortBinUnicode = 0x8C, StackGlobal = 0x93, Memoize = 0x94, Frame = 0x95,
    }

    /// <summary>Reads a pickle.</summary>
    /// <param name="path">Where it comes from, for errors.</param>
    /// <param name="bytes">The pickle.</param>
    /// <param name="globals">The functions and classes that it may name, by module and name with a dot between.</param>
    /// <param name="persistent">Makes a value of what stands for an object outside the pickle.</param>
    /// <exception cref="GuardException">It is malformed, or names something else.</exception>
    public static object? Read(string path, byte[] bytes, IReadOnlyDictionary<string, PickleGlobal> globals, Func<object?, object?> persistent) =>
        new PickleReader(path, bytes, globals, persistent).Run();

    private object? Run()
    {
        while (true)
        {
            var opcode = (Opcode)Take(1)[0];
            if (opcode == Opcode.Stop)
                return Pop();
            if (!Scalar(opcode) && !Container(opcode) && !Reference(opcode))
                throw Malformed(string.Create(CultureInfo.InvariantCulture, $"its pickle has the opcode 0x{(byte)opcode:X2} at byte {_at - 1}, which files of tensors do not need"));
        }
    }

    private bool Scalar(Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.Protocol:
                Take(1);
                return true;
            case Opcode.Frame:
                Take(8); // Frames are read as if they were not there.
                return true;
            case Opcode.None:
                return Push(null);
            case Opcode.True:
                return Push(true);
            case Opcode.False:
                return Push(false);
            case Opcode.BinIntOne:
                return Push((long)Take(1)[0]);
            case Opcode.BinIntTwo:
                return Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
            case Opcode.BinInt:
                return Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
            case Opcode.LongOne:
                return Push(Long(Take(Take(1)[0])));
            case Opcode.BinFloat:
                return Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
            case Opcode.BinUnicode or Opcode.BinString:
                return Push(Encoding.UTF8.GetString(Take(Length())));
            case Opcode.ShortBinUnicode or Opcode.ShortBinString:
                return Push(Encoding.UTF8.GetString(Take(Take(1)[0])));
            case Opcode.BinBytes:
                return Push(Take(Length()).ToArray());
            case Opcode.ShortBinBytes:
                return Push(Take(Take(1)[0]).ToArray());
            default:
                return false;
        }
    }

    private bool Container(Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.Mark:
                _marks.Push(_stack.Count);
                return true;
            case Opcode.PopMark:
                PopToMark();
                return true;
            case Opcode.PopItem:
                Pop();
                return true;
            case Opcode.EmptyTuple:
                return Push(Array.Empty<object?>());
            case Opcode.TupleOfOne or Opcode.TupleOfTwo or Opcode.TupleOfThree:
                var items = new object?[opcode - Opcode.TupleOfOne + 1];
                for (var at = items.Length - 1; at >= 0; at--)
                    items[at] = Pop();
                return Push(items);
            case Opcode.Tuple:
                return Push(PopToMark());
            case Opcode.EmptyList:
                return Push(new List<object?>());
            case Opcode.List:
                return Push(PopToMark().ToList());
            case Opcode.Append:
                var item = Pop();
                Top<List<object?>>("a list").Add(item);
                return true;
            case Opcode.Appends:
                var appended = PopToMark();
                Top<List<object?>>("a list").AddRange(appended);
                return true;
            case Opcode.EmptyDict:
                return Push(new Dictionary<string, object?>());
            case Opcode.Dict:
                var entries = PopToMark();
                Push(new Dictionary<string, object?>());
                Set(entries);
                return true;
            case Opcode.SetItem:
                var value = Pop();
                Set([Pop(), value]);
                return true;
            case Opcode.SetItems:
                Set(PopToMark());
                return true;
            default:
                return false;
        }
    }

    private bool Reference(Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.BinPut:
                return Put(Take(1)[0]);
            case Opcode.LongBinPut:
                return Put(Length());
            case Opcode.Memoize:
                return Put(_memo.Count);
            case Opcode.BinGet:
                return Get(Take(1)[0]);
            case Opcode.LongBinGet:
                return Get(Length());
            case Opcode.Global:
                return Push(Find(Line(), Line()));
            case Opcode.StackGlobal:
                var name = Pop() as string;
                return Push(Find(Pop() as string, name));
            case Opcode.BinPersistent:
                return Push(_persistent(Pop()));
            case Opcode.Reduce:
                var arguments = Pop() as object?[] ?? throw Malformed("its pickle calls something without a tuple of arguments");
                return Push(Pop() is PickleGlobal { Call: { } call } ? call(arguments) : throw Malformed("its pickle calls something that is no function"));
            case Opcode.Build:
                // The attributes of a dictionary, such as _metadata: no tensors.
                Pop();
                Top<Dictionary<string, object?>>("a dictionary to give attributes to");
                return true;
            default:
                return false;
        }
    }

    private PickleGlobal Find(string? module, string? name) => _globals.TryGetValue($"{module}.{name}", out var known)
        ? known
        : throw new GuardException(GuardFault.Environment,
            $"The file '{_path}' names {Shown(module)}.{Shown(name)}, which a file of tensors does not need: it was refused, and nothing of it was run. Get the checkpoint as safetensors, or from somebody whom you trust.");

    // What lies below the last mark is out of reach.
    private int Floor => _marks.TryPeek(out var mark) ? mark : 0;

    private bool Push(object? value)
    {
        _stack.Add(value);
        return true;
    }

    private object? Pop()
    {
        if (_stack.Count <= Floor)
            throw Malformed("its pickle takes more from its stack than there is");
        var value = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopToMark()
    {
        if (!_marks.TryPop(out var mark))
            throw Malformed("its pickle ends something that has not begun");
        var items = CollectionsMarshal.AsSpan(_stack)[mark..].ToArray();
        _stack.RemoveRange(mark, items.Length);
        return items;
    }

    private T Top<T>(string what) => _stack.Count > Floor && _stack[^1] is T top ? top : throw Malformed($"its pickle lacks {what}");

    private void Set(ReadOnlySpan<object?> entries)
    {
        var target = Top<Dictionary<string, object?>>("a dictionary");
        if (entries.Length % 2 != 0)
            throw Malformed("its pickle has a key without a value");
        for (var at = 0; at < entries.Length; at += 2)
            target[entries[at] is string { Length: <= MaxKeyLetters } key ? key : throw Malformed($"its pickle has a key that is no text of up to {MaxKeyLetters} letters")] = entries[at + 1];
    }

    // Writers number what they remember one after another; any other number could make the table as large as it likes.
    private bool Put(int index)
    {
        var value = Top<object?>("what it remembers");
        if (index == _memo.Count)
            _memo.Add(value);
        else if (index < _memo.Count)
            _memo[index] = value;
        else
            throw Malformed("its pickle remembers things out of order");
        return true;
    }

    private bool Get(int index) => Push(index < _memo.Count ? _memo[index] : throw Malformed("its pickle recalls what it has not remembered"));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - _at)
            throw Malformed("its pickle ends early");
        var taken = _bytes.AsSpan(_at, count);
        _at += count;
        return taken;
    }

    private int Length() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4)) is var length and <= int.MaxValue ? (int)length : throw Malformed("its pickle ends early");

    private string Line()
    {
        var length = _bytes.AsSpan(_at).IndexOf((byte)'\n');
        var line = length < 0 ? throw Malformed("its pickle ends early") : Encoding.UTF8.GetString(Take(length));
        Take(1);
        return line;
    }

    private long Long(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long))
            throw Malformed("its pickle has a number of more than 64 bits");
        var value = 0L;
        for (var at = 0; at < bytes.Length; at++)
            value |= (long)bytes[at] << (8 * at);
        var unused = 64 - 8 * bytes.Length;
        return bytes.Length == 0 ? 0 : value << unused >> unused;
    }

    private static string Shown(string? name) => name is null ? "?" : name.Length > 60 ? name[..60] + "…" : name;

    private GuardException Malformed(string what) => SafetensorsFile.Malformed(_path, what);
}
