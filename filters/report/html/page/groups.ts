/**
 * Failures that have the same cause, as far as their tags and first lines show.
 *
 * @module
 */

import { DAMAGE_TITLE } from "../data.ts";
import type { Tests } from "./model.ts";

/** Failures with one fault or one first line. */
export interface Group {
  /** The fault, or the first line; empty if the tests have none. */
  readonly title: string;
  /** Whether the title is the tag of a fault. */
  readonly isFault: boolean;
  /** The positions of the tests, in the order of the file. */
  readonly tests: readonly number[];
}

const FAULT = /^fault:(.+)/s;

/**
 * Groups failures by the tag `fault:…` where they have one, by their headline
 * otherwise; the largest groups come first.
 */
export function groupFailures(tests: Tests): Group[] {
  const groups = new Map<string, { isFault: boolean; tests: number[] }>();
  for (let test = 0; test < tests.count; test++) {
    if (!tests.isFailure(test)) continue;
    const fault = tests.tags(test).find((tag) => FAULT.test(tag));
    const title = fault !== undefined
      ? FAULT.exec(fault)![1]
      : tests.isDamage(test)
      ? DAMAGE_TITLE
      : tests.headline(test);
    const key = `${fault === undefined ? "line" : "fault"}\0${title}`;
    const group = groups.get(key);
    if (group !== undefined) group.tests.push(test);
    else groups.set(key, { isFault: fault !== undefined, tests: [test] });
  }
  return Array.from(groups, ([key, group]) => ({
    ...group,
    title: key.slice(key.indexOf("\0") + 1),
  })).sort((a, b) => b.tests.length - a.tests.length);
}
