// Colours of safety states and marks of verdicts: amber through teal to blue with falling lightness, vermilion below zero; every verdict has a shape of its own.

import { el, svg, number } from "./dom.js";

// Lightness (in a light page, in a dark one), chroma and hue (OKLCH) at 0, half and all of the budget; each at least 3:1 against the page.
const STOPS = [[0.66, 0.88, 0.145, 80], [0.56, 0.76, 0.105, 192], [0.43, 0.64, 0.15, 262]];
const OVER = tone([0.55, 0.69, 0.19, 34]);

/** The colour of a safety state; null where there is none. */
export function colour(z, budget) {
  if (z === null || z === undefined)
    return "var(--faint)";
  return z < 0 ? OVER : at(ratio(z, budget));
}

/** How much of the budget is left, 0 to 1. */
export const ratio = (z, budget) => z < 0 ? 0 : budget > 0 ? Math.min(1, z / budget) : 1;

function at(share) {
  const [from, to, part] = share < 0.5 ? [STOPS[0], STOPS[1], share * 2] : [STOPS[1], STOPS[2], share * 2 - 1];
  return tone(from.map((value, i) => value + (to[i] - value) * part));
}

function tone([light, dark, chroma, hue]) {
  const [c, h] = [chroma.toFixed(3), hue.toFixed(0)];
  return `light-dark(oklch(${light.toFixed(3)} ${c} ${h}), oklch(${dark.toFixed(3)} ${c} ${h}))`;
}

/** What is drawn and said for a verdict. */
export const VERDICTS = {
  kept: { words: "kept", shape: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z", filled: true },
  outscored: { words: "outscored", shape: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", filled: false },
  over_budget: { words: "over budget", shape: "M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5", filled: false },
  retried: { words: "over budget, tried again", shape: "M4.6-2.6A5.2 5.2 0 1 0 5.2 1.5M5.2-5.6V-2.2H1.8", filled: false },
  rejected: { words: "rejected by the critic", shape: "M0-6 6 0 0 6-6 0z", filled: false },
  pruned: { words: "pruned within the block", shape: "M-5.5-3.8H5.5L0 5.2z", filled: false },
  duplicate: { words: "duplicate", shape: "M-2.5-2.5h6v6h-6zM-5.5-5.5h6v2", filled: false },
};

/** The mark of a beam. */
export function mark(beam, budget) {
  const { shape, filled } = VERDICTS[beam.verdict] ?? VERDICTS.outscored;
  const tone = colour(beam.z, budget);
  const ended = beam.end && beam.end !== "none";
  return [
    svg("path", { d: shape, class: filled ? "mark filled" : "mark", fill: filled ? tone : "none", stroke: filled ? null : tone }),
    ended && svg("path", { d: "M-9.5-6V6M9.5-6V6", class: "end" }),
  ];
}

const ALWAYS = ["kept", "outscored", "over_budget"];

/** The legend: the scale, then the marks of the verdicts that were seen. */
export function legend(budget, seen) {
  const bar = el("span", { class: "scale", "aria-hidden": "true" });
  bar.style.background = `linear-gradient(to right in oklab, ${[0, 0.25, 0.5, 0.75, 1].map(at).join(", ")})`;
  const over = el("span", { class: "scale over", "aria-hidden": "true" });
  over.style.background = OVER;
  const example = (verdict, end) => svg("svg", { viewBox: "-11 -8 22 16", width: 22, height: 16, "aria-hidden": "true" }, mark({ verdict, end, z: verdict === "over_budget" || verdict === "retried" ? -1 : verdict === "pruned" || verdict === "duplicate" ? null : budget }, budget));
  return [
    el("div", { class: "key" }, "z", over, "below 0", bar, budget > 0 ? `0 to ${number(budget)}` : "0 and above"),
    el("ul", { class: "marks" },
      Object.entries(VERDICTS).filter(([name]) => ALWAYS.includes(name) || seen.has(name)).map(([name, { words }]) => el("li", null, example(name), words)),
      el("li", null, example("kept", "end_of_text"), "ended"),
      el("li", null, el("span", { class: "copies" }, "×3"), "sampled three times")),
  ];
}
