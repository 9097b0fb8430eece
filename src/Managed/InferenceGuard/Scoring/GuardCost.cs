// A cost from the verdict of a guard model, read from its logits in one pass.

using InferenceGuard.Model;

namespace InferenceGuard.Scoring;

/// <summary>
/// A cost from a guard model: how unsafe the verdict would be that it is about to give. Only the verdicts' first tokens compete; nothing is generated.
/// </summary>
public sealed class GuardCost : ICost, IDisposable
{
    private readonly Trunk _trunk;

    private GuardCost(Trunk trunk, string name) => (_trunk, Name) = (trunk, name);

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public bool IsMonotone => false;

    /// <summary>The guard model.</summary>
    internal LlamaCppModel Model => _trunk.Model;

    /// <summary>Loads a guard from its specification.</summary>
    /// <param name="argument"><c>FILE.gguf,template=FAMILY</c> or <c>template=FILE.json</c>, and, if wanted, <c>as=probability</c> or <c>as=logodds</c>, <c>weight=w</c>, <c>category=NAME</c>.</param>
    /// <exception cref="GuardException">A file or option is wrong, or the model cannot tell the verdicts apart by their first tokens.</exception>
    internal static GuardCost Load(ScorerArgument argument)
    {
        argument.AllowOnly("template", "as", "weight", "category");
        var template = argument.All("template") is [{ Length: > 0 } file] ? file : throw argument.Error($"template= is needed, once: {string.Join(", ", GuardTemplate.Families)}, or a file (docs/guard-models.md)");
        var asked = GuardTemplate.Read(template, argument.All("category"));
        var (isLogOdds, weight) = (argument.Word("as", "probability", "logodds") == "logodds", argument.Number("weight", 1));
        var lease = ModelLease.Load(argument.Subject);
        try
        {
            var verdicts = Tokens(lease.Model, asked.Verdicts);
            return new(new(lease, ScoringTemplate.Parse(asked.Template, lease.Model), readsHidden: false, Read), $"{Path.GetFileNameWithoutExtension(argument.Subject)}{argument.Text[argument.Subject.Length..]}");

            double Read(ReadOnlySpan<float> logits)
            {
                var largest = double.NegativeInfinity;
                foreach (var (token, _) in verdicts)
                    largest = Math.Max(largest, logits[token]);
                var (total, unsafeMass) = (0.0, 0.0);
                foreach (var (token, isUnsafe) in verdicts)
                {
                    var mass = Math.Exp(logits[token] - largest);
                    (total, unsafeMass) = (total + mass, unsafeMass + isUnsafe * mass);
                }
                var probability = unsafeMass / total;
                return weight * (isLogOdds ? LogOdds.Of(probability) : probability);
            }
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots) => new TrunkSession(_trunk, prompt, slots);

    /// <inheritdoc />
    public double Score(string prompt, string answer, bool ended) => _trunk.Score(prompt, answer);

    /// <inheritdoc />
    public void Dispose() => _trunk.Dispose();

    // The first token of each verdict; no two may be the same, or the model's answer could not be told.
    private static (int Token, double Unsafe)[] Tokens(LlamaCppModel model, IReadOnlyList<(string Text, double Unsafe)> verdicts)
    {
        var tokens = verdicts.Select(verdict => model.Vocabulary.Tokenize(verdict.Text, parseSpecial: false) is [var first, ..]
            ? (first.Value, verdict.Unsafe)
            : throw new GuardException(GuardFault.Usage, $"{model.Info.Path} has no token for the verdict \"{verdict.Text}\".")).ToArray();
        return tokens.DistinctBy(static verdict => verdict.Value).Count() == tokens.Length
            ? tokens
            : throw new GuardException(GuardFault.Usage, $"{model.Info.Path} begins two of the verdicts {string.Join(", ", verdicts.Select(static verdict => $"\"{verdict.Text}\""))} with the same token, so they cannot be told apart; give verdicts whose first tokens differ, or another guard.");
    }
}
