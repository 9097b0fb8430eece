// A traced generation as a tree: attempts at blocks, and under each its beams.

using System.Globalization;
using InferenceGuard.Diagnostics;
using InferenceGuard.Search;
using Spectre.Console;

namespace InferenceGuard.App.Cli.Explain;

/// <summary>Draws a traced generation. The way to the answer is emphasised; retries and hazards stay visible.</summary>
internal sealed class TraceTree
{
    // So many beams over budget show what went wrong; the others are counted.
    private const int ShownHazards = 3;

    private readonly TracedGeneration _generation;
    private readonly bool _showsAll;
    private readonly IReadOnlySet<(int Pass, int Id)> _answerPath;
    private readonly HashSet<(int Pass, int Id)> _seen = [];

    private TraceTree(TracedGeneration generation, bool showsAll) =>
        (_generation, _showsAll, _answerPath) = (generation, showsAll, generation.AnswerPath());

    /// <summary>Draws a generation.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="showsAll">Whether outscored beams, duplicates and every hazard get a line of their own.</param>
    public static Tree Of(TracedGeneration generation, bool showsAll) => new TraceTree(generation, showsAll).Draw();

    private Tree Draw()
    {
        var (start, options) = (_generation.Start, _generation.Start.Options);
        var asked = start.Messages.LastOrDefault(static message => message.Role == "user")?.Content ?? "";
        var tree = new Tree(new Markup($"[bold]{Escaped(asked)}[/]  {Text($"{start.Model.Name} · N {options.Beams} · K {options.KeptBeams} · d {options.BlockTokens} · z {start.Z:0.##} · seed {options.Seed}")}"))
        {
            Guide = TreeGuide.Line,
        };
        foreach (var attempt in _generation.Attempts)
            Draw(tree.AddNode(Headline(attempt)), attempt);
        tree.AddNode(_generation.Answer is { } answer ? Line(answer) : new Markup("[yellow]no answer: the generation was stopped or failed[/]"));
        return tree;
    }

    private void Draw(TreeNode node, TraceAttempt attempt)
    {
        var hazards = 0;
        var hidden = new Dictionary<string, int>();
        foreach (var beam in attempt.Beams)
        {
            var isHazard = IsHazard(beam);
            if (_showsAll || IsOnAnswerPath(attempt, beam) || beam.Verdict == BeamVerdict.Kept || (isHazard && hazards < ShownHazards))
                node.AddNode(Line(attempt, beam));
            else
                hidden[Word(beam)] = hidden.GetValueOrDefault(Word(beam)) + 1;
            hazards += isHazard ? 1 : 0;
        }
        if (hidden.Count > 0)
            node.AddNode(new Markup($"[grey]… and {string.Join(", ", hidden.Select(static kind => $"{kind.Value} {kind.Key}"))}[/]"));
        _seen.UnionWith(attempt.Beams.Select(beam => (attempt.Pass, beam.Id)));
    }

    private static Markup Headline(TraceAttempt attempt)
    {
        var widened = attempt.Pass > 0 ? ", wider search" : "";
        var again = attempt.Attempt > 0 ? $", attempt {attempt.Attempt + 1}" : "";
        var outcome = attempt.Retried ? " [yellow]→ retried with more diversity[/]" : attempt.Safe == 0 ? " [red]→ no attempt left[/]" : "";
        return new($"block {attempt.Block + 1}{again}{widened} [grey]· {attempt.Safe} of {attempt.Beams.Count(static beam => beam.Verdict is not (BeamVerdict.Duplicate or BeamVerdict.Pruned))} beams safe[/]{outcome}");
    }

    private Markup Line(TraceAttempt attempt, TraceBeam beam)
    {
        var isAnswer = IsOnAnswerPath(attempt, beam);
        var style = isAnswer ? "bold green" : IsHazard(beam) ? "red" : beam.Verdict == BeamVerdict.Kept ? "default" : "grey";
        var mark = isAnswer ? "►" : IsHazard(beam) ? "✗" : beam.Verdict == BeamVerdict.Kept ? "+" : "-";
        var end = beam.End switch { EndReason.EndOfText => " ■", EndReason.Length => " ▪", _ => "" };
        var text = _seen.Contains((attempt.Pass, beam.Id)) ? "(ended before) " + Quoted(beam.Text) : Quoted(beam.Text);
        var numbers = beam.Z is null ? "" : Text($"z {beam.Z:0.##} · cost {beam.Cost:0.##} · reward {beam.Reward:0.##} · score {beam.Score:0.##} · ") + (beam.SafeProbability is { } safe ? Text($"safe {safe:0.00} · ") : "");
        return new($"[{style}]{mark} {beam.Parent}→{beam.Id} {Escaped(text)}{end}[/]  [grey]{numbers}{Word(beam)}[/]");
    }

    private static Markup Line(TraceAnswer answer)
    {
        var (style, verdict) = answer.FinishReason == FinishReason.ContentFilter ? ("yellow", "abstained") : answer.Safe ? ("bold green", "verified safe") : ("bold red", "unsafe");
        return new($"[{style}]{verdict}: {Escaped(answer.Text)}[/]  [grey]{Text($"z {answer.Z:0.##} · cost {answer.Cost:0.##} · reward {answer.Reward:0.##} · {answer.Retries} {(answer.Retries == 1 ? "retry" : "retries")}")}[/]");
    }

    private bool IsOnAnswerPath(TraceAttempt attempt, TraceBeam beam) => _answerPath.Contains((attempt.Pass, beam.Id));

    private static bool IsHazard(TraceBeam beam) => beam.Z < 0;

    private static string Word(TraceBeam beam) => beam.Verdict switch
    {
        BeamVerdict.Kept => "kept",
        BeamVerdict.Outscored => "outscored",
        BeamVerdict.OverBudget => "over budget",
        BeamVerdict.Rejected => "rejected by the critic",
        BeamVerdict.Pruned => "pruned within the block",
        BeamVerdict.Duplicate => "duplicate",
        _ when IsHazard(beam) => "over budget, tried again",
        _ => "rejected by the critic, tried again",
    };

    private static string Quoted(string text) => $"\"{text.Replace("\n", "⏎", StringComparison.Ordinal)}\"";

    private static string Escaped(string text) => Markup.Escape(Terminal.Printable(text));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
