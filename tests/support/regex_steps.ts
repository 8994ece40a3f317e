/**
 * Counts the steps of a backtracking search for a regular expression: the work
 * that hostile text can cause, without a clock. Reads the part of the syntax that
 * our patterns use, without flags other than `m`.
 *
 * @module
 */

/** Steps are counted while a node is matched; `next` is what follows. */
type Node = (
  text: string,
  at: number,
  next: (end: number) => boolean,
) => boolean;

/** A node that matches one character. */
type Atom = (code: string) => boolean;

/** A parsed pattern. */
class Pattern {
  steps = 0;
  readonly node: Node;
  readonly #source: string;
  readonly #multiline: boolean;
  #at = 0;
  #groups: [start: number, end: number][] = [];
  #count = 0;

  constructor(source: string, flags: string) {
    this.#source = source;
    this.#multiline = flags.includes("m");
    this.node = this.#alternatives();
    if (this.#at < source.length) throw new Error(`Cannot read ${source}`);
  }

  #alternatives(): Node {
    const all = [this.#sequence()];
    while (this.#take("|")) all.push(this.#sequence());
    return all.length === 1
      ? all[0]
      : (text, at, next) => all.some((node) => node(text, at, next));
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    while (this.#at < this.#source.length && !/[|)]/.test(this.#peek())) {
      nodes.push(this.#quantified());
    }
    return nodes.reduceRight<Node>(
      (rest, node) => (text, at, next) =>
        node(text, at, (end) => rest(text, end, next)),
      (_text, at, next) => next(at),
    );
  }

  #quantified(): Node {
    const group = this.#count;
    const atom = this.#atom();
    const match = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(
      this.#source.slice(this.#at),
    );
    const isOne = typeof atom !== "object";
    const node = isOne ? atom as Node : this.#one(atom.one);
    if (match === null) return node;
    this.#at += match[0].length;
    const lazy = match[0].length > 1 && match[0].endsWith("?");
    const [least, most] = bounds(match[0]);
    if (!isOne) return this.#run(atom.one, least, most, lazy);
    void group;
    const repeat = (count: number): Node => (text, at, next) => {
      const more = () =>
        count < most &&
        node(text, at, (end) =>
          end > at || count < least
            ? repeat(count + 1)(text, end, next)
            : false);
      const stop = () => count >= least && next(at);
      return lazy ? stop() || more() : more() || stop();
    };
    return repeat(0);
  }

  /** One character. */
  #one(atom: Atom): Node {
    return (text, at, next) => {
      this.steps++;
      return at < text.length && atom(text[at]) && next(at + 1);
    };
  }

  /** Many characters: without recursion, which would be deep. */
  #run(atom: Atom, least: number, most: number, lazy: boolean): Node {
    return (text, at, next) => {
      let end = at;
      const grows = () => {
        this.steps++;
        if (end - at >= most || end >= text.length || !atom(text[end])) {
          return false;
        }
        end++;
        return true;
      };
      if (lazy) {
        while (end - at < least) if (!grows()) return false;
        do if (next(end)) return true; while (grows());
        return false;
      }
      while (grows());
      for (; end - at >= least; end--) {
        this.steps++;
        if (next(end)) return true;
      }
      return false;
    };
  }

  #atom(): Node | { readonly one: Atom } {
    const character = this.#source[this.#at++];
    switch (character) {
      case "^":
        return (text, at, next) =>
          (at === 0 || this.#multiline && text[at - 1] === "\n") && next(at);
      case "$":
        return (text, at, next) =>
          (at === text.length || this.#multiline && text[at] === "\n") &&
          next(at);
      case ".":
        return { one: (code) => code !== "\n" };
      case "[":
        return { one: this.#class() };
      case "(":
        return this.#group();
      case "\\":
        return this.#escape();
    }
    return { one: (code) => code === character };
  }

  #group(): Node {
    const [opening] = /^(?:\?:|\?=|\?!|\?<=|\?<!)?/.exec(
      this.#source.slice(this.#at),
    )!;
    this.#at += opening.length;
    const number = opening === "" ? ++this.#count : 0;
    const inner = this.#alternatives();
    if (!this.#take(")")) throw new Error(`Cannot read ${this.#source}`);
    switch (opening) {
      case "?=":
        return (text, at, next) => inner(text, at, () => true) && next(at);
      case "?!":
        return (text, at, next) => !inner(text, at, () => true) && next(at);
      case "?<=":
        return (text, at, next) => this.#isBehind(inner, text, at) && next(at);
      case "?<!":
        return (text, at, next) => !this.#isBehind(inner, text, at) && next(at);
    }
    if (number === 0) return inner;
    return (text, at, next) =>
      inner(text, at, (end) => {
        const before = this.#groups[number];
        this.#groups[number] = [at, end];
        if (next(end)) return true;
        this.#groups[number] = before;
        return false;
      });
  }

  /** Ours look one character back. */
  #isBehind(inner: Node, text: string, at: number): boolean {
    return at > 0 && inner(text, at - 1, (end) => end === at);
  }

  #escape(): Node | { readonly one: Atom } {
    const character = this.#source[this.#at++];
    if (character === "b") {
      const isWord = (code: string | undefined) => /^\w$/.test(code ?? "");
      return (text, at, next) =>
        isWord(text[at - 1]) !== isWord(text[at]) && next(at);
    }
    if (/[1-9]/.test(character)) {
      return (text, at, next) => {
        const [start, end] = this.#groups[Number(character)] ?? [0, 0];
        const part = text.slice(start, end);
        this.steps += part.length;
        return text.startsWith(part, at) && next(at + part.length);
      };
    }
    return { one: escaped(character) };
  }

  #class(): Atom {
    const start = this.#at;
    while (this.#source[this.#at] !== "]") {
      this.#at += this.#source[this.#at] === "\\" ? 2 : 1;
    }
    const inner = this.#source.slice(start, this.#at++);
    const pattern = new RegExp(`^[${inner}]$`);
    return (code) => pattern.test(code);
  }

  #peek(): string {
    return this.#source[this.#at];
  }

  #take(character: string): boolean {
    if (this.#source[this.#at] !== character) return false;
    this.#at++;
    return true;
  }
}

function escaped(character: string): Atom {
  if (!/[dwstnrDWS]/.test(character)) return (code) => code === character;
  const pattern = new RegExp(`^\\${character}$`);
  return (code) => pattern.test(code);
}

function bounds(quantifier: string): [least: number, most: number] {
  switch (quantifier[0]) {
    case "*":
      return [0, Infinity];
    case "+":
      return [1, Infinity];
    case "?":
      return [0, 1];
  }
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(quantifier)!;
  return [
    Number(least),
    comma === "" ? Number(least) : most === "" ? Infinity : Number(most),
  ];
}

/** The result of a search for all matches. */
export interface Searched {
  readonly steps: number;
  readonly matches: readonly string[];
}

/** Finds all matches, as `matchAll` does, and counts the steps. */
export function searchAll(
  { source, flags }: RegExp,
  text: string,
): Searched {
  const pattern = new Pattern(source, flags);
  const matches: string[] = [];
  for (let at = 0; at <= text.length;) {
    let found = -1;
    pattern.node(text, at, (end) => {
      found = end;
      return true;
    });
    pattern.steps++;
    if (found >= 0) matches.push(text.slice(at, found));
    at = Math.max(at + 1, found);
  }
  return { steps: pattern.steps, matches };
}

/**
 * The lengths of the texts that regular expressions search while something works,
 * one for each search; a replacement everywhere is a search for each match.
 */
export function searchedLengths(work: () => void): number[] {
  const { exec } = RegExp.prototype;
  const lengths: number[] = [];
  RegExp.prototype.exec = function (text) {
    lengths.push(text.length);
    return exec.call(this, text);
  };
  try {
    work();
  } finally {
    RegExp.prototype.exec = exec;
  }
  return lengths;
}
