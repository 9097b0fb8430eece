// One rule of a phrase model, as its file states it, and how it counts.

namespace InferenceGuard.Scoring;

/// <summary>One rule: a weight, and the phrases that earn it. What an answer has of it fits in one int, its progress.</summary>
/// <param name="Id">Name for errors, unique in its file.</param>
/// <param name="Weight">Score per count, in cost or reward units; finite.</param>
/// <param name="Groups">Alternatives per group; every group must occur, in any order. 1 to <see cref="MaxGroups"/> groups.</param>
/// <param name="WhenPrompt">Active only if the prompt holds one of these; empty = always.</param>
/// <param name="Most">Counts at most this often; above 1 only with one group.</param>
/// <param name="Ended">Counts only once the model itself ended the answer.</param>
internal sealed record PhraseRule(string Id, double Weight, string[][] Groups, string[] WhenPrompt, int Most, bool Ended)
{
    /// <summary>Most groups of one rule: each is a bit of its progress.</summary>
    public const int MaxGroups = 30;

    /// <summary>Progress after an occurrence: the occurrences so far of a rule with one group, else the set of groups seen.</summary>
    /// <param name="progress">Progress before; 0 at first.</param>
    /// <param name="group">The group a phrase of which occurred.</param>
    public int Advance(int progress, int group) =>
        Groups.Length == 1 ? Math.Min(progress + 1, Most) : progress | (1 << group);

    /// <summary>How often the rule counts. It never falls as progress advances.</summary>
    /// <param name="progress">As <see cref="Advance"/> left it.</param>
    /// <param name="ended">Whether the model ended the answer.</param>
    public int Count(int progress, bool ended) =>
        Ended && !ended ? 0
        : Groups.Length == 1 ? progress
        : progress == (1 << Groups.Length) - 1 ? 1 : 0;
}
