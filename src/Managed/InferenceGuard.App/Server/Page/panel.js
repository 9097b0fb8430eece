// The search beside the conversation: gauge, timings, legend, tree or table, and the beam that is pointed at.

import { $, $$, el, number, plural, press, time } from "./dom.js";
import { VERDICTS, colour, legend, ratio } from "./scale.js";
import { shown, title } from "./search.js";
import { Table } from "./table.js";
import { Tree } from "./tree.js";

let turn = null, view = null, form = "tree", explained = "";

const gauge = el("div", { class: "gauge", role: "meter", "aria-label": "Budget left", "aria-valuemin": 0, "aria-valuemax": 1 }, el("span"));
const figures = Object.fromEntries(["z", "first", "total", "decoded", "speed", "retries"].map(name => [name, el("dd")]));

/** Puts the panel together. */
export function setUp() {
  const row = (name, words) => el("div", null, el("dt", null, words), figures[name]);
  $("#figures").append(
    el("div", { class: "budget" }, el("dl", null, row("z", "Budget left, z")), gauge),
    el("dl", { class: "times" }, row("first", "First text"), row("total", "Total"), row("decoded", "Decoded"), row("speed", "Tokens/s"), row("retries", "Retries")));
  const buttons = $$("[data-form]");
  buttons.forEach(button => button.addEventListener("click", () => {
    form = button.dataset.form;
    press(buttons, button);
    draw();
  }));
  show(null);
}

/** Shows the search of a turn; null = of none. */
export function show(other) {
  turn = other;
  $("#search-of").textContent = turn ? turn.question : "";
  draw();
}

/** What a line of a trace has added. */
export function added(to, column) {
  if (to !== turn)
    return;
  if (!view)
    draw();
  else if (column)
    view.add(column);
  else if (turn.search.answer)
    view.finish();
  tick(to);
}

/** The turn has ended, perhaps before there was a search. */
export function ended(of) {
  if (of === turn && !view)
    draw();
  tick(of);
}

/** Brings the numbers up to date. */
export function tick(of) {
  if (of !== turn)
    return;
  const search = turn?.search;
  const z = turn?.report?.z ?? search?.z ?? null;
  const most = search?.budget ?? 0;
  const share = z === null ? 0 : ratio(z, most);
  gauge.firstChild.style.width = `${(share * 100).toFixed(1)}%`;
  gauge.firstChild.style.background = colour(z, most);
  gauge.setAttribute("aria-valuenow", share.toFixed(3));
  gauge.setAttribute("aria-valuetext", z === null ? "no search yet" : `${number(z)} of ${number(most)}`);
  figures.z.textContent = z === null ? "–" : `${number(z)} of ${number(most)}`;
  figures.first.textContent = time(turn?.firstMs);
  figures.total.textContent = time(turn?.totalMs ?? turn?.elapsedMs);
  figures.decoded.textContent = search?.start ? number(search.decoded) : "–";
  const seconds = (turn?.totalMs ?? turn?.elapsedMs ?? 0) / 1000;
  figures.speed.textContent = search?.decoded && seconds > 0 ? number(search.decoded / seconds, 0) : "–";
  figures.retries.textContent = search?.start ? `${search.retries}${search.widened ? ", then wider" : ""}` : "–";
  if (search?.start && explained !== (explained = `${most} ${[...search.verdicts].sort()}`))
    $("#legend").replaceChildren(...legend(most, search.verdicts));
}

function draw() {
  const search = turn?.search;
  view = search?.start ? form === "table" ? new Table(search) : new Tree(search, { labels: form === "tree", onBeam: detail }) : null;
  $("#canvas").replaceChildren(view?.element ?? empty());
  $("#legend").hidden = !view;
  $("#detail").hidden = !view || form === "table";
  $("#detail").replaceChildren(el("p", { class: "muted" }, "Point at a beam, or reach the tree with Tab and move with the arrow keys, to read it."));
  view?.element.scrollTo?.({ left: form === "tree" && !search.answer ? view.element.scrollWidth : 0 });
  tick(turn);
}

const empty = () => el("div", { class: "empty" }, el("p", null, turn ? turn.totalMs !== null ? "There was no search." : "Waiting for the search …" : "The search shows here while an answer is made: which beams were kept, which were cut, and why."));

function detail(beam) {
  const facts = [
    ["z", number(beam.z)], ["cost", number(beam.cost)], ["reward", number(beam.reward)], ["score", beam.score !== null && beam.score <= -1e5 ? "−penalty" : number(beam.score)],
    beam.safe_probability !== null && beam.safe_probability !== undefined && ["ends safely", number(beam.safe_probability)],
    ["length", plural(beam.length, "token")], beam.copies > 1 && ["sampled", `${beam.copies} times`],
  ].filter(Boolean);
  const later = beam.later && beam.later.verdict !== beam.verdict ? `, ${VERDICTS[beam.later.verdict]?.words ?? beam.later.verdict} in block ${beam.later.block + 1}` : "";
  $("#detail").replaceChildren(
    el("p", { class: "quote" }, shown(beam.text).trim() || "(nothing but the end)"),
    el("p", { class: "muted" }, `${title(beam)}, beam ${beam.id}${beam.parent ? ` from ${beam.parent}` : ""}: ${VERDICTS[beam.verdict]?.words ?? beam.verdict}${later}${beam.end === "none" ? "" : beam.end === "length" ? ", ended by length" : ", ended"}${beam.isPath ? ", part of the answer" : ""}`),
    el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, value)))));
}
