// `serve`: an OpenAI-compatible server.

using System.CommandLine;
using System.Globalization;
using InferenceGuard.App.Server;
using InferenceGuard.Methods;

namespace InferenceGuard.App.Cli;

/// <summary>Serves a model to OpenAI's clients, guarded.</summary>
internal static class ServeCommand
{
    private static readonly ServerOptions s_defaults = new();
    private static readonly GuardOptions s_guard = new();

    public static Command Create(Terminal terminal)
    {
        var host = new Option<string>("--host") { HelpName = "address", Description = "Address to listen on; anything but loopback needs a key.", DefaultValueFactory = static _ => s_defaults.Host };
        var port = new NumberOption<int>("--port", "n", s_defaults.Port, "Port to listen on; 0 = any free one.");
        var keys = new Option<string?>("--api-key-file") { HelpName = "FILE", Description = $"Keys that callers must show, one per line; or one in {KeyVariable}." };
        var open = new Option<bool>("--open") { Description = "Listen beyond loopback without a key." };
        var parallel = new NumberOption<int>("--parallel", "P", 0, $"Searches at the same time; 0 = {s_defaults.Parallel}, or one per processor for a model that decodes with one thread.");
        var caches = new NumberOption<int>("--caches", "n", 0, "KV caches that they are spread over; searches on one are decoded together. 0 = one, or one per processor for a model that decodes with one thread.");
        var prompt = new NumberOption<int>("--prompt-tokens", "n", s_defaults.PromptTokens, "Longest prompt in tokens that the caches have room for.");
        var lag = new NumberOption<int>("--commit-lag", "blocks", s_guard.CommitLag, "Blocks of a stream that are held back at most; 0 = until all kept beams agree.");
        var queue = new NumberOption<int>("--queue", "n", s_defaults.Queue, "Requests that may wait; more are turned away.");
        var rate = new NumberOption<int>("--rate-limit", "n", s_defaults.RateLimit, "Requests per minute and key; 0 = no limit.");
        var choices = new NumberOption<int>("--most-choices", "n", s_defaults.MostChoices, "Most choices of one request.");
        var longest = new NumberOption<double>("--longest-answer", "s", s_defaults.LongestAnswer.TotalSeconds, "Longest time for an answer, in seconds.");
        var page = new Option<bool>("--ui") { Description = "A page at / that shows the search, and traces at /v1/traces." };
        var texts = new Option<bool>("--log-texts") { Description = "Write prompts and answers to the log." };
        var secret = new Option<string?>("--carry-secret-file") { HelpName = "FILE", Description = "Secret that signs carried safety states, so that they outlive a restart." };
        var (modelFlags, guardFlags) = (new ModelFlags(), new GuardFlags());
        var command = new Command("serve", "Serve a model to OpenAI's clients; requests may ask for less than these options, never for more.")
        {
            host, port, keys, open, parallel, caches, prompt, queue, rate, choices, longest, lag, page, texts, secret,
        };
        modelFlags.AddTo(command, takesCritic: true);
        guardFlags.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            var choice = modelFlags.Bind(parsed);
            // One thread leaves the other processors to other caches; more than one are best used on the steps of all searches together.
            var (searches, stores) = choice.Options.Threads == 1 ? (Environment.ProcessorCount, Environment.ProcessorCount) : (s_defaults.Parallel, s_defaults.Caches);
            searches = parsed.GetValue(parallel) is not 0 and var asked ? asked : searches;
            var options = new ServerOptions
            {
                Host = parsed.GetValue(host)!, Port = parsed.GetValue(port), Keys = Keys(parsed.GetValue(keys)), IsOpen = parsed.GetValue(open),
                Parallel = searches, Caches = parsed.GetValue(caches) is not 0 and var spread ? spread : Math.Min(stores, searches), PromptTokens = parsed.GetValue(prompt), Queue = parsed.GetValue(queue), RateLimit = parsed.GetValue(rate), MostChoices = parsed.GetValue(choices),
                LongestAnswer = TimeSpan.FromSeconds(parsed.GetValue(longest)), HasPage = parsed.GetValue(page), LogsTexts = parsed.GetValue(texts), CarrySecret = Secret(parsed.GetValue(secret)),
            }.Validate();
            var method = guardFlags.Bind(parsed, terminal, choice.Critic is not null);
            if (method.Name is not (AnswerMethods.InferenceGuard or AnswerMethods.WithCritic))
                throw new GuardException(GuardFault.Usage, $"--method is {method.Name}; a server answers with {AnswerMethods.InferenceGuard} or {AnswerMethods.WithCritic}.");
            method = method with { Settings = method.Settings with { Guard = (method.Options with { CommitLag = parsed.GetValue(lag) }).Validate() } };
            var log = new Lock();
            using var served = ServedModel.Open(choice, method, options, terminal.Note);
            await using var server = await ServerHost.Start(served, options, Log);
            terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{served.Name} at {server.Url}/v1 · {options.Parallel} searches at a time{(options.Keys.Count > 0 ? $" · {options.Keys.Count} keys" : "")}{(options.HasPage ? $" · page at {server.Url}/" : "")} · Ctrl-C ends it"));
            var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var interrupt = terminal.OnInterrupt(() => stopped.TrySetResult());
            using var ended = server.Stopping.Register(() => stopped.TrySetResult());
            await stopped.Task;
            Log("Finishing what is being answered; Ctrl-C again ends at once.");
            return CommandLine.Ok;

            // Requests end on many threads.
            void Log(string line)
            {
                lock (log)
                    terminal.Note(line);
            }
        });
        return command;
    }

    private const string KeyVariable = "INFERENCEGUARD_API_KEY";

    private static IReadOnlyList<string> Keys(string? path) => (path, Environment.GetEnvironmentVariable(KeyVariable)) switch
    {
        ({ }, _) => ApiKeys.Read(path),
        (null, { Length: >= 16 } key) => [key],
        (null, { Length: > 0 }) => throw new GuardException(GuardFault.Usage, $"{KeyVariable} has fewer than 16 characters and could be guessed; make a key with: openssl rand -hex 24."),
        _ => [],
    };

    private static byte[]? Secret(string? path)
    {
        if (path is null)
            return null;
        try
        {
            var bytes = File.ReadAllBytes(path);
            return bytes.Length >= 32 ? bytes : throw new GuardException(GuardFault.Usage, $"The secret '{path}' has {bytes.Length} bytes; it must have at least 32: openssl rand -hex 32.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new GuardException(GuardFault.Usage, $"The secret '{path}' cannot be read: {e.Message.TrimEnd('.')}. Give a file of at least 32 bytes.", e);
        }
    }
}
