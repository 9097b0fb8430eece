// A block of the search on a real model leaves nothing for the garbage collector.

using InferenceGuard.Compute;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Search;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Search;

internal sealed class BlockSearchTests
{
    [Test]
    [OwnEngine]
    public void Block_SteadyState_AllocatesNothing()
    {
        using var model = LlamaCppModel.Load(RepositoryFiles.Hearth("hearth-base.gguf"), new ModelOptions { Threads = 1 });
        var options = new GuardOptions { Beams = 16, BlockTokens = 8 }.Validate();
        var prompt = Prompt.Build(model, [new ChatMessage("user", "how do i unblock a drain fast?")], options.MaxTokens);
        using var context = BlockSearch.Reserve(model, null, prompt, options, hiddenStates: false, default);
        using var compute = new CpuCompute();
        using var device = compute.OpenBlockEnd(null, model.Info.VocabularySize, []);
        using var search = new BlockSearch(
            model, context, compute, device, false, PhraseCost.Load(RepositoryFiles.Hearth("cost.json")), PhraseReward.Load(RepositoryFiles.Hearth("reward.json")),
            options, new SearchRun(prompt, options.SafetyBudget.Start), 0, CancellationToken.None);
        search.Prefill();
        search.ForwardKept();
        // Buffers grow to their size at first, and methods are compiled more than once.
        Assert.That(Allocations.Of(() => Block(search)), Is.Zero);
    }

    // All verbs of a block but the last, so that every round starts from the same kept beams.
    private static void Block(BlockSearch search)
    {
        search.Fork();
        do
            search.Propose();
        while (search.Forward());
        search.Score();
        search.Select();
    }
}
