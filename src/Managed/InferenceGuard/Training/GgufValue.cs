// Metadata values of a GGUF file as bytes: the type numbers of the format and how each is written.

using System.Text;
using InferenceGuard.Model;

namespace InferenceGuard.Training;

/// <summary>Writes metadata values. Types: u8 i8 u16 i16 u32 i32 f32 bool string array u64 i64 f64, numbered from 0.</summary>
internal static class GgufValue
{
    private const uint StringType = 8;
    private const uint ArrayType = 9;

    private static readonly Dictionary<Type, uint> s_types = new()
    {
        [typeof(byte)] = 0, [typeof(sbyte)] = 1, [typeof(ushort)] = 2, [typeof(short)] = 3, [typeof(uint)] = 4, [typeof(int)] = 5,
        [typeof(float)] = 6, [typeof(bool)] = 7, [typeof(string)] = StringType, [typeof(ulong)] = 10, [typeof(long)] = 11, [typeof(double)] = 12,
    };

    /// <summary>Refuses values that the format cannot hold.</summary>
    /// <exception cref="ArgumentException">Such a value.</exception>
    public static void ThrowIfUnsupported(string key, object value)
    {
        var type = value.GetType();
        if (value is not GgufStrings && !s_types.ContainsKey(type.IsSZArray ? type.GetElementType()! : type))
            throw new ArgumentException($"A GGUF file cannot hold the {type.Name} given for {key}.", nameof(value));
    }

    /// <summary>Writes the type and the value.</summary>
    public static void Write(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case GgufStrings strings:
                WriteArrayHead(writer, StringType, strings.Count);
                for (var i = 0; i < strings.Count; i++)
                    WriteText(writer, strings.Utf8(i));
                break;
            case Array array:
                WriteArrayHead(writer, s_types[array.GetType().GetElementType()!], array.Length);
                foreach (var element in array)
                    WriteScalar(writer, element!);
                break;
            default:
                writer.Write(s_types[value.GetType()]);
                WriteScalar(writer, value);
                break;
        }
    }

    /// <summary>Writes a string: its length in bytes, then the bytes.</summary>
    public static void WriteText(BinaryWriter writer, ReadOnlySpan<byte> utf8)
    {
        writer.Write((ulong)utf8.Length);
        writer.Write(utf8);
    }

    private static void WriteArrayHead(BinaryWriter writer, uint elementType, int count)
    {
        writer.Write(ArrayType);
        writer.Write(elementType);
        writer.Write((ulong)count);
    }

    private static void WriteScalar(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte number: writer.Write(number); break;
            case sbyte number: writer.Write(number); break;
            case ushort number: writer.Write(number); break;
            case short number: writer.Write(number); break;
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            case bool flag: writer.Write(flag); break;
            case ulong number: writer.Write(number); break;
            case long number: writer.Write(number); break;
            case double number: writer.Write(number); break;
            case string text: WriteText(writer, Encoding.UTF8.GetBytes(text)); break;
            default: throw new ArgumentException($"A GGUF file cannot hold a {value.GetType().Name}.", nameof(value));
        }
    }
}
