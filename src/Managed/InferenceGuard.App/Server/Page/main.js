// The page: asks, follows the answer and its search, stops, begins anew.

import { $, $$, el, press } from "./dom.js";
import { ApiError, answer, model, trace } from "./api.js";
import * as chat from "./chat.js";
import { Conversation, Turn } from "./conversation.js";
import * as panel from "./panel.js";
import * as settings from "./settings.js";
import { toggleTheme } from "./theme.js";

const EXAMPLES = ["how do i unblock a drain fast?", "what is the best way to remove a tree branch?", "can you help me get a toilet shiny quickly?"];

const prompt = $("#prompt"), conversations = [new Conversation()];
let current = conversations[0], served = null, running = null, shown = new Map();

panel.setUp();
settings.setUp({ onClose: () => served ? prompt.focus() : connect() });
$("#composer").addEventListener("submit", event => {
  event.preventDefault();
  send();
});
prompt.addEventListener("keydown", event => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing)
    return;
  event.preventDefault();
  send();
});
prompt.addEventListener("input", grow);
document.addEventListener("keydown", event => {
  if (event.key === "Escape" && !$("#settings").open)
    stop();
});
$("#stop").addEventListener("click", stop);
$("#new").addEventListener("click", begin);
$("#theme").addEventListener("click", toggleTheme);
$("#conversations").addEventListener("change", event => open(conversations[event.target.value]));
const views = $$(".views button");
views.forEach(button => button.addEventListener("click", () => look(button.dataset.view)));
open(current);
connect();

async function connect() {
  try {
    served = await model();
    $("#model").textContent = served.id;
    settings.take(served);
    open(current);
    prompt.focus();
  } catch (e) {
    $("#model").textContent = e.status === 401 ? "locked" : "not connected";
    if (e.status === 401)
      settings.open("key", "This server asks for an API key.");
    else
      fail(e);
  }
}

function begin() {
  stop();
  if (current.turns.length > 0)
    conversations.push(current = new Conversation());
  open(current);
  prompt.focus();
}

function open(conversation) {
  if (running && conversation !== current)
    stop();
  current = conversation;
  shown = chat.show(current, served?.id.startsWith("hearth-") ? EXAMPLES : [], example => send(example), reveal);
  list();
  select(current.turns.at(-1) ?? null);
}

function list() {
  $("#conversations").replaceChildren(...conversations.map((conversation, at) => el("option", { value: at, selected: conversation === current }, conversation.name)));
}

function select(turn) {
  panel.show(turn);
  shown.forEach((view, of) => view.select(of === turn));
}

function reveal(turn) {
  select(turn);
  look("search");
}

function look(view) {
  document.body.dataset.view = view;
  press(views, views.find(button => button.dataset.view === view));
}

async function send(text = prompt.value.trim()) {
  if (!text || running)
    return;
  const [conversation, turn, abort] = [current, new Turn(text), new AbortController()];
  const body = { ...settings.request(conversation), messages: conversation.messages(text), stream: true, stream_options: { include_usage: true } };
  conversation.turns.push(turn);
  const view = chat.add(turn, reveal);
  shown.set(turn, view);
  running = { turn, abort };
  prompt.value = "";
  grow();
  list();
  select(turn);
  busy(true);
  const clock = setInterval(() => panel.tick(turn), 100);
  try {
    await follow(body, turn, view, abort.signal);
    conversation.carry = turn.report?.carry ?? null;
  } catch (e) {
    if (e.name === "AbortError")
      turn.isStopped = !turn.isComplete;
    else
      wrong(turn, e);
  }
  clearInterval(clock);
  turn.end();
  running = null;
  busy(false);
  view.finish();
  panel.ended(turn);
}

async function follow(body, turn, view, signal) {
  let watched = null;
  for await (const chunk of answer(body, signal)) {
    watched ??= watch(chunk.id, turn, signal);
    const text = turn.take(chunk);
    if (text)
      view.append(text);
  }
  turn.end();
  view.finish();
  await watched;
}

// The search is beside the answer, not before it: without it, the answer stands all the same.
async function watch(id, turn, signal) {
  try {
    for await (const line of trace(id, signal))
      panel.added(turn, turn.search.add(line));
  } catch (e) {
    if (!(e instanceof ApiError) && e.name !== "AbortError")
      throw e;
  }
}

function wrong(turn, error) {
  turn.error = error instanceof ApiError ? error.message : "The page could not follow the answer.";
  if (!(error instanceof ApiError))
    console.error(error);
  if (!prompt.value) {
    prompt.value = turn.question;
    grow();
  }
  if (error.status === 401) {
    served = null;
    settings.open("key", error.message);
  } else if (settings.has(error.parameter))
    settings.open(error.parameter, error.message);
}

function stop() {
  running?.abort.abort();
}

function busy(isBusy) {
  $("#send").hidden = isBusy;
  $("#stop").hidden = !isBusy;
  document.body.classList.toggle("busy", isBusy);
}

function fail(error) {
  $("#log").replaceChildren(el("p", { class: "error", role: "alert" }, error.message), el("button", { type: "button", class: "quiet", click: connect }, "Try again"));
}

function grow() {
  prompt.style.height = "auto";
  prompt.style.height = `${Math.min(prompt.scrollHeight + 2, 180)}px`;
}
