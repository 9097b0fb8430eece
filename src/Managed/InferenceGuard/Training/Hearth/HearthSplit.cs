// Which questions are for training, which are held out.

namespace InferenceGuard.Training.Hearth;

/// <summary>Disjoint sets of questions; every topic is in each.</summary>
/// <param name="Train">400 questions for rollouts.</param>
/// <param name="Validation">100 questions.</param>
/// <param name="Test">200 questions.</param>
/// <param name="Corpus">All questions that a language model may be trained on: everything but validation and test.</param>
public sealed record HearthSplit(
    IReadOnlyList<HearthPrompt> Train, IReadOnlyList<HearthPrompt> Validation, IReadOnlyList<HearthPrompt> Test, IReadOnlyList<HearthPrompt> Corpus)
{
    /// <summary>Splits the questions of a world.</summary>
    /// <param name="world">The world.</param>
    /// <param name="seed">Seed.</param>
    public static HearthSplit Make(HearthWorld world, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(world);
        var random = new SplitMix(seed);
        var grammar = new HearthGrammar(world, seed);
        // Topics take turns, each with its questions in random order, so that every prefix holds all topics evenly.
        var byTopic = world.Topics.Select(topic =>
        {
            var prompts = grammar.Prompts(topic).Distinct().ToArray();
            random.Shuffle(prompts.AsSpan());
            return prompts.Select(prompt => new HearthPrompt(prompt, topic.Name)).ToArray();
        }).ToArray();
        var turns = Enumerable.Range(0, byTopic.Max(static prompts => prompts.Length))
            .SelectMany(turn => byTopic.Where(prompts => turn < prompts.Length).Select(prompts => prompts[turn])).ToArray();
        var (test, validation, train) = (turns[..200], turns[200..300], turns[300..700]);
        return new(train, validation, test, turns[300..]);
    }
}
