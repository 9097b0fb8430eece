// Shows a conversation: questions, answers while they come, and what was found out about them.

import { $, el, number, plural, time } from "./dom.js";

const log = $("#log");

/** Shows all turns; onSearch is called when the search of one is asked for. */
export function show(conversation, examples, onExample, onSearch) {
  log.replaceChildren(...conversation.turns.length > 0 ? [] : [welcome(examples, onExample)]);
  return new Map(conversation.turns.map(turn => [turn, add(turn, onSearch)]));
}

/** Adds a turn; what is returned shows how it goes on. */
export function add(turn, onSearch) {
  log.querySelector(".welcome")?.remove();
  const answer = el("p", { class: "answer" });
  const verdict = el("p", { class: "verdict" });
  const note = el("p", { class: "note" });
  const search = el("button", { type: "button", class: "link", click: () => onSearch(turn) }, "Show its search");
  const article = el("article", { "aria-label": "Question and answer" }, el("p", { class: "question" }, turn.question), answer, verdict, note);
  log.append(article);
  const shown = {
    append(text) {
      answer.append(text);
      follow();
    },
    finish() {
      const [kind, words] = turn.verdict;
      article.dataset.verdict = kind;
      verdict.replaceChildren(el("strong", { class: `badge ${kind}` }, words), facts(turn), turn.search.start ? search : "");
      note.textContent = why(turn);
      note.classList.toggle("error", kind === "failed");
      follow();
    },
    select: isSelected => search.setAttribute("aria-pressed", String(isSelected)),
  };
  shown.append(turn.answer);
  shown.finish();
  return shown;
}

function follow() {
  log.scrollTop = log.scrollHeight;
}

function facts(turn) {
  const { report, usage } = turn;
  if (!report)
    return el("span", { class: "facts" }, turn.totalMs === null ? "" : time(turn.totalMs));
  const parts = [
    `z ${number(report.state)}`, report.cost !== undefined && `cost ${number(report.cost)}`, report.reward !== undefined && `reward ${number(report.reward, 1)}`,
    `${usage?.completion_tokens ? `${plural(usage.completion_tokens, "token")} of ` : ""}${number(report.decoded_tokens)} decoded`,
    report.retries > 0 && (report.retries === 1 ? "1 retry" : `${report.retries} retries`), report.widened && "wider search", time(turn.totalMs),
  ].filter(Boolean);
  return el("span", { class: "facts" }, parts.map((part, at) => [at > 0 ? " · " : "", el("span", null, part)]));
}

const why = turn => turn.error ?? {
  partial: "What is shown was verified, but no safe end was found for it.",
  abstained: "No answer was found that is verified to be within the budget.",
  stopped: "Stopped: this question is no part of the conversation that goes on.",
  unsafe: "The server shows answers that are not within the budget (best-effort).",
}[turn.verdict[0]] ?? "";

function welcome(examples, onExample) {
  return el("div", { class: "welcome" },
    el("p", { class: "lead" }, "Answers that are verified before you see them."),
    el("p", { class: "muted" }, "Many beams are searched under a safety budget. Only text that is within it is shown; if there is none, the model abstains."),
    examples.length > 0 && el("ul", null, examples.map(example => el("li", null, el("button", { type: "button", click: () => onExample(example) }, example)))));
}
