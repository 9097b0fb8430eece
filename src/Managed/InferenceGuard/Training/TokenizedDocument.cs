// A training document as token ids.

namespace InferenceGuard.Training;

/// <summary>A training document as token ids, markers included.</summary>
/// <param name="Tokens">Token ids, ending with the token that ends a turn or text.</param>
/// <param name="ContextTokens">How many tokens at the beginning are given, not learnt.</param>
internal sealed record TokenizedDocument(int[] Tokens, int ContextTokens)
{
    /// <summary>Tokens the network reads; the last one is only predicted.</summary>
    public int InputTokens => Tokens.Length - 1;

    /// <summary>A ChatML conversation of one question and answer, or a plain text with its end.</summary>
    public static TokenizedDocument Encode(TrainingDocument document, BpeEncoder encoder)
    {
        IEnumerable<int> Text(string text) => encoder.Encode(text).Select(static token => token.Value);
        if (document.Prompt is not { } prompt)
            return new TokenizedDocument([GgufVocabulary.EndOfTextId, .. Text(document.Answer), GgufVocabulary.EndOfTextId], ContextTokens: 1);

        int[] context =
        [
            GgufVocabulary.TurnStartId, .. Text("user\n"), .. Text(prompt), GgufVocabulary.TurnEndId, .. Text("\n"),
            GgufVocabulary.TurnStartId, .. Text("assistant\n"),
        ];
        return new TokenizedDocument([.. context, .. Text(document.Answer), GgufVocabulary.TurnEndId], context.Length);
    }

    /// <summary>Cuts a text that is longer than a row into pieces; each begins with the token the one before ended with.</summary>
    /// <param name="rowTokens">Tokens of a row.</param>
    public IEnumerable<TokenizedDocument> Cut(int rowTokens)
    {
        for (var first = 0; first < InputTokens; first += rowTokens)
            yield return new TokenizedDocument(Tokens[first..Math.Min(Tokens.Length, first + rowTokens + 1)], ContextTokens: 1);
    }
}
