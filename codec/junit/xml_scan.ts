/**
 * Finds the ends of names, references, tags and so on in XML.
 *
 * Source: the XML specification (1.0, fifth edition), sections 2.2, 2.3, 4.1
 * and 4.6.
 *
 * @module
 */

/** Bits of the table: what a UTF-16 code unit may be. */
const NAME_START = 1, NAME = 2;

/**
 * Ranges of the characters that begin names. Those above U+FFFF are pairs of
 * code units, and all of them to U+EFFFF begin names.
 */
const NAME_STARTS = [
  [0x3a, 0x3a],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
  [0xc0, 0xd6],
  [0xd8, 0xf6],
  [0xf8, 0x2ff],
  [0x370, 0x37d],
  [0x37f, 0x1fff],
  [0x200c, 0x200d],
  [0x2070, 0x218f],
  [0x2c00, 0x2fef],
  [0x3001, 0xd7ff],
  [0xd800, 0xdb7f],
  [0xdc00, 0xdfff],
  [0xf900, 0xfdcf],
  [0xfdf0, 0xfffd],
];
/** Ranges of the further characters in names. */
const NAME_PARTS = [
  [0x2d, 0x2e],
  [0x30, 0x39],
  [0xb7, 0xb7],
  [0x300, 0x36f],
  [0x203f, 0x2040],
];

const KINDS = new Uint8Array(0x10000);
for (const [first, last] of NAME_PARTS) KINDS.fill(NAME, first, last + 1);
for (const [first, last] of NAME_STARTS) {
  KINDS.fill(NAME | NAME_START, first, last + 1);
}

const SPACE = 0x20, TAB = 0x09, LINE_FEED = 0x0a, RETURN = 0x0d;
const NUMBER_SIGN = 0x23, GREATER = 0x3e, BRACKET = 0x5d;
const DOUBLE_QUOTE = 0x22, SINGLE_QUOTE = 0x27;

/** Longer names, and further ones, are not kept. */
const MAX_KNOWN_LENGTH = 64, MAX_KNOWN = 100;

/** A part of a document type that is skipped as a whole, or one character. */
const DOCTYPE_PART =
  /[^[\]"'<>]+|"[^"]*"|'[^']*'|<!--.*?-->|<\?.*?\?>|<(?!!--|\?)|[[\]>]/sy;

const ENTITIES = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);
const HEXADECIMAL = /^#[xX][\da-fA-F]+$/;
const DECIMAL = /^#\d+$/;

/** Returns where the name at `start` ends: there, if there is none. */
export function nameEnd(text: string, start: number): number {
  let at = start;
  if ((KINDS[text.charCodeAt(at)] & NAME_START) === 0) return at;
  do at++; while ((KINDS[text.charCodeAt(at)] & NAME) !== 0);
  return at;
}

/** Returns where the white space at `at` ends. */
export function spaceEnd(text: string, at: number): number {
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

export function isSpace(code: number): boolean {
  return code === SPACE || code === LINE_FEED || code === TAB ||
    code === RETURN;
}

/** Returns where the name or number behind the "&" at `start` ends. */
export function referenceEnd(text: string, start: number): number {
  let at = start + 1;
  if (text.charCodeAt(at) === NUMBER_SIGN) at++;
  while ((KINDS[text.charCodeAt(at)] & NAME) !== 0) at++;
  return at;
}

/**
 * Returns what "&name;" or "&#number;" stands for; undefined if no such entity
 * is predefined.
 *
 * References to control characters are read, because reports are full of
 * colours. Others that XML does not allow are text, as they are written.
 */
export function referent(name: string): string | undefined {
  if (name.charCodeAt(0) !== NUMBER_SIGN) return ENTITIES.get(name);
  const code = HEXADECIMAL.test(name)
    ? parseInt(name.slice(2), 16)
    : DECIMAL.test(name)
    ? Number(name.slice(1))
    : 0;
  return isCharacter(code) ? String.fromCodePoint(code) : `&${name};`;
}

function isCharacter(code: number): boolean {
  return code > 0 && code <= 0x10ffff && code !== 0xfffe && code !== 0xffff &&
    (code < 0xd800 || code > 0xdfff);
}

/** A name, and the one that followed when it was read last. */
interface Name {
  readonly text: string;
  next: Name | undefined;
}

/**
 * Reads names, and returns equal ones as the same string. Reports have the same
 * few in the same order: usually a name is the expected one, and comparing is
 * several times as fast as looking at its characters.
 */
export class Names {
  readonly #known = new Map<string, Name>();
  #last: Name = { text: "", next: undefined };

  /** Returns the name at an index, "" if there is none. */
  take(text: string, start: number): string {
    const { next } = this.#last;
    if (
      next !== undefined && text.startsWith(next.text, start) &&
      (KINDS[text.charCodeAt(start + next.text.length)] & NAME) === 0
    ) {
      this.#last = next;
      return next.text;
    }
    return this.#learn(text.slice(start, nameEnd(text, start)));
  }

  #learn(text: string): string {
    const isShort = text.length <= MAX_KNOWN_LENGTH;
    let name = isShort ? this.#known.get(text) : undefined;
    if (name === undefined) {
      if (!isShort || this.#known.size === MAX_KNOWN) return text;
      name = { text, next: undefined };
      this.#known.set(text, name);
    }
    this.#last.next = name;
    this.#last = name;
    return name.text;
  }
}

/** Finds the next place of a word in a text, and looks for each only once. */
export class Next {
  readonly #word: string;
  #found = -1;

  constructor(word: string) {
    this.#word = word;
  }

  /** Begins with another text. */
  reset(): void {
    this.#found = -1;
  }

  /**
   * Returns the first place from an index on, Infinity if there is none. The
   * index must not be less than the one before.
   */
  from(text: string, start: number): number {
    if (this.#found < start) {
      const found = text.indexOf(this.#word, start);
      this.#found = found < 0 ? Infinity : found;
    }
    return this.#found;
  }
}

/** Finds the end of a tag that comes in several chunks. */
export class TagEnd {
  /** The quote of the value that has begun, or 0. */
  #quote = 0;

  constructor(beginning: string) {
    this.isIn(beginning);
  }

  /** Returns whether the tag ends in the next part of it. */
  isIn(part: string): boolean {
    for (let at = 0; at < part.length; at++) {
      const code = part.charCodeAt(at);
      if (this.#quote !== 0) {
        if (code === this.#quote) this.#quote = 0;
      } else if (code === GREATER) {
        return true;
      } else if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) {
        this.#quote = code;
      }
    }
    return false;
  }
}

/** Returns where a document type ends, -1 if it is not complete. */
export function doctypeEnd(text: string, start: number): number {
  let isInSubset = false;
  DOCTYPE_PART.lastIndex = start;
  for (;;) {
    const [part] = DOCTYPE_PART.exec(text) ?? [];
    if (part === undefined) return -1;
    if (part === "[") isInSubset = true;
    if (part === "]") isInSubset = false;
    if (part === ">" && !isInSubset) return DOCTYPE_PART.lastIndex;
  }
}

/** Returns where the brackets begin that may be those of "]]>". */
export function bracketsStart(
  text: string,
  start: number,
  end: number,
): number {
  let at = end;
  while (at > start && at > end - 2 && text.charCodeAt(at - 1) === BRACKET) {
    at--;
  }
  return at;
}
