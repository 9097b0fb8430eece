// The cross-entropy that llama.cpp's own decoding gives a text, as a reference for the trainer's.

using InferenceGuard.Model;

namespace InferenceGuard.Tests.Support;

/// <summary>The cross-entropy of token sequences under a model decoded by llama.cpp.</summary>
internal static class LlamaCppLoss
{
    /// <summary>Mean of −ln p over the targets of all documents, in nats, summed in float64.</summary>
    /// <param name="path">The model.</param>
    /// <param name="documents">Token ids, and how many at the beginning are no targets.</param>
    public static double Mean(string path, params (int[] Tokens, int ContextTokens)[] documents)
    {
        using var model = LlamaCppModel.Load(path, TinyModel.OneThread);
        var (sum, count) = (0.0, 0);
        foreach (var (tokens, contextTokens) in documents)
        {
            using var context = model.CreateContext(new ContextOptions { CellCount = 512, MaxSequences = 1, Exact = true });
            var batch = new DecodeBatch(1, 1);
            for (var target = 1; target < tokens.Length; target++)
            {
                batch.Clear();
                batch.Add(new TokenId(tokens[target - 1]), new SequenceId(0));
                context.Decode(batch, CancellationToken.None);
                if (target < contextTokens)
                    continue;
                sum -= LogProb(context.Logits, tokens[target]);
                count++;
            }
        }

        return sum / count;
    }

    private static double LogProb(ReadOnlySpan<float> logits, int token)
    {
        var sum = 0.0;
        foreach (var logit in logits)
            sum += Math.Exp(logit - logits[token]);
        return -Math.Log(sum);
    }
}
