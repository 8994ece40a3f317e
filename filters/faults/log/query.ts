/**
 * Queries in words: `state:fail,inprogress tag:network -tag:wontfix
 * title:"connection refused" seen:30d`. All words must match, of the values after
 * a colon one, and a word behind "-" must not.
 *
 * @module
 */

import type { Timestamp } from "@subunit/codec";
import { UsageError } from "../../kit/errors.ts";
import { FAULT_TAG } from "../../kit/stream/fault_tag.ts";
import { factsOf, type FaultClass, stateOf, titlesOf } from "./classes.ts";
import { isState, STATES } from "./event.ts";

/** What words can ask for. */
export const WORD_NAMES = [
  "state",
  "tag",
  "title",
  "seen",
  "origin",
  "test",
  "kind",
  "id",
] as const;

/** One word of a query. */
export interface Word {
  readonly name: typeof WORD_NAMES[number];
  readonly values: readonly string[];
  /** Whether what matches is left out. */
  readonly isNot: boolean;
}

/** A query: all of its words must match. */
export type Query = readonly Word[];

const SYNTAX = /\s*(-?)(?:([a-z]+):)?((?:"(?:[^"\\]|\\.)*"|[^\s"])*)(?=\s|$)/gy;
const VALUE = /(?:"(?:[^"\\]|\\.)*"|[^,"])*/g;

/**
 * Reads the words of a query. What has no name is looked for in titles.
 *
 * @throws {UsageError} when a word is none
 */
export function parseQuery(text: string): Query {
  const words: Word[] = [];
  SYNTAX.lastIndex = 0;
  while (text.slice(SYNTAX.lastIndex).trim() !== "") {
    const match = SYNTAX.exec(text);
    if (match === null || match[0].trim() === "") {
      throw new UsageError(
        `Cannot read query "${text}": a quote is not closed`,
      );
    }
    const [whole, not, name = "title", rest] = match;
    words.push(wordOf(whole.trim(), name, rest, not !== ""));
  }
  return words;
}

function wordOf(
  whole: string,
  name: string,
  rest: string,
  isNot: boolean,
): Word {
  const known = WORD_NAMES.find((one) => one === name);
  if (known === undefined) {
    throw new UsageError(
      `Cannot read query word "${whole}": expected ${WORD_NAMES.join(", ")}`,
    );
  }
  const values = Array.from(rest.matchAll(VALUE), ([value]) => plain(value))
    .filter((value) => value !== "");
  if (values.length === 0) {
    throw new UsageError(`Cannot read query word "${whole}": it has no value`);
  }
  return { name: known, values: values.map((v) => checked(known, v)), isNot };
}

/** A value without its quotes. */
function plain(value: string): string {
  return value.replace(
    /"((?:[^"\\]|\\.)*)"/g,
    (_, inside: string) => inside.replace(/\\(.)/g, "$1"),
  );
}

function checked(name: Word["name"], value: string): string {
  if (name === "state") return parseState(value);
  if (name === "seen") parseAge(value);
  return name === "id" ? value.replace(/^fault:/, "").replace(/…$/, "") : value;
}

/**
 * Reads a state: the status of the packet, or the word for it.
 *
 * @throws {UsageError} when there is no such state
 */
export function parseState(text: string): keyof typeof STATES {
  if (isState(text)) return text;
  for (const [state, word] of Object.entries(STATES)) {
    if (word === text) return state as keyof typeof STATES;
  }
  const choices = Object.entries(STATES).map(([state, word]) =>
    `${state} (${word})`
  );
  throw new UsageError(
    `There is no state "${text}": expected ${choices.join(", ")}`,
  );
}

/** The seconds of a unit. */
const UNITS: Readonly<Record<string, number>> = {
  m: 60,
  h: 3600,
  d: 86400,
  w: 7 * 86400,
  y: 365 * 86400,
};

/**
 * Reads an age, as in "30d"; returns it in seconds.
 *
 * @throws {UsageError} when it is none
 */
export function parseAge(text: string): number {
  const [, digits, unit] = /^(\d{1,5})([mhdwy])$/.exec(text) ?? [];
  if (digits !== undefined) return Number(digits) * UNITS[unit];
  throw new UsageError(
    `Cannot read age "${text}": expected a number and m, h, d, w or y, as in "30d"`,
  );
}

/** Whether a time is at most so many seconds before another one. */
export function isWithin(
  time: Timestamp | undefined,
  seconds: number,
  now: Timestamp,
): boolean {
  return time !== undefined && time.seconds >= now.seconds - seconds;
}

/** The words of a text that is searched: letters, digits and marks, in lower case. */
export function tokensOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}\p{M}_]+/gu) ?? [];
}

/** Whether tokens are in others, one behind the other. */
function hasPhrase(all: readonly string[], phrase: readonly string[]): boolean {
  return phrase.length > 0 &&
    all.some((_, at) => phrase.every((token, i) => all[at + i] === token));
}

/** A glob as a matcher of whole texts: "*" is any text, "?" one character. */
export function globMatcher(glob: string): (text: string) => boolean {
  if (!/[*?]/.test(glob)) return (text) => text === glob;
  const source = glob.replace(/[\\^$.|+()[\]{}]/g, "\\$&")
    .replace(/\*+/g, ".*").replaceAll("?", ".");
  const pattern = new RegExp(`^${source}$`, "su");
  return (text) => pattern.test(text);
}

/** Makes the function that says whether a fault matches all words. */
export function matcher(
  query: Query,
  now: Timestamp,
): (it: FaultClass) => boolean {
  const matchers = query.map((word) => {
    const matches = wordMatcher(word, now);
    return word.isNot ? (it: FaultClass) => !matches(it) : matches;
  });
  return (it) => matchers.every((matches) => matches(it));
}

function wordMatcher(
  { name, values }: Word,
  now: Timestamp,
): (it: FaultClass) => boolean {
  if (name === "state") return (it) => values.includes(stateOf(it));
  if (name === "tag") {
    return ({ tags }) => tags.some((tag) => values.includes(tag));
  }
  if (name === "title") {
    const phrases = values.map(tokensOf);
    return (it) =>
      titlesOf(it).some((title) => {
        const tokens = tokensOf(title);
        return phrases.some((phrase) => hasPhrase(tokens, phrase));
      });
  }
  if (name === "seen") {
    const seconds = Math.max(...values.map(parseAge));
    return ({ seen }) => seen.some(({ time }) => isWithin(time, seconds, now));
  }
  if (name === "origin") {
    return ({ seen }) => seen.some(({ origin }) => values.includes(origin));
  }
  if (name === "test") {
    const globs = values.map(globMatcher);
    return ({ seen }) =>
      seen.some(({ tests }) =>
        tests.some((test) => globs.some((matches) => matches(test)))
      );
  }
  if (name === "kind") {
    return (it) =>
      factsOf(it).some(([key, value]) =>
        key === "kind" && values.includes(value)
      );
  }
  return ({ members }) =>
    members.some(({ fault }) =>
      values.some((value) => fault.startsWith(FAULT_TAG + value))
    );
}
