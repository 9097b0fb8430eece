// A folder of records: what was asked for, and one JSON line per answer; killed at any moment, it can be gone on with.

using System.Runtime.CompilerServices;
using System.Text.Json;

namespace InferenceGuard.Evaluation;

/// <summary>
/// A folder with <c>manifest.json</c> and <c>records.jsonl</c> (one <see cref="AnswerRecord"/> per line). Every line is flushed to disk;
/// a last line that a kill or a full disk left incomplete is dropped at the next opening. One writer at a time.
/// </summary>
public sealed class RecordStore : IDisposable
{
    private const string ManifestName = "manifest.json", RecordsName = "records.jsonl", LockName = "writer.lock";
    private const byte NewLine = (byte)'\n';

    private readonly string _folder;
    private readonly List<AnswerRecord> _records = [];
    private readonly HashSet<ITuple> _keys = [];
    private FileStream? _stream, _lock;
    private long _completeBytes;

    private RecordStore(string folder, EvaluationManifest manifest) => (_folder, Manifest) = (folder, manifest);

    /// <summary>What was asked for.</summary>
    public EvaluationManifest Manifest { get; }

    /// <summary>All complete records, in the order in which they were added.</summary>
    public IReadOnlyList<AnswerRecord> Records => _records;

    /// <summary>Opens a finished or unfinished evaluation to read it; nothing is changed.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="GuardException">There is none, or its files are wrong.</exception>
    public static RecordStore Open(string folder) => Load(folder);

    /// <summary>Opens an evaluation to go on with it, or begins a new one.</summary>
    /// <param name="folder">The folder; made if it does not exist.</param>
    /// <param name="manifest">What is asked for.</param>
    /// <exception cref="GuardException">The folder holds another evaluation, is in use, or cannot be written.</exception>
    public static RecordStore OpenOrBegin(string folder, EvaluationManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var (path, partial) = (Path.Combine(folder, ManifestName), Path.Combine(folder, ManifestName + ".partial"));
        FileStream? key = null, stream = null;
        try
        {
            // A file of its own: on Unix a lock on the records would shut readers out too. Nothing is read before it is held.
            Writing(folder, () =>
            {
                Directory.CreateDirectory(folder);
                key = new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            });
            var isBegun = File.Exists(path);
            var store = isBegun ? Load(folder) : new(folder, manifest);
            store.Manifest.Require(folder, manifest);
            Writing(folder, () =>
            {
                if (!isBegun)
                {
                    File.WriteAllBytes(partial, JsonSerializer.SerializeToUtf8Bytes(manifest, EvaluationJson.Readable.EvaluationManifest));
                    File.Move(partial, path, overwrite: true);
                }
                stream = new FileStream(Path.Combine(folder, RecordsName), FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
                stream.SetLength(store._completeBytes);
            });
            (store._stream, store._lock) = (stream, key);
            return store;
        }
        catch
        {
            stream?.Dispose();
            key?.Dispose();
            throw;
        }
    }

    /// <summary>Whether an answer is there already.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="method">Name of the method.</param>
    /// <param name="setting">Name of the setting.</param>
    /// <param name="promptId">Identity of the prompt.</param>
    /// <param name="seed">Seed of the answer.</param>
    public bool Has(string model, string method, string setting, string promptId, ulong seed) => _keys.Contains((model, method, setting, promptId, seed));

    /// <summary>Adds an answer, for good.</summary>
    /// <param name="record">The answer; its key must be new.</param>
    /// <exception cref="ArgumentException">There is an answer with its key.</exception>
    /// <exception cref="InvalidOperationException">The store was opened to read.</exception>
    /// <exception cref="GuardException">It has a number that is not finite, or cannot be written; what was complete before is kept.</exception>
    public void Append(AnswerRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        var stream = _stream ?? throw new InvalidOperationException("The store was opened to read.");
        if (_keys.Contains(record.Key))
            throw new ArgumentException($"There is a record of {record.Key}.", nameof(record));
        if (!double.IsFinite(record.Cost) || !double.IsFinite(record.Reward) || !double.IsFinite(record.State) || !double.IsFinite(record.Seconds))
            throw new GuardException(GuardFault.Generation, $"The answer of {record.Method} to prompt {record.PromptId} has cost {record.Cost}, reward {record.Reward}, state {record.State}; all must be finite: correct the cost or the reward.");
        Writing(_folder, () =>
        {
            // What a failed write left behind is overwritten.
            stream.SetLength(_completeBytes);
            stream.Position = _completeBytes;
            stream.Write([.. JsonSerializer.SerializeToUtf8Bytes(record, EvaluationJson.Readable.AnswerRecord), NewLine]);
            stream.Flush(flushToDisk: true);
            _completeBytes = stream.Position;
        });
        _records.Add(record);
        _keys.Add(record.Key);
    }

    /// <summary>Lets another writer in.</summary>
    public void Dispose()
    {
        _stream?.Dispose();
        _lock?.Dispose();
    }

    private static RecordStore Load(string folder)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, ManifestName)), EvaluationJson.Readable.EvaluationManifest)!;
            var store = new RecordStore(folder, manifest);
            store.ReadRecords(Path.Combine(folder, RecordsName));
            return store;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new GuardException(GuardFault.Usage, $"'{folder}' holds no evaluation that can be read: {e.Message.TrimEnd('.')}. Give a folder made by evaluate.", e);
        }
    }

    private void ReadRecords(string path)
    {
        if (!File.Exists(path))
            return;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var rest = bytes.AsSpan();
        for (var line = 1; rest.IndexOf(NewLine) is >= 0 and var length; line++, rest = rest[(length + 1)..])
        {
            try
            {
                var record = JsonSerializer.Deserialize(rest[..length], EvaluationJson.Readable.AnswerRecord) ?? throw new JsonException("it is null");
                if (!_keys.Add(record.Key))
                    throw new JsonException("it repeats the answer of an earlier line");
                _records.Add(record);
            }
            catch (JsonException e)
            {
                throw new GuardException(GuardFault.Usage, $"{path}, line {line}: it is no record of an answer: {e.Message.Split(" Path:")[0].TrimEnd('.')}. Remove the line, and the same command makes its answer again.", e);
            }
            _completeBytes += length + 1;
        }
    }

    private static void Writing(string folder, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The records in '{folder}' cannot be written: {e.Message} Make room, end what else writes there, or choose another --out; the same command goes on where this one stopped.", e);
        }
    }
}
