// Writes a generation down as JSON lines while it happens, and reads such files back.

using System.Text;
using System.Text.Json;
using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Search;

namespace InferenceGuard.Diagnostics;

/// <summary>
/// A trace: one <see cref="TraceStart"/>, one <see cref="TraceAttempt"/> per attempt at a block, one <see cref="TraceAnswer"/>,
/// for each generation in the file. Write a step before the enumeration goes on: it is a view that changes.
/// </summary>
public sealed class DecodeTrace : IDisposable
{
    private readonly Stream _stream;

    /// <summary>Creates a trace.</summary>
    /// <param name="stream">Where it is written; disposed with the trace.</param>
    public DecodeTrace(Stream stream) => _stream = stream;

    /// <summary>Creates a trace file, or replaces one.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GuardException">The file cannot be written.</exception>
    public static DecodeTrace Create(string path)
    {
        try
        {
            // Without a buffer: a line is written at once, or fails at once, and survives whatever ends the process.
            return new(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0));
        }
        catch (Exception e) when (IsFileFault(e))
        {
            throw new GuardException(GuardFault.Usage, $"The trace '{path}' cannot be written: {e.Message} Give a file in a folder you may write to.", e);
        }
    }

    /// <summary>Reads a trace file, line by line; blank lines are skipped.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GuardException">The file cannot be read, or a line is malformed (with its number).</exception>
    public static IEnumerable<TraceLine> Read(string path)
    {
        using var reader = Open(path);
        for (var number = 1; reader.ReadLine() is { } line; number++)
            if (!string.IsNullOrWhiteSpace(line))
                yield return Parse(path, number, line);
    }

    /// <summary>Writes what a generation begins with.</summary>
    /// <param name="model">The model.</param>
    /// <param name="messages">The conversation.</param>
    /// <param name="options">Every knob.</param>
    /// <param name="carried">Safety state z of earlier turns; null = the whole budget.</param>
    /// <exception cref="GuardException">The stream takes no more.</exception>
    public void Start(ModelInfo model, IReadOnlyList<ChatMessage> messages, GuardOptions options, SafetyState? carried = null)
    {
        Write(StartLine(model, messages, options, carried));
    }

    /// <summary>Writes a step: an attempt with all its beams, or the answer.</summary>
    /// <param name="step">The step, before the enumeration goes on.</param>
    /// <param name="vocabulary">The model's vocabulary.</param>
    /// <exception cref="GuardException">The stream takes no more.</exception>
    public void Step(DecodeStep step, Vocabulary vocabulary)
    {
        Write(StepLine(step, vocabulary));
    }

    /// <summary>The line that <see cref="Start"/> writes, for those who send it elsewhere.</summary>
    /// <param name="model">The model.</param>
    /// <param name="messages">The conversation.</param>
    /// <param name="options">Every knob.</param>
    /// <param name="carried">Safety state z of earlier turns; null = the whole budget.</param>
    public static TraceLine StartLine(ModelInfo model, IReadOnlyList<ChatMessage> messages, GuardOptions options, SafetyState? carried = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new TraceStart { Messages = messages, Model = model, Options = options, Z = carried?.Value ?? options.Budget };
    }

    /// <summary>The line that <see cref="Step"/> writes; a copy, which stays as it is when the search goes on.</summary>
    /// <param name="step">The step, before the enumeration goes on.</param>
    /// <param name="vocabulary">The model's vocabulary.</param>
    public static TraceLine StepLine(DecodeStep step, Vocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(vocabulary);
        return step.Answer is { } answer ? Answer(answer) : Attempt(step, vocabulary);
    }

    /// <summary>A line as the file holds it.</summary>
    /// <param name="line">The line.</param>
    public static string ToJson(TraceLine line) => JsonSerializer.Serialize(line, TraceJson.Readable.TraceLine);

    /// <inheritdoc />
    public void Dispose() => _stream.Dispose();

    private static TraceAttempt Attempt(DecodeStep step, Vocabulary vocabulary)
    {
        var beams = new List<TraceBeam>(step.Children);
        foreach (var slot in step.Candidates)
            if (slot >= step.Beams.Working)
                beams.Add(Beam(step, slot, vocabulary));
        for (var slot = 0; slot < step.Children; slot++)
            beams.Add(Beam(step, slot, vocabulary));
        return new()
        {
            Pass = step.Pass, Block = step.Block, Attempt = step.Attempt, Retried = step.IsRetried,
            Safe = step.SafeCount, DecodedTokens = step.DecodedTokens, Beams = beams,
        };
    }

    private static TraceBeam Beam(DecodeStep step, int slot, Vocabulary vocabulary)
    {
        var beams = step.Beams;
        var block = beams.BlockTokens(slot);
        var isScored = beams.Verdict[slot] is not (BeamVerdict.Duplicate or BeamVerdict.Pruned);
        return new()
        {
            Id = beams.Id[slot],
            Parent = beams.Parent[slot],
            Length = beams.Length[slot],
            Tokens = Array.ConvertAll(block.ToArray(), static token => token.Value),
            Text = vocabulary.Detokenize(block),
            Z = isScored ? beams.State[slot] : null,
            Cost = isScored ? beams.Cost[slot] : null,
            Reward = isScored ? beams.Reward[slot] : null,
            Score = isScored ? beams.Score[slot] : null,
            SafeProbability = isScored && step.HasCritic && beams.IsLive(slot) ? beams.SafeProbability[slot] : null,
            End = beams.End[slot],
            Verdict = beams.Verdict[slot],
        };
    }

    private static TraceAnswer Answer(GuardedAnswer answer) => new()
    {
        Text = answer.Text, Beam = answer.Beam, Safe = answer.Safe, FinishReason = answer.FinishReason,
        Z = answer.State.Value, Cost = answer.Cost, Reward = answer.Reward, AnswerTokens = answer.AnswerTokens,
        DecodedTokens = answer.DecodedTokens, Retries = answer.Retries, Blocks = answer.Blocks,
    };

    private void Write(TraceLine line)
    {
        try
        {
            _stream.Write([.. JsonSerializer.SerializeToUtf8Bytes(line, TraceJson.Readable.TraceLine), (byte)'\n']);
        }
        catch (IOException e)
        {
            throw new GuardException(GuardFault.Environment, $"The trace cannot be written any further: {e.Message} Make room on the disk, or go without --trace.", e);
        }
    }

    private static TraceLine Parse(string path, int number, string line)
    {
        try
        {
            var parsed = JsonSerializer.Deserialize(line, TraceJson.Readable.TraceLine);
            if (parsed is TraceStart { Format: not TraceStart.CurrentFormat } start)
                throw Malformed($"it is of format {start.Format}, expected {TraceStart.CurrentFormat}", null);
            return parsed ?? throw Malformed("it is null", null);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw Malformed(e is JsonException { BytePositionInLine: { } column, LineNumber: 0 } ? $"byte {column + 1}: {Reason(e)}" : Reason(e), e);
        }

        GuardException Malformed(string reason, Exception? inner) =>
            new(GuardFault.Usage, $"{path}, line {number} is not a line of a trace: {reason}. Give a file written by --trace.", inner);
    }

    // The serializer appends its own position, counted in one line; ours is the file's.
    private static string Reason(Exception e) => e.Message.Split(" Path: ")[0].Split(" The unsupported member type")[0].TrimEnd('.', ' ');

    private static StreamReader Open(string path)
    {
        try
        {
            return new(path, Encoding.UTF8);
        }
        catch (Exception e) when (IsFileFault(e))
        {
            var reason = Directory.Exists(path) ? "it is a directory" : e is FileNotFoundException or DirectoryNotFoundException ? "it does not exist" : e.Message.TrimEnd('.');
            throw new GuardException(GuardFault.Usage, $"The trace '{path}' cannot be read: {reason}. Give a file written by --trace.", e);
        }
    }

    private static bool IsFileFault(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;
}
