// The safety-augmented process of the paper, solved exactly by dynamic programming.

using InferenceGuard.Search;

namespace InferenceGuard.Tests.Exactness;

/// <summary>
/// Token by token over (prefix, z), with costs charged at block ends as the search charges them (method.md section 2). Some tokens are
/// chosen by the policy; all others are drawn by the model, so that a policy has many trajectories and must be ready for all.
/// </summary>
/// <param name="options">d, D and γ.</param>
/// <param name="isChosen">Whether the policy chooses the token after a prefix of this length.</param>
internal sealed class AugmentedProcess(GuardOptions options, Func<int, bool> isChosen)
{
    /// <summary>(M4), discounted as in (M7): γ^T R where z_T ≥ 0, else −n.</summary>
    public Func<Place, double> Augmented(double penalty) => end => end.IsSafe ? Discounted(end) : -penalty;

    /// <summary>γ^T R, whatever it costs.</summary>
    public double Discounted(Place end) => Math.Pow(options.Discount, end.Steps) * end.Reward;

    /// <summary>The best expected payoff of any policy from here on.</summary>
    public double Value(Place at, Func<Place, double> payoff) =>
        at.IsOver ? payoff(at)
        : isChosen(at.Node.Tokens.Length) ? Moves(at).Max(move => Value(move.To, payoff))
        : Moves(at).Sum(move => move.Probability * Value(move.To, payoff));

    /// <summary>All trajectories that the best policy has with positive probability, by their ends.</summary>
    public IEnumerable<(Place End, double Probability)> Walk(Place at, Func<Place, double> payoff) =>
        at.IsOver ? [(at, 1)]
        : isChosen(at.Node.Tokens.Length) ? Walk(Moves(at).MaxBy(move => Value(move.To, payoff)).To, payoff)
        : Moves(at).SelectMany(move => Walk(move.To, payoff).Select(end => (end.End, move.Probability * end.Probability)));

    /// <summary>Whether some policy ends safely whatever is drawn: a game against the draws, without probabilities or rewards.</summary>
    public bool HasSafePolicy(Place at) =>
        at.IsOver ? at.IsSafe
        : isChosen(at.Node.Tokens.Length) ? Moves(at).Any(move => HasSafePolicy(move.To))
        : Moves(at).All(move => HasSafePolicy(move.To));

    /// <summary>Every state from here on in which a token is to come, with its probability where the model draws all tokens.</summary>
    public IEnumerable<(Place At, double Probability)> Reachable(Place at, double probability = 1) =>
        at.IsOver ? [] : Moves(at).SelectMany(move => Reachable(move.To, probability * move.Probability)).Prepend((at, probability));

    /// <summary>The smallest probability that any trajectory of any policy can have: the product of its draws.</summary>
    public double RarestTrajectory(Place at) =>
        at.IsOver ? 1 : Moves(at).Min(move => (isChosen(at.Node.Tokens.Length) ? 1 : move.Probability) * RarestTrajectory(move.To));

    private IEnumerable<(Place To, double Probability)> Moves(Place at)
    {
        for (var move = 0; move < at.Node.Probabilities.Length; move++)
            if (at.Node.Probabilities[move] > 0)
                yield return (Follow(at, move), at.Node.Probabilities[move]);
    }

    private Place Follow(Place at, int move)
    {
        var isEnded = move == at.Node.Children.Length;
        var node = isEnded ? at.Node : at.Node.Children[move];
        var end = isEnded ? EndReason.EndOfText : node.Tokens.Length == options.MaxTokens ? EndReason.Length : EndReason.None;
        if (end == EndReason.None && node.Tokens.Length % options.BlockTokens != 0)
            return at with { Node = node };
        var cost = isEnded ? node.EndedCost : node.Cost;
        return new(node, (at.State - (cost - at.Charged)) / options.Discount, at.Steps + 1, cost, end); // (M2)
    }
}
