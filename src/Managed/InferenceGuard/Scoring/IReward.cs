// A task reward of an answer: higher is better.

namespace InferenceGuard.Scoring;

/// <summary>
/// A task reward R(x, y): higher is better. A prefix has the reward it has earned so far. A reward may depend on the
/// tokens' probabilities, which text does not have, so it is asked for through sessions only.
/// </summary>
public interface IReward : IScorer;
