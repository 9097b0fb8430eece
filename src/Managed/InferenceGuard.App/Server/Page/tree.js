// Draws a search as a tree in SVG: a column per attempt, a mark per beam. Columns are added as they come, and stay as they are.

import { el, svg, number } from "./dom.js";
import { VERDICTS, colour, mark } from "./scale.js";
import { outcome, shown, title } from "./search.js";

const TOP = 52, ROW = 22, ROOT = 64, MOST_ROWS = 28;

/** A tree that grows. */
export class Tree {
  #search;
  #onBeam;
  #width;
  #room;
  #items = new Map();
  #edges = svg("g", { class: "edges", "aria-hidden": "true" });
  #bands = svg("g", { class: "bands", "aria-hidden": "true" });
  #nodes = svg("g", { class: "nodes" });
  #root = svg("svg", { role: "tree", "aria-label": "Beams of the search. Arrow keys move between them." });
  #origin = { x: 20, y: TOP, end: 0 };
  #x = ROOT;
  #bottom = TOP + ROW;

  /** @param onBeam called with a beam that is pointed at or focused */
  constructor(search, { labels, onBeam }) {
    [this.#search, this.#onBeam] = [search, onBeam];
    [this.#width, this.#room] = labels ? [208, 146] : [70, 0];
    this.#root.append(this.#bands, this.#edges, this.#nodes);
    this.#edges.append(svg("circle", { cx: 14, cy: TOP, r: 4, class: "origin" }));
    this.#root.addEventListener("keydown", event => this.#key(event));
    this.element = el("div", { class: "scroll" }, this.#root);
    search.columns.forEach(column => this.add(column));
    if (search.answer)
      this.finish();
    this.#fit();
  }

  /** Draws a column. */
  add(column) {
    const { scrollLeft, clientWidth, scrollWidth } = this.element;
    const before = this.#search.columns[column.index - 1];
    if (before && before.pass !== column.pass)
      this.#widening();
    column.beams.slice(0, MOST_ROWS).forEach(beam => this.#beam(beam));
    this.#head(column);
    if (column.beams.length > MOST_ROWS)
      this.#rest(column);
    this.#x += this.#width;
    this.#fit();
    if (scrollLeft + clientWidth >= scrollWidth - 20) // unless somebody looks at an earlier block
      this.element.scrollTo({ left: this.element.scrollWidth });
  }

  /** Marks the way to the answer, and goes back to where it begins. */
  finish() {
    if (!this.element.contains(document.activeElement))
      this.element.scrollTo({ left: 0 });
    for (const beam of this.#search.path) {
      const item = this.#items.get(beam.key);
      item?.node.classList.add("path");
      item?.edge?.classList.add("path");
      item?.edge?.parentNode.append(item.edge); // above the others
    }
  }

  #head(column) {
    const classes = column.retried || column.safe === 0 ? "band retried" : column.index % 2 ? "band" : "band even";
    this.#bands.append(
      svg("rect", { x: this.#x - 18, y: 0, width: this.#width, height: 8000, class: classes }),
      svg("text", { x: this.#x - 8, y: 18, class: "title" }, this.#room ? title(column) : `${column.block + 1}${column.attempt > 0 ? ` ↻${column.attempt}` : ""}`),
      this.#room ? svg("text", { x: this.#x - 8, y: 34, class: "outcome" }, outcome(column)) : "");
  }

  #widening() {
    this.#bands.append(svg("line", { x1: this.#x - 10, x2: this.#x - 10, y1: 0, y2: 8000, class: "widened" }), svg("text", { x: this.#x + 2, y: 18, class: "title widened" }, "Wider"), svg("text", { x: this.#x + 2, y: 34, class: "outcome" }, "search"));
    this.#x += ROOT;
    this.#origin = { x: this.#x - ROOT + 10, y: TOP, end: 0 };
    this.#edges.append(svg("circle", { cx: this.#x - ROOT + 4, cy: TOP, r: 4, class: "origin" }));
  }

  #beam(beam) {
    const [x, y] = [this.#x, TOP + beam.row * ROW];
    const parent = this.#items.get(this.#search.parentOf(beam)?.key);
    const edge = this.#edge(beam, parent ?? this.#origin, x, y);
    const classes = ["beam", beam.verdict === "kept" ? "kept" : "cut", beam.isPath && "path"].filter(Boolean).join(" ");
    const text = this.#room ? cut(shown(beam.text).trim() || "(end)", this.#room - (beam.copies > 1 ? 30 : 0)) : "";
    const node = svg("g", {
      class: classes, transform: `translate(${x} ${y})`, role: "treeitem", tabindex: this.#items.size === 0 ? 0 : -1, "aria-level": beam.block + 1, "aria-selected": "false", "aria-label": spoken(beam),
      focus: () => this.#chosen(beam), mouseenter: () => this.#onBeam(beam), click: () => node.focus({ preventScroll: true }),
    },
      svg("rect", { x: -12, y: -10, width: this.#room ? this.#width - 22 : 46, height: 20, rx: 4, class: "hit" }),
      mark(beam, this.#search.budget),
      text && svg("text", { x: 14, y: 4, class: "label" }, text),
      beam.copies > 1 && svg("text", { x: this.#room ? this.#room + 18 : 13, y: 4, class: "copies", "text-anchor": this.#room ? "end" : "start" }, `×${beam.copies}`));
    this.#nodes.append(node);
    this.#items.set(beam.key, { beam, node, edge, x, y, end: beam.copies > 1 ? (this.#room ? this.#room + 22 : 32) : text ? 20 + widthOf(text) : 12 });
    this.#bottom = Math.max(this.#bottom, y + ROW);
  }

  #edge(beam, from, x, y) {
    const [begin, bend] = [from.x + from.end, Math.max(14, (x - from.x - from.end) / 2)];
    const edge = svg("path", { d: `M${begin} ${from.y}C${begin + bend} ${from.y} ${x - bend} ${y} ${x - 11} ${y}`, class: beam.verdict === "kept" ? "edge kept" : "edge", stroke: beam.verdict === "kept" ? colour(beam.z, this.#search.budget) : null });
    this.#edges.append(edge);
    return edge;
  }

  // Too many to draw; the table has them all.
  #rest(column) {
    const counts = {};
    for (const { verdict } of column.beams.slice(MOST_ROWS))
      counts[verdict] = (counts[verdict] ?? 0) + 1;
    const words = Object.entries(counts).map(([verdict, count]) => `${count} ${VERDICTS[verdict]?.words ?? verdict}`).join(", ");
    const y = TOP + MOST_ROWS * ROW + 4;
    this.#nodes.append(svg("text", { x: this.#x - 8, y, class: "rest" }, this.#room ? `… and ${cut(words, 150)}` : "…", svg("title", null, words)));
    this.#bottom = Math.max(this.#bottom, y + ROW);
  }

  #fit() {
    const [width, height] = [Math.max(this.#x, ROOT * 2), this.#bottom + 8];
    this.#root.setAttribute("width", width);
    this.#root.setAttribute("height", height);
  }

  #chosen(beam) {
    for (const { node } of this.#items.values())
      node.setAttribute("tabindex", -1);
    const { node } = this.#items.get(beam.key);
    node.setAttribute("tabindex", 0);
    this.#root.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
    node.setAttribute("aria-selected", "true");
    node.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.#onBeam(beam);
  }

  // Left and right along the answer, up and down among the beams of an attempt.
  #key(event) {
    const at = [...this.#items.values()].find(({ node }) => node === event.target)?.beam;
    const column = at && this.#search.columns[at.column].beams;
    const next = at && {
      ArrowUp: () => column[at.row - 1], ArrowDown: () => column[at.row + 1],
      ArrowLeft: () => this.#search.parentOf(at), ArrowRight: () => at.children.find(child => child.isPath) ?? at.children[0] ?? this.#search.columns[at.column + 1]?.beams[0],
      Home: () => this.#search.columns[0].beams[0], End: () => this.#search.path.at(-1) ?? this.#search.columns.at(-1).beams[0],
    }[event.key];
    if (!next)
      return;
    event.preventDefault();
    this.#items.get(next()?.key)?.node.focus({ preventScroll: true });
  }
}

const ruler = document.createElement("canvas").getContext("2d");

function widthOf(text) {
  ruler.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
}

// As much of a text as has room, in px.
function cut(text, room) {
  let end = text.length;
  while (end > 1 && widthOf(end < text.length ? text.slice(0, end) + "…" : text) > room)
    end--;
  return end < text.length ? text.slice(0, end).trimEnd() + "…" : text;
}

const spoken = beam => `${title(beam)}, ${VERDICTS[beam.verdict]?.words ?? beam.verdict}${beam.end === "none" ? "" : ", ended"}${beam.copies > 1 ? `, ${beam.copies} times` : ""}: ${shown(beam.text).trim()}; z ${number(beam.z)}`;
