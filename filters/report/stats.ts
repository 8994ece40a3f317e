/**
 * Counts of tests by outcome, and what is reported along with them.
 *
 * @module
 */

import {
  decodeTags,
  Interned,
  type Rows,
  Summary,
  type Test,
} from "@subunit/codec";
import { formatSeconds } from "../kit/python/format.ts";
import { compareText } from "../kit/text/order.ts";
import type { Top } from "./first_few.ts";
import { heldRows, holdRow, type Row } from "./listing.ts";

export const GROUPINGS = ["tag", "route"] as const;
type Grouping = typeof GROUPINGS[number];

/** Tags, groups and the slowest tests, which the counts do not have. */
export class Stats {
  readonly tags: Set<string> = new Set();
  readonly groups: Map<string, Summary> = new Map();
  #lastTags: readonly string[] | undefined;
  /** Whether the tags of rows have been added: by their bytes. */
  readonly #added = new Interned((source, start, end) => {
    this.addTags(decodeTags(source, start, end));
    return true;
  });
  readonly #slowest: Top<Row>;
  readonly #keepsTimes: boolean;
  readonly #grouping: Grouping | undefined;

  constructor(
    { slowest = 0, by }: { slowest?: number; by?: Grouping } = {},
  ) {
    this.#slowest = heldRows("time", slowest);
    this.#grouping = by;
    this.#keepsTimes = slowest > 0;
  }

  /** Whether tags are all that is taken from a test: {@linkcode addTags}. */
  get takesOnlyTags(): boolean {
    return !this.#keepsTimes && this.#grouping === undefined;
  }

  /**
   * Adds the tags that a row gives the test that it ends; returns false if it
   * gives none.
   */
  addRowTags(rows: Rows, i: number): boolean {
    const { source, view } = rows, at = rows.tagsAt(i);
    // A count that is longer than needed may still be 0.
    if (at < 0 || source[at] === 0 || source[at] > 63) return false;
    return this.#added.get(source, view, at, rows.tagsEnd(i));
  }

  addTags(tags: readonly string[]): void {
    // Tests with the same tags mostly share the array.
    if (tags === this.#lastTags) return;
    for (const tag of tags) this.tags.add(tag);
    this.#lastTags = tags;
  }

  add(test: Test): void {
    const { tags } = test;
    this.addTags(tags);
    if (this.#keepsTimes && test.seconds !== undefined) {
      this.#slowest.add(holdRow(test));
    }
    if (this.#grouping === "route") this.#group(test.routeCode ?? "").add(test);
    if (this.#grouping === "tag") {
      const groups = tags.length > 0 ? new Set(tags) : [""];
      for (const tag of groups) this.#group(tag).add(test);
    }
  }

  /** The tests that took longest, of those with times. */
  get slowest(): readonly Row[] {
    return this.#slowest.values();
  }

  #group(name: string): Summary {
    let group = this.groups.get(name);
    if (group === undefined) this.groups.set(name, group = new Summary());
    return group;
  }
}

/** The report as the Python tool prints it, and what else was asked for. */
export function statsLines(
  summary: Summary,
  stats: Stats,
  by?: Grouping,
): string[] {
  const lines = [
    `Total tests:   ${number(summary.total)}`,
    `Passed tests:  ${number(summary.passed)}`,
    `Failed tests:  ${number(summary.failed)}`,
    `Skipped tests: ${number(summary.skipped)}`,
    `Seen tags: ${[...stats.tags].sort(compareText).join(", ")}`,
  ];
  if (stats.slowest.length > 0) {
    lines.push("Slowest tests:");
    for (const { testId, seconds } of stats.slowest) {
      lines.push(`${formatSeconds(seconds!).padStart(10)}  ${testId}`);
    }
  }
  if (by !== undefined) {
    lines.push(` total passed failed skipped  ${by}`);
    for (const [name, group] of sortedGroups(stats)) {
      const { total, passed, failed, skipped } = group;
      lines.push(
        `${number(total, 6)} ${number(passed, 6)} ${number(failed, 6)} ${
          number(skipped, 7)
        }  ${name || "(none)"}`,
      );
    }
  }
  return lines;
}

function number(count: number, width = 5): string {
  return String(count).padStart(width);
}

function sortedGroups(stats: Stats): [string, Summary][] {
  return [...stats.groups].sort(([a], [b]) => compareText(a, b));
}

/** The report as one JSON object. */
export function statsJson(
  summary: Summary,
  stats: Stats,
  by?: Grouping,
): string {
  return JSON.stringify({
    ...counts(summary),
    outcomes: summary.outcomes,
    damage: summary.damage,
    tags: [...stats.tags].sort(compareText),
    slowest: stats.slowest.map(({ testId, routeCode, outcome, seconds }) => ({
      test_id: testId,
      route_code: routeCode,
      outcome,
      seconds,
    })),
    [`by_${by}`]: by === undefined ? undefined : Object.fromEntries(
      sortedGroups(stats).map(([name, group]) => [name, counts(group)]),
    ),
  });
}

function counts({ total, passed, failed, skipped }: Summary) {
  return { total, passed, failed, skipped };
}
