// The page at /, used as people use it: in a headless Chromium, on a real server with Hearth's base model.

using System.Globalization;
using System.Text.Json;
using InferenceGuard.App.Cli;
using InferenceGuard.App.Server;
using InferenceGuard.Compute;
using InferenceGuard.Methods;
using InferenceGuard.Scoring;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace InferenceGuard.Tests.Server;

internal sealed class PageTests
{
    private const string Branch = "what is the best way to remove a tree branch?";
    private const string Drain = "how do i unblock a drain fast?";
    private const string Key = "a-key-of-twenty-characters";

    // What a text must have against what it stands on, computed where the colours are: WCAG's contrast, 4.5 or more.
    private const string PaleTexts = """
        () => {
            const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
            const paint = colours => { pen.clearRect(0, 0, 1, 1); for (const c of colours) { pen.fillStyle = c; pen.fillRect(0, 0, 1, 1); } return [...pen.getImageData(0, 0, 1, 1).data]; };
            const light = ([r, g, b]) => [0.2126 * r, 0.7152 * g, 0.0722 * b].reduce((sum, _, i) => sum + [0.2126, 0.7152, 0.0722][i] * (([r, g, b][i] / 255) <= 0.04045 ? [r, g, b][i] / 255 / 12.92 : (([r, g, b][i] / 255 + 0.055) / 1.055) ** 2.4), 0);
            const under = element => { const all = []; for (let at = element; at; at = at.parentElement) all.unshift(getComputedStyle(at).backgroundColor); return all; };
            return [...document.querySelectorAll("body *")].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.checkVisibility() && !e.closest("svg, .hidden, .skip, option, noscript")).map(e => {
                const ground = under(e), [a, b] = [light(paint([...ground, getComputedStyle(e).color])), light(paint(ground))];
                return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.trim()];
            }).filter(([ratio]) => ratio < 4.5).map(([ratio, text]) => `${ratio.toFixed(2)}: ${text}`);
        }
        """;

    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;
    private Site _site = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        var chromium = Environment.GetEnvironmentVariable("INFERENCEGUARD_CHROMIUM") ?? "/usr/bin/chromium";
        if (!File.Exists(chromium))
            Assert.Ignore($"There is no Chromium at {chromium}; install it, or name one in INFERENCEGUARD_CHROMIUM.");
        if (!Directory.Exists(Path.Combine(TestContext.CurrentContext.TestDirectory, ".playwright")))
            Assert.Ignore("These tests are carried without Playwright's driver.");
        SetDefaultExpectTimeout(20000);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = chromium, Args = Environment.UserName == "root" ? ["--no-sandbox"] : [] });
        _site = await Serve(new());
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_site is not null)
            await _site.DisposeAsync();
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    [Test]
    public async Task Question_Asked_StreamsItsAnswerWhileTheTreeGrows()
    {
        await using var visit = await PageVisit.Open(_browser, _site.Url);
        await visit.Page.EvaluateAsync("""
            () => {
                window.seen = { texts: new Set(), beams: new Set() };
                new MutationObserver(() => {
                    seen.texts.add(document.querySelector(".answer")?.textContent ?? "");
                    seen.beams.add(document.querySelectorAll("[role=treeitem]").length);
                }).observe(document.body, { subtree: true, childList: true });
            }
            """);
        await visit.Ask(Branch);
        await Expect(visit.Verdict).ToHaveTextAsync("Verified safe");
        var answer = await visit.Answer.InnerTextAsync();
        var texts = await visit.Page.EvaluateAsync<string[]>("[...seen.texts]");
        Assert.That(texts, Has.Some.Matches<string>(text => text.Length > 0 && text.Length < answer.Length), "the answer came at once");
        Assert.That(texts, Has.All.Matches<string>(text => answer.StartsWith(text, StringComparison.Ordinal)), "what was shown was taken back");
        Assert.That(await visit.Page.EvaluateAsync<int>("seen.beams.size"), Is.GreaterThan(3), "the tree came at once");
        Assert.That(await visit.Page.Locator("article .facts").First.InnerTextAsync(), Does.Match(@"^z [\d.]+ · cost [\d.]+ · reward [\d.]+ · \d+ tokens of \d+ decoded · .* m?s$"));
        await Expect(visit.Page.Locator(".beam.path")).Not.ToHaveCountAsync(0);
        var z = (await visit.Page.GetByRole(AriaRole.Meter).GetAttributeAsync("aria-valuetext"))!.Split(' ')[0];
        Assert.That(await visit.Page.Locator("article .facts").First.InnerTextAsync(), Does.StartWith($"z {z} "));
        await visit.Beams.Nth(5).HoverAsync();
        await Expect(visit.Page.Locator("#detail")).ToContainTextAsync("reward");
        await visit.Page.Locator(".beam.path").Nth(1).HoverAsync();
        await Expect(visit.Page.Locator("#detail")).ToContainTextAsync("part of the answer");
        await visit.Picture("server-light");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Overview" }).ClickAsync();
        await Expect(visit.Page.Locator(".beam.path")).Not.ToHaveCountAsync(0);
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Show as table" }).ClickAsync();
        var path = await visit.Page.Locator("tr.path td.text").AllTextContentsAsync();
        Assert.That(string.Concat(path), Is.EqualTo(answer), "the way to the answer spells another text");
    }

    [Test]
    public async Task Conversation_NextTurn_CarriesTheBudget_AndANewOneBeginsWithIt()
    {
        await using var visit = await PageVisit.Open(_browser, _site.Url);
        await visit.Set(("Beams", "8"), ("Kept beams", "2"));
        await visit.Ask(Branch);
        var left = double.Parse((await visit.Page.Locator("article .facts span").First.InnerTextAsync())[2..], CultureInfo.InvariantCulture);
        Assert.That(left, Is.LessThan(9), "the first answer has a cost");
        await visit.Ask(Drain);
        Assert.That(visit.Asked[0].GetProperty("safety").GetProperty("carry").ValueKind, Is.EqualTo(JsonValueKind.True));
        Assert.That(visit.Asked[1].GetProperty("safety").GetProperty("carry").ValueKind, Is.EqualTo(JsonValueKind.String));
        Assert.That(visit.Asked[1].GetProperty("messages").GetArrayLength(), Is.EqualTo(3));
        await Expect(visit.Verdict).ToHaveTextAsync("Verified safe");
        Assert.That(double.Parse((await visit.Page.Locator("article:last-of-type .facts span").First.InnerTextAsync())[2..], CultureInfo.InvariantCulture), Is.LessThan(left + 0.3));
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "New", Exact = true }).ClickAsync();
        await Expect(visit.Page.Locator("article")).ToHaveCountAsync(0);
        await visit.Ask(Drain);
        Assert.That(visit.Asked[2].GetProperty("safety").GetProperty("carry").ValueKind, Is.EqualTo(JsonValueKind.True));
        Assert.That(visit.Asked[2].GetProperty("messages").GetArrayLength(), Is.EqualTo(1));
        await visit.Page.Locator("#conversations").SelectOptionAsync("0");
        await Expect(visit.Page.Locator("article")).ToHaveCountAsync(2);
        await Expect(visit.Page.Locator("#search-of")).ToHaveTextAsync(Drain);
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Show its search" }).First.ClickAsync();
        await Expect(visit.Page.Locator("#search-of")).ToHaveTextAsync(Branch);
    }

    [Test]
    public async Task Answer_Stopped_EndsTheSearch()
    {
        await using var site = await Serve(new(), new GuardOptions { Beams = 200, Keep = 50 });
        await using var visit = await PageVisit.Open(_browser, site.Url);
        // Pressed within the page at the first beam: from here, a busy machine would often be too late.
        await visit.Page.EvaluateAsync("""
            () => new MutationObserver((_, watch) => {
                if (!document.querySelector("[role=treeitem]"))
                    return;
                watch.disconnect();
                document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
            }).observe(document.body, { subtree: true, childList: true })
            """);
        await visit.Ask(Drain);
        await Expect(visit.Verdict).ToHaveTextAsync("Stopped");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Send" })).ToBeVisibleAsync();
        using var client = new HttpClient();
        Assert.That(async () => await client.GetStringAsync(site.Url + "/health"), Does.Contain("\"running\":0").After(5000, 50));
        await visit.Set(("Beams", "8"), ("Kept beams", "2"));
        await visit.Ask(Branch);
        Assert.That(visit.Asked[1].GetProperty("messages").GetArrayLength(), Is.EqualTo(1), "a stopped turn was sent");
    }

    [Test]
    public async Task Budget_ThatNothingKeeps_ShowsRetriesTheWiderSearchAndTheAbstention()
    {
        await using var visit = await PageVisit.Open(_browser, _site.Url);
        await visit.Set(("Safety budget", "-1"), ("Beams", "6"), ("Kept beams", "2"));
        await visit.Ask(Drain);
        await Expect(visit.Verdict).ToHaveTextAsync("Abstained");
        await Expect(visit.Page.Locator(".outcome").Filter(new() { HasText = "none safe, tried again" })).Not.ToHaveCountAsync(0);
        await Expect(visit.Page.Locator("line.widened")).ToHaveCountAsync(1);
        await Expect(visit.Page.Locator("#figures")).ToContainTextAsync("4, then wider");
        await Expect(visit.Page.Locator("#legend")).ToContainTextAsync("over budget, tried again");
        await Expect(visit.Page.GetByRole(AriaRole.Meter)).ToHaveAttributeAsync("aria-valuetext", "−1 of −1");
    }

    [Test]
    public async Task Setting_BeyondTheServers_IsAnsweredInWordsWhereItIsSet()
    {
        await using var visit = await PageVisit.Open(_browser, _site.Url);
        await visit.Set(("Beams", "500"));
        await visit.Prompt.FillAsync(Drain);
        await visit.Prompt.PressAsync("Enter");
        visit.ExpectedFailures = 1;
        await Expect(visit.Page.Locator("dialog [role=alert]")).ToHaveTextAsync("safety.beams is 500; this server takes 1 to 32.");
        await Expect(visit.Page.GetByLabel("Beams", new() { Exact = true })).ToBeFocusedAsync();
        await Expect(visit.Page.Locator("article .note.error")).ToContainTextAsync("this server takes 1 to 32");
        await Expect(visit.Page.Locator("#canvas")).ToHaveTextAsync("There was no search.");
        await visit.Set(("Beams", "8"));
        await Expect(visit.Prompt).ToHaveValueAsync(Drain);
        await visit.Prompt.PressAsync("Enter");
        await visit.Ended();
        await Expect(visit.Verdict).Not.ToHaveTextAsync("Failed");
    }

    [Test]
    public async Task Texts_ThatLookLikeMarkup_StayTexts()
    {
        await using var visit = await PageVisit.Open(_browser, _site.Url);
        const string Markup = "<img src=x onerror=alert(1)><b>bold</b>";
        await visit.Ask(Markup);
        await Expect(visit.Page.Locator(".question")).ToHaveTextAsync(Markup);
        await Expect(visit.Page.Locator("article img, article b, #conversations b")).ToHaveCountAsync(0);
    }

    [Test]
    public async Task Phone_EverythingFitsItsWidth()
    {
        await using var visit = await PageVisit.Open(_browser, _site.Url, 360, 740);
        await visit.Ask(Drain);
        await Fits("the chat");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Search", Exact = true }).ClickAsync();
        await Expect(visit.Beams.First).ToBeVisibleAsync();
        await visit.Beams.First.ClickAsync();
        await Fits("the search");
        await visit.Picture("server-phone");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Show as table" }).ClickAsync();
        await Fits("the table");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Settings" }).ClickAsync();
        await Fits("the settings");
        var done = visit.Page.GetByRole(AriaRole.Button, new() { Name = "Done" });
        await done.ScrollIntoViewIfNeededAsync();
        await done.ClickAsync();
        await Expect(visit.Page.Locator("dialog")).Not.ToBeVisibleAsync();

        async Task Fits(string what)
        {
            Assert.That(await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"), Is.LessThanOrEqualTo(360), what);
            var outside = await visit.Page.EvaluateAsync<string[]>("""
                [...document.querySelectorAll("button, input, select, textarea, .head, #figures, .verdict")].filter(e => e.checkVisibility())
                    .filter(e => { const box = e.getBoundingClientRect(); return box.left < 0 || box.right > innerWidth + 0.5 || (e.matches("button") && box.height < 24); }).map(e => e.id || e.textContent)
                """);
            Assert.That(outside, Is.Empty, what);
        }
    }

    [Test]
    public async Task Schemes_FollowTheSystemAndTheSwitch_AndAreLegible()
    {
        await using var visit = await PageVisit.Open(_browser, _site.Url, scheme: ColorScheme.Dark);
        await visit.Ask(Branch);
        await visit.Page.Locator(".beam.path").Nth(2).HoverAsync();
        await Legible(isDark: true);
        Assert.That(await visit.Page.EvaluateAsync<string>("getComputedStyle(document.querySelector('.beam')).animationName"), Is.EqualTo("none"), "less motion was asked for");
        await visit.Picture("server-dark");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Switch between light and dark" }).ClickAsync();
        await Legible(isDark: false);
        await visit.Page.ReloadAsync();
        await Legible(isDark: false);

        async Task Legible(bool isDark)
        {
            var ground = await visit.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
            Assert.That(int.Parse(ground.Split('(', ',')[1], CultureInfo.InvariantCulture), isDark ? Is.LessThan(64) : Is.GreaterThan(192));
            Assert.That(await visit.Page.EvaluateAsync<string[]>(PaleTexts), Is.Empty, "texts that are hard to read");
        }
    }

    [Test]
    public async Task Keyboard_Alone_AsksAndReadsTheTree()
    {
        await using var visit = await PageVisit.Open(_browser, _site.Url);
        var keyboard = visit.Page.Keyboard;
        await Expect(visit.Prompt).ToBeFocusedAsync();
        await keyboard.TypeAsync("how do i unblock");
        await keyboard.PressAsync("Shift+Enter");
        await keyboard.TypeAsync("a drain fast?");
        await Expect(visit.Prompt).ToHaveValueAsync("how do i unblock\na drain fast?");
        await keyboard.PressAsync("Enter");
        await visit.Ended();
        for (var presses = 0; presses < 20 && await Focused("role") != "treeitem"; presses++)
            await keyboard.PressAsync("Tab");
        Assert.That(await Focused("role"), Is.EqualTo("treeitem"));
        await keyboard.PressAsync("Home");
        var first = await Focused("aria-label");
        Assert.That(first, Does.StartWith("Block 1, kept"));
        await keyboard.PressAsync("ArrowDown");
        Assert.That(await Focused("aria-label"), Does.StartWith("Block 1").And.Not.EqualTo(first));
        await keyboard.PressAsync("End");
        await Expect(visit.Page.Locator("#detail")).ToContainTextAsync("part of the answer");
        var last = int.Parse((await Focused("aria-level"))!, CultureInfo.InvariantCulture);
        Assert.That(last, Is.GreaterThan(2));
        await keyboard.PressAsync("ArrowLeft");
        Assert.That(await Focused("aria-level"), Is.EqualTo($"{last - 1}"));
        await keyboard.PressAsync("ArrowRight");
        Assert.That(await Focused("aria-level"), Is.EqualTo($"{last}"));
        Assert.That(await visit.Page.EvaluateAsync<string>("getComputedStyle(document.activeElement.querySelector('.hit')).strokeWidth"), Is.EqualTo("2px"), "the focus is not seen");

        Task<string?> Focused(string attribute) => visit.Page.EvaluateAsync<string?>("name => document.activeElement.getAttribute(name)", attribute);
    }

    [Test]
    public async Task Server_WithAKey_IsAskedWithIt()
    {
        await using var site = await Serve(new() { Keys = [Key] });
        await using var visit = await PageVisit.Open(_browser, site.Url);
        visit.ExpectedFailures = 2;
        await Expect(visit.Page.Locator("dialog [role=alert]")).ToHaveTextAsync("This server asks for an API key.");
        await Expect(visit.Page.GetByLabel("API key")).ToBeFocusedAsync();
        await visit.Set(("API key", "wrong"));
        await Expect(visit.Page.Locator("dialog [role=alert]")).ToBeVisibleAsync();
        await visit.Set(("API key", Key));
        await Expect(visit.Page.Locator("#model")).ToHaveTextAsync("hearth-base");
        await visit.Ask(Drain);
        await Expect(visit.Verdict).ToHaveTextAsync("Verified safe");
        await Expect(visit.Beams).Not.ToHaveCountAsync(0);
        Assert.That(await visit.Page.EvaluateAsync<string>("JSON.stringify([localStorage, sessionStorage, document.cookie])"), Does.Not.Contain(Key), "the key was stored");
    }

    private static async Task<Site> Serve(ServerOptions options, GuardOptions? guard = null)
    {
        var model = HearthModel.Unaligned;
        var choice = new ModelChoice
        {
            Path = model.ModelPath, Embedded = model, Costs = [], Combination = Combination.Sum, Rewards = [], Critic = null,
            Device = DeviceChoice.Cpu, Precision = CriticPrecision.Auto, Options = new() { Threads = 1 },
        };
        options = options with { Port = 0, HasPage = true, Parallel = 1 };
        var served = ServedModel.Open(choice, new(AnswerMethods.InferenceGuard, new() { Guard = guard ?? new() }, Alpha: null, HasThreshold: false), options, static _ => { });
        return new(served, await ServerHost.Start(served, options, static _ => { }));
    }

    /// <summary>A server and what it answers with.</summary>
    private sealed record Site(ServedModel Served, ServerHost Server) : IAsyncDisposable
    {
        public string Url => Server.Url;

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            Served.Dispose();
        }
    }
}
