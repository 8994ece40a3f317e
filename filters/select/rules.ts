/**
 * What a test must be to be selected.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { Outcome, Packet } from "@subunit/codec";
import { cutContent } from "../kit/text/content.ts";

/** How many UTF-16 units of a file are searched, at both ends. */
const MAX_SEARCHED_LENGTH = 64 * 1024 * 1024;

/** The outcome of a test, or that it merely exists. */
export type OutcomeOrExists = Outcome | "exists";

/** What names a test. */
export interface Named {
  readonly testId?: string;
  readonly routeCode?: string;
}

/** What is known of a test so far. */
export interface Known extends Named {
  /** The last tags given, none of an event that gave none. */
  readonly tags: readonly string[];
  /** Its packets so far, at least one. */
  readonly packets: readonly Packet[];
  /** Undefined while it is in progress. */
  readonly outcome: OutcomeOrExists | undefined;
}

/** Whether the test with this name is selected. */
export type NameRule = (test: Named) => boolean;

/** Whether a test is selected; undefined while that is open. */
export type Rule = (test: Known) => boolean | undefined;

/** What is selected by the last event of a test, and the last tags given. */
export interface EndRules {
  readonly outcomes: ReadonlySet<OutcomeOrExists>;
  /** Whether the tags of a test select it; undefined where all do. */
  readonly hasTags?: (tags: readonly string[]) => boolean;
}

/** Rules that must all hold. */
export interface Rules {
  readonly names: readonly NameRule[];
  readonly others: readonly Rule[];
  /** The same rules, if they need nothing but the end of a test. */
  readonly atEnd?: EndRules | undefined;
}

/** Whether the rules for names hold. */
export function holdForName({ names }: Rules, test: Named): boolean {
  return names.every((rule) => rule(test));
}

/** Whether the other rules hold; undefined while that is open. */
export function holdForRest(
  { others }: Rules,
  test: Known,
): boolean | undefined {
  let answer: boolean | undefined = true;
  for (const rule of others) {
    const result = rule(test);
    if (result === false) return false;
    if (result === undefined) answer = undefined;
  }
  return answer;
}

/** A test with one of `outcomes`. */
export function outcomeIn(outcomes: ReadonlySet<OutcomeOrExists>): Rule {
  return ({ outcome }) => outcome && outcomes.has(outcome);
}

/**
 * A test with all of `tags`. Testtools gives tags with the last event alone,
 * and tags are added on the way: only the end shows that one is missing.
 */
export function withTags(tags: readonly string[]): Rule {
  return (test) =>
    tags.every((tag) => test.tags.includes(tag)) || atEnd(test, false);
}

/** A test with none of `tags`; only the end shows it, as above. */
export function withoutTags(tags: readonly string[]): Rule {
  return (test) =>
    !tags.some((tag) => test.tags.includes(tag)) && atEnd(test, true);
}

/** A test with an attachment in which one of `expressions` is found. */
export function withText(expressions: readonly RegExp[]): Rule {
  return ({ packets, outcome }) => {
    const isIn = (text: string) => isFound(expressions, text);
    if (outcome !== undefined) return textsOf(packets).some(isIn);
    const { fileName, eof } = packets.at(-1)!;
    const file = packets.filter((packet) => packet.fileName === fileName);
    return eof && textsOf(file).some(isIn) ? true : undefined;
  };
}

/** The words for outcomes in Python's tool, where they are not ours. */
const PYTHON_WORDS: Partial<Record<OutcomeOrExists, string>> = {
  fail: "failure",
  lost: "failure",
  xfail: "expectedfailure",
};

/**
 * A test in which one of `expressions` is found: in the lines that are its id,
 * Python's word for its outcome, and its attachments.
 */
export function matching(expressions: readonly RegExp[]): Rule {
  return (test) => {
    const { testId = "", packets, outcome } = test;
    if (outcome === undefined) return undefined;
    const word = PYTHON_WORDS[outcome] ?? outcome;
    return isFound(
      expressions,
      [testId, word, ...textsOf(packets)].join("\n"),
    );
  };
}

/** What `rule` does not select. */
export function not(rule: Rule): Rule {
  return (test) => {
    const result = rule(test);
    return result === undefined ? undefined : !result;
  };
}

/** Whether one of `expressions` is found in a text. */
export function isFound(expressions: readonly RegExp[], text: string): boolean {
  return expressions.some((expression) => expression.test(text));
}

function atEnd({ outcome }: Known, answer: boolean): boolean | undefined {
  return outcome === undefined ? undefined : answer;
}

/** The attachments in packets of one test, their parts joined. */
function textsOf(packets: readonly Packet[]): string[] {
  const files = new Map<string, Uint8Array[]>();
  for (const { fileName, fileBytes } of packets) {
    if (fileName === undefined) continue;
    const parts = files.get(fileName);
    if (parts === undefined) files.set(fileName, [fileBytes!]);
    else parts.push(fileBytes!);
  }
  return Array.from(
    files.values(),
    (parts) => cutContent({ bytes: concat(parts) }, MAX_SEARCHED_LENGTH),
  );
}
