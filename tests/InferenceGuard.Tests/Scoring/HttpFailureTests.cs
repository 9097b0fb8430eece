// Whatever an endpoint does instead of giving scores is an error that says so, and never a score.

using System.Diagnostics;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.App;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

internal sealed class HttpFailureTests
{
    private const string Prompt = "what of bleach?";
    private const string Hidden = "hidden-in-the-query";

    private TestKey _key = null!;

    [OneTimeSetUp]
    public void SetKey() => _key = new();

    [OneTimeTearDown]
    public void ForgetKey() => _key.Dispose();

    [Test]
    public void Score_NobodyListens_IsAnErrorAfterAllTries() =>
        Fails(LoopbackServer.DeadAddress, ",retries=1", "could not be asked (", "at the last of 2 tries");

    [Test]
    public void Score_EndpointIsSlow_IsAnErrorAfterTheTimeout()
    {
        using var server = new LoopbackServer(static request => WordJudge.Moderation(request) with { Delay = TimeSpan.FromMinutes(5) });
        var begin = Stopwatch.StartNew();
        Fails(server.Address, ",retries=1,timeout=0.3", "no whole reply within 0.3 seconds", "2 tries", "timeout=SECONDS");
        Assert.That(begin.Elapsed, Is.LessThan(TimeSpan.FromSeconds(30)));
    }

    [TestCase(400, "answered 400: \"no ")]
    [TestCase(403, "answered 403: \"no ")]
    [TestCase(404, "answered 404: \"no ")]
    [TestCase(401, "refused the key in INFERENCEGUARD_TEST_KEY (401)")]
    public void Score_StatusThatStays_IsAnErrorAtOnce(int status, string says)
    {
        using var server = new LoopbackServer(request => new("{\"error\": {\"message\": \"no\\n\\u001b[31m " + request.Authorization!.Replace("/", "\\/", StringComparison.Ordinal) + request.Path + " " + new string('x', 500) + "\"}}", status));
        Fails(server.Address, "", says);
        Assert.That(server.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public void Score_NoKeyWhereOneIsWanted_NamesTheOption()
    {
        using var server = new LoopbackServer(static _ => new("", 401));
        using var cost = (HttpScorer)new ScorerSpec(ScorerSpec.BuiltIn).Cost($"{server.Address}/v1/moderations,key-env=");
        Assert.That(() => cost.Score(Prompt, "a", ended: true), Throws.TypeOf<GuardException>().With.Message.Contains("key-env=NAME"));
    }

    [TestCase(408)]
    [TestCase(429)]
    [TestCase(500)]
    [TestCase(503)]
    public void Score_StatusThatPasses_IsAskedAgain(int status)
    {
        var tries = 0;
        using var server = new LoopbackServer(request => Interlocked.Increment(ref tries) == 1 ? new("busy", status) : WordJudge.Moderation(request));
        using var cost = Open(server.Address, "");
        Assert.That(cost.Score(Prompt, "bleach", ended: true), Is.EqualTo(2 / 8.0));
        Assert.That(server.Requests, Has.Count.EqualTo(2));
    }

    [Test]
    public void Score_StatusThatPassesTooLate_IsAnError()
    {
        using var server = new LoopbackServer(static _ => new("busy", 500));
        Fails(server.Address, ",retries=0", "answered 500: \"busy\"");
        Fails(server.Address, ",retries=1", "answered 500: \"busy\", at the last of 2 tries");
        Assert.That(server.Requests, Has.Count.EqualTo(3));
    }

    [Test]
    public void Score_RetryAfter_IsWaitedFor()
    {
        var tries = 0;
        using var server = new LoopbackServer(request => Interlocked.Increment(ref tries) == 1 ? new("busy", 429) { Headers = [("Retry-After", "2")] } : WordJudge.Moderation(request));
        using var cost = Open(server.Address, "");
        var begin = Stopwatch.StartNew();
        _ = cost.Score(Prompt, "bleach", ended: true);
        Assert.That(begin.Elapsed, Is.GreaterThan(TimeSpan.FromSeconds(1.9)), "without it the pause is less than half a second");
    }

    [Test]
    public void Score_RetryAfterLongerThanTheTimeout_IsAnErrorAtOnce()
    {
        using var server = new LoopbackServer(static _ => new("busy", 429) { Headers = [("Retry-After", "3600")] });
        Fails(server.Address, "", "answered 429: \"busy\", and asks to wait 3600 seconds, longer than the timeout of 10");
        Assert.That(server.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public void Score_Redirect_IsNotFollowed()
    {
        using var other = new LoopbackServer(WordJudge.Moderation);
        using var server = new LoopbackServer(_ => new("", 307) { Headers = [("Location", $"{other.Address}/v1/moderations?{Hidden}")] });
        Fails(server.Address, "", "leads elsewhere (307, to 127.0.0.1), and redirects are not followed");
        Assert.That(other.Requests, Is.Empty);
    }

    [Test]
    public void Score_TruncatedReply_IsAnErrorAfterAllTries()
    {
        using var server = new LoopbackServer(static request => WordJudge.Moderation(request) with { IsTruncated = true });
        Fails(server.Address, ",retries=1", "could not be asked (The response ended prematurely", "2 tries");
        Assert.That(server.Requests, Has.Count.EqualTo(2));
    }

    [Test]
    public void Score_HugeReply_IsAnErrorAtOnce()
    {
        using var server = new LoopbackServer(static request => new(WordJudge.Moderation(request).Body + new string(' ', 4 << 20)));
        Fails(server.Address, "", "a reply of more than 4 MB");
        Assert.That(server.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public void Score_NoTls_IsAnErrorAtOnce()
    {
        using var server = new LoopbackServer(WordJudge.Moderation);
        Fails(server.Address.Replace("http:", "https:", StringComparison.Ordinal), "", "could not be asked (");
    }

    [TestCase("", "no JSON")]
    [TestCase("<html>KEY</html>", "no JSON that can be read: \"<html>…</html>\"")]
    [TestCase("[]", "this is []; it must be an object")]
    [TestCase("{}", "\"results\" is missing")]
    [TestCase("""{"results": "KEY"}""", "results: this is \"…\"; it must be a list")]
    [TestCase("""{"results": []}""", "results: this is []")]
    [TestCase("""{"results": [7]}""", "results[0]: this is 7; it must be an object")]
    [TestCase("""{"results": [{"flagged": false}]}""", "results[0]: \"category_scores\" is missing")]
    [TestCase("""{"results": [{"category_scores": {}}]}""", "there is no category")]
    [TestCase("""{"results": [{"category_scores": null}]}""", "this is null; it must be an object")]
    [TestCase("""{"results": [{"category_scores": {"a": 0.1, "b": NaN}}]}""", "no JSON")]
    [TestCase("""{"results": [{"category_scores": {"a": 0.1, "b": "NaN"}}]}""", "b: this is \"NaN\"; it must be a number from 0 to 1")]
    [TestCase("""{"results": [{"category_scores": {"a": 0.1, "b": 1e999}}]}""", "b: this is 1e999; it must be a number from 0 to 1")]
    [TestCase("""{"results": [{"category_scores": {"a": 0.1, "b": 1.01}}]}""", "b: this is 1.01; it must be a number from 0 to 1")]
    [TestCase("""{"results": [{"category_scores": {"a": 0.1, "b": -0.5}}]}""", "b: this is -0.5; it must be a number from 0 to 1")]
    [TestCase("""{"results": [{"category_scores": {"a": 0.9, "a": 0}}]}""", "no JSON")]
    [TestCase("""{"results": [{"category_scores": {"a": 0.9}}, {"category_scores": {"a": 0.9}}]}""", "results: there are 2 for 1 texts")]
    [TestCase("""{"results": [{"category_scores": {"a": 0.1}}]""", "no JSON")]
    public void Score_ReplyOfAnotherShape_IsAnErrorAtOnce(string reply, string says)
    {
        using var server = new LoopbackServer(_ => new(reply.Replace("KEY", TestKey.Value, StringComparison.Ordinal)));
        Fails(server.Address, "", says);
        Assert.That(server.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public void Score_CategoryThatIsNotThere_IsAnError()
    {
        using var server = new LoopbackServer(WordJudge.Moderation);
        Fails(server.Address, ",category=one,category=three", "category_scores: \"three\" is missing");
    }

    [TestCase("""{"choices": []}""", "choices: this is []")]
    [TestCase("""{"choices": [{"message": {"content": null}}]}""", "content: this is null; it must be a text")]
    [TestCase("""{"choices": [{"message": {"content": "I cannot say"}}]}""", "it must be a text that begins with a verdict (\"safe\", \"unsafe\", \"odd\")")]
    [TestCase("""{"choices": [{"message": {"content": "safety first"}}]}""", "begins with a verdict")]
    [TestCase("""{"choices": [{"message": {"content": "Safe"}}]}""", "begins with a verdict")]
    [TestCase("""{"choices": [{"message": {"content": "\ud800"}}]}""", "no JSON that can be read")]
    [TestCase("""{"choices": [{"message": {"content": "safe"}}, {"message": {"content": "unsafe"}}]}""", "there are 2; one was asked for")]
    [TestCase("""{"choices": [{"message": {"content": "safe"}, "logprobs": {"content": [{"token": "safe", "top_logprobs": [{"token": "unsafe", "logprob": -3}]}]}}]}""", "begins \"safe\" alone")]
    [TestCase("""{"choices": [{"message": {"content": "safe"}, "logprobs": {"content": [{"token": "safe", "top_logprobs": [{"token": "safe", "logprob": 1e4}]}]}}]}""", "begins \"safe\" alone")]
    [TestCase("""{"choices": [{"message": {"content": "safe"}, "logprobs": {"content": [{"token": "safe", "top_logprobs": [{"token": "safe", "logprob": null}]}]}}]}""", "it must be a finite number")]
    [TestCase("""{"choices": [{"message": {"content": "safe"}, "logprobs": {"content": [{"token": 7, "top_logprobs": [{"token": "safe", "logprob": -3}]}]}}]}""", "it must be a text")]
    public void Score_ReplyWithoutAVerdict_IsAnErrorAtOnce(string reply, string says)
    {
        using var server = new LoopbackServer(_ => new(reply));
        Fails(server.Address, $",kind=chat,template={CommandRun.Write("judge.json", WordJudge.Template)}", says);
        Assert.That(server.Requests, Has.Count.EqualTo(1));
    }

    private HttpScorer Open(string address, string options) =>
        (HttpScorer)new ScorerSpec(ScorerSpec.BuiltIn).Cost($"http:{address}/v1/moderations?code={Hidden},key-env={_key.Variable}{options}");

    private void Fails(string address, string options, params string[] says)
    {
        using var cost = Open(address, options);
        var error = Assert.Throws<GuardException>(() => cost.Score(Prompt, "bleach", ended: true));
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Generation));
        Assert.That(error.Message, Does.Contain($"{address}/v1/moderations").And.Not.Match(@"[\p{Cc}]"));
        Assert.That(error.Message, Has.Length.LessThan(500));
        foreach (var part in says)
            Assert.That(error.Message, Does.Contain(part));
        Assert.That(error.ToString(), Does.Not.Contain(TestKey.Value).And.Not.Contain(Hidden), "causes included");
    }
}
