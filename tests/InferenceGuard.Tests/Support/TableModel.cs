// A language model whose every probability is written down, so that a search over it can be checked exactly.

using System.Text;
using InferenceGuard.Model;

namespace InferenceGuard.Tests.Support;

/// <summary>
/// A model over whole words: the next word's probabilities are a function of the words so far. Its context keeps
/// sequences as plain lists and checks every rule of the seam, so that a wrong fork or a wrong row shows as a failure.
/// </summary>
internal sealed class TableModel : ILanguageModel
{
    private readonly string[] _words;
    private readonly Func<string, IReadOnlyDictionary<string, double>> _next;

    /// <param name="next">Text so far ("" at the start; words joined by blanks) to next-word probabilities; "." ends a text.</param>
    /// <param name="words">The vocabulary beside "." and the prompt's word "?".</param>
    public TableModel(Func<string, IReadOnlyDictionary<string, double>> next, params string[] words)
    {
        (_next, _words) = (next, [".", "?", .. words]);
        Vocabulary = new WordVocabulary(_words);
    }

    /// <summary>Numbers of a hidden state.</summary>
    public const int HiddenWidth = 2;

    /// <summary>Text so far to the hidden state after it, [2].</summary>
    public Func<string, float[]> Hidden { get; init; } = static _ => new float[HiddenWidth];

    public ModelInfo Info => new()
    {
        Path = "table", Architecture = "table", Name = "table", ParameterCount = 0, SizeBytes = 0, Quantization = "none",
        VocabularySize = _words.Length, HiddenWidth = HiddenWidth, LayerCount = 1, TrainedContextTokens = 1000, CellSizeBytes = 0,
    };

    public Vocabulary Vocabulary { get; }

    public ChatTemplate ChatTemplate { get; } = new OneTokenTemplate();

    /// <summary>Rows of every decode so far.</summary>
    public List<int> DecodedRows { get; } = [];

    /// <summary>Sequences that hold tokens after the last call; what a search leaks stays here.</summary>
    public int OccupiedSequences { get; private set; }

    public ILanguageContext CreateContext(ContextOptions options) => new TableContext(this, options);

    public void Dispose()
    {
    }

    private sealed class TableContext(TableModel model, ContextOptions options) : ILanguageContext
    {
        private readonly Dictionary<int, List<Cell>> _sequences = [];
        private float[] _logits = [];
        private float[] _hidden = [];

        public int CellCapacity => options.CellCount;

        public int MaxSequences => options.MaxSequences;

        public int MaxBatchRows => 256;

        public ReadOnlySpan<float> Logits => _logits;

        public ReadOnlySpan<float> Hidden => options.HiddenStates ? _hidden : [];

        public void Prefill(SequenceId sequence, ReadOnlySpan<TokenId> tokens, CancellationToken cancellation)
        {
            foreach (var token in tokens)
                Tokens(sequence).Add(new(token.Value));
            CheckCells();
        }

        public void Decode(DecodeBatch batch, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            model.DecodedRows.Add(batch.Count);
            _logits = new float[batch.Count * model._words.Length];
            _hidden = new float[batch.Count * HiddenWidth];
            var seen = new HashSet<int>();
            for (var row = 0; row < batch.Count; row++)
            {
                var cell = new Cell(batch.Token(row).Value);
                var first = Tokens(batch.Sequences(row)[0]).ToArray();
                foreach (var sequence in batch.Sequences(row))
                {
                    Assert.That(seen.Add(sequence.Value), "a sequence stands in two rows of one decode");
                    Assert.That(Tokens(sequence), Is.EqualTo(first), "sequences that differ share a row");
                    Tokens(sequence).Add(cell);
                }
                WriteLogits(Tokens(batch.Sequences(row)[0]), row);
            }
            CheckCells();
            model.OccupiedSequences = _sequences.Values.Count(static tokens => tokens.Count > 0);
        }

        public void Fork(SequenceId source, SequenceId target) => _sequences[Checked(target)] = [.. Tokens(source)];

        public void Drop(SequenceId sequence)
        {
            _sequences.Remove(Checked(sequence));
            model.OccupiedSequences = _sequences.Values.Count(static tokens => tokens.Count > 0);
        }

        public int Length(SequenceId sequence) => Tokens(sequence).Count;

        public void Dispose()
        {
        }

        // Forked sequences share their cells, so the cells in use are the distinct ones.
        private void CheckCells() => Assert.That(
            _sequences.Values.SelectMany(static cells => cells).Distinct().Count(), Is.LessThanOrEqualTo(CellCapacity), "KV cells in use");

        private void WriteLogits(List<Cell> cells, int row)
        {
            var text = string.Join(' ', cells.Where(static cell => cell.Token != 1).Select(cell => model._words[cell.Token]));
            model.Hidden(text).CopyTo(_hidden, row * HiddenWidth);
            var next = model._next(text);
            for (var token = 0; token < model._words.Length; token++)
                _logits[row * model._words.Length + token] = next.TryGetValue(model._words[token], out var probability) ? (float)Math.Log(probability) : float.NegativeInfinity;
        }

        private List<Cell> Tokens(SequenceId sequence)
        {
            if (!_sequences.TryGetValue(Checked(sequence), out var tokens))
                _sequences[sequence.Value] = tokens = [];
            return tokens;
        }

        private int Checked(SequenceId sequence)
        {
            Assert.That(sequence.Value, Is.InRange(0, MaxSequences - 1), "a sequence beyond the context's slots");
            return sequence.Value;
        }
    }

    // A class, so that two cells with the same token are still two cells.
    private sealed class Cell(int token)
    {
        public int Token { get; } = token;
    }

    private sealed class OneTokenTemplate : ChatTemplate
    {
        public override string Name => "table";

        public override TokenId[] Render(IReadOnlyList<ChatMessage> messages) => [new(1)];
    }

    private sealed class WordVocabulary(string[] words) : Vocabulary
    {
        private readonly byte[][] _pieces = [.. words.Select(static word => Encoding.UTF8.GetBytes(word == "." ? "" : " " + word))];

        public override int Count => words.Length;

        public override TokenId? BeginOfText => null;

        public override bool AddsBeginOfText => false;

        public override TokenId? EndOfText => new(0);

        public override bool IsEndOfGeneration(TokenId token) => token.Value == 0;

        public override ReadOnlySpan<byte> Piece(TokenId token) => _pieces[token.Value];

        public override TokenId[] Tokenize(string text, bool parseSpecial) =>
            [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => new TokenId(Array.IndexOf(words, word)))];
    }
}
