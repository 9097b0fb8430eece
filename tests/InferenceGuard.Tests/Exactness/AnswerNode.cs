// A prefix of an answer in an enumerated process, and what can come after it.

using InferenceGuard.Model;

namespace InferenceGuard.Tests.Exactness;

/// <summary>A prefix, with its scores as a text that goes on or is cut here, and as one that the model ended here.</summary>
internal sealed class AnswerNode
{
    public required TokenId[] Tokens { get; init; }

    public required string Text { get; init; }

    public required double Cost { get; init; }

    public required double EndedCost { get; init; }

    public required double Reward { get; init; }

    public required double EndedReward { get; init; }

    /// <summary>Probability of every word, in the order of <see cref="Children"/>, and of the end as the last; empty at D tokens.</summary>
    public double[] Probabilities { get; set; } = [];

    /// <summary>The prefix with one more word; empty at D tokens.</summary>
    public AnswerNode[] Children { get; set; } = [];

    /// <summary>This prefix and all that begin with it.</summary>
    public IEnumerable<AnswerNode> All => Children.SelectMany(static child => child.All).Prepend(this);

    /// <summary>The prefix that more tokens lead to.</summary>
    public AnswerNode After(IEnumerable<int> tokens) =>
        tokens.Aggregate(this, static (node, token) => node.Children.Single(child => child.Tokens[^1].Value == token));
}
