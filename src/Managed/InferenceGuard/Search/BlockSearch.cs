// One search over blocks: the buffers of a pass, and the verbs that GuardedDecoder calls in their order.

using InferenceGuard.Compute;
using InferenceGuard.Diagnostics;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.Search;

/// <summary>
/// One search. Kept beams wait in bank slots; their last token is still to be decoded, so that only kept beams pay for
/// it. A block decodes those K tokens, forks N children, and samples d tokens for each with d − 1 decodes.
/// </summary>
internal sealed class BlockSearch : IDisposable
{
    private readonly ILanguageModel _model;
    private readonly ILanguageContext _context;
    private readonly GuardOptions _options;
    private readonly SearchRun _run;
    private readonly bool _hasCritic;
    private readonly ICost _cost;
    private readonly IScoringSession _costSession;
    private readonly IScoringSession _rewardSession;
    private readonly CancellationToken _cancellation;
    private readonly BeamSet _beams;
    private readonly Proposer _proposer;
    private readonly Diversity _diversity;
    private readonly BlockScorer _scorer;
    private readonly Selector _selector;
    private readonly CommittedText _committed;
    private readonly DecodeBatch _batch;
    private readonly SamplingOptions _sampling;
    private readonly float[] _keptLogits;
    private readonly int[] _live;
    private readonly int[] _ended;
    private int _liveCount;
    private int _endedCount;
    private int _offset;
    private int _nextId = 1;
    private bool _hasReserve;

    public BlockSearch(
        ILanguageModel model, ILanguageContext context, ICompute compute, IBlockEnd device, bool hasCritic, ICost cost, IReward reward,
        GuardOptions options, SearchRun run, int pass, CancellationToken cancellation)
    {
        (_model, _context, _options, _run, _cost, _cancellation) = (model, context, options, run, cost, cancellation);
        _hasCritic = hasCritic;
        var (beams, keep) = (options.Beams, options.KeptBeams);
        var blockTokens = Math.Min(options.BlockTokens, options.MaxTokens);
        _beams = new(beams, keep, options.MaxTokens, blockTokens, _hasCritic ? model.Info.HiddenWidth : 0);
        (_costSession, _rewardSession) = OpenSessions(reward);
        _proposer = new(compute, model.Vocabulary, _beams, run.Prompt.Seed(options.Seed));
        _diversity = new(blockTokens, options.Diversity);
        _scorer = new(device, hasCritic, model.Vocabulary, _beams, _costSession, _rewardSession, options, blockTokens);
        _selector = new(_scorer, _beams, dropOverBudget: options.Mode == GuardMode.Strict && cost.IsMonotone, _hasCritic);
        _batch = new(beams, beams + keep);
        _sampling = options.Sampling;
        _keptLogits = new float[(long)keep * model.Info.VocabularySize];
        (_live, _ended) = (new int[keep], new int[keep]);
        _committed = new(model.Vocabulary, cost, run.Prompt.UserText, run.Start, blockTokens, cancellation);
        Step = new(_beams, _selector, _hasCritic, _committed, run) { Pass = pass, Block = -1 };
    }

    /// <summary>What consumers see.</summary>
    public DecodeStep Step { get; }

    /// <summary>Whether any kept beam can still grow, and may.</summary>
    public bool GoesOn => _liveCount > 0 && !_run.IsOverdue(_options);

    /// <summary>Whether the search may be repeated with more beams: if there is time, and nothing was shown that a new search would not begin with.</summary>
    public bool CanWiden => Step.Pass == 0 && _options.Mode == GuardMode.Strict && _options.Widened().Beams > _options.Beams && _committed.Tokens.IsEmpty && !_run.IsOverdue(_options);

    /// <summary>Provides a context with room for a search: the given one if it is large enough, else a new one.</summary>
    public static ILanguageContext Reserve(ILanguageModel model, ILanguageContext? context, Prompt prompt, GuardOptions options, bool hiddenStates, CancellationToken cancellation)
    {
        var sequences = options.Beams + options.KeptBeams;
        var cells = prompt.Tokens.Length + options.KeptBeams * options.MaxTokens + options.Beams * Math.Min(options.BlockTokens, options.MaxTokens);
        if (context is not null && !model.SharesCache && context.CellCapacity >= cells && context.MaxSequences >= sequences && context.MaxBatchRows >= options.Beams)
            return context;
        context?.Dispose();
        return model.CreateContext(new() { CellCount = cells, MaxSequences = sequences, HiddenStates = hiddenStates, Cancellation = cancellation });
    }

    /// <summary>Prefill: the prompt but its last token, into the first bank slot.</summary>
    public void Prefill()
    {
        var begin = Timings.Begin();
        for (var slot = 0; slot < _beams.Working + _beams.Bank; slot++)
            _context.Drop(new(slot));
        var root = _beams.Working;
        _beams.Clear(root, (float)_run.Start.Value);
        _context.Prefill(new(root), _run.Prompt.Tokens.AsSpan(..^1), _cancellation);
        (_live[0], _liveCount) = (root, 1);
        _run.Timings.End(Stage.Prefill, begin);
    }

    /// <summary>
    /// Forward for the kept beams: decodes the last token of each and keeps the logits for every attempt at the block. A critic
    /// has had it decoded already, except the prompt's.
    /// </summary>
    public void ForwardKept()
    {
        if (!_hasCritic || Step.Block < 0)
        {
            _batch.Clear();
            foreach (var slot in Live)
                _beams.Row[slot] = _batch.Add(_beams.Length[slot] == 0 ? _run.Prompt.Tokens[^1] : _beams.Tokens(slot)[^1], new(slot));
            Decode();
            _context.Logits.CopyTo(_keptLogits);
            if (_hasCritic)
                _beams.AddHidden(_live[0], _context.Hidden);
        }
        _diversity.Clear();
        _run.Blocks++;
        (Step.Block, Step.Attempt) = (Step.Block + 1, 0);
    }

    /// <summary>Apply, first half: gives every live kept beam its share of the N working slots.</summary>
    public void Fork()
    {
        var begin = Timings.Begin();
        // An ended beam's share of the slots rests; a share freed by duplicates goes to the others.
        var children = _beams.Working - _endedCount * (_beams.Working / _beams.Bank);
        for (var child = 0; child < children; child++)
        {
            var parent = _live[(int)((long)child * _liveCount / children)];
            CopyBeam(parent, child);
            _beams.Parent[child] = _beams.Id[parent];
            _beams.Id[child] = _nextId++;
            _beams.BlockStart[child] = _beams.Length[parent];
            _beams.Verdict[child] = BeamVerdict.Outscored;
        }
        Step.Children = children;
        _offset = 0;
        _run.Timings.End(Stage.Select, begin);
    }

    /// <summary>Propose: one sampled token for every live child.</summary>
    public void Propose()
    {
        var begin = Timings.Begin();
        var logits = _offset == 0 ? _keptLogits : _context.Logits;
        _run.SampledTokens += _proposer.Propose(logits, Step.Children, _sampling, _diversity.At(_offset), Step.Pass, Step.Attempt);
        _offset++;
        _run.Timings.End(Stage.Propose, begin);
        _run.Timings.MarkFirstToken();
    }

    /// <summary>
    /// Forward: decodes the sampled tokens, unless the block is full or every child has ended. A critic reads the latents after
    /// the last token of a block too; without one, only kept beams pay for that token.
    /// </summary>
    /// <returns>Whether there is a next token to propose.</returns>
    public bool Forward()
    {
        var isFull = _offset == _options.BlockTokens;
        if ((isFull && !_hasCritic) || !_proposer.Pack(Step.Children, _batch))
            return false;
        Decode();
        if (_hasCritic)
            ReadLatents(isFull);
        return !isFull;
    }

    /// <summary>Score and Advance: costs, rewards, safety states and scores of the children, and the best candidates.</summary>
    public void Score()
    {
        var begin = Timings.Begin();
        _proposer.MarkDuplicates(Step.Children);
        Step.SafeCount = _scorer.Score(_ended.AsSpan(0, _endedCount), Step.Children, _context.Logits, _context.Hidden);
        _run.Timings.End(Stage.Score, begin);
    }

    /// <summary>Whether no beam is safe and an attempt is left.</summary>
    public bool MustRetry()
    {
        Step.IsRetried = Step.SafeCount == 0 && Step.Attempt < _options.Retries;
        if (Step.IsRetried)
            _selector.Retry();
        return Step.IsRetried;
    }

    /// <summary>Raises diversity for the next attempt (M8).</summary>
    public void Diversify()
    {
        _diversity.Reject(_beams, Step.Children);
        _run.Retries++;
        Step.Attempt++;
    }

    /// <summary>Select: the K best, and the best ended beam so far as a reserve.</summary>
    public void Select()
    {
        var begin = Timings.Begin();
        _selector.Select();
        foreach (var slot in _selector.Candidates)
            if (!_beams.IsLive(slot) && _beams.State[slot] >= 0 && (!_hasReserve || _beams.Score[slot] > _beams.Score[_beams.Reserve]))
            {
                _beams.Copy(slot, _beams.Reserve);
                _hasReserve = true;
            }
        if (_options.Commits && !_selector.Kept.IsEmpty)
        {
            if (_options.CommitLag > 0 && _committed.Overdue(_beams, _selector.Kept[0], _options.CommitLag) is { IsEmpty: false } overdue)
                _selector.KeepAlike(overdue);
            _committed.Extend(_beams, _selector.Kept);
            _hasReserve &= _beams.Tokens(_beams.Reserve).StartsWith(_committed.Tokens);
        }
        _run.Timings.End(Stage.Select, begin);
    }

    /// <summary>Apply, second half: moves the kept beams into the bank and frees every other sequence.</summary>
    public void Apply()
    {
        var begin = Timings.Begin();
        Span<bool> taken = stackalloc bool[_beams.Bank];
        foreach (var slot in _selector.Kept)
            if (slot >= _beams.Working)
                taken[slot - _beams.Working] = true;
        (_liveCount, _endedCount) = (0, 0);
        foreach (var slot in _selector.Kept)
        {
            var bank = slot;
            if (slot < _beams.Working)
            {
                var free = taken.IndexOf(false);
                taken[free] = true;
                CopyBeam(slot, bank = _beams.Working + free);
                if (_hasCritic && _beams.IsLive(bank))
                    KeepLogits(bank, free);
            }
            if (!_beams.IsLive(bank))
                _ended[_endedCount++] = bank;
            else if (!(_hasCritic && _endedCount > 0)) // The critic expects less of it than an ended beam has earned.
                _live[_liveCount++] = bank;
        }
        for (var slot = 0; slot < _beams.Working + _beams.Bank; slot++)
            if (slot < _beams.Working || !Live.Contains(slot))
            {
                _context.Drop(new(slot));
                _scorer.Drop(slot);
            }
        _run.Timings.End(Stage.Select, begin);
    }

    /// <summary>Verifies the ended beams with the real cost of their whole text (M9), best first.</summary>
    /// <returns>The answer, or null if there is none to give.</returns>
    public GuardedAnswer? Verify()
    {
        if (_options.Objective != Objective.Augmented)
            return _endedCount > 0 ? Check(_ended[0]) : null;
        GuardedAnswer? best = null;
        foreach (var slot in _ended.AsSpan(0, _endedCount))
        {
            var answer = Check(slot);
            if (answer.Safe)
                return answer;
            best ??= answer;
        }
        if (_hasReserve && Check(_beams.Reserve) is { Safe: true } reserve)
            return reserve;
        return _options.Mode == GuardMode.BestEffort ? best : null;
    }

    /// <summary>Makes the last step, with the answer or the abstention.</summary>
    /// <param name="answer">A verified answer, or null to abstain.</param>
    public DecodeStep Finish(GuardedAnswer? answer)
    {
        _run.Timings.MarkAnswer();
        Step.Answer = answer ?? _run.Answer(_options.AbstentionText, null, true, FinishReason.ContentFilter, _run.Start.Value, 0, 0, [], Step.Pass);
        return Step;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _costSession.Dispose();
        _rewardSession.Dispose();
        ReleaseContext();
    }

    // What cannot be opened must not keep what was: others wait for the place in a shared cache.
    private (IScoringSession Cost, IScoringSession Reward) OpenSessions(IReward reward)
    {
        IScoringSession? session = null;
        try
        {
            session = _cost.Open(_run.Prompt.UserText, _beams.Working + _beams.Bank, _cancellation);
            return (session, reward.Open(_run.Prompt.UserText, _beams.Working + _beams.Bank, _cancellation));
        }
        catch
        {
            session?.Dispose();
            ReleaseContext();
            throw;
        }
    }

    private void ReleaseContext()
    {
        if (_model.SharesCache)
            _context.Dispose();
    }

    private ReadOnlySpan<int> Live => _live.AsSpan(0, _liveCount);

    private void CopyBeam(int source, int target)
    {
        _beams.Copy(source, target);
        if (!_beams.IsLive(source))
            return; // An ended beam is never extended: it needs neither cells nor scoring state.
        _context.Fork(new(source), new(target));
        _scorer.Fork(source, target);
    }

    private void KeepLogits(int slot, int row)
    {
        var width = _model.Info.VocabularySize;
        _context.Logits.Slice(_beams.Row[slot] * width, width).CopyTo(_keptLogits.AsSpan(row * width));
        _beams.Row[slot] = row;
    }

    private void ReadLatents(bool isFull)
    {
        var begin = Timings.Begin();
        for (var slot = 0; slot < Step.Children; slot++)
            if (_beams.IsLive(slot))
                _beams.AddHidden(slot, _context.Hidden);
        if (!isFull && IsHalving())
            _scorer.Prune(Step.Children, _context.Logits, _context.Hidden);
        _run.Timings.End(Stage.Score, begin);
    }

    // Halvings stand at equal distances within a block: after i·d / (halvings + 1) tokens.
    private bool IsHalving()
    {
        for (var halving = 1; halving <= _options.Halvings; halving++)
            if (_offset == halving * _options.BlockTokens / (_options.Halvings + 1))
                return true;
        return false;
    }

    private void Decode()
    {
        var begin = Timings.Begin();
        _context.Decode(_batch, _cancellation);
        _run.DecodedTokens += _batch.Count;
        _run.Timings.End(Stage.Forward, begin);
    }

    // Safe means both: the trajectory kept (M3), and the whole text, scored afresh, costs no more than the budget.
    private GuardedAnswer Check(int slot)
    {
        var text = _model.Vocabulary.Detokenize(_beams.Tokens(slot));
        var ended = _beams.End[slot] == EndReason.EndOfText;
        var cost = _cost.Score(_run.Prompt.UserText, text, ended, _cancellation);
        if (!double.IsFinite(cost))
            throw new GuardException(GuardFault.Generation, $"The cost model '{_cost.Name}' gave {cost} for the final text; a cost must be finite. No text is returned.");
        var safe = _beams.State[slot] >= 0 && _run.Start.Value - cost >= 0;
        return _run.Answer(text, _beams.Id[slot], safe, ended ? FinishReason.Stop : FinishReason.Length, _beams.State[slot], cost, _beams.Reward[slot], _beams.TokensWithLogProbs(slot), Step.Pass);
    }
}
