// The HTTP server: what is at which path, and what every request passes on its way.

using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Prometheus;
using Scalar.AspNetCore;

namespace InferenceGuard.App.Server;

/// <summary>The HTTP server. Started by <see cref="Start"/>; disposing it drains what runs.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Scheduler _scheduler;
    private readonly ServerOptions _options;

    private ServerHost(WebApplication app, Scheduler scheduler, ServerOptions options) => (_app, _scheduler, _options) = (app, scheduler, options);

    /// <summary>Where it listens, such as http://127.0.0.1:8080.</summary>
    public string Url => _app.Urls.First();

    /// <summary>Every address it listens on.</summary>
    public IReadOnlyCollection<string> Urls => [.. _app.Urls];

    /// <summary>Raised when the system asks the process to end.</summary>
    public CancellationToken Stopping => _app.Lifetime.ApplicationStopping;

    /// <summary>Starts a server.</summary>
    /// <param name="served">What it answers with; not disposed.</param>
    /// <param name="options">What it is started with.</param>
    /// <param name="log">Where requests are noted, one line each.</param>
    /// <exception cref="GuardException">The port is taken, or a device cannot be opened.</exception>
    public static async Task<ServerHost> Start(ServedModel served, ServerOptions options, Action<string> log)
    {
        options.Validate();
        var clock = TimeProvider.System;
        var scheduler = new Scheduler(served.OpenDecoder, options.Parallel, options.Queue, clock);
        try
        {
            var app = Build(served, options, scheduler, clock, log);
            await app.StartAsync();
            return new(app, scheduler, options);
        }
        catch (Exception e)
        {
            scheduler.Dispose();
            throw e is IOException ? new GuardException(GuardFault.Environment, $"Nothing can listen on {options.Host}:{options.Port}: {e.Message.TrimEnd('.')}. Give another --port, or end what uses it.", e) : e;
        }
    }

    /// <summary>Takes no more requests, and waits until those that are being answered have been.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.Run(() => _scheduler.Drain(_options.Drain));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _app.StopAsync(patience.Token);
        _scheduler.Dispose();
        await _app.DisposeAsync();
    }

    private static WebApplication Build(ServedModel served, ServerOptions options, Scheduler scheduler, TimeProvider clock, Action<string> log)
    {
        var builder = WebApplication.CreateSlimBuilder();
        // A settings file in the folder that it is started in, or a variable, must not open another port or let in other hosts.
        ((IConfigurationBuilder)builder.Configuration).Sources.Clear();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 1000;
            kestrel.Limits.MaxRequestBodySize = options.BodySizeBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(options.Address, options.Port, static listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.ConfigureHttpJsonOptions(static json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ServerJson.Default));
        builder.Services.AddOpenApi(static openApi => openApi.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info.Title = "InferenceGuard";
            return Task.CompletedTask;
        }));
        // A page elsewhere cannot reach a loopback server under a name of its own (DNS rebinding).
        if (options.Keys.Count == 0 && !options.IsOpen)
            builder.Services.Configure<HostFilteringOptions>(static hosts => hosts.AllowedHosts = ["localhost", "127.0.0.1", "[::1]"]);

        var app = builder.Build();
        var metrics = new ServerMetrics(served, scheduler);
        var gate = new RequestGate(options, metrics, clock, log);
        app.UseHostFiltering();
        app.Use(gate.Pass);
        Map(app, served, options, scheduler, metrics, clock, log);
        return app;
    }

    private static void Map(WebApplication app, ServedModel served, ServerOptions options, Scheduler scheduler, ServerMetrics metrics, TimeProvider clock, Action<string> log)
    {
        var carry = new CarryTokens(options.CarrySecret ?? System.Security.Cryptography.RandomNumberGenerator.GetBytes(32), Subject(served));
        var traces = options.HasPage ? new TraceHub() : null;
        var planner = new ChatPlanner(served, options, carry);
        var chat = new ChatEndpoint(served, scheduler, metrics, carry, traces, clock, options.LogsTexts ? log : null);
        var scores = new ScoreEndpoint(served, planner);

        app.MapPost("/v1/chat/completions", Handler(ServerJson.Default.ChatRequest, (http, asked) => chat.Answer(http, planner.Plan(asked, isChat: true), RequestGate.CallerOf(http))))
            .Accepts<ChatRequest>("application/json").Produces<ChatResponse>().Produces<ErrorResponse>(400).WithTags("OpenAI").WithSummary("Answers a conversation, verified; streams hold back what is not.");
        app.MapPost("/v1/completions", Handler(ServerJson.Default.ChatRequest, (http, asked) => chat.Answer(http, planner.Plan(asked, isChat: false), RequestGate.CallerOf(http))))
            .Accepts<ChatRequest>("application/json").Produces<ChatResponse>().Produces<ErrorResponse>(400).WithTags("OpenAI").WithSummary("Goes on with a text as it stands, without a chat template.");
        app.MapGet("/v1/models", () => Results.Json(scores.Models(), ServerJson.Default.ModelsResponse)).Produces<ModelsResponse>().WithTags("OpenAI").WithSummary("The model that is served.");
        app.MapGet("/v1/models/{id}", (string id) =>
        {
            planner.RequireModel(id);
            return Results.Json(scores.Models().Data[0], ServerJson.Default.Entry);
        }).Produces<ModelsResponse.Entry>().WithTags("OpenAI").WithSummary("A model by its name.");
        app.MapPost("/v1/moderations", Handler(ServerJson.Default.ModerationRequest, (http, asked) => Results.Json(scores.Moderate(asked, http.RequestAborted), ServerJson.Default.ModerationResponse).ExecuteAsync(http)))
            .Accepts<ModerationRequest>("application/json").Produces<ModerationResponse>().WithTags("OpenAI").WithSummary("The cost of texts, and whether it is over the budget.");
        app.MapPost("/v1/score", Handler(ServerJson.Default.ScoreRequest, (http, asked) => Results.Json(scores.Score(asked, http.RequestAborted), ServerJson.Default.ScoreResponse).ExecuteAsync(http)))
            .Accepts<ScoreRequest>("application/json").Produces<ScoreResponse>().WithTags("InferenceGuard").WithSummary("The safety state of a given answer, block by block.");
        app.MapGet("/health", Ready).WithTags("Operation").WithSummary("As /health/ready.");
        app.MapGet("/health/live", () => Results.Json(Health(), ServerJson.Default.HealthResponse)).WithTags("Operation").WithSummary("Whether the process answers.");
        app.MapGet("/health/ready", Ready).WithTags("Operation").WithSummary("Whether requests are taken.");
        app.MapMetrics("/metrics", metrics.Registry);
        app.MapOpenApi("/openapi.json");
        app.MapScalarApiReference("/docs", static docs => docs.WithOpenApiRoutePattern("/openapi.json").DisableDefaultFonts().DisableTelemetry().DisableAgent().DisableMcp());
        if (traces is not null)
        {
            app.MapGet("/v1/traces/{id}", (HttpContext http, string id) => TraceEndpoint.Stream(http, traces, id)).WithTags("InferenceGuard").WithSummary("The search of an answer as it happens, as docs/trace.md has it.");
            PageFiles.Map(app);
        }

        IResult Ready() => Results.Json(Health(), ServerJson.Default.HealthResponse, statusCode: scheduler.IsClosed ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);

        HealthResponse Health() => new(scheduler.IsClosed ? "shutting down" : "ok", served.Name, scheduler.Running, scheduler.Waiting);
    }

    // What a carried state is a state of: it means nothing to another model or cost.
    private static string Subject(ServedModel served)
    {
        var info = served.Model.Info;
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{info.Architecture} {info.Name} {info.ParameterCount} {info.Quantization} {served.Cost.Name} {served.Options.Discount}");
    }

    private static Delegate Handler<T>(JsonTypeInfo<T> type, Func<HttpContext, T, Task> answer) =>
        async (HttpContext http) => await answer(http, await RequestBody.Read(http, type));
}
