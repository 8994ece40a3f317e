/**
 * JSON of which everything counts: RFC 8259, with each name once in an object
 * and no more depth than any honest document has.
 *
 * @module
 */

import { cutLine } from "./shorten.ts";

/** A value; objects are maps, so that no name means anything to JavaScript. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

/** How deep values may be in one another. */
const MAX_DEPTH = 32;
/** How many values there may be: an empty object of 3 bytes takes 200. */
const MAX_VALUES = 2_000_000;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// deno-lint-ignore no-control-regex -- JSON allows none in strings
const SPECIAL = /[\\\x00-\x1f]/;
const WORD = /true|false|null/y;

/**
 * Parses a document.
 *
 * @throws {SyntaxError} with the line, when it is not JSON, has a name twice in
 * an object, is deeper than 32 values, or has more than two million
 */
export function parseStrictJson(text: string): Json {
  return new Parser(text).document();
}

class Parser {
  readonly #text: string;
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Json {
    const value = this.#value(0);
    this.#skip();
    if (this.#at < this.#text.length) this.#fail("expected the end");
    return value;
  }

  #value(depth: number): Json {
    if (depth > MAX_DEPTH) this.#fail(`deeper than ${MAX_DEPTH} values`);
    if (++this.#values > MAX_VALUES) {
      this.#fail(`more than ${MAX_VALUES} values`);
    }
    this.#skip();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
    }
    const word = this.#take(WORD);
    if (word !== undefined) return JSON.parse(word);
    const number = this.#take(NUMBER);
    if (number === undefined) this.#fail("expected a value");
    return Number(number);
  }

  #object(depth: number): JsonObject {
    const object = new Map<string, Json>();
    this.#at++;
    if (this.#ends("}")) return object;
    do {
      this.#skip();
      if (this.#text[this.#at] !== '"') this.#fail("expected a name");
      const at = this.#at, name = this.#string();
      if (object.has(name)) {
        this.#at = at;
        const shown = JSON.stringify(cutLine(name, 200));
        this.#fail(`the name ${shown} is there twice`);
      }
      this.#skip();
      if (this.#text[this.#at++] !== ":") this.#fail('expected ":"', -1);
      object.set(name, this.#value(depth + 1));
    } while (this.#continues("}"));
    return object;
  }

  #array(depth: number): Json[] {
    const array: Json[] = [];
    this.#at++;
    if (this.#ends("]")) return array;
    do array.push(this.#value(depth + 1)); while (this.#continues("]"));
    return array;
  }

  #string(): string {
    const start = this.#at, text = this.#text;
    let end = text.indexOf('"', start + 1);
    while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
    const string = text.slice(start + 1, end);
    try {
      if (end >= 0) {
        const value = SPECIAL.test(string) ? JSON.parse(`"${string}"`) : string;
        this.#at = end + 1;
        return value;
      }
    } catch {
      // A wrong escape, or a control character.
    }
    this.#fail("expected a string that ends, with valid escapes");
  }

  /** Whether an object or array ends here; it is empty then. */
  #ends(end: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== end) return false;
    this.#at++;
    return true;
  }

  /** Whether a comma follows, not the end. */
  #continues(end: string): boolean {
    this.#skip();
    const next = this.#text[this.#at++];
    if (next !== "," && next !== end) {
      this.#fail(`expected "," or "${end}"`, -1);
    }
    return next === ",";
  }

  #skip(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    if (match !== undefined) this.#at += match.length;
    return match;
  }

  #fail(what: string, step = 0): never {
    const line = this.#text.slice(0, this.#at + step).split("\n").length;
    throw new SyntaxError(`line ${line}: ${what}`);
  }
}

/** Whether an odd number of backslashes is before a place. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text[start - 1] === "\\") start--;
  return (at - start) % 2 === 1;
}
