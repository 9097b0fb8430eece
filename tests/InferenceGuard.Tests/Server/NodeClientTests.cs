// OpenAI's client for Node.js against a server in this process; its own tests are tests/clients/node/client.test.mjs.

using System.Diagnostics;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Server;

internal sealed class NodeClientTests
{
    private const string Key = "sk-0123456789abcdef0123";

    [Test]
    public async Task NodeClient_ItsTests_Pass()
    {
        var folder = Repository.PathOf("artifacts/clients/node");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "openai")))
            Assert.Ignore("The client is brought by a build with npm; this one had none.");
        await using var server = await TestServer.Start(new() { Keys = [Key] }, TestServer.Hearth);
        var start = new ProcessStartInfo("node", ["--test", "--test-reporter=tap", "client.test.mjs"])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { ["BASE_URL"] = server.Url + "/v1", ["API_KEY"] = Key, ["NO_PROXY"] = "127.0.0.1" },
        };
        using var node = Process.Start(start)!;
        var (output, error) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await node.WaitForExitAsync(patience.Token);
        Assert.That(node.ExitCode, Is.Zero, await output + await error);
        Assert.That(await output, Does.Contain("# pass 8").And.Contain("# fail 0"));
        await server.BecomesIdle();
    }
}
