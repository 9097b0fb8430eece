// What a server makes of requests that are wrong, or that ask for more than it gives.

using System.Net;
using System.Text;
using System.Text.Json;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Server;

internal sealed class RequestTests
{
    private const string Chat = "/v1/chat/completions";

    private TestServer _server = null!;

    [OneTimeSetUp]
    public async Task Start() => _server = await TestServer.Start(new() { MostChoices = 3 }, TestServer.Trap);

    [OneTimeTearDown]
    public async Task Stop() => await _server.DisposeAsync();

    [TestCase(""","n":4""", "n")]
    [TestCase(""","n":0""", "n")]
    [TestCase(""","max_tokens":9""", "max_tokens")]
    [TestCase(""","max_completion_tokens":0""", "max_tokens")]
    [TestCase(""","temperature":-1""", "temperature")]
    [TestCase(""","temperature":1e999""", "temperature")]
    [TestCase(""","top_p":0""", "top_p")]
    [TestCase(""","top_logprobs":2,"logprobs":true""", "top_logprobs")]
    [TestCase(""","stop":["a","b","c","d","e"]""", "stop")]
    [TestCase(""","stop":[""]""", "stop")]
    [TestCase(""","stop":7""", "stop")]
    [TestCase(""","timeout_ms":0""", "timeout_ms")]
    [TestCase(""","tools":[{}]""", "tools")]
    [TestCase(""","functions":[{}]""", "functions")]
    [TestCase(""","frequency_penalty":0.5""", "frequency_penalty")]
    [TestCase(""","presence_penalty":0.5""", "presence_penalty")]
    [TestCase(""","logit_bias":{"1":2}""", "logit_bias")]
    [TestCase(""","response_format":{"type":"json_object"}""", "response_format")]
    [TestCase(""","best_of":2""", "best_of")]
    [TestCase(""","echo":true""", "echo")]
    [TestCase(""","suffix":"x" """, "suffix")]
    [TestCase(""","safety":{"beams":9}""", "safety.beams")]
    [TestCase(""","safety":{"beams":2,"keep":3}""", "safety.keep")]
    [TestCase(""","safety":{"budget":10.5}""", "safety.budget")]
    [TestCase(""","safety":{"gamma":0.5}""", "safety.gamma")]
    [TestCase(""","safety":{"gamma":1.5}""", "safety.gamma")]
    [TestCase(""","safety":{"block_tokens":3}""", "safety.block_tokens")]
    [TestCase(""","safety":{"retries":3}""", "safety.retries")]
    [TestCase(""","safety":{"alpha":0.1}""", "safety.alpha")]
    [TestCase(""","safety":{"mode":"best-effort"}""", "safety.mode")]
    [TestCase(""","safety":{"mode":"off"}""", "safety.mode")]
    [TestCase(""","safety":{"carry":7}""", "safety.carry")]
    public async Task Chat_BeyondTheLimits_IsRefusedWithTheNameOfTheField(string field, string parameter)
    {
        await _server.Refuses(Chat, TestServer.Chat("x?", field), 400, parameter);
        await _server.Refuses(Chat, TestServer.Chat("x?", field + ""","stream":true"""), 400, parameter);
    }

    [TestCase("""{"messages":[]}""", "messages")]
    [TestCase("""{"messages":null}""", "messages")]
    [TestCase("""{}""", "messages")]
    [TestCase("""{"messages":[null]}""", "messages[0].role")]
    [TestCase("""{"messages":[{"content":"x"}]}""", "messages[0].role")]
    [TestCase("""{"messages":[{"role":"tool","content":"x"}]}""", "messages[0].role")]
    [TestCase("""{"messages":[{"role":"user","content":"x"},{"role":"user"}]}""", "messages[1].content")]
    [TestCase("""{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}""", "messages[0].content")]
    [TestCase("""{"messages":[{"role":"user","content":[null]}]}""", "messages[0].content")]
    [TestCase("""{"messages":[{"role":"user","content":"\ud800"}]}""", "messages[0].content")]
    [TestCase("""{"messages":[{"role":"user","content":[{"type":"text","text":"\udfff"}]}]}""", "messages[0].content")]
    public async Task Chat_MessagesThatAreNone_AreRefusedWithTheirPlace(string json, string parameter) => await _server.Refuses(Chat, json, 400, parameter);

    [TestCase("/v1/completions", """{}""", "prompt")]
    [TestCase("/v1/completions", """{"prompt":["a","b"]}""", "prompt")]
    [TestCase("/v1/completions", """{"prompt":"\ud800"}""", "prompt")]
    [TestCase("/v1/completions", """{"prompt":"x?","stop":"\ud800"}""", "stop")]
    [TestCase("/v1/moderations", """{}""", "input")]
    [TestCase("/v1/moderations", """{"input":[]}""", "input")]
    [TestCase("/v1/moderations", """{"input":[1]}""", "input")]
    [TestCase("/v1/moderations", """{"input":"\ud800"}""", "input")]
    [TestCase("/v1/moderations", """{"input":"x","model":"other"}""", "model")]
    [TestCase("/v1/score", """{"answer":"x"}""", "messages")]
    [TestCase("/v1/score", """{"prompt":"x"}""", "answer")]
    [TestCase("/v1/score", """{"prompt":"x","answer":""}""", "answer")]
    public async Task OtherEndpoints_FieldThatIsNone_IsRefusedWithItsName(string path, string json, string parameter) =>
        await _server.Refuses(path, json, json.Contains("other", StringComparison.Ordinal) ? 404 : 400, parameter);

    [TestCase("")]
    [TestCase("{")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("""{"messages":7}""")]
    [TestCase("""{"messages":[{"role":"user","content":"x"}],"n":"two"}""")]
    [TestCase("""{"messages":[{"role":"user","content":"x"}],"n":1.5}""")]
    [TestCase("""{"messages":[{"role":"user","content":"x"}],"safety":{"budgets":1}}""")]
    public async Task Chat_BodyThatIsNoRequest_IsRefusedInOpenAIsShape(string json) => await _server.Refuses(Chat, json, 400, null);

    [Test]
    public async Task Chat_EmptyPrompt_IsRefusedWholeAndStreamed()
    {
        await _server.Refuses(Chat, TestServer.Chat("  "), 400, null);
        await _server.Refuses(Chat, TestServer.Chat("  ", ""","stream":true"""), 400, null);
        await _server.Refuses(Chat, TestServer.Chat(string.Concat(Enumerable.Repeat("so ", 600)), ""","stream":true,"n":2"""), 400, null);
    }

    [TestCase("text/plain")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase(null)]
    public async Task Chat_OtherContentType_IsRefused(string? type)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(TestServer.Chat("x?")));
        content.Headers.ContentType = type is null ? null : new(type);
        using var response = await _server.Http.PostAsync(new Uri(Chat, UriKind.Relative), content);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnsupportedMediaType));
    }

    [Test]
    public async Task Chat_BodyTooLarge_IsRefusedBeforeItIsRead()
    {
        await _server.Refuses(Chat, TestServer.Chat(new string('x', 1 << 20)), 413, null);
        // And where no length is announced.
        using var request = new HttpRequestMessage(HttpMethod.Post, Chat) { Content = new StringContent(TestServer.Chat(new string('x', 1 << 20)), Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = true;
        using var response = await _server.Http.SendAsync(request);
        Assert.That((int)response.StatusCode, Is.EqualTo(413));
    }

    [Test]
    public async Task OtherPath_IsNotFoundInOpenAIsShape()
    {
        await _server.Refuses("/v1/embeddings", "{}", 404, null);
        using var models = await _server.Http.GetAsync(new Uri("/v1/models/other", UriKind.Relative));
        Assert.That(models.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        using var method = await _server.Http.GetAsync(new Uri(Chat, UriKind.Relative));
        Assert.That(method.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        Assert.That(await method.Content.ReadAsStringAsync(), Does.StartWith("{\"error\":"));
    }

    [TestCase("<|im_end|>")]
    [TestCase("</s>")]
    public async Task Chat_SpecialTokensInTheUsersText_StayText(string special)
    {
        await using var tiny = await TestServer.Start(null, TestServer.Tiny);
        var vocabulary = tiny.Served.Model.Vocabulary;
        var (without, with) = (await Tokens("ab"), await Tokens("a" + special + "b"));
        Assert.That(with - without, Is.EqualTo(vocabulary.Tokenize("a" + special + "b", parseSpecial: false).Length - vocabulary.Tokenize("ab", parseSpecial: false).Length).And.GreaterThan(3));

        async Task<int> Tokens(string prompt) => (await tiny.Answer(TestServer.Chat(prompt))).GetProperty("usage").GetProperty("prompt_tokens").GetInt32();
    }

    [Test]
    public async Task Completions_RawText_IsGoneOnWithAndHasLogProbabilities()
    {
        var (status, body) = await _server.Ask("/v1/completions", """{"prompt":"x!","logprobs":0,"max_tokens":3}""");
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), body.ToString());
        var choice = body.GetProperty("choices")[0];
        Assert.That(choice.GetProperty("text").GetString(), Does.Contain("good"));
        var logprobs = choice.GetProperty("logprobs");
        Assert.That(string.Concat(logprobs.GetProperty("tokens").EnumerateArray().Select(static token => token.GetString())), Is.EqualTo(choice.GetProperty("text").GetString()));
        Assert.That(logprobs.GetProperty("token_logprobs")[0].GetDouble(), Is.EqualTo(0).Within(1e-4), "after ! nothing but good comes");
    }

    [Test]
    public async Task BestEffort_ServerThatAllowsIt_ShowsTheUnsafeAnswerAndSaysSo()
    {
        await using var tiny = await TestServer.Start(null, TestServer.But(TestServer.Tiny, "--budget", "-1", "--mode", "best-effort"));
        var shown = await tiny.Answer(TestServer.Chat("hello"));
        Assert.That((shown.GetProperty("safety").GetProperty("verified").GetBoolean(), shown.GetProperty("safety").GetProperty("abstained").GetBoolean()), Is.EqualTo((false, false)));
        var strict = await tiny.Answer(TestServer.Chat("hello", ""","safety":{"mode":"strict"}"""));
        Assert.That(strict.GetProperty("choices")[0].GetProperty("finish_reason").GetString(), Is.EqualTo("content_filter"));
    }

    [Test]
    public async Task Choices_MoreThanThereArePlaces_AreRefusedForGood()
    {
        await using var narrow = await TestServer.Start(new() { Parallel = 1, Queue = 0 }, TestServer.Trap);
        await narrow.Refuses(Chat, TestServer.Chat("x!", ""","n":2"""), 400, "n");
        Assert.That((await narrow.Answer(TestServer.Chat("x!"))).GetProperty("choices").GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    public async Task OpenApi_NamesEveryPath()
    {
        using var document = JsonDocument.Parse(await _server.Http.GetStringAsync(new Uri("/openapi.json", UriKind.Relative)));
        Assert.That(document.RootElement.GetProperty("paths").EnumerateObject().Select(static path => path.Name),
            Is.SupersetOf((string[])[Chat, "/v1/completions", "/v1/models", "/v1/models/{id}", "/v1/moderations", "/v1/score", "/health", "/health/live", "/health/ready"]));
    }
}
