// Marks tests of what only the library's own binding to llama.cpp can do.

using InferenceGuard.Model;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace InferenceGuard.Tests.Support;

/// <summary>Ignores a test, with the reason, in a build whose llama.cpp is another engine's: it needs the library's own binding.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class OwnEngineAttribute : NUnitAttribute, IApplyToTest
{
    /// <inheritdoc />
    public void ApplyToTest(Test test)
    {
        if (Implementations.Engine == LlamaEngine.Own || test.RunState == RunState.NotRunnable)
            return;
        test.RunState = RunState.Ignored;
        test.Properties.Set(PropertyNames.SkipReason, $"It needs the library's own binding to llama.cpp; this build has {Implementations.Engine}.");
    }
}
