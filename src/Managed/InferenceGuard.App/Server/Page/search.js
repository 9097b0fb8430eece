// A search as its trace tells it: columns of attempts, beams with their parents, the way to the answer.

/** What a trace has told so far. */
export class Search {
  start = null;
  columns = [];
  answer = null;
  path = [];
  verdicts = new Set();
  #beams = new Map();

  /** Takes a line in; returns the column that it added, if any. */
  add(line) {
    if (line.type === "start")
      this.start = line;
    else if (line.type === "attempt")
      return this.#attempt(line);
    else if (line.type === "answer")
      this.#end(line);
    return null;
  }

  get budget() {
    return this.start?.options?.budget ?? 0;
  }

  get decoded() {
    return this.answer?.decoded_tokens ?? this.columns.at(-1)?.decoded ?? 0;
  }

  get retries() {
    return this.columns.filter(column => column.attempt > 0).length;
  }

  get widened() {
    return this.columns.some(column => column.pass > 0);
  }

  /** What the beam that leads has left of the budget. */
  get z() {
    if (this.answer)
      return this.answer.z;
    const kept = this.columns.findLast(column => column.kept.length > 0)?.kept ?? [];
    return kept.reduce((best, beam) => best === null || beam.score > best.score ? beam : best, null)?.z ?? this.start?.z ?? null;
  }

  parentOf(beam) {
    return this.#beams.get(`${beam.pass}:${beam.parent}`) ?? null;
  }

  #attempt(line) {
    const column = { pass: line.pass, block: line.block, attempt: line.attempt, retried: line.retried, safe: line.safe, decoded: line.decoded_tokens, index: this.columns.length, beams: [], kept: [] };
    for (const told of line.beams) {
      const key = `${line.pass}:${told.id}`;
      const known = this.#beams.get(key);
      if (known) { // it has ended, and stands again where it competes
        known.later = { block: line.block, verdict: told.verdict };
        if (told.verdict === "kept")
          column.kept.push(known);
        continue;
      }
      const beam = { ...told, key, pass: line.pass, block: line.block, attempt: line.attempt, column: column.index, copies: 1, children: [] };
      this.#beams.set(key, beam);
      column.beams.push(beam);
      if (beam.verdict === "kept")
        column.kept.push(beam);
    }
    this.#collapse(column);
    this.#order(column);
    for (const beam of column.beams)
      this.parentOf(beam)?.children.push(beam);
    this.columns.push(column);
    return column;
  }

  // Duplicates are counted on the sibling that they are the same as.
  #collapse(column) {
    const same = beam => `${beam.parent}:${beam.tokens.join(" ")}`;
    const firsts = new Map();
    for (const beam of column.beams)
      if (beam.verdict !== "duplicate" && !firsts.has(same(beam)))
        firsts.set(same(beam), beam);
    column.beams = column.beams.filter(beam => {
      const first = beam.verdict === "duplicate" ? firsts.get(same(beam)) : null;
      if (first)
        first.copies++;
      return !first;
    });
    for (const { verdict } of column.beams)
      this.verdicts.add(verdict);
  }

  // Kept beams first; then by their parents, so that few lines cross; then the better ones.
  #order(column) {
    const rank = beam => this.parentOf(beam)?.row ?? 0;
    column.beams.sort((a, b) => (a.verdict !== "kept") - (b.verdict !== "kept") || rank(a) - rank(b) || (b.score ?? -Infinity) - (a.score ?? -Infinity) || a.id - b.id);
    column.beams.forEach((beam, row) => { beam.row = row; });
  }

  #end(line) {
    this.answer = line;
    const pass = this.columns.at(-1)?.pass ?? 0;
    for (let beam = this.#beams.get(`${pass}:${line.beam}`); line.beam !== null && beam; beam = this.parentOf(beam)) {
      beam.isPath = true;
      this.path.unshift(beam);
    }
  }
}

/** What a column is called. */
export const title = column => `Block ${column.block + 1}${column.attempt > 0 ? ` · attempt ${column.attempt + 1}` : ""}`;

/** What came of a column. */
export function outcome(column) {
  const competing = column.beams.filter(beam => beam.z !== null).length;
  return column.retried ? "none safe, tried again" : column.safe === 0 ? "none safe, no attempt left" : `${column.safe} safe of ${Math.max(column.safe, competing)}`;
}

/** The text of a block in one line. */
export const shown = text => text.replaceAll("\n", "⏎").replaceAll("\t", "⇥");
