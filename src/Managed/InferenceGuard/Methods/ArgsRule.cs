// What ARGS adds to a token's logit.

namespace InferenceGuard.Methods;

/// <summary>What ARGS adds to a token's logit, times ω.</summary>
internal enum ArgsRule
{
    /// <summary>The reward of the prefix with the token.</summary>
    Reward,

    /// <summary>That reward less λ times its cost.</summary>
    Lagrangian,

    /// <summary>Its cost alone, with a minus.</summary>
    Cost,
}
