// The settings: what a request asks for beside its messages, the key, the theme. The server says what it does not take.

import { $, el, number } from "./dom.js";
import { setKey } from "./api.js";
import { setTheme, theme } from "./theme.js";

const dialog = $("#settings");
const inputs = {};
let own = {};

// name, words, hint, least, most, step; the server's own value is the default, and the most unless a number is given.
const FIELDS = [
  ["budget", "Safety budget", "cost that an answer may have", null, undefined, "any"],
  ["beams", "Beams", "sampled per block", 1, undefined, 1],
  ["keep", "Kept beams", "that go on after a block", 1, undefined, 1],
  ["block_tokens", "Block", "tokens", 1, undefined, 1],
  ["retries", "Retries", "when no beam of a block is safe", 0, undefined, 1],
  ["temperature", "Temperature", "of sampling", 0, 2, "any"],
  ["max_tokens", "Longest answer", "tokens", 1, undefined, 1],
  ["seed", "Seed", "any whole number", null, null, 1],
];
const SAFETY = ["budget", "beams", "keep", "block_tokens", "retries"];

/** Builds the form. */
export function setUp({ onClose }) {
  const carry = inputs.carry = el("input", { type: "checkbox", id: "set-carry", checked: true });
  const key = inputs.key = el("input", { type: "password", id: "set-key", autocomplete: "off", spellcheck: "false", "aria-describedby": "hint-key" });
  const look = el("select", { id: "set-theme", change: () => setTheme(look.value) }, ["system", "light", "dark"].map(name => el("option", { value: name }, name)));
  look.value = theme();
  addEventListener("theme", () => { look.value = theme(); });
  $("#fields").append(
    ...FIELDS.map(([name, words, hint, least, most, step]) => field(name, words, hint,
      inputs[name] = el("input", { type: "number", id: `set-${name}`, min: least, max: most, step, inputmode: step === 1 ? "numeric" : "decimal", "aria-describedby": `hint-${name}` }))),
    el("div", { class: "field check" }, carry, el("label", { for: "set-carry" }, "Carry the budget from turn to turn")),
    field("key", "API key", "stays in this page's memory", key),
    field("theme", "Theme", "", look));
  $("#open-settings").addEventListener("click", () => open());
  $("#reset").addEventListener("click", () => FIELDS.forEach(([name]) => { inputs[name].value = ""; }));
  dialog.querySelector("form").addEventListener("submit", event => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    setKey(key.value);
    $("#key-wanted").hidden = true;
    onClose();
  });
}

/** Opens the dialog, at a field that the server did not take or at the key that it asks for. */
export function open(name, complaint) {
  if (!dialog.open)
    dialog.showModal();
  $("#key-wanted").hidden = !complaint;
  $("#key-wanted").textContent = complaint ?? "";
  inputs[name?.split(".").at(-1)]?.focus();
}

/** The fields of a parameter of the API, as the server names it in an error. */
export const has = parameter => parameter?.split(".").at(-1) in inputs;

/** Takes over what the server has told of itself. */
export function take(model) {
  own = { budget: model.budget, ...model.options };
  for (const [name, , hint, least, most] of FIELDS) {
    const limit = most === undefined ? own[name] : most;
    inputs[name].placeholder = own[name];
    if (limit !== null)
      inputs[name].max = limit;
    $(`#hint-${name}`).textContent = limit === null ? hint : `${hint}, ${least === null ? "at most" : `${least} to`} ${number(limit)}`;
  }
}

/** What a request asks for. */
export function request(conversation) {
  const asked = Object.fromEntries(FIELDS.map(([name]) => [name, inputs[name].value.trim()]).filter(([, text]) => text !== "").map(([name, text]) => [name, Number(text)]));
  const safety = Object.fromEntries(Object.entries(asked).filter(([name]) => SAFETY.includes(name)));
  const rest = Object.fromEntries(Object.entries(asked).filter(([name]) => !SAFETY.includes(name)));
  return { ...rest, safety: inputs.carry.checked ? { ...safety, carry: conversation.carry ?? true } : safety };
}

const field = (name, words, hint, input) => el("div", { class: "field" },
  el("label", { for: `set-${name}` }, words), input, el("span", { class: "hint muted", id: `hint-${name}` }, hint));
