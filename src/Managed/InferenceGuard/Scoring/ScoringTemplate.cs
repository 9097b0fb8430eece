// How a conversation is laid out for a model that scores it.

using System.Text;
using System.Text.RegularExpressions;
using InferenceGuard.Model;

namespace InferenceGuard.Scoring;

/// <summary>
/// How a prompt and an answer are laid out for a model that scores them: a text with <c>{prompt}</c> and <c>{answer}</c>, and, if wanted,
/// <c>{bos}</c> and <c>{eos}</c>; or <c>chat</c>, the model's own chat template with its end-of-turn token behind the answer. Spellings of
/// special tokens are those tokens in the template only, never in a prompt or an answer.
/// </summary>
public sealed partial class ScoringTemplate
{
    /// <summary>The model's own chat template.</summary>
    public const string Chat = "chat";

    private readonly LlamaCppModel _model;
    private readonly List<Part> _parts = [];

    private ScoringTemplate(LlamaCppModel model) => _model = model;

    private enum Kind
    {
        Text,
        Special,
        Prompt,
        Answer,
    }

    /// <summary>Reads a template for a model.</summary>
    /// <param name="text">The template.</param>
    /// <param name="model">The model that scores.</param>
    /// <exception cref="GuardException">A placeholder is unknown or lacking, or the model lacks a token that it names.</exception>
    public static ScoringTemplate Parse(string text, LlamaCppModel model)
    {
        var template = new ScoringTemplate(model);
        if (text == Chat)
            return template;
        var at = 0;
        foreach (Match match in Mark().Matches(text))
        {
            if (template.Read(match.Value) is not { } part)
                continue; // An ordinary text in angle brackets.
            template.Add(new(Kind.Text, text[at..match.Index], default));
            template.Add(part);
            at = match.Index + match.Length;
        }
        template.Add(new(Kind.Text, text[at..], default));
        foreach (var (kind, name) in ((Kind, string)[])[(Kind.Prompt, "{prompt}"), (Kind.Answer, "{answer}")])
            if (template._parts.Count(part => part.Kind == kind) != 1)
                throw new GuardException(GuardFault.Usage, $"The scoring template needs {name} exactly once: \"{text}\".");
        return template;
    }

    /// <summary>The tokens of a conversation; plain texts between special tokens are tokenized as one.</summary>
    /// <param name="prompt">The user's text.</param>
    /// <param name="answer">The answer.</param>
    public TokenId[] Render(string prompt, string answer)
    {
        var tokens = new PromptTokens((LlamaCppVocabulary)_model.Vocabulary);
        if (_parts.Count == 0)
        {
            tokens.Restart(_model.ChatTemplate.Render([new ChatMessage("user", prompt)]));
            tokens.Append(answer, parseSpecial: false);
            if (_model.Vocabulary.EndOfText is { } end)
                tokens.Append(end);
            return tokens.ToArray();
        }
        var plain = new StringBuilder();
        foreach (var part in _parts)
        {
            if (part.Kind != Kind.Special)
            {
                plain.Append(part.Kind switch { Kind.Prompt => prompt, Kind.Answer => answer, _ => part.Text });
                continue;
            }
            Flush();
            tokens.Append(part.Token);
        }
        Flush();
        return tokens.ToArray();

        void Flush()
        {
            tokens.Append(plain.ToString(), parseSpecial: false);
            plain.Clear();
        }
    }

    private void Add(Part part)
    {
        if (part.Kind != Kind.Text || part.Text.Length > 0)
            _parts.Add(part);
    }

    private Part? Read(string mark)
    {
        var vocabulary = _model.Vocabulary;
        switch (mark)
        {
            case "{prompt}":
                return new(Kind.Prompt, "", default);
            case "{answer}":
                return new(Kind.Answer, "", default);
            case "{bos}":
                return new(Kind.Special, "", vocabulary.BeginOfText ?? throw Lacks(mark));
            case "{eos}":
                return new(Kind.Special, "", vocabulary.EndOfText ?? throw Lacks(mark));
        }
        if (mark[0] == '{')
            throw new GuardException(GuardFault.Usage, $"The scoring template names {mark}; known are {{prompt}}, {{answer}}, {{bos}} and {{eos}}.");
        var tokens = vocabulary.Tokenize(mark, parseSpecial: true);
        return tokens.Length == 1 && ((LlamaCppVocabulary)vocabulary).IsSpecial(tokens[0]) ? new(Kind.Special, "", tokens[0]) : null;
    }

    private GuardException Lacks(string mark) =>
        new(GuardFault.Usage, $"The scoring template names {mark}, which {_model.Info.Path} does not have; leave it away, or give another model.");

    // Placeholders, and what may be the spelling of a special token.
    [GeneratedRegex(@"\{[a-z_]+\}|<[^<>\s]{1,40}>")]
    private static partial Regex Mark();

    private readonly record struct Part(Kind Kind, string Text, TokenId Token);
}
