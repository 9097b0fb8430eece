// `evaluate`: methods side by side, in numbers.

using System.CommandLine;
using System.Globalization;
using InferenceGuard.App.Cli.Evaluation;
using InferenceGuard.Evaluation;
using InferenceGuard.Methods;

namespace InferenceGuard.App.Cli;

/// <summary>Answers a file of prompts with several methods, and compares safety, reward and time.</summary>
internal static class EvaluateCommand
{
    private const int GateMissed = 1;

    public static Command Create(Terminal terminal)
    {
        var suite = new Option<string?>("--suite") { HelpName = "FILE", Description = "Models × methods × settings × prompts, as YAML or JSON; takes the place of the options below up to --seeds, but for --skip-bad." };
        var models = new Option<string[]>("--model") { HelpName = "F.gguf", Description = $"A model; give it again for more. By default {string.Join(" and ", HearthModel.All.Select(static model => model.Name))}.", Arity = ArgumentArity.OneOrMore };
        var methods = new Option<string?>("--methods") { HelpName = "a,b,c", Description = $"Methods, of {string.Join(", ", AnswerMethods.Known)}. By default {AnswerMethods.Base},{AnswerMethods.InferenceGuard}." };
        var limit = new NumberOption<int>("--limit", "n", 0, "Prompts from the beginning of the file; 0 = all.");
        var seeds = new NumberOption<int>("--seeds", "n", 1, "Every prompt is answered with so many seeds, from --seed on.");
        var output = new Option<string>("--out") { HelpName = "DIR", Description = "The folder of records, summary.csv and report.html.", Required = true };
        var gate = new Option<string?>("--gate") { HelpName = "rules", Description = $"What must hold, such as {AnswerMethods.InferenceGuard}:safety>=0.99,{AnswerMethods.InferenceGuard}:latency_ratio<=8; else the exit code is {GateMissed}." };
        var alsoCost = new Option<string?>("--also-cost") { HelpName = "SPEC", Description = "A second cost, which only judges the answers and is compared with --cost: its safety, and where the two differ." };
        var alsoBudget = new NumberOption<double>("--also-budget", "b", new GuardOptions().Budget, "What the second cost may come to in a safe text.");
        var (modelFlags, guardFlags, promptFlags) = (new ModelFlags(), new GuardFlags(), new PromptFlags(isRequired: false));
        var command = new Command("evaluate", "Compare methods on prompts; interrupted, the same command goes on.") { suite, models };
        promptFlags.AddTo(command);
        foreach (var option in (Option[])[methods, limit, seeds, output, gate, alsoCost, alsoBudget])
            command.Options.Add(option);
        modelFlags.AddTo(command, takesCritic: true, takesModel: false);
        guardFlags.AddTo(command, takesMethod: false);
        command.SetAction(parsed =>
        {
            var plan = parsed.GetValue(suite) is { } file
                ? EvaluationPlan.OfSuite(file, parsed, terminal, modelFlags, guardFlags, promptFlags)
                : EvaluationPlan.OfOptions(
                    parsed.GetValue(models) is { Length: > 0 } named ? named : [.. HearthModel.All.Select(static model => model.Name)],
                    promptFlags.Path(parsed), (parsed.GetValue(methods) ?? $"{AnswerMethods.Base},{AnswerMethods.InferenceGuard}").Split(','),
                    parsed.GetValue(limit), parsed.GetValue(seeds), parsed, terminal, modelFlags, guardFlags, promptFlags);
            var rules = parsed.GetValue(gate) is { } text ? EvaluationGate.Parse(text) : null;
            rules?.Require([.. plan.Models.Select(static model => model.Name)], plan.Methods);
            plan.RequireCritics();
            using var referee = parsed.GetValue(alsoCost) is { } spec ? new Referee(spec, ScorerSchemes.Known.Cost(spec), parsed.GetValue(alsoBudget)) : null;
            return Run(terminal, plan with { Referee = referee }, parsed.GetRequiredValue(output), rules);
        });
        return command;
    }

    private static int Run(Terminal terminal, EvaluationPlan plan, string folder, EvaluationGate? gate)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = terminal.OnInterrupt(stop.Cancel);
        var manifest = plan.Manifest();
        using var store = RecordStore.OpenOrBegin(folder, manifest);
        try
        {
            EvaluationRun.Run(plan, store, terminal, stop.Token);
        }
        catch (OperationCanceledException)
        {
            terminal.Fail($"Stopped after {store.Records.Count} of {plan.Answers} answers; the same command goes on.");
            return CommandLine.Interrupted;
        }
        var summary = EvaluationSummary.Of(store.Records);
        // Lines of their own width: a table cut to the terminal's would lose its last columns.
        var lines = SummaryTable.Of(summary.Rows);
        foreach (var line in lines)
            terminal.WriteLine("| " + string.Join(" | ", line.Select((cell, column) => cell.PadRight(lines.Max(other => other[column].Length)))) + " |");
        var (csv, report) = (Path.Combine(folder, "summary.csv"), Path.Combine(folder, "report.html"));
        File.WriteAllText(csv, CsvTable.Format(summary));
        HtmlReport.Save(report, manifest, store.Records, plan.Prompts.ToDictionary(static prompt => prompt.Id, static prompt => prompt.Transcript));
        terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{store.Records.Count} answers · {csv} · {report}"));
        if (gate?.Misses(summary) is not { Count: > 0 } misses)
            return CommandLine.Ok;
        terminal.Fail($"The gate was missed: {string.Join("; ", misses)}.");
        return GateMissed;
    }
}
