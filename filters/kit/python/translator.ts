/**
 * Translates Python's patterns into JavaScript.
 *
 * @module
 */

import { CHARACTER, CONTROLS, Reader, REFERENCE } from "./pattern_reader.ts";

/** An expression, and the groups that templates refer to. */
export interface Translation {
  readonly regex: RegExp;
  readonly groups: readonly Group[];
  /** The numbers of the groups that have names. */
  readonly names: ReadonlyMap<string, number>;
}

/** One of Python's groups; the first is the whole match. */
interface Group {
  /** Its content, once it is closed. */
  piece?: Piece;
  /** Whether repeats leave the same text in it as in Python. */
  isStable: boolean;
}

/** A part of the expression in JavaScript. */
interface Piece {
  readonly source: string;
  /** The least and the greatest number of characters that it matches. */
  readonly min: number;
  readonly max: number;
  /** Whether the empty match, if it has one, is the last one that it tries. */
  readonly isEmptyLast: boolean;
}

/** Python's MAXREPEAT, which stands for no bound and exceeds all written bounds. */
const UNBOUNDED = 2 ** 32 - 1;

const MAX_CODE = 0x10ffff;

/** Other braces are literal. */
const QUANTIFIER = /(?:([*+?])|\{(?!\})([0-9]*)(,?)([0-9]*)\})([+?]?)/vy;

// Python reads escapes in comments: an escaped parenthesis does not end one.
const COMMENT = /\(\?#(?:\\[\s\S]|[^\\\)])*\)/vy;
const VERBOSE_SPACE = /[\t-\r ]|#(?:\\[\s\S]|[^\\\n])*(?:\n|$)/vy;

const GROUP_NAME =
  /P<(?<defined>[_\p{XID_Start}]\p{XID_Continue}*)>|P=(?<used>[_\p{XID_Start}]\p{XID_Continue}*)\)/vy;

const HEX = /x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}/vy;
const CATEGORY = /[dDsSwW]/vy;

const ASCII_CATEGORIES = new Map([
  ["d", "0-9"],
  ["s", "\\t-\\r\\x20"],
  ["w", "0-9A-Za-z_"],
]);
const UNICODE_CATEGORIES = new Map([
  ["d", "\\p{Nd}"],
  [
    "s",
    "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000",
  ],
  ["w", "\\p{L}\\p{N}_"],
]);

/** Characters that JavaScript takes literally, outside of sets and inside. */
const PLAIN = /[^\p{Cs}\^$\\.*+?\(\)\[\]\{\}\|]/v;
const PLAIN_IN_SET = /[\p{L}\p{N}]/v;

/** Reads a pattern and writes it in JavaScript. */
class Translator extends Reader {
  readonly groups: Group[] = [{ isStable: true }];
  readonly names = new Map<string, number>();
  /** The letters of the flags in effect. */
  #flags: ReadonlySet<string>;
  /** The groups that are set whenever a match reaches this place. */
  #certain: ReadonlySet<number> = new Set();
  #isInLookbehind = false;
  #atomicGroups = 0;

  constructor(pattern: string, flags: Iterable<string>) {
    super("regular expression", pattern);
    this.#flags = new Set(flags);
  }

  translate(): Translation {
    this.#readGlobalFlags();
    const { source, min } = this.#alternatives();
    if (!this.isAtEnd) throw this.invalid(this.at, "closes nothing", ")");
    // V8 also tries between the halves of a character past U+FFFF, where it can
    // find an empty match; neither a whole character nor the end follows there.
    const guarded = min > 0 ? source : `(?=[\\s\\S]|$)(?:${source})`;
    const regex = new RegExp(guarded, "v");
    // V8 reports some expressions as too large only when it runs them.
    regex.test("");
    return { regex, groups: this.groups, names: this.names };
  }

  #readGlobalFlags(): void {
    for (;;) {
      this.#skipIgnored();
      const start = this.at;
      const letters = this.take(/\(\?([aimsux]+)\)/vy)?.[1];
      if (letters === undefined) return;
      this.#flags = this.#flags.union(new Set(letters));
      if (this.#flags.has("a") && this.#flags.has("u")) {
        throw this.invalid(start, "sets flags that exclude each other");
      }
    }
  }

  #skipIgnored(): void {
    const isVerbose = this.#flags.has("x");
    while (this.take(COMMENT) || isVerbose && this.take(VERBOSE_SPACE));
  }

  #alternatives(): Piece {
    const before = this.#certain;
    const branches: Piece[] = [];
    const certain: ReadonlySet<number>[] = [];
    do {
      this.#certain = before;
      branches.push(this.#sequence());
      certain.push(this.#certain);
    } while (this.skip("|"));
    this.#certain = certain.reduce((one, other) => one.intersection(other));
    return {
      source: branches.map(({ source }) => source).join("|"),
      min: Math.min(...branches.map(({ min }) => min)),
      max: Math.max(...branches.map(({ max }) => max)),
      isEmptyLast: branches.every(({ min, isEmptyLast }, index) =>
        min > 0 || isEmptyLast && index === branches.length - 1
      ),
    };
  }

  #sequence(): Piece {
    let source = "", min = 0, max = 0, isEmptyLast = true;
    for (;;) {
      this.#skipIgnored();
      if (this.isAtEnd || "|)".includes(this.text[this.at])) break;
      const start = this.at;
      if (this.take(QUANTIFIER)) {
        throw this.invalid(start, "has nothing to repeat");
      }
      const piece = this.#anchor() ?? this.#repeated();
      source += piece.source;
      min += piece.min;
      max += piece.max;
      isEmptyLast &&= piece.isEmptyLast;
    }
    return { source, min, max, isEmptyLast: isEmptyLast || min > 0 };
  }

  /** Reads an assertion about a place in the text; Python repeats none of them. */
  #anchor(): Piece | undefined {
    const isMultiline = this.#flags.has("m");
    switch (this.take(/[\^$]|\\[AZbB]/vy)?.[0]) {
      case "^":
        return nothing(isMultiline ? "(?<![^\\n])" : "^");
      case "$":
        return nothing(isMultiline ? "(?![^\\n])" : "(?=\\n?$)");
      case "\\A":
        return nothing("^");
      case "\\Z":
        return nothing("$");
      case "\\b":
        return nothing(this.#boundary());
      case "\\B":
        // In an empty text, Python 3.11 finds neither \b nor \B.
        return nothing(`(?!${this.#boundary()}|^$)`);
    }
  }

  #boundary(): string {
    if (this.#flags.has("a")) return "\\b";
    const word = this.#category("w");
    return `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;
  }

  /** Returns the set of a category's letter; a capital negates it. */
  #category(letter: string): string {
    const small = letter.toLowerCase();
    const categories = this.#flags.has("a")
      ? ASCII_CATEGORIES
      : UNICODE_CATEGORIES;
    return `[${letter === small ? "" : "^"}${categories.get(small)}]`;
  }

  /** Reads an atom and its quantifier, if there is one. */
  #repeated(): Piece {
    const certainBefore = this.#certain;
    const firstInside = this.groups.length;
    const body = this.#atom();
    this.#skipIgnored();
    const start = this.at;
    const quantifier = this.take(QUANTIFIER);
    if (!quantifier) return body;
    const [min, max] = this.#bounds(quantifier, start);
    const [, sign, , comma, high, mode] = quantifier;
    const isLazy = mode === "?";

    // After `min` rounds, JavaScript discards an empty round, while Python ends
    // the repeat with it. JavaScript also unsets the inner groups before a round.
    const mayEndEmpty = body.min === 0 && min < max;
    for (let inside = firstInside; inside < this.groups.length; inside++) {
      const isSame = this.#certain.has(inside) && !mayEndEmpty;
      if (max > 1 && !isSame) this.groups[inside].isStable = false;
    }
    if (min === 0) this.#certain = certainBefore;

    // JavaScript allows no quantifier after an assertion.
    let source = body.max === 0 ? `(?:${body.source})` : body.source;
    if (mayEndEmpty && max === 1) {
      source = isLazy ? `(?:|${source})` : `(?:${source}|)`;
    } else if (mayEndEmpty && !isLazy && !body.isEmptyLast) {
      const what = "repeats of what tries to match nothing before more";
      throw this.unsupported(start, what);
    } else {
      source += sign ?? `{${min}${comma}${high}}`;
      if (isLazy) source += "?";
    }
    const isEmptyFirst = isLazy && min < max && body.max > 0;
    const piece = {
      source,
      min: body.min * min,
      max: Math.min(body.max * max, UNBOUNDED),
      isEmptyLast: body.min * min > 0 || body.isEmptyLast && !isEmptyFirst,
    };
    return mode === "+" ? this.#atomic(piece, start) : piece;
  }

  #bounds(quantifier: RegExpExecArray, start: number): [number, number] {
    const [, sign, low, comma, high] = quantifier;
    if (sign !== undefined) {
      return [sign === "+" ? 1 : 0, sign === "?" ? 1 : UNBOUNDED];
    }
    const min = Number(low);
    const max = Number(high || (comma ? UNBOUNDED : low));
    if (Math.max(min, Number(high)) >= UNBOUNDED) {
      throw this.invalid(start, "is too large");
    }
    if (max < min) throw this.invalid(start, "ends below its start");
    return [min, max];
  }

  /** Returns the piece without backtracking into it. */
  #atomic(piece: Piece, start: number): Piece {
    if (this.#isInLookbehind) {
      const what = "atomic groups and possessive repeats in a lookbehind";
      throw this.unsupported(start, what);
    }
    const name = `a${++this.#atomicGroups}`;
    return {
      ...piece,
      source: `(?:(?=(?<${name}>${piece.source}))\\k<${name}>)`,
      isEmptyLast: true,
    };
  }

  #atom(): Piece {
    const start = this.at;
    if (this.skip("(")) return this.#group(start);
    if (this.skip("[")) return this.#set(start);
    if (this.skip(".")) {
      return one(this.#flags.has("s") ? "[\\s\\S]" : "[^\\n]");
    }
    if (this.skip("\\")) return this.#escape(start);
    return this.#literal(this.#character());
  }

  #character(): number {
    return this.take(CHARACTER)![0].codePointAt(0)!;
  }

  #literal(code: number): Piece {
    const isAlone = this.#otherCases(code, code) === "";
    return one(isAlone ? written(code, PLAIN) : `[${this.#range(code, code)}]`);
  }

  #set(start: number): Piece {
    const isNegated = this.skip("^");
    let members = "";
    while (members === "" || !this.skip("]")) {
      const memberStart = this.at;
      const low = this.#member(start);
      if (!this.take(/-(?!\])/vy)) {
        members += typeof low === "number" ? this.#range(low, low) : low;
        continue;
      }
      const high = this.#member(start);
      if (typeof low === "string" || typeof high === "string" || high < low) {
        throw this.invalid(memberStart, "is not a range");
      }
      members += this.#range(low, high);
    }
    return one(`[${isNegated ? "^" : ""}${members}]`);
  }

  /** Reads a member of a set: a character's code, or the set of a category. */
  #member(setStart: number): number | string {
    if (this.isAtEnd) throw this.invalid(setStart, "is not closed", "[");
    const start = this.at;
    if (!this.skip("\\")) return this.#character();
    const letter = this.take(CATEGORY)?.[0];
    return letter ? this.#category(letter) : this.#escapedCharacter(start);
  }

  /** Returns a range of characters, in all matching cases, as members of a set. */
  #range(low: number, high: number): string {
    const first = written(low, PLAIN_IN_SET);
    const last = low === high ? "" : `-${written(high, PLAIN_IN_SET)}`;
    return first + last + this.#otherCases(low, high);
  }

  /**
   * Returns what else a range matches if case is ignored, as members of a set.
   * V8's flag i cannot be used: it has fewer cases of "i" than Python, and
   * `(?i:1)[a]` matches "1A", as of V8 15.0.
   */
  #otherCases(low: number, high: number): string {
    if (!this.#flags.has("i")) return "";
    return casesWithin(this.#flags.has("a") ? ASCII_END : CASED_END)
      .filter((cases) => cases.some((code) => low <= code && code <= high))
      .map((cases) => String.fromCodePoint(...cases)).join("");
  }

  /** Reads an escape outside of sets. */
  #escape(start: number): Piece {
    const letter = this.take(CATEGORY)?.[0];
    if (letter) return one(this.#category(letter));
    const number = this.take(REFERENCE)?.[0];
    if (number) return this.#reference(Number(number), start);
    return this.#literal(this.#escapedCharacter(start));
  }

  #escapedCharacter(start: number): number {
    const octal = this.takeOctal(start);
    if (octal !== undefined) return octal;
    const hex = this.take(HEX)?.[0];
    if (hex !== undefined) {
      const code = parseInt(hex.slice(1), 16);
      if (code <= MAX_CODE) return code;
      throw this.invalid(start, "is no character");
    }
    if (this.isAtEnd) throw this.invalid(start, "escapes nothing");
    const code = this.#character();
    const character = String.fromCodePoint(code);
    if (character === "N") {
      throw this.unsupported(start, "characters by name");
    }
    const control = CONTROLS.get(character);
    if (control === undefined && /[0-9A-Za-z]/.test(character)) {
      throw this.invalid(start, "is not an escape");
    }
    return control?.charCodeAt(0) ?? code;
  }

  #reference(number: number | undefined, start: number): Piece {
    if (number === undefined || number >= this.groups.length) {
      throw this.invalid(start, "refers to no group");
    }
    const { piece, isStable } = this.groups[number];
    if (!piece) throw this.invalid(start, "is inside the group it refers to");
    if (!this.#certain.has(number) || !isStable) {
      throw this.unsupported(start, "references to groups that may be unset");
    }
    if (this.#flags.has("i")) {
      throw this.unsupported(start, "references that ignore case");
    }
    return { ...piece, source: `\\k<g${number}>`, isEmptyLast: true };
  }

  #group(start: number): Piece {
    if (!this.skip("?")) return this.#capture(start);
    if (this.skip("(")) throw this.unsupported(start, "conditional groups");
    if (this.skip("#")) throw this.invalid(start, "is not closed", "(");
    const name = this.take(GROUP_NAME)?.groups;
    if (name?.used) return this.#reference(this.names.get(name.used), start);
    if (name) return this.#capture(start, name.defined);
    const look = this.take(/<?[=!]/vy)?.[0];
    if (look) return this.#lookaround(look, start);
    if (this.skip(">")) return this.#atomic(this.#inside(start), start);
    return this.#flagged(start);
  }

  /** Reads the content of a group, up to its end. */
  #inside(start: number): Piece {
    const inside = this.#alternatives();
    if (!this.skip(")")) throw this.invalid(start, "is not closed", "(");
    return inside;
  }

  #capture(start: number, name?: string): Piece {
    const number = this.groups.length;
    const group: Group = { isStable: true };
    this.groups.push(group);
    if (name !== undefined) {
      if (this.names.has(name)) {
        throw this.invalid(start, "has the name of another group");
      }
      this.names.set(name, number);
    }
    const piece = this.#inside(start);
    group.piece = piece;
    if (!this.#isInLookbehind) {
      this.#certain = this.#certain.union(new Set([number]));
    }
    return { ...piece, source: `(?<g${number}>${piece.source})` };
  }

  #lookaround(kind: string, start: number): Piece {
    const certainBefore = this.#certain;
    const wasInLookbehind = this.#isInLookbehind;
    const isLookbehind = kind.startsWith("<");
    this.#isInLookbehind ||= isLookbehind;
    const { source, min, max } = this.#inside(start);
    if (isLookbehind && min !== max) {
      throw this.invalid(start, "looks behind at no fixed length");
    }
    this.#isInLookbehind = wasInLookbehind;
    if (kind.endsWith("!")) this.#certain = certainBefore;
    return nothing(`(?${kind}${source})`);
  }

  /** Reads a group that captures nothing, with or without flags. */
  #flagged(start: number): Piece {
    if (this.take(/[aimsux]+\)/vy)) {
      throw this.invalid(start, "is not at the start");
    }
    const letters = this.take(/([aimsux]*)(?:-([imsx]+))?:/vy);
    if (!letters) {
      this.take(/P?[\s\S]?/vy);
      throw this.invalid(start, "begins no group Python knows");
    }
    const [, on, off = ""] = letters;
    if (/a.*u|u.*a/.test(on) || [...on].some((flag) => off.includes(flag))) {
      throw this.invalid(start, "sets flags that exclude each other");
    }
    const outside = this.#flags;
    const dropped = /[au]/.test(on) ? `${off}au` : off;
    this.#flags = outside.difference(new Set(dropped)).union(new Set(on));
    const inside = this.#inside(start);
    this.#flags = outside;
    return { ...inside, source: `(?:${inside.source})` };
  }
}

/** Returns a piece that matches one character. */
function one(source: string): Piece {
  return { source, min: 1, max: 1, isEmptyLast: true };
}

/** Returns a piece that matches no characters. */
function nothing(source: string): Piece {
  return { source, min: 0, max: 0, isEmptyLast: true };
}

/** Returns a character in JavaScript: itself if it is plain, otherwise its code. */
function written(code: number, plain: RegExp): string {
  const character = String.fromCodePoint(code);
  return plain.test(character) ? character : `\\u{${code.toString(16)}}`;
}

const ASCII_END = 0x80;

/** Only ideographs, tags and private characters follow. */
const CASED_END = 0x20000;

const casesByEnd = new Map<number, number[][]>();

/** Returns the groups of characters below `end` that differ only by case in Python. */
function casesWithin(end: number): number[][] {
  const known = casesByEnd.get(end);
  if (known !== undefined) return known;
  const groups: Record<string, number[]> = {};
  const isCased = /\p{Changes_When_Casemapped}/v;
  for (let code = 0; code < end; code++) {
    const character = String.fromCodePoint(code);
    if (!isCased.test(character)) continue;
    // In Python the lower case of each is one character: for this one, "i".
    const small = character === "\u0130" ? "i" : character.toLowerCase();
    (groups[small.toUpperCase()] ??= []).push(code);
  }
  const cases = Object.values(groups).filter(({ length }) => length > 1);
  casesByEnd.set(end, cases);
  return cases;
}

/**
 * Translates a pattern.
 *
 * @param flags the letters of the initial flags, as in `(?m)`
 * @throws {UsageError} if the pattern is refused
 */
export function translate(
  pattern: string,
  flags: Iterable<string>,
): Translation {
  const translator = new Translator(pattern, flags);
  try {
    return translator.translate();
  } catch (error) {
    // Our stack is full, or V8's memory for expressions.
    const isTooLarge = error instanceof RangeError ||
      error instanceof SyntaxError;
    throw isTooLarge ? translator.refusal("it is too large") : error;
  }
}
