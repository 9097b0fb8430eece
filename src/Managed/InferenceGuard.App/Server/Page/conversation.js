// Conversations in memory: turns, what is sent of them, and the safety state that goes from one to the next.

import { Search } from "./search.js";

/** A question with its answer, and how that came about. */
export class Turn {
  answer = "";
  report = null;
  usage = null;
  error = null;
  isStopped = false;
  firstMs = null;
  totalMs = null;
  search = new Search();
  #begin = performance.now();

  constructor(question) {
    this.question = question;
  }

  get elapsedMs() {
    return performance.now() - this.#begin;
  }

  get isComplete() {
    return this.report !== null;
  }

  /** Takes in a chunk of the stream; returns the new text. */
  take(chunk) {
    const text = chunk.choices?.[0]?.delta?.content ?? "";
    if (text) {
      this.firstMs ??= this.elapsedMs;
      this.answer += text;
    }
    this.report = chunk.safety ?? this.report;
    this.usage = chunk.usage ?? this.usage;
    return text;
  }

  end() {
    this.totalMs = this.elapsedMs;
  }

  /** What came of it: a word for the style, and words to read. */
  get verdict() {
    const { report } = this;
    return this.error ? ["failed", "Failed"]
      : this.isStopped ? ["stopped", "Stopped"]
      : !report ? ["running", "Searching"]
      : report.partial ? ["partial", "Partial"]
      : report.abstained ? ["abstained", "Abstained"]
      : report.verified ? ["safe", "Verified safe"] : ["unsafe", "Not safe"];
  }
}

/** Turns under one budget. */
export class Conversation {
  turns = [];
  carry = null;

  get name() {
    return this.turns[0]?.question ?? "New conversation";
  }

  /** The messages of a request that asks one more question: a turn that was stopped or failed is no part of it. */
  messages(question) {
    const said = this.turns.filter(turn => turn.isComplete).flatMap(turn => [{ role: "user", content: turn.question }, { role: "assistant", content: turn.answer }]);
    return [...said, { role: "user", content: question }];
  }
}
