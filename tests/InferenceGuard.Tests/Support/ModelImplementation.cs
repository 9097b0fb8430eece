// One implementation of ILanguageModel, for fixtures that run on each.

using InferenceGuard.Model;

namespace InferenceGuard.Tests.Support;

/// <summary>One implementation of <see cref="ILanguageModel"/>.</summary>
/// <param name="Name">Its name in the fixture's.</param>
/// <param name="Open">Loads <see cref="TinyModel.SpmPath"/>; contexts of it are exact.</param>
public sealed record ModelImplementation(string Name, Func<ILanguageModel> Open)
{
    /// <inheritdoc />
    public override string ToString() => Name;
}
