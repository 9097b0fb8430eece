// Collected trajectories against the process that they are samples of.

using InferenceGuard.Search;

namespace InferenceGuard.Tests.Exactness;

internal sealed class RolloutCollectorTests
{
    private static readonly AugmentedProcess s_drawn = new(RestrictedHearth.Options, static _ => false);

    [Test]
    public void Collect_Prefixes_ComeAsOftenAsTheModelSaysThem()
    {
        var (compared, store) = (0, RestrictedHearth.Rollouts);
        foreach (var prompt in RestrictedHearth.Prompts)
        {
            var trajectories = store.Trajectories.Where(one => one.PromptId == prompt).ToArray();
            var counts = trajectories.SelectMany(one => Enumerable.Range(0, one.Positions).Select(position => RestrictedHearth.Answers[prompt].After(one.Tokens.Take(position)))).CountBy(static node => node).ToDictionary();
            foreach (var (at, probability) in s_drawn.Reachable(new(RestrictedHearth.Answers[prompt], 10)).Where(static place => place.Probability > 0.05))
            {
                compared++;
                // Binomial: of these hundred or so numbers one in 20,000 lies beyond five standard deviations, and the seed is fixed.
                var deviation = Math.Sqrt(trajectories.Length * probability * (1 - probability));
                Assert.That(counts.GetValueOrDefault(at.Node), Is.EqualTo(trajectories.Length * probability).Within(5 * deviation), $"\"{at.Node.Text}\"");
            }
        }
        Assert.That(compared, Is.GreaterThan(50));
    }

    [Test]
    public void Collect_Trajectory_EndsWhereTheProcessDoes()
    {
        foreach (var prompt in RestrictedHearth.Prompts)
        {
            var ends = s_drawn.Walk(new(RestrictedHearth.Answers[prompt], 10), static _ => 0).ToDictionary(static end => (end.End.Node, end.End.End), static end => end.End);
            foreach (var trajectory in RestrictedHearth.Rollouts.Trajectories.Where(one => one.PromptId == prompt))
            {
                var end = ends[(RestrictedHearth.Answers[prompt].After(trajectory.Tokens), trajectory.End)];
                Assert.That(trajectory.States[^1], Is.EqualTo(end.State).Within(1e-9), end.Node.Text);
                Assert.That(trajectory.StepCosts, Has.Length.EqualTo(end.Steps), end.Node.Text);
                Assert.That(trajectory.Reward, Is.EqualTo(end.Reward), end.Node.Text);
            }
        }
        Assert.That(RestrictedHearth.Rollouts.Trajectories.Select(static one => (one.End, one.IsSafe)).Distinct(), Is.EquivalentTo(
            new[] { (EndReason.EndOfText, true), (EndReason.EndOfText, false), (EndReason.Length, true), (EndReason.Length, false) }), "every kind of end was seen");
    }
}
