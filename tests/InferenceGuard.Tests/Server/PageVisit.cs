// One visit to the page at / with a headless Chromium, and what the browser had to complain about.

using System.Text.Json;
using InferenceGuard.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace InferenceGuard.Tests.Server;

/// <summary>One visit to the page. Disposing it asserts that the browser had nothing to complain about.</summary>
internal sealed class PageVisit : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];
    private readonly List<JsonElement> _asked = [];

    private PageVisit(IBrowserContext context, IPage page, string url)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _complaints.Add(message.Text);
        };
        page.PageError += (_, error) => _complaints.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(url + "/", StringComparison.Ordinal))
                _complaints.Add($"asks {request.Url}");
            if (request.Method == "POST")
                _asked.Add(JsonDocument.Parse(request.PostData!).RootElement);
        };
    }

    /// <summary>The page.</summary>
    public IPage Page { get; }

    /// <summary>The bodies of the requests for answers.</summary>
    public IReadOnlyList<JsonElement> Asked => _asked;

    /// <summary>Failures of requests that the test wants; the browser may note them.</summary>
    public int ExpectedFailures { get; set; }

    /// <summary>Where a question is typed.</summary>
    public ILocator Prompt => Page.GetByLabel("Your question");

    /// <summary>The verdict on the latest answer.</summary>
    public ILocator Verdict => Page.Locator("article:last-of-type .verdict strong");

    /// <summary>The text of the latest answer.</summary>
    public ILocator Answer => Page.Locator("article:last-of-type .answer");

    /// <summary>The beams of the tree.</summary>
    public ILocator Beams => Page.Locator("[role=treeitem]");

    /// <summary>Opens the page.</summary>
    public static async Task<PageVisit> Open(IBrowser browser, string url, int width = 1280, int height = 800, ColorScheme scheme = ColorScheme.Light)
    {
        var context = await browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
        context.SetDefaultTimeout(15000);
        var visit = new PageVisit(context, await context.NewPageAsync(), url);
        await visit.Page.GotoAsync(url + "/");
        return visit;
    }

    /// <summary>Asks a question and waits until its answer has ended.</summary>
    public async Task Ask(string question)
    {
        await Prompt.FillAsync(question);
        await Prompt.PressAsync("Enter");
        await Ended();
    }

    /// <summary>Waits until the latest answer has ended.</summary>
    public async Task Ended()
    {
        await Expect(Verdict).Not.ToHaveTextAsync("Searching", new() { Timeout = 20000 });
        await Expect(Page.Locator("body.busy")).ToHaveCountAsync(0);
    }

    /// <summary>Changes settings by their labels.</summary>
    public async Task Set(params (string Label, string Value)[] settings)
    {
        if (!await Page.Locator("dialog[open]").IsVisibleAsync())
            await Page.GetByRole(AriaRole.Button, new() { Name = "Settings" }).ClickAsync();
        foreach (var (label, value) in settings)
            await Page.GetByLabel(label, new() { Exact = true }).FillAsync(value);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
    }

    /// <summary>A picture for people, among the artifacts of the build.</summary>
    public Task Picture(string name) => Page.ScreenshotAsync(new() { Path = Repository.PathOf($"artifacts/screenshots/{name}.png") });

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        var failures = _complaints.RemoveAll(static complaint => complaint.StartsWith("Failed to load resource: the server responded with a status of 4", StringComparison.Ordinal));
        Assert.That(_complaints, Is.Empty, "complaints of the browser");
        Assert.That(failures, Is.EqualTo(ExpectedFailures), "requests that failed");
    }
}
