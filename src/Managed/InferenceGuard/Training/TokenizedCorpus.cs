// A corpus as rows of tokens, split into what is learnt and what is held out.

namespace InferenceGuard.Training;

/// <summary>A corpus ready for training.</summary>
internal sealed class TokenizedCorpus
{
    private readonly RowPacker _packer;
    private readonly TokenizedDocument[] _training;
    private readonly ulong _seed;

    private TokenizedCorpus(LanguageModelRecipe recipe, TokenizedDocument[] training, TokenizedDocument[] heldOut, int rowTokens)
    {
        _packer = new RowPacker(rowTokens);
        _training = training;
        _seed = recipe.Seed;
        RowTokens = rowTokens;
        HeldOutRows = [.. _packer.Pack(heldOut)];
        Steps = (int)Math.Max(1, Math.Ceiling(recipe.Epochs * _packer.Pack(training).Count() / recipe.RowsPerStep));
    }

    /// <summary>Tokens of a row.</summary>
    public int RowTokens { get; }

    /// <summary>Steps of the whole training.</summary>
    public int Steps { get; }

    /// <summary>Rows of the held-out documents.</summary>
    public IReadOnlyList<TrainingRow> HeldOutRows { get; }

    /// <summary>Rows to learn from, without end; always the same ones for the same seed.</summary>
    public IEnumerable<TrainingRow> TrainingRows() => _packer.Endless(_training, _seed);

    /// <summary>Encodes the documents and holds some of them out.</summary>
    /// <exception cref="GuardException">A conversation is longer than a row.</exception>
    public static TokenizedCorpus Create(LanguageModelRecipe recipe, IReadOnlyList<TrainingDocument> documents, GgufVocabulary vocabulary)
    {
        var encoder = new BpeEncoder(vocabulary);
        var tokenized = documents.Select(document => TokenizedDocument.Encode(document, encoder)).ToArray();
        new SplitMix(recipe.Seed).Shuffle<TokenizedDocument>(tokenized);
        var heldOut = (int)(recipe.HeldOutShare * tokenized.Length);
        var rowTokens = RowTokensFor(recipe, vocabulary.IsChat, tokenized);
        IEnumerable<TokenizedDocument> Fitting(IEnumerable<TokenizedDocument> some) => vocabulary.IsChat ? some : some.SelectMany(document => document.Cut(rowTokens));
        return new TokenizedCorpus(recipe, [.. Fitting(tokenized.Skip(heldOut))], [.. Fitting(tokenized.Take(heldOut))], rowTokens);
    }

    private static int RowTokensFor(LanguageModelRecipe recipe, bool chat, TokenizedDocument[] documents)
    {
        const int DefaultRowTokens = 256, MostRowTokens = 2048;
        var longest = documents.Max(static document => document.InputTokens);
        var fitting = (longest + LanguageModelRecipe.RowGranule - 1) / LanguageModelRecipe.RowGranule * LanguageModelRecipe.RowGranule;
        if (!chat)
            return recipe.RowTokens > 0 ? recipe.RowTokens : Math.Min(DefaultRowTokens, fitting);
        var rowTokens = recipe.RowTokens > 0 ? recipe.RowTokens : Math.Min(MostRowTokens, fitting);
        return longest <= rowTokens
            ? rowTokens
            : throw new GuardException(GuardFault.Usage, $"The longest conversation has {longest + 1} tokens, and a row holds {rowTokens}; raise {nameof(LanguageModelRecipe.RowTokens)} or shorten it.");
    }
}
