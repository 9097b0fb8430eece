// Builds a prompt from pieces that are tokenized differently, as if it had been one text.

namespace InferenceGuard.Model;

/// <summary>The tokens of a prompt under construction; begins with the beginning-of-text token where the model wants one.</summary>
internal sealed class PromptTokens
{
    // A text that stands alone in every vocabulary, to hide the start of the next one from the tokenizer.
    private const string Shield = "\n";

    private readonly LlamaCppVocabulary _vocabulary;
    private readonly List<TokenId> _tokens = [];

    public PromptTokens(LlamaCppVocabulary vocabulary)
    {
        _vocabulary = vocabulary;
        if (vocabulary.AddsBeginOfText)
            _tokens.Add(vocabulary.BeginOfText!.Value);
    }

    /// <summary>Appends a text.</summary>
    /// <param name="text">May be empty.</param>
    /// <param name="parseSpecial">Whether it is the template's own, in which spellings of special tokens are those tokens.</param>
    public void Append(string text, bool parseSpecial)
    {
        if (text.Length == 0)
            return;
        var tokens = Tokenize(text, parseSpecial);
        var isDoubledStart = parseSpecial && _tokens.Count == 1 && _vocabulary.AddsBeginOfText && tokens.Length > 0 && tokens[0] == _tokens[0];
        _tokens.AddRange(isDoubledStart ? tokens[1..] : tokens);
    }

    /// <summary>Appends a token; the beginning of text is not doubled.</summary>
    public void Append(TokenId token)
    {
        if (!(_tokens.Count == 1 && _tokens[0] == token && _vocabulary.AddsBeginOfText))
            _tokens.Add(token);
    }

    /// <summary>Appends tokens as they are, in place of all so far.</summary>
    public void Restart(ReadOnlySpan<TokenId> tokens)
    {
        _tokens.Clear();
        _tokens.AddRange(tokens);
    }

    public TokenId[] ToArray() => [.. _tokens];

    /// <summary>
    /// SentencePiece vocabularies put a blank before a text, but not where it continues other text: there it is tokenized
    /// behind a shield whose own tokens are then taken away.
    /// </summary>
    private TokenId[] Tokenize(string text, bool parseSpecial)
    {
        if (_tokens.Count == 0 || _vocabulary.IsSpecial(_tokens[^1]) || !_vocabulary.PutsBlankBefore)
            return _vocabulary.Tokenize(text, parseSpecial);
        var shield = _vocabulary.Tokenize(Shield, parseSpecial: false);
        var shielded = _vocabulary.Tokenize(Shield + text, parseSpecial);
        return shielded.AsSpan().StartsWith(shield) ? shielded[shield.Length..] : _vocabulary.Tokenize(text, parseSpecial);
    }
}
