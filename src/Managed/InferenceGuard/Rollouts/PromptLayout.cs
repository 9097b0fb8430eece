// The layouts of prompt sets: by which columns each is known, and which of them are the prompt.

using System.Diagnostics.CodeAnalysis;

namespace InferenceGuard.Rollouts;

/// <summary>A layout of prompt sets: the same columns may come as CSV, as JSON lines or as a JSON array.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Columns">The columns it is known by.</param>
/// <param name="Prompt">The column that is the prompt.</param>
internal sealed record PromptLayout(string Name, string[] Columns, string Prompt)
{
    /// <summary>Columns of identities, the best first.</summary>
    public string[] Ids { get; init; } = [];

    /// <summary>A column whose text, if there is any, stands before the prompt and a line of dashes.</summary>
    public string? Context { get; init; }

    /// <summary>A column whose text, if there is any, stands behind the prompt and a blank line.</summary>
    public string? Input { get; init; }

    /// <summary>Whether the prompt column holds a dialogue.</summary>
    public bool IsDialogue { get; init; }

    /// <summary>Whether a row that asks what an earlier one asks is a prompt too.</summary>
    public bool KeepsRepeats { get; init; }

    // Our own: {"prompt": …, "id": …}. Whoever wrote the file decides what is in it, repeats included.
    private static PromptLayout Plain { get; } = new("plain", ["prompt"], "prompt") { Ids = ["id"], KeepsRepeats = true };

    /// <summary>All layouts; one with more of the same columns stands first.</summary>
    public static IReadOnlyList<PromptLayout> All { get; } =
    [
        // PKU-SafeRLHF (huggingface.co/datasets/PKU-Alignment/PKU-SafeRLHF): two answers per row, most prompts in several rows.
        new("pku-saferlhf", ["prompt", "response_0", "response_1"], "prompt"),
        // BeaverTails (…/PKU-Alignment/BeaverTails): one judged answer per row, most prompts in many rows.
        new("beavertails", ["prompt", "response", "category", "is_safe"], "prompt"),
        // BeaverTails-Evaluation (…/PKU-Alignment/BeaverTails-Evaluation): 700 prompts.
        new("beavertails-evaluation", ["prompt", "category", "category_id"], "prompt"),
        // XSTest (github.com/paul-rottger/exaggerated-safety): id,prompt,type,label,focus,note; earlier releases had id_v1,id_v2,type,prompt,focus,note.
        new("xstest", ["prompt", "type", "focus", "note"], "prompt") { Ids = ["id", "id_v2"] },
        // HH-RLHF (github.com/anthropics/hh-rlhf): the same dialogue with a chosen and a rejected last answer.
        new("hh-rlhf", ["chosen", "rejected"], "chosen") { IsDialogue = true },
        // JailbreakBench (huggingface.co/datasets/JailbreakBench/JBB-Behaviors): Index,Goal,Target,Behavior,Category,Source; Index came later than the rest.
        new("jailbreakbench", ["Goal", "Target", "Behavior", "Category"], "Goal") { Ids = ["Index"] },
        // AdvBench (github.com/llm-attacks/llm-attacks, harmful_behaviors.csv): goal,target.
        new("advbench", ["goal", "target"], "goal"),
        // HarmBench (github.com/centerforaisafety/HarmBench, harmbench_behaviors_text_*.csv): Behavior,FunctionalCategory,SemanticCategory,Tags,ContextString,BehaviorID.
        new("harmbench", ["Behavior", "ContextString", "BehaviorID"], "Behavior") { Ids = ["BehaviorID"], Context = "ContextString" },
        // StrongREJECT (github.com/alexandrasouly/strongreject): category,source,forbidden_prompt.
        new("strongreject", ["forbidden_prompt"], "forbidden_prompt"),
        // Alpaca (github.com/tatsu-lab/stanford_alpaca, alpaca_data.json): instruction, input, output.
        new("alpaca", ["instruction", "output"], "instruction") { Input = "input" },
        Plain,
    ];

    /// <summary>What a row must have, for people.</summary>
    public string Expected => this == Plain ? "{\"prompt\": \"…\"} with an optional \"id\", or these columns" : $"a row of {Name} with text under \"{Prompt}\"";

    /// <summary>Finds the layout of a row by its columns.</summary>
    /// <exception cref="FormatException">The row cannot be read, or has the columns of no layout.</exception>
    public static PromptLayout Of(PromptRow row)
    {
        var names = row.Names;
        return All.FirstOrDefault(layout => layout.Columns.All(names.Contains)) ?? throw Lacks(Plain.Prompt, row);
    }

    /// <summary>Finds a layout by its name.</summary>
    public static bool TryFind(string name, [NotNullWhen(true)] out PromptLayout? layout) => (layout = All.FirstOrDefault(layout => layout.Name == name)) is not null;

    /// <summary>Reads the prompt of a row.</summary>
    /// <exception cref="FormatException">It has none; the message says why.</exception>
    public PromptEntry Read(PromptRow row)
    {
        var prompt = row.Text(Prompt);
        if (string.IsNullOrWhiteSpace(prompt))
            throw Lacks(Prompt, row);
        var id = Ids.Select(row.Label).FirstOrDefault(static id => !string.IsNullOrWhiteSpace(id)) ?? row.Id;
        if (IsDialogue)
            return HumanDialogue.Read(id, prompt);
        if (Filled(Context) is { } context)
            prompt = $"{context}\n\n---\n\n{prompt}";
        return new(id, Filled(Input) is { } input ? $"{prompt}\n\n{input}" : prompt);

        string? Filled(string? column) => column is not null && row.Text(column) is var text && !string.IsNullOrWhiteSpace(text) ? text : null;
    }

    private static FormatException Lacks(string column, PromptRow row) => row.Names.Contains(column)
        ? new($"it has no text under \"{column}\"")
        : new($"it has no text under \"{column}\", only {Shown(row.Names)}");

    private static string Shown(IReadOnlyCollection<string> names) => names.Count == 0 ? "nothing" : string.Join(", ", names.Take(8).Select(static name => $"\"{(name.Length > 40 ? name[..40] + "…" : name)}\"")) + (names.Count > 8 ? " …" : "");
}
