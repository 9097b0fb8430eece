// A function or class that a pickle may name.

namespace InferenceGuard.Storage;

/// <summary>A function or class that a pickle may name.</summary>
/// <param name="Name">Module and name with a dot between.</param>
/// <param name="Call">What a call with a tuple of arguments gives; null where it cannot be called.</param>
internal sealed record PickleGlobal(string Name, Func<object?[], object?>? Call = null);
