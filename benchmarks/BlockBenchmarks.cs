// One block of the guarded loop on a real model: its time, and the managed memory it allocates (none).

using BenchmarkDotNet.Attributes;
using InferenceGuard.Compute;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Search;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// One attempt at a block from the same kept beams, over and over: fork N children, sample d tokens for each with d − 1
/// decodes, score, select. Divide by N·d for a token.
/// </summary>
[MemoryDiagnoser]
public class BlockBenchmarks : IDisposable
{
    private LlamaCppModel? _model;
    private ILanguageContext? _context;
    private BlockSearch? _search;
    private CpuCompute? _compute;
    private IBlockEnd? _blockEnd;

    /// <summary>N.</summary>
    [Params(16, 32)]
    public int Beams { get; set; }

    /// <summary>Prefills the prompt and decodes the root's last token.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _model = LlamaCppModel.Load(HearthFiles.Model("base"), new ModelOptions());
        var options = new GuardOptions { Beams = Beams, BlockTokens = 8 }.Validate();
        var prompt = Prompt.Build(_model, [new ChatMessage("user", "how do i unblock a drain fast?")], options.MaxTokens);
        _context = BlockSearch.Reserve(_model, null, prompt, options, hiddenStates: false, default);
        _blockEnd = (_compute = new CpuCompute()).OpenBlockEnd(null, _model.Info.VocabularySize, []);
        _search = new(_model, _context, _compute, _blockEnd, false, PhraseCost.Load(HearthFiles.Cost), PhraseReward.Load(HearthFiles.Reward),
            options, new SearchRun(prompt, options.SafetyBudget.Start), 0, default);
        _search.Prefill();
        _search.ForwardKept();
    }

    /// <summary>Frees the native memory.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _search?.Dispose();
        _context?.Dispose();
        _blockEnd?.Dispose();
        _compute?.Dispose();
        _model?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Fork, d × Propose, (d − 1) × Forward, Score, Select.</summary>
    [Benchmark]
    public void Block()
    {
        _search!.Fork();
        do
            _search.Propose();
        while (_search.Forward());
        _search.Score();
        _search.Select();
    }
}
