// One wave of a collection: all samples of a few prompts, decoded in lockstep.

using System.Numerics.Tensors;
using InferenceGuard.Compute;
using InferenceGuard.Model;
using InferenceGuard.Search;

namespace InferenceGuard.Rollouts;

/// <summary>
/// Decodes waves. Sample s of the prompt at place p is sequence p · samples + s. The prompt's last token is a decode step, not part of
/// the prefill, so that position 0 has the latents that a search sees. Samples that are still equal share a row.
/// </summary>
internal sealed class RolloutWave(ILanguageModel model, ILanguageContext context, ICompute compute, RolloutManifest manifest, int places)
{
    // The search draws with passes 0 and 1; rollouts are another stream of the same prompt and seed.
    private const uint Pass = 2;

    private readonly int _samples = manifest.PerPrompt;
    private readonly int _width = model.Info.HiddenWidth;
    private readonly int[] _endTokens = model.Vocabulary.EndTokens;
    private readonly Sequence[] _sequences = [.. Enumerable.Range(0, places * manifest.PerPrompt).Select(_ => new Sequence(manifest.MaxTokens, model.Info.HiddenWidth))];
    private readonly DecodeBatch _batch = new(places * manifest.PerPrompt, places * manifest.PerPrompt);
    private readonly int[] _drawn = new int[places * manifest.PerPrompt];
    private readonly int[] _rows = new int[places * manifest.PerPrompt];
    private readonly PhiloxCounter[] _counters = new PhiloxCounter[places * manifest.PerPrompt];
    private readonly int[] _tokens = new int[places * manifest.PerPrompt];
    private readonly float[] _logProbs = new float[places * manifest.PerPrompt];

    /// <summary>Tokens decoded so far, over all waves.</summary>
    public long DecodedTokens { get; private set; }

    /// <summary>Decodes a wave to its end.</summary>
    /// <param name="prompts">Its prompts.</param>
    /// <param name="finish">Called with the place of a prompt when its last sample has ended.</param>
    /// <param name="cancellation">Honoured within one decode.</param>
    public void Decode(Prompt[] prompts, Action<int> finish, CancellationToken cancellation)
    {
        Begin(prompts, cancellation);
        var open = Enumerable.Range(0, prompts.Length).ToList();
        while (open.Count > 0)
        {
            context.Decode(_batch, cancellation);
            DecodedTokens += _batch.Count;
            Record(prompts.Length * _samples);
            Draw(prompts);
            Pack(prompts.Length * _samples);
            foreach (var place in open.Where(place => Of(place).All(static sequence => sequence.End != EndReason.None)).ToArray())
            {
                finish(place);
                open.Remove(place);
            }
        }
    }

    /// <summary>The trajectories of a finished prompt with their latents, sample after sample.</summary>
    /// <param name="place">The prompt's place in the wave.</param>
    /// <param name="score">Makes a trajectory of an answer.</param>
    public (Trajectory[] Trajectories, Half[] Hidden, float[] Summary) Take(int place, Func<SampledAnswer, Trajectory> score)
    {
        var trajectories = new Trajectory[_samples];
        var (hidden, summary) = (new List<Half>(), new List<float>());
        foreach (var (sample, sequence) in Of(place).Index())
        {
            var first = summary.Count / LogitSummary.Width;
            trajectories[sample] = score(new(sample, sequence.Tokens[..sequence.Length], sequence.LogProbs[..sequence.Length], sequence.End, first));
            hidden.AddRange(sequence.Hidden.AsSpan(0, sequence.Positions * _width));
            summary.AddRange(sequence.Summary.AsSpan(0, sequence.Positions * LogitSummary.Width));
        }
        return (trajectories, [.. hidden], [.. summary]);
    }

    private IEnumerable<Sequence> Of(int place) => _sequences.Skip(place * _samples).Take(_samples);

    private void Begin(Prompt[] prompts, CancellationToken cancellation)
    {
        _batch.Clear();
        for (var sequence = 0; sequence < _sequences.Length; sequence++)
            context.Drop(new(sequence));
        for (var place = 0; place < prompts.Length; place++)
        {
            var first = place * _samples;
            context.Prefill(new(first), prompts[place].Tokens.AsSpan(..^1), cancellation);
            var row = _batch.Add(prompts[place].Tokens[^1], new(first));
            for (var sample = 0; sample < _samples; sample++)
            {
                _sequences[first + sample].Begin(row);
                if (sample == 0)
                    continue;
                context.Fork(new(first), new(first + sample));
                _batch.Share(new(first + sample));
            }
        }
    }

    // The latents of the state in which the next token will be drawn.
    private void Record(int count)
    {
        var vocabulary = model.Info.VocabularySize;
        foreach (var sequence in _sequences.AsSpan(0, count))
        {
            if (sequence.End != EndReason.None)
                continue;
            TensorPrimitives.ConvertToHalf(context.Hidden.Slice(sequence.Row * _width, _width), sequence.Hidden.AsSpan(sequence.Positions * _width));
            LogitSummary.Of(context.Logits.Slice(sequence.Row * vocabulary, vocabulary), _endTokens, sequence.Summary.AsSpan(sequence.Positions * LogitSummary.Width, LogitSummary.Width));
            sequence.Positions++;
        }
    }

    private void Draw(Prompt[] prompts)
    {
        var draws = 0;
        for (var index = 0; index < prompts.Length * _samples; index++)
        {
            var sequence = _sequences[index];
            if (sequence.End != EndReason.None)
                continue;
            (_drawn[draws], _rows[draws]) = (index, sequence.Row);
            _counters[draws++] = new(prompts[index / _samples].Seed(manifest.Seed), (uint)(index % _samples), (uint)sequence.Length, 0, Pass);
        }
        var options = new SamplingOptions((float)manifest.Temperature, manifest.TopK, (float)manifest.TopP, (float)manifest.MinP);
        compute.Sample(context.Logits, model.Info.VocabularySize, _rows.AsSpan(0, draws), _counters.AsSpan(0, draws), options, [], _tokens, _logProbs);
        for (var draw = 0; draw < draws; draw++)
        {
            var sequence = _sequences[_drawn[draw]];
            if (model.Vocabulary.IsEndOfGeneration(new(_tokens[draw])))
                sequence.End = EndReason.EndOfText;
            else
                sequence.Append(new(_tokens[draw]), _logProbs[draw]);
            if (sequence.End != EndReason.None)
                context.Drop(new(_drawn[draw]));
        }
    }

    private void Pack(int count)
    {
        _batch.Clear();
        for (var index = 0; index < count; index++)
            _rows[index] = _sequences[index].Row;
        for (var index = 0; index < count; index++)
        {
            var sequence = _sequences[index];
            if (sequence.End != EndReason.None || sequence.IsPacked)
                continue;
            var row = _batch.Add(sequence.Tokens[sequence.Length - 1], new(index));
            sequence.Row = row;
            for (var other = index + 1; other < count; other++)
            {
                var twin = _sequences[other];
                if (_rows[other] != _rows[index] || twin.End != EndReason.None || twin.Tokens[twin.Length - 1] != sequence.Tokens[sequence.Length - 1])
                    continue;
                _batch.Share(new(other));
                (twin.Row, twin.IsPacked) = (row, true);
            }
        }
        foreach (var sequence in _sequences)
            sequence.IsPacked = false;
    }

    /// <summary>One growing answer and its latents; reused from wave to wave.</summary>
    private sealed class Sequence(int maxTokens, int width)
    {
        public TokenId[] Tokens { get; } = new TokenId[maxTokens];

        public float[] LogProbs { get; } = new float[maxTokens];

        public Half[] Hidden { get; } = new Half[(maxTokens + 1) * width];

        public float[] Summary { get; } = new float[(maxTokens + 1) * LogitSummary.Width];

        public int Length { get; private set; }

        public int Positions { get; set; }

        public int Row { get; set; }

        public bool IsPacked { get; set; }

        public EndReason End { get; set; }

        public void Begin(int row) => (Length, Positions, Row, End) = (0, 0, row, EndReason.None);

        public void Append(TokenId token, float logProb)
        {
            (Tokens[Length], LogProbs[Length]) = (token, logProb);
            if (++Length == Tokens.Length)
                End = EndReason.Length;
        }
    }
}
