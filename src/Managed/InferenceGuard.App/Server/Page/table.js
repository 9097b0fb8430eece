// The tree as a table, which has every beam and every number.

import { el, svg, number } from "./dom.js";
import { VERDICTS, mark } from "./scale.js";
import { outcome, shown, title } from "./search.js";

const HEADS = ["Beam", "Text", "z", "Cost", "Reward", "Score", "Verdict"];

/** A table that grows. */
export class Table {
  #search;
  #rows = new Map();
  #table = el("table", null,
    el("caption", { class: "hidden" }, "Beams of the search, block by block"),
    el("thead", null, el("tr", null, HEADS.map(head => el("th", { scope: "col" }, head)))));

  constructor(search) {
    this.#search = search;
    this.element = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of beams" }, this.#table);
    search.columns.forEach(column => this.add(column));
    if (search.answer)
      this.finish();
  }

  add(column) {
    this.#table.append(el("tbody", { class: column.retried || column.safe === 0 ? "retried" : null },
      el("tr", null, el("th", { scope: "rowgroup", colspan: HEADS.length }, `${column.pass > 0 ? "Wider search · " : ""}${title(column)} · ${outcome(column)}`)),
      column.beams.map(beam => this.#row(beam))));
  }

  finish() {
    this.#search.path.forEach(beam => {
      const row = this.#rows.get(beam.key);
      row?.classList.add("path");
      row?.lastChild.append(" · in the answer");
    });
  }

  #row(beam) {
    const row = el("tr", null,
      el("td", { class: "number" }, beam.parent === 0 ? `${beam.id}` : `${beam.parent}→${beam.id}`),
      el("td", { class: "text" }, shown(beam.text)),
      [beam.z, beam.cost, beam.reward, beam.score].map(value => el("td", { class: "number" }, value !== null && value <= -1e5 ? "−penalty" : number(value))),
      el("td", null, svg("svg", { viewBox: "-11 -8 22 16", width: 20, height: 14, "aria-hidden": "true" }, mark(beam, this.#search.budget)),
        `${VERDICTS[beam.verdict]?.words ?? beam.verdict}${beam.end === "none" ? "" : ", ended"}${beam.copies > 1 ? ` ×${beam.copies}` : ""}`));
    this.#rows.set(beam.key, row);
    return row;
  }
}
