// Tests of the options behind a scorer's file.

using InferenceGuard.Scoring;

namespace InferenceGuard.Tests.Scoring;

public sealed class ScorerArgumentTests
{
    [TestCase("a/b", "a/b")]
    [TestCase("a,b/c=d", "a,b/c=d")]
    [TestCase("a,b,weight=2", "a,b")]
    [TestCase("C:\\x,weight=2,label=a b, c,label=", "C:\\x")]
    public void Subject_Argument_IsWhatPrecedesTheOptions(string text, string subject) => Assert.That(new ScorerArgument("s", text).Subject, Is.EqualTo(subject));

    [Test]
    public void Options_OfEveryKind_AreRead()
    {
        var argument = new ScorerArgument("s", "a,weight=-2.5e1,stride=7,as=two,label=a b, c,label=x=y");
        Assert.That(argument.Number("weight", 1), Is.EqualTo(-25));
        Assert.That(argument.Number("other", 1), Is.EqualTo(1));
        Assert.That((argument.Count("stride"), argument.Count("other")), Is.EqualTo((7, (int?)null)));
        Assert.That((argument.Word("as", "one", "two"), argument.Word("other", "one")), Is.EqualTo(("two", (string?)null)));
        Assert.That(argument.All("label"), Is.EqualTo(new[] { "a b, c", "x=y" }));
    }

    [TestCase("a,weight=heavy", "weight is \"heavy\"; it must be a finite number")]
    [TestCase("a,weight=1e999", "weight is \"1e999\"; it must be a finite number")]
    [TestCase("a,weight=1,weight=2", "weight is given twice")]
    [TestCase("a,stride=0", "stride is \"0\"; it must be a whole number, 1 or more")]
    [TestCase("a,as=three", "as is \"three\"; it must be one of one, two")]
    [TestCase("a,width=1", "there is no option \"width\"; known are weight, stride, as")]
    public void Options_Wrong_AreRefused(string text, string complaint)
    {
        var argument = new ScorerArgument("s", text);
        Assert.That(() => (argument.Number("weight", 1), argument.Count("stride"), argument.Word("as", "one", "two"), AllowOnly()), Throws.TypeOf<GuardException>()
            .With.Property("Fault").EqualTo(GuardFault.Usage).And.Message.EqualTo($"s:{text}: {complaint}."));

        bool AllowOnly()
        {
            argument.AllowOnly("weight", "stride", "as");
            return true;
        }
    }
}
