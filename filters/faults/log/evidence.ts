/**
 * Leaves out faults that a query cannot find, before any of their events is
 * decoded: a word that must match needs an event that could make it match.
 *
 * @module
 */

import { type Rows, TEST_STATUSES, type Timestamp } from "@subunit/codec";
import { FAULT_TAG } from "../../kit/stream/fault_tag.ts";
import { FIRST_STATE } from "./classes.ts";
import { hasNoKey } from "./cbor.ts";
import { VALUE_KEY } from "./event.ts";
import { MAX_RUNS } from "./fold.ts";
import { parseAge, tokensOf, type Word } from "./query.ts";
import type { QueryPlan } from "./ranking.ts";

/** Says of an event which conditions it could fulfil, a bit each. */
export interface Evidence {
  /** The bits that a fault needs. */
  readonly needed: number;
  /** The bits of a row. */
  of(rows: Rows, i: number): number;
  /**
   * What an event counts for the place of its fault in the list, at most; 0 if it
   * does not. In a ranking it is the runs in which the fault was seen, and else
   * {@linkcode recency}.
   */
  mostOf(rows: Rows, i: number): number;
  /** What two events of a fault count together. */
  both(most: number, other: number): number;
}

/** The place in a list of the newest: the larger, the earlier; 0 without a time. */
export function recency(
  last: Pick<Timestamp, "seconds"> | undefined,
): number {
  return last === undefined ? 0 : last.seconds + 1;
}

/** Says something of a row. */
export type RowTest = (rows: Rows, i: number) => boolean;

/** The most conditions that are looked at: the bits of a byte. */
const MAX_TESTS = 8;

const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");

/** A test for the kind of an event. */
function kindTest(kind: string): RowTest {
  const bytes = encoder.encode(kind);
  return (rows, i) => {
    const lengthAt = rows.fileAt(i);
    if (lengthAt < 0 || rows.numberAt(lengthAt) !== bytes.length) return false;
    const at = rows.textAt(lengthAt);
    for (let j = 0; j < bytes.length; j++) {
      if (rows.source[at + j] !== bytes[j]) return false;
    }
    return true;
  };
}

/** Whether an event names others that must go. */
export const isRedaction: RowTest = kindTest("redact");
/** Whether an event is a sighting. */
export const isSeen: RowTest = kindTest("seen");
const isTitle = kindTest("title");
const isFact = kindTest("fact");
/** Whether an event may take effect on the class of its fault. */
export const isSame: RowTest = kindTest("same");

/** A test for ids that begin with any of some texts. */
export function idTest(begins: readonly string[]): RowTest {
  const tests = begins.map(beginningTest);
  return tests.length === 1
    ? tests[0]
    : (rows, i) => tests.some((test) => test(rows, i));
}

function beginningTest(text: string): RowTest {
  const bytes = encoder.encode(text), last = bytes.length - 1;
  return (rows, i) => {
    const at = rows.idAt(i);
    if (rows.idEnd(i) - at <= last) return false;
    // From the end: the first bytes are those of most ids.
    for (let j = last; j >= 0; j--) {
      if (rows.source[at + j] !== bytes[j]) return false;
    }
    return true;
  };
}

/** The content of an event as one character a byte. */
function contentOf(rows: Rows, i: number): string {
  const nameEnd = rows.textEnd(rows.fileAt(i));
  return latin1.decode(
    rows.source.subarray(rows.textAt(nameEnd), rows.textEnd(nameEnd)),
  );
}

/** A text as {@linkcode contentOf} has it. */
function bytewise(text: string): string {
  return latin1.decode(encoder.encode(text));
}

/** How many runs an event counts for, at most: one, unless it has a value. */
function runsIn(rows: Rows, i: number): number {
  const nameEnd = rows.textEnd(rows.fileAt(i)), { source } = rows;
  const at = rows.textAt(nameEnd), end = rows.textEnd(nameEnd);
  return hasNoKey(VALUE_KEY, source, at, end) ? 1 : MAX_RUNS;
}

/** {@linkcode recency} of a sighting. */
function recencyIn(rows: Rows, i: number): number {
  return rows.timeAt(i) >= 0 && isSeen(rows, i) ? rows.seconds(i) + 1 : 0;
}

function seenSince(seconds: number): RowTest {
  // The time first: most events of a log are older.
  return (rows, i) =>
    rows.timeAt(i) >= 0 && rows.seconds(i) >= seconds - 1 && isSeen(rows, i);
}

/** What a word needs; undefined when a fault may match without any event. */
function testFor(
  { name, values, isNot }: Word,
  now: number,
): RowTest | undefined {
  if (isNot) return undefined;
  if (name === "id") return idTest(values.map((value) => FAULT_TAG + value));
  if (name === "state") {
    if (values.includes(FIRST_STATE)) return undefined;
    const codes = values.map((value) =>
      (TEST_STATUSES as readonly string[]).indexOf(value) + 1
    );
    return (rows, i) => codes.includes(rows.statusCode(i));
  }
  if (name === "tag") {
    const tags = values.map((value) => `+${value}`);
    return (rows, i) =>
      rows.tagsAt(i) >= 0 && rows.tags(i)!.some((tag) => tags.includes(tag));
  }
  if (name === "seen") {
    return seenSince(now - Math.max(...values.map(parseAge)));
  }
  if (name === "origin") {
    const origins = values.map(bytewise);
    return (rows, i) => {
      if (!isSeen(rows, i)) return false;
      const content = contentOf(rows, i);
      return origins.some((origin) => content.includes(origin));
    };
  }
  if (name === "test") return isSeen;
  if (name === "kind") return isFact;
  const phrases = values.map(tokensOf).filter(({ length }) => length > 0)
    .map(phraseOf);
  return (rows, i) => {
    const isWhole = isTitle(rows, i);
    if (!isWhole && !isFact(rows, i)) return false;
    const nameEnd = rows.textEnd(rows.fileAt(i)), { source } = rows;
    const at = rows.textAt(nameEnd), end = rows.textEnd(nameEnd);
    return phrases.some((phrase) => mayHave(phrase, isWhole, source, at, end));
  };
}

/** Words that are looked for in bytes: those of ASCII, in lower case. */
interface Phrase {
  readonly tokens: readonly Uint8Array[];
  /** Whether nothing else is between them. */
  readonly isWhole: boolean;
  readonly hasK: boolean;
}

function phraseOf(words: readonly string[]): Phrase {
  const plain = words.filter((word) => /^\w+$/.test(word));
  return {
    tokens: plain.map((word) => encoder.encode(word)),
    isWhole: plain.length === words.length,
    hasK: plain.some((word) => word.includes("k")),
  };
}

/** The sign of Kelvin, whose lower case is "k". */
const KELVIN = encoder.encode("\u212a");

/**
 * Whether a text may have a phrase.
 *
 * @param isTitle whether it is a whole title: those without one are described by
 * facts, of which each may have one of the words
 */
function mayHave(
  { tokens, isWhole, hasK }: Phrase,
  isTitle: boolean,
  source: Uint8Array,
  at: number,
  end: number,
): boolean {
  const [first] = tokens;
  if (first === undefined) return true;
  const isThere = (token: Uint8Array) => placeOf(token, source, at, end) >= 0;
  if (hasK && isThere(KELVIN)) return true;
  if (!isTitle) return tokens.some(isThere);
  if (!isWhole) return tokens.every(isThere);
  for (
    let place = placeOf(first, source, at, end);
    place >= 0;
    place = placeOf(first, source, place + 1, end)
  ) {
    if (hasAllAt(tokens, source, place, end)) return true;
  }
  return false;
}

/** Whether tokens follow one another, with something between them. */
function hasAllAt(
  tokens: readonly Uint8Array[],
  source: Uint8Array,
  at: number,
  end: number,
): boolean {
  let place = at;
  for (const [i, token] of tokens.entries()) {
    const before = place;
    while (i > 0 && place < end && !isWordByte(source[place])) place++;
    if (i > 0 && place === before) return false;
    if (!isAt(token, source, place, end)) return false;
    place += token.length;
  }
  return true;
}

/** Where bytes are in others of whatever case; -1 if they are not there. */
function placeOf(
  bytes: Uint8Array,
  source: Uint8Array,
  at: number,
  end: number,
): number {
  const first = bytes[0], last = end - bytes.length;
  for (let place = at; place <= last; place++) {
    if (
      lowerCase(source[place]) === first && isAt(bytes, source, place, end)
    ) return place;
  }
  return -1;
}

function isAt(
  bytes: Uint8Array,
  source: Uint8Array,
  at: number,
  end: number,
): boolean {
  if (at + bytes.length > end) return false;
  for (let i = 0; i < bytes.length; i++) {
    if (lowerCase(source[at + i]) !== bytes[i]) return false;
  }
  return true;
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** Whether a byte is a letter or digit of ASCII, or "_". */
function isWordByte(byte: number): boolean {
  const lower = lowerCase(byte);
  return lower >= 0x61 && lower <= 0x7a || lower >= 0x30 && lower <= 0x39 ||
    lower === 0x5f;
}

/** What a query needs of a fault. */
export function evidenceFor(plan: QueryPlan): Evidence {
  const { words, now, window, ranks, unexplained } = plan;
  const tests = words.map((word) => testFor(word, now.seconds))
    .filter((test) => test !== undefined);
  const counted = window === undefined
    ? isSeen
    : seenSince(now.seconds - window.seconds);
  if (window !== undefined || ranks !== undefined || unexplained) {
    tests.push(counted);
  }
  const used = tests.slice(0, MAX_TESTS);
  return {
    needed: 2 ** used.length - 1,
    of(rows, i) {
      let bits = 0;
      for (let j = 0; j < used.length; j++) {
        if (used[j](rows, i)) bits |= 1 << j;
      }
      return bits;
    },
    ...placing(plan, counted),
  };
}

/** What counts for the place in the list. */
function placing(
  { top, ranks }: QueryPlan,
  counted: RowTest,
): Pick<Evidence, "mostOf" | "both"> {
  // All are listed.
  if (top === Infinity) return { mostOf: () => 0, both: Math.max };
  if (ranks === undefined) return { mostOf: recencyIn, both: Math.max };
  return {
    mostOf: (rows, i) => counted(rows, i) ? runsIn(rows, i) : 0,
    both: (most, other) => most + other,
  };
}
