/**
 * Leaves out faults that a query cannot find, before any of their events is
 * decoded: a word that must match needs an event that could make it match.
 *
 * @module
 */

import { type Rows, TEST_STATUSES } from "@subunit/codec";
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
  /** How many runs, at most, an event says that its fault was seen in. */
  mostOf(rows: Rows, i: number): number;
}

type Test = (rows: Rows, i: number) => boolean;

/** The most conditions: the bits of a small integer. */
const MAX_TESTS = 30;

const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");

/** A test for the kind of an event. */
function kindTest(kind: string): Test {
  const bytes = encoder.encode(kind);
  return (rows, i) => {
    const lengthAt = rows.fileAt(i);
    if (lengthAt < 0) return false;
    const at = rows.textAt(lengthAt);
    if (rows.textEnd(lengthAt) - at !== bytes.length) return false;
    for (let j = 0; j < bytes.length; j++) {
      if (rows.source[at + j] !== bytes[j]) return false;
    }
    return true;
  };
}

const isSeen = kindTest("seen");
const isTitle = kindTest("title");
const isFact = kindTest("fact");
/** Whether an event may take effect on the class of its fault. */
export const isSame: Test = kindTest("same");

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

function seenSince(seconds: number): Test {
  return (rows, i) =>
    isSeen(rows, i) && rows.timeAt(i) >= 0 && rows.seconds(i) >= seconds - 1;
}

/** What a word needs; undefined when a fault may match without any event. */
function testFor(
  { name, values, isNot }: Word,
  now: number,
): Test | undefined {
  if (isNot) return undefined;
  if (name === "id") {
    const begins = values.map((value) => encoder.encode(FAULT_TAG + value));
    return (rows, i) =>
      begins.some((bytes) => {
        const at = rows.idAt(i);
        return rows.idEnd(i) - at >= bytes.length &&
          bytes.every((byte, j) => rows.source[at + j] === byte);
      });
  }
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
    .map((tokens) =>
      tokens.filter((token) => /^\w+$/.test(token))
        .map((token) => encoder.encode(token))
    );
  return (rows, i) => {
    const isWhole = isTitle(rows, i);
    if (!isWhole && !isFact(rows, i)) return false;
    const nameEnd = rows.textEnd(rows.fileAt(i)), { source } = rows;
    const at = rows.textAt(nameEnd), end = rows.textEnd(nameEnd);
    return phrases.some((tokens) => mayHave(tokens, isWhole, source, at, end));
  };
}

/** The sign of Kelvin, whose lower case is "k". */
const KELVIN = encoder.encode("\u212a");

/**
 * Whether a text may have these tokens, which are lower-case ASCII, in this
 * order.
 *
 * @param isWhole whether it is all of a title: those without one are described
 * by facts, of which each may have one of the tokens
 */
function mayHave(
  tokens: readonly Uint8Array[],
  isWhole: boolean,
  source: Uint8Array,
  at: number,
  end: number,
): boolean {
  if (tokens.length === 0) return true;
  let from = at;
  const isThere = (token: Uint8Array) => {
    const place = placeOf(token, source, from, end);
    if (isWhole && place >= 0) from = place + token.length;
    return place >= 0;
  };
  return (isWhole ? tokens.every(isThere) : tokens.some(isThere)) ||
    placeOf(KELVIN, source, at, end) >= 0;
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
    if (lowerCase(source[place]) !== first) continue;
    let length = 1;
    while (
      length < bytes.length &&
      lowerCase(source[place + length]) === bytes[length]
    ) length++;
    if (length === bytes.length) return place;
  }
  return -1;
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
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
    mostOf: (rows, i) => counted(rows, i) ? runsIn(rows, i) : 0,
  };
}
