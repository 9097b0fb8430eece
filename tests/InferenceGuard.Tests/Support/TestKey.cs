// An environment variable with a key, for as long as a test runs.

namespace InferenceGuard.Tests.Support;

/// <summary>A key in an environment variable; what was there before comes back.</summary>
internal sealed class TestKey : IDisposable
{
    public const string Value = "sk-test/0123456789+abcdef";

    private readonly string? _before;

    public TestKey(string variable = "INFERENCEGUARD_TEST_KEY")
    {
        (Variable, _before) = (variable, Environment.GetEnvironmentVariable(variable));
        Environment.SetEnvironmentVariable(variable, Value);
    }

    public string Variable { get; }

    public void Dispose() => Environment.SetEnvironmentVariable(Variable, _before);
}
