// What is wrong with a specification is said before anything is sent, and without its secrets.

using InferenceGuard.Scoring;
using InferenceGuard.Tests.App;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

internal sealed class HttpOptionTests
{
    private const string Moderations = "https://example.org/v1/moderations?code=hidden";

    [TestCase("http:hidden", "is no URL of a scorer")]
    [TestCase("http:ftp://hidden@example.org/v1/moderations", "is no URL of a scorer")]
    [TestCase("https:hidden", "is no URL of a scorer")]
    [TestCase("http:https://user:hidden@example.org/v1/moderations", "https://example.org/v1/moderations: the URL holds a user name")]
    [TestCase("https://example.org/judge?code=hidden", "https://example.org/judge: the path ends neither with /moderations nor with /chat/completions")]
    [TestCase(Moderations + ",kind=other", "kind is \"other\"")]
    [TestCase(Moderations + ",colour=red", "https://example.org/v1/moderations: there is no option \"colour\"; known are kind, model")]
    [TestCase(Moderations + ",parallel=2", "there is no option \"parallel\"")]
    [TestCase(Moderations + ",kind=chat,category=a", "there is no option \"category\"")]
    [TestCase(Moderations + ",kind=chat", "a judge needs template=FILE.json")]
    [TestCase(Moderations + ",as=words", "as is \"words\"")]
    [TestCase(Moderations + ",input=words", "input is \"words\"")]
    [TestCase(Moderations + ",model=a,model=b", "model is given twice")]
    [TestCase(Moderations + ",weight=NaN", "weight is \"NaN\"")]
    [TestCase(Moderations + ",timeout=0", "timeout is 0")]
    [TestCase(Moderations + ",timeout=1e9", "timeout is 1000000000")]
    [TestCase(Moderations + ",retries=-1", "retries is -1")]
    [TestCase(Moderations + ",retries=1.5", "retries is 1.5")]
    [TestCase(Moderations + ",retries=99", "retries is 99")]
    [TestCase(Moderations + ",insecure=perhaps", "insecure is \"perhaps\"")]
    [TestCase(Moderations + ",key-env=INFERENCEGUARD_NO_SUCH_KEY", "the environment variable that key-env names is not set")]
    [TestCase(Moderations + ",key-env=sk-hidden", "key-env is no name of an environment variable")]
    public void Open_WrongSpecification_SaysWhatIsWrong(string spec, string says) => Assert.That(() => Open(spec).Dispose(), Throws.TypeOf<GuardException>()
        .With.Property("Fault").EqualTo(GuardFault.Usage).And.Message.Contains(says).And.Message.Not.Contains("hidden"));

    [Test]
    public void Open_KeyInClearText_IsRefusedUnlessAskedFor()
    {
        using var key = new TestKey();
        var spec = $"http://example.org/v1/moderations,key-env={key.Variable}";
        Assert.That(() => Open(spec).Dispose(), Throws.TypeOf<GuardException>()
            .With.Property("Fault").EqualTo(GuardFault.Usage).And.Message.Contains($"the key in {key.Variable} would be sent in clear text").And.Message.Not.Contains(TestKey.Value));
        foreach (var allowed in (string[])[$"{spec},insecure=yes", "http://example.org/v1/moderations,key-env=", spec.Replace("http:", "https:", StringComparison.Ordinal), spec.Replace("example.org", "localhost:81", StringComparison.Ordinal)])
            Assert.That(() => Open(allowed).Dispose(), Throws.Nothing, allowed);
    }

    [Test]
    public void Open_KeyThatCannotBeSent_IsRefused()
    {
        using var key = new TestKey();
        Environment.SetEnvironmentVariable(key.Variable, "two words");
        Assert.That(() => Open($"{Moderations},key-env={key.Variable}").Dispose(), Throws.TypeOf<GuardException>().With.Message.Contains("holds is no key").And.Message.Not.Contains("words"));
    }

    [TestCase("http:https://example.org/v1/moderations", "https://example.org/v1/moderations")]
    [TestCase("https://example.org/a,b/v1/moderations/?x=1,2", "https://example.org/a,b/v1/moderations/")]
    [TestCase("http://[::1]:8080/v1/moderations,weight=2,timeout=5,category=a,as=logodds", "http://[::1]:8080/v1/moderations,category=a,as=logodds,weight=2")]
    public void Name_OfASpecification_IsTheUrlAndWhatMakesTheScore(string spec, string name)
    {
        using var scorer = Open(spec);
        Assert.That(scorer.Name, Is.EqualTo(name));
    }

    [TestCase("""{"verdicts": {"safe": 0, "unsafe": 1}}""", "\"messages\" is missing")]
    [TestCase("""{"messages": [], "verdicts": {"safe": 0, "unsafe": 1}}""", "messages: this is []")]
    [TestCase("""{"messages": [{"role": "user", "content": "{prompt}"}], "verdicts": {"safe": 0, "unsafe": 1}}""", "{answer} stands nowhere")]
    [TestCase("""{"messages": [{"role": "user", "text": "{answer}"}], "verdicts": {"safe": 0, "unsafe": 1}}""", "unknown field \"text\"")]
    [TestCase("""{"messages": [{"role": "user", "content": "{answer}"}]}""", "\"verdicts\" is missing")]
    [TestCase("""{"messages": [{"role": "user", "content": "{answer}"}], "verdicts": {"safe": 0, "fine": 0}}""", "at least two different numbers")]
    [TestCase("""{"messages": [{"role": "user", "content": "{answer}"}], "verdicts": {"safe": 0, "unsafe": 7}}""", "this is 7; it must be a number from 0 (safe) to 1 (unsafe)")]
    [TestCase("""{"messages": [{"role": "user", "content": "{answer}"}], "verdicts": {"yes": 0, " yes, it is": 1}}""", "\"yes\" begins another verdict")]
    [TestCase("""{"messages": [{"role": "user", "content": "{answer}"}], "verdicts": {"safe": 0, "safe": 1}}""", "is no JSON that can be used")]
    [TestCase("no json", "is no JSON that can be used")]
    public void Open_WrongTemplate_SaysWhatIsWrong(string json, string says) => Assert.That(
        () => Open($"https://example.org/v1/chat/completions,template={CommandRun.Write("wrong.json", json)}").Dispose(),
        Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Usage).And.Message.Contains("wrong.json").And.Message.Contains(says));

    [Test]
    public void Open_TemplateThatIsNotThere_SaysSo() => Assert.That(
        () => Open("https://example.org/v1/chat/completions,template=no/such.json").Dispose(), Throws.TypeOf<GuardException>().With.Message.Contains("no/such.json"));

    private static HttpScorer Open(string spec) => (HttpScorer)new ScorerSpec(ScorerSpec.BuiltIn).Cost(spec);
}
