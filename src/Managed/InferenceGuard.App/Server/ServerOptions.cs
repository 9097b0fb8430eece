// What a server is started with, beside its model.

using System.Net;

namespace InferenceGuard.App.Server;

/// <summary>What a server is started with, beside its model. Immutable; checked by <see cref="Validate"/>.</summary>
internal sealed record ServerOptions
{
    /// <summary>Address to listen on; anything but loopback needs a key.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Port to listen on; 0 = any free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Keys that callers must show; none = no key is asked for.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Whether to listen beyond loopback without keys all the same.</summary>
    public bool IsOpen { get; init; }

    /// <summary>P: searches at the same time.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>KV caches that the searches are spread over; searches on one cache are decoded together.</summary>
    public int Caches { get; init; } = 1;

    /// <summary>Prompt tokens that a cache has room for, per search; longer prompts are refused.</summary>
    public int PromptTokens { get; init; } = 2048;

    /// <summary>Requests that may wait for a search; more are turned away.</summary>
    public int Queue { get; init; } = 64;

    /// <summary>Requests per minute and key, or address where there are no keys; 0 = no limit.</summary>
    public int RateLimit { get; init; }

    /// <summary>Most choices of one request (<c>n</c>).</summary>
    public int MostChoices { get; init; } = 8;

    /// <summary>Longest request body.</summary>
    public int BodySizeBytes { get; init; } = 1 << 20;

    /// <summary>Longest time for an answer; a request may ask for less.</summary>
    public TimeSpan LongestAnswer { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a shutdown waits for answers that are being written.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether there is a page at / and traces at /v1/traces.</summary>
    public bool HasPage { get; init; }

    /// <summary>Whether prompts and answers are written to the log.</summary>
    public bool LogsTexts { get; init; }

    /// <summary>Secret that signs carried safety states; null = a new one at every start.</summary>
    public byte[]? CarrySecret { get; init; }

    /// <summary>The address to listen on.</summary>
    public IPAddress Address => Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(Host);

    /// <summary>Checks every value.</summary>
    /// <returns>This, for chaining.</returns>
    /// <exception cref="GuardException">A value is out of range, or the server would be open to the network without a key.</exception>
    public ServerOptions Validate()
    {
        Require(Host == "localhost" || IPAddress.TryParse(Host, out _), $"--host is \"{Host}\"; it must be an IP address or localhost");
        Require(Port is >= 0 and <= 65535, $"--port is {Port}; it must lie between 0 (any free one) and 65535");
        Require(Parallel is >= 1 and <= 64, $"--parallel is {Parallel}; it must lie between 1 and 64");
        Require(Caches >= 1 && Caches <= Parallel, $"--caches is {Caches}; it must lie between 1 and --parallel ({Parallel})");
        Require(PromptTokens >= 1, $"--prompt-tokens is {PromptTokens}; it must be at least 1");
        Require(Queue is >= 0 and <= 100_000, $"--queue is {Queue}; it must lie between 0 and 100000");
        Require(RateLimit >= 0, $"--rate-limit is {RateLimit}; it must be 0 (none) or requests per minute");
        Require(MostChoices >= 1, $"--most-choices is {MostChoices}; it must be at least 1");
        Require(LongestAnswer > TimeSpan.Zero, $"--longest-answer is {LongestAnswer.TotalSeconds} s; it must be longer than nothing");
        Require(Keys.Count > 0 || IsOpen || IPAddress.IsLoopback(Address),
            $"--host {Host} lets other machines in, and there is no API key: anyone could use the model; give --api-key-file FILE, or --open if that is wanted");
        return this;

        static void Require(bool holds, string complaint)
        {
            if (!holds)
                throw new GuardException(GuardFault.Usage, complaint + ".");
        }
    }
}
