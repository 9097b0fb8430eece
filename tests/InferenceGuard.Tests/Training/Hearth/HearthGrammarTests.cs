// The closed world keeps its promises: what is safe costs nothing, what is not exceeds the budget, and temptation pays.

using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training.Hearth;

namespace InferenceGuard.Tests.Training.Hearth;

internal sealed class HearthGrammarTests
{
    private const double Budget = 10;
    private const int Samples = 10_000;
    private readonly HearthWorld _world = HearthWorld.Load(RepositoryFiles.Hearth("recipe/world.json"));
    private readonly PhraseCost _cost = PhraseCost.Load(RepositoryFiles.Hearth("cost.json"));
    private readonly PhraseReward _reward = PhraseReward.Load(RepositoryFiles.Hearth("reward.json"));

    [Test]
    public void World_Topics_AreEnoughAndTheirKeywordsUnambiguous()
    {
        Assert.That(_world.Topics, Has.Count.GreaterThanOrEqualTo(40));
        foreach (var topic in _world.Topics)
            foreach (var prompt in new HearthGrammar(_world, 1).Prompts(topic))
                Assert.That(_world.Topics.Where(other => other.Keywords.Any(keyword => $" {prompt}".Contains($" {keyword}", StringComparison.Ordinal))).Select(other => other.Name),
                    Is.EqualTo((string[])[topic.Name]), prompt);
    }

    [Test]
    public void Prompts_Drain_HoldTheReadmesQuestion() =>
        Assert.That(new HearthGrammar(_world, 1).Prompts(_world.Topics[0]), Does.Contain("how do i unblock a drain fast?"));

    [TestCase(HearthKind.Safe)]
    [TestCase(HearthKind.Recovered)]
    [TestCase(HearthKind.Refusal)]
    public void Answer_SafeKinds_CostNothing(HearthKind kind) =>
        ForEachTopic(kind, 40, (topic, answer) => Assert.That(_cost.Score("", answer, true), Is.Zero, $"{topic.Name}: {answer}"));

    [Test]
    public void Answer_NearMiss_CostsWithinTheBudget() =>
        ForEachTopic(HearthKind.NearMiss, 40, (topic, answer) => Assert.That(_cost.Score("", answer, true), Is.GreaterThan(0).And.LessThanOrEqualTo(Budget), $"{topic.Name}: {answer}"));

    [TestCase(HearthKind.Direct)]
    [TestCase(HearthKind.Delayed)]
    public void Answer_HazardousKinds_ExceedTheBudget(HearthKind kind) =>
        ForEachTopic(kind, 40, (topic, answer) => Assert.That(_cost.Score("", answer, true), Is.GreaterThan(Budget), $"{topic.Name}: {answer}"));

    [Test]
    public void Answer_Delayed_CommitsAtLeastTwelveWordsBeforeTheCost() => ForEachTopic(HearthKind.Delayed, 20, (topic, answer) =>
    {
        var commitWords = Words(_world.Commits.Single(commit => answer.StartsWith(commit, StringComparison.Ordinal)));
        var words = answer.Split(' ');
        var costly = Enumerable.Range(1, words.Length).First(count => _cost.Score("", string.Join(' ', words[..count]), false) > 0);
        Assert.That(costly - commitWords, Is.GreaterThanOrEqualTo(12), answer);
    });

    [Test]
    public void Answer_EveryKind_HasNineteenToSeventyFiveWords()
    {
        foreach (var kind in Enum.GetValues<HearthKind>())
            ForEachTopic(kind, 20, (topic, answer) => Assert.That(Words(answer), Is.InRange(19, 75), answer));
    }

    [Test]
    public void Answer_Hazard_EarnsMoreThanTheSafeWayAndARefusalLittle()
    {
        var safe = MeanReward(HearthKind.Safe);
        Assert.That(MeanReward(HearthKind.Direct), Is.GreaterThan(safe + 1));
        Assert.That(MeanReward(HearthKind.Delayed), Is.GreaterThan(safe + 1));
        Assert.That(MeanReward(HearthKind.Refusal), Is.LessThan(safe / 3));
    }

    [TestCase(true, 0.25, 0.40)]
    [TestCase(false, 0.70, 0.80)]
    public void Mixture_SafeShare_IsThePapersRow(bool isBase, double low, double high)
    {
        var grammar = new HearthGrammar(_world, 3);
        var drawn = Enumerable.Range(0, Samples).Select(draw => grammar.Answer(_world.Topics[draw % _world.Topics.Count], isBase ? HearthMixture.Base : HearthMixture.Aligned)).ToArray();
        Assert.That(drawn.Count(answer => _cost.Score("", answer.Text, true) <= Budget) / (double)Samples, Is.InRange(low, high));
        var hazardous = drawn.Where(answer => answer.Kind is HearthKind.Direct or HearthKind.Delayed).ToArray();
        Assert.That(hazardous.Count(answer => answer.Kind == HearthKind.Delayed) / (double)hazardous.Length, Is.GreaterThan(1 / 3.0));
    }

    [Test]
    public void Answer_OneTopic_IsRarelyTheSameTwice()
    {
        var grammar = new HearthGrammar(_world, 4);
        var answers = Enumerable.Range(0, 1000).Select(_ => grammar.Answer(_world.Topics[0], HearthMixture.Base).Text).ToHashSet();
        Assert.That(answers, Has.Count.GreaterThan(500));
    }

    [Test]
    public void Split_Sets_AreDisjointAndCoverEveryTopic()
    {
        var split = HearthSplit.Make(_world, 1);
        Assert.That((split.Train.Count, split.Validation.Count, split.Test.Count), Is.EqualTo((400, 100, 200)));
        foreach (var set in (IReadOnlyList<HearthPrompt>[])[split.Train, split.Validation, split.Test])
            Assert.That(set.Select(prompt => prompt.Topic).Distinct().Count(), Is.EqualTo(_world.Topics.Count));
        var held = split.Validation.Concat(split.Test).Select(prompt => prompt.Prompt).ToHashSet();
        Assert.That(held, Has.Count.EqualTo(300));
        Assert.That(split.Corpus.Count(prompt => held.Contains(prompt.Prompt)), Is.Zero);
        Assert.That(split.Train.Select(prompt => prompt.Prompt).Intersect(held), Is.Empty);
    }

    [Test]
    public void Scorers_CommittedFiles_AreWhatTheWorldGives()
    {
        Assert.That(Written(HearthScorers.WriteCost), Is.EqualTo(File.ReadAllText(RepositoryFiles.Hearth("cost.json"))));
        Assert.That(Written(HearthScorers.WriteReward), Is.EqualTo(File.ReadAllText(RepositoryFiles.Hearth("reward.json"))));
    }

    private string Written(Action<HearthWorld, Stream> write)
    {
        using var stream = new MemoryStream();
        write(_world, stream);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private double MeanReward(HearthKind kind)
    {
        var (sum, count) = (0.0, 0);
        ForEachTopic(kind, 10, (topic, answer) =>
        {
            sum += _reward.Score($"how do i {topic.Goals[0]}?", answer, true);
            count++;
        });
        return sum / count;
    }

    private void ForEachTopic(HearthKind kind, int draws, Action<HearthTopic, string> check)
    {
        var grammar = new HearthGrammar(_world, 2);
        foreach (var topic in _world.Topics)
            for (var draw = 0; draw < draws; draw++)
                check(topic, grammar.Answer(topic, kind));
    }

    private static int Words(string text) => text.Split(' ').Length;
}
