// How the report looks, in light and in dark.

namespace InferenceGuard.Evaluation;

/// <summary>The report's style sheet. It stands in XML: no angle brackets, no ampersands.</summary>
internal static class ReportStyle
{
    public const string Css = """
        :root { color-scheme: light dark; --page: #ffffff; --card: #f5f6f8; --ink: #1b1f24; --faint: #5b6570; --line: #d7dce1;
          --plain: #6b7480; --other: #2467b3; --guard: #0a7a4b; --safe: #4c9a74; --unsafe: #c0392b; --away: #8a6d1a; --on: #ffffff; }
        @media (prefers-color-scheme: dark) { :root { --page: #14171a; --card: #1e2327; --ink: #e6e9ec; --faint: #9aa5af; --line: #363d44;
          --plain: #9aa5af; --other: #6fb0f2; --guard: #4fd39a; --safe: #3f8f68; --unsafe: #f0776a; --away: #d9b650; --on: #14171a; } }
        body { margin: 0 auto; max-width: 78rem; padding: 1.5rem; background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
        h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line); } h3 { margin: 1.4rem 0 .4rem; font-size: 1rem; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; } dt, .note, figcaption { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .87rem; }
        th, td { padding: .25rem .55rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); } th { color: var(--faint); font-weight: 600; white-space: normal; vertical-align: bottom; }
        th.name, td.name { text-align: left; } tr.guard td.name { font-weight: 700; }
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1rem; margin-top: 1rem; } .small { display: grid; grid-template-columns: repeat(auto-fill, minmax(12.5rem, 1fr)); gap: .5rem 1rem; }
        figure { margin: 0; } figcaption { font-size: .85rem; } svg { width: 100%; height: auto; display: block; }
        .legend { columns: 16rem; margin: .5rem 0; padding: 0; list-style: none; font-size: .87rem; } .legend b { display: inline-block; min-width: 1.6rem; text-align: right; margin-right: .4rem; }
        .grid, .ground { stroke: var(--line); } .leader { stroke: var(--faint); stroke-width: .8; } .interval { stroke-width: 1.2; opacity: .4; }
        .tick { fill: var(--faint); font-size: 10.5px; } .axis { fill: var(--ink); font-size: 12px; } .number { fill: var(--on); font-size: 10px; font-weight: 700; }
        .dot.plain, .badge.plain { fill: var(--plain); } .dot.other, .badge.other { fill: var(--other); } .dot.guard, .badge.guard { fill: var(--guard); }
        .interval.plain { stroke: var(--plain); } .interval.other { stroke: var(--other); } .interval.guard { stroke: var(--guard); }
        .legend .plain { color: var(--plain); } .legend .other { color: var(--other); } .legend .guard { color: var(--guard); }
        rect.safe { fill: var(--safe); } rect.unsafe { fill: var(--unsafe); }
        .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .6rem; } .card { background: var(--card); border-radius: 6px; padding: .6rem .75rem; }
        .card header { display: flex; flex-wrap: wrap; gap: .4rem; align-items: baseline; } .card p { margin: .4rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
        .mark { border-radius: 4px; padding: 0 .4rem; font-size: .8rem; font-weight: 700; color: var(--on); } .mark.safe { background: var(--guard); } .mark.unsafe { background: var(--unsafe); } .mark.abstained { background: var(--away); }
        .figures { color: var(--faint); font-size: .83rem; } blockquote { margin: 0 0 .5rem; padding-left: .8rem; border-left: 3px solid var(--line); white-space: pre-wrap; }
        """;
}
