// Everything that a model over a few words can answer to a prompt, with the probability of every step.

using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Exactness;

/// <summary>
/// Enumerates the answers of a <see cref="RestrictedModel"/>: all prefixes of one length are one decode, so that W words and at most D
/// tokens take D decodes of up to W^(D − 1) rows, which must fit the 256 sequences of a cache.
/// </summary>
internal static class AnswerTree
{
    /// <summary>Enumerates.</summary>
    /// <param name="model">The model.</param>
    /// <param name="words">Its words; it may say these and the end of text.</param>
    /// <param name="prompt">The user's text.</param>
    /// <param name="cost">Scores every prefix as a whole text.</param>
    /// <param name="reward">Likewise.</param>
    /// <param name="options">D and the temperature.</param>
    /// <returns>The empty prefix.</returns>
    public static AnswerNode Of(ILanguageModel model, TokenId[] words, string prompt, PhraseCost cost, PhraseReward reward, GuardOptions options)
    {
        var prompted = model.ChatTemplate.Render([new ChatMessage("user", prompt)]);
        var widest = (int)Math.Pow(words.Length, options.MaxTokens - 1);
        using var context = model.CreateContext(new() { CellCount = prompted.Length + 2 * widest, MaxSequences = widest });
        var batch = new DecodeBatch(widest, widest);
        context.Prefill(new(0), prompted.AsSpan(..^1), default);
        var root = Node([]);
        for (AnswerNode[] level = [root]; level[0].Tokens.Length < options.MaxTokens; level = [.. Enumerable.Range(0, words.Length).SelectMany(word => level.Select(node => node.Children[word]))])
        {
            // Node i of a level is sequence i: the first word goes on in its parent's sequence, the others in forks of it.
            var parents = level.Length / words.Length;
            for (var fork = Math.Max(1, parents); fork < level.Length; fork++)
                context.Fork(new(fork % parents), new(fork));
            batch.Clear();
            for (var row = 0; row < level.Length; row++)
                batch.Add(level[row].Tokens.Length == 0 ? prompted[^1] : level[row].Tokens[^1], new(row));
            context.Decode(batch, default);
            foreach (var (row, node) in level.Index())
            {
                node.Probabilities = Probabilities(context.Logits.Slice(row * model.Vocabulary.Count, model.Vocabulary.Count));
                node.Children = [.. words.Select(word => Node([.. node.Tokens, word]))];
            }
        }
        return root;

        AnswerNode Node(TokenId[] tokens)
        {
            var text = model.Vocabulary.Detokenize(tokens);
            return new()
            {
                Tokens = tokens, Text = text, Cost = cost.Score(prompt, text, false), EndedCost = cost.Score(prompt, text, true),
                Reward = reward.Score(prompt, text, false), EndedReward = reward.Score(prompt, text, true),
            };
        }

        double[] Probabilities(ReadOnlySpan<float> logits)
        {
            var weights = Array.ConvertAll(logits.ToArray(), logit => Math.Exp(logit / options.Temperature));
            double[] kept = [.. words.Append(model.Vocabulary.EndOfText!.Value).Select(token => weights[token.Value])];
            Assert.That(kept.Sum(), Is.EqualTo(weights.Sum()).Within(1e-12 * weights.Sum()), "the model can say something that is not enumerated");
            return [.. kept.Select(weight => weight / kept.Sum())];
        }
    }
}
