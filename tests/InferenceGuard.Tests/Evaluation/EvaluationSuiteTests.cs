// What a suite's file says, and how every mistake in one is named with its line.

using InferenceGuard.Evaluation;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Evaluation;

public sealed class EvaluationSuiteTests
{
    private static readonly string[] s_methods = ["base", "inferenceguard"];
    private static readonly string[] s_options = ["beams", "mode"];
    private static readonly string[] s_formats = ["plain", "xstest"];

    [Test]
    public void ReadJson_WholeSuite_GivesEveryValue()
    {
        var suite = Read("""
            {
              // a comment
              "name": "nightly",
              "models": [{ "name": "a", "path": "a.gguf", "cost": "phrases:c.json", "reward": "phrases:r.json", "critic": "a.safetensors" }, { "name": "b", "path": "b.gguf" }],
              "methods": ["base", "inferenceguard"],
              "settings": [{ "name": "n16", "options": { "beams": 16, "mode": "strict" } }, { "name": "default" }],
              "prompts": "p.csv", "prompt_format": "xstest", "limit": 20, "seeds": [1, 18446744073709551615],
            }
            """);
        Assert.That((suite.Name, suite.Prompts, suite.PromptFormat, suite.Limit), Is.EqualTo(("nightly", "p.csv", "xstest", 20)));
        Assert.That(suite.Models.Select(static model => (model.Name, model.Path, model.Critic)), Is.EqualTo(new (string, string, string?)[] { ("a", "a.gguf", "a.safetensors"), ("b", "b.gguf", null) }));
        Assert.That(suite.Models[0].Costs.Concat(suite.Models[0].Rewards), Is.EqualTo(new[] { "phrases:c.json", "phrases:r.json" }));
        Assert.That(suite.Models[1].Costs.Concat(suite.Models[1].Rewards), Is.Empty);
        Assert.That(suite.Methods, Is.EqualTo(s_methods));
        Assert.That(suite.Seeds, Is.EqualTo(new ulong[] { 1, ulong.MaxValue }));
        Assert.That(suite.Settings.Select(static setting => setting.Name), Is.EqualTo(new[] { "n16", "default" }));
        Assert.That(suite.Settings[0].Options, Is.EquivalentTo(new Dictionary<string, string> { ["beams"] = "16", ["mode"] = "strict" }));
        Assert.That(suite.Settings[1].Options, Is.Empty);
    }

    [Test]
    public void ReadJson_LeastSuite_HasOneSettingOneSeedAndNoLimit()
    {
        var suite = Read("""{"name":"s","models":[{"name":"a","path":"a.gguf"}],"methods":["base"],"prompts":"p.jsonl"}""");
        Assert.That(suite.Settings.Single().Name, Is.Empty);
        Assert.That(suite.Seeds, Is.EqualTo(new[] { 1UL }));
        Assert.That((suite.Limit, suite.PromptFormat), Is.EqualTo(((int?)null, (string?)null)));
    }

    [Test]
    public void ReadJson_FileBesideTheSuite_IsMeantFromAnyFolder()
    {
        var path = Write("""{"name":"s","models":[{"name":"a","path":"beside.gguf","cost":"phrases:beside.gguf"}],"methods":["base"],"prompts":"/else/where.jsonl"}""");
        var beside = Path.Combine(Path.GetDirectoryName(path)!, "beside.gguf");
        File.WriteAllText(beside, "");
        var suite = EvaluationSuite.ReadJson(path);
        Assert.That((suite.Models[0].Path, suite.Models[0].Costs.Single(), suite.Prompts), Is.EqualTo((beside, "phrases:" + beside, "/else/where.jsonl")));
    }

    [Test]
    public void ReadJson_SeveralCosts_AreLocatedPartByPart()
    {
        var path = Write("""{"name":"s","models":[{"name":"a","path":"a.gguf","cost":["gguf-head:trunk.gguf,head.st,weight=2","guard:guard.gguf,template=trunk.gguf"],"combine":"max"}],"methods":["base"],"prompts":"p.jsonl"}""");
        var trunk = Path.Combine(Path.GetDirectoryName(path)!, "trunk.gguf");
        File.WriteAllText(trunk, "");
        var model = EvaluationSuite.ReadJson(path).Models[0];
        Assert.That(model.Costs, Is.EqualTo(new[] { $"gguf-head:{trunk},head.st,weight=2", $"guard:guard.gguf,template={trunk}" }));
        Assert.That(model.Combination, Is.EqualTo(Combination.Max));
    }

    [TestCase("\"models\"", "\"model\"", "line 3: model: unknown key \"model\"; known are name, models,")]
    [TestCase("\"path\": \"a.gguf\"", "\"path\": 3", "line 4: models[0], path: this is 3; it must be a text")]
    [TestCase("\"path\": \"a.gguf\"", "\"file\": \"a.gguf\"", "line 4: models[0], file: unknown key \"file\"; known are name, path, cost, combine, reward, critic")]
    [TestCase("\"path\": \"a.gguf\"", "\"cost\": \"c\"", "line 4: models[0]: \"path\" is missing")]
    [TestCase("\"path\": \"a.gguf\"", "\"path\": \"a.gguf\", \"combine\": \"mean\"", "line 4: models[0], combine: unknown combination \"mean\"; known are sum, max")]
    [TestCase("\"name\": \"b\"", "\"name\": \"a\"", "line 5: models[1]: a occurs twice")]
    [TestCase("\"inferenceguard\"", "\"inferencegard\"", "line 9: methods[1]: unknown method \"inferencegard\"; known are base, inferenceguard")]
    [TestCase("\"inferenceguard\"", "\"base\"", "line 9: methods[1]: base occurs twice")]
    [TestCase("\"beams\": 16", "\"beam\": 16", "line 12: settings[0], options, beam: unknown option \"beam\"; known are beams, mode")]
    [TestCase("\"beams\": 16", "\"beams\": [16]", "line 12: settings[0], options, beams: this is [16]; it must be a text, a number, true or false")]
    [TestCase("\"limit\": 5", "\"limit\": 0", "line 15: limit: this is 0; it must be a whole number, 1 or more")]
    [TestCase("\"limit\": 5", "\"prompt_format\": \"xtest\"", "line 15: prompt_format: unknown prompt format \"xtest\"; known are plain, xstest")]
    [TestCase("[1, 2]", "[1, -2]", "line 16: seeds[1]: this is -2; it must be a whole number, 0 or more")]
    [TestCase("[1, 2]", "[1, 1]", "line 16: seeds[1]: 1 occurs twice")]
    [TestCase("[1, 2]", "[]", "line 16: seeds: this is []; it must be a list in brackets that is not empty")]
    [TestCase("\"prompts\": \"p.jsonl\",", "", "line 1: \"prompts\" is missing")]
    [TestCase("[1, 2]", "[1, 2", "not valid JSON at line 17")]
    [TestCase("\"limit\": 5", "\"limit\": 5, \"limit\": 6", "not valid JSON")]
    public void ReadJson_Mistake_IsNamedWithItsLine(string right, string wrong, string complaint)
    {
        const string Suite = """
            {
              "name": "s",
              "models": [
                { "name": "a", "path": "a.gguf" },
                { "name": "b", "path": "b.gguf" }
              ],
              "methods": [
                "base",
                "inferenceguard"
              ],
              "settings": [
                { "name": "n16", "options": { "beams": 16 } }
              ],
              "prompts": "p.jsonl",
              "limit": 5,
              "seeds": [1, 2]
            }
            """;
        Assert.That(() => Read(Suite), Throws.Nothing);
        var at = Suite.IndexOf(right, StringComparison.Ordinal);
        Assert.That(() => Read(Suite[..at] + wrong + Suite[(at + right.Length)..]), Throws.InstanceOf<GuardException>().With.Message.Contains(complaint).And.Message.Not.Contains("\n"));
    }

    [Test]
    public void ReadJson_NoFile_SaysSo() =>
        Assert.That(() => EvaluationSuite.ReadJson("no-such-suite.json"), Throws.InstanceOf<GuardException>().With.Message.Contains("no-such-suite.json").And.Property("Fault").EqualTo(GuardFault.Usage));

    private static EvaluationSuite Read(string json) => EvaluationSuite.ReadJson(Write(json), s_methods, s_options, s_formats);

    private static string Write(string json)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(TestFolder.Path, "suite-" + Guid.NewGuid().ToString("N"))).FullName, "suite.json");
        File.WriteAllText(path, json);
        return path;
    }
}
