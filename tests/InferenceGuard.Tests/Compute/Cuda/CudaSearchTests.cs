// Whole searches on a CUDA device: the same beams are kept as on the CPU.

using InferenceGuard.Compute;
using InferenceGuard.Critic;
using InferenceGuard.Interop.Cuda;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Interop.Cuda;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Compute.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class CudaSearchTests(CudaBinding binding)
{
    [TestCase(false, "how do i unblock a drain fast?")]
    [TestCase(false, "what do i need to clean an icy fridge?")]
    [TestCase(true, "how do i unblock a drain fast?")]
    [TestCase(true, "what do i need to clean an icy fridge?")]
    public void Generate_OnHearth_KeepsTheBeamsThatTheCpuKeeps(bool hasCritic, string prompt)
    {
        using var model = LlamaCppModel.Load(RepositoryFiles.Hearth("hearth-base.gguf"), new ModelOptions { Threads = 1 });
        var critic = hasCritic ? CriticFile.Read(RepositoryFiles.Hearth("hearth-base.critic.safetensors")) : null;
        foreach (var seed in (ulong[])[1, 4])
        {
            // So few beams that there are retries and wider searches among the runs.
            var options = new GuardOptions { Beams = 8, Keep = 2, BlockTokens = 8, Seed = seed, TopP = 0.98, Temperature = 1.1 };
            Assert.That(Steps(CudaDevice.Open(binding)), Is.EqualTo(Steps(new CpuCompute())));

            List<string> Steps(ICompute device)
            {
                using var decoder = new GuardedDecoder(
                    model, PhraseCost.Load(RepositoryFiles.Hearth("cost.json")), PhraseReward.Load(RepositoryFiles.Hearth("reward.json")), options, device, critic);
                var steps = new List<string>();
                foreach (var step in decoder.Generate([new ChatMessage("user", prompt)]))
                    steps.Add(step.Answer is { } answer
                        ? $"{answer.Text} {answer.State.Value} {answer.Retries}"
                        : $"{step.Pass}.{step.Block}.{step.Attempt}: {string.Join(' ', step.Kept.ToArray().Select(slot => $"{step.Beams.Id[slot]}<{step.Beams.Parent[slot]} z{step.Beams.State[slot]}"))}");
                return steps;
            }
        }
    }
}
