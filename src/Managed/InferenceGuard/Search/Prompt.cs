// A conversation as the search needs it: prompt tokens for the model, the user's text for the scorers.

using InferenceGuard.Model;

namespace InferenceGuard.Search;

/// <summary>A conversation in both forms.</summary>
/// <param name="Tokens">Prompt tokens, the assistant's turn opened; at least one.</param>
/// <param name="UserText">All user turns joined by newlines, as scorers read it.</param>
internal sealed record Prompt(TokenId[] Tokens, string UserText)
{
    /// <summary>
    /// The random stream of this prompt: without it, equal seeds would draw the same quantiles for every prompt, and a
    /// benchmark over many prompts would measure one draw.
    /// </summary>
    /// <param name="seed">The seed asked for.</param>
    public ulong Seed(ulong seed)
    {
        // FNV-1a over the token ids, mixed into the seed.
        var hash = 14695981039346656037ul;
        foreach (var token in Tokens)
            hash = (hash ^ (uint)token.Value) * 1099511628211ul;
        return unchecked(seed * 0x9E3779B97F4A7C15ul) ^ hash;
    }

    /// <summary>Renders a conversation and checks that prompt and answer fit the model.</summary>
    /// <exception cref="GuardException">Nothing was asked, or the model's context is too short.</exception>
    public static Prompt Build(ILanguageModel model, IReadOnlyList<ChatMessage> messages, int maxTokens)
    {
        var (isRaw, userText) = (messages is [{ Role: ChatMessage.Raw }], ChatMessage.UserText(messages));
        if (string.IsNullOrWhiteSpace(userText))
            throw new GuardException(GuardFault.Usage, "The prompt is empty; give the text to answer as an argument, or - to read it from standard input.");
        var tokens = isRaw ? model.Vocabulary.Tokenize(userText, parseSpecial: false) : model.ChatTemplate.Render(messages);
        if (isRaw && model.Vocabulary is { AddsBeginOfText: true, BeginOfText: { } begin })
            tokens = [begin, .. tokens];
        var longest = model.Info.TrainedContextTokens;
        if (tokens.Length + maxTokens > longest)
            throw new GuardException(GuardFault.Usage, $"The prompt has {tokens.Length} tokens and the answer may have {maxTokens}, but the model's context holds {longest}; shorten the prompt or lower --max-tokens.");
        return new(tokens, userText);
    }
}
