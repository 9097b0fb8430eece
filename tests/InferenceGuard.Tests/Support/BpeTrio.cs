// One byte-level BPE vocabulary in three tokenizers: llama.cpp's, Microsoft.ML.Tokenizers' and ours.

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using InferenceGuard.Model;
using InferenceGuard.Training;
using Microsoft.ML.Tokenizers;

namespace InferenceGuard.Tests.Support;

/// <summary>Three independent tokenizers over the vocabulary of one GGUF file.</summary>
internal sealed class BpeTrio : IDisposable
{
    // GPT-2's words as published. .NET reads UTF-16, so this one sees a letter or digit beyond U+FFFF as two surrogates.
    private const string Words = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly BpeEncoder _ours;
    private readonly LlamaCppModel _llamaCpp;
    private readonly BpeTokenizer _microsoft;

    public BpeTrio(string path)
    {
        _llamaCpp = LlamaCppModel.Load(path, new ModelOptions { VocabularyOnly = true });
        var file = _llamaCpp.File;
        _ours = new BpeEncoder(GgufVocabulary.Read(file));
        _microsoft = BpeTokenizer.Create(new BpeOptions(file.Strings("tokenizer.ggml.tokens")!.Select(static (token, id) => KeyValuePair.Create(token, id)))
        {
            Merges = [.. file.Strings("tokenizer.ggml.merges")!],
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(new Regex(Words), specialTokens: null),
        });
    }

    /// <summary>Vocabulary size V.</summary>
    public int VocabularySize => _llamaCpp.Vocabulary.Count;

    /// <summary>Asserts that all three give the same ids, and that these spell the text.</summary>
    /// <returns>The ids.</returns>
    public int[] AgreeOn(string text)
    {
        var expected = Array.ConvertAll(_llamaCpp.Vocabulary.Tokenize(text, parseSpecial: false), static token => token.Value);
        var ours = _ours.Encode(text).Select(static token => token.Value).ToArray();
        Assert.That(ours, Is.EqualTo(expected), $"ours and llama.cpp's of \"{Escaped(text)}\"");
        if (IsForUtf16(text))
            Assert.That(_microsoft.EncodeToIds(text), Is.EqualTo(expected), $"Microsoft's and llama.cpp's of \"{Escaped(text)}\"");
        var wellFormed = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        Assert.That(_llamaCpp.Vocabulary.Detokenize(_ours.Encode(text).ToArray()), Is.EqualTo(wellFormed));
        return ours;
    }

    public void Dispose() => _llamaCpp.Dispose();

    /// <summary>Whether a UTF-16 regular expression sees the text's words: no halves of pairs, and beyond U+FFFF neither letters nor digits.</summary>
    private static bool IsForUtf16(string text) =>
        text.EnumerateRunes().All(static rune => rune.IsBmp || !(Rune.IsLetter(rune) || Rune.IsNumber(rune)))
        && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;

    private static string Escaped(string text) =>
        string.Concat(text.Select(static unit => unit is >= ' ' and <= '~' ? unit.ToString() : "\\u" + ((int)unit).ToString("X4", CultureInfo.InvariantCulture)));
}
