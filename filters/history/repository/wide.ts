/**
 * Which runs were of all tests.
 *
 * @module
 */

import { statsOf } from "./stats.ts";
import type { Run } from "./store.ts";

/**
 * How many runs before it a run is compared with: so that a test that is run
 * again and again does not make a run of it alone look like all tests.
 */
export const COMPARED = 50;
/** How many of their tests it must have, at least. */
export const SHARE = 0.9;

/** One run of a suite: a run, or all parts of a group. */
export interface WholeRun {
  /** In the order in which they began; only a group has several. */
  readonly runs: readonly Run[];
  readonly variant: string;
  readonly group: string | undefined;
  /** The parts of the group that are missing: `2/4`. */
  readonly missing: readonly string[];
  readonly tests: number;
  /**
   * Whether it was of all tests: it has ended and says so, or, when it says
   * nothing, has nearly as many tests as those before it.
   */
  readonly isWide: boolean;
}

/**
 * Returns the runs of each suite, oldest first; a group counts from its last
 * part on.
 *
 * @param runs oldest first
 */
export async function wholeRuns(runs: readonly Run[]): Promise<WholeRun[]> {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const { group, variant = "" } = run.start;
    const key = JSON.stringify(
      group === undefined ? [run.path] : [variant, group],
    );
    const others = groups.get(key);
    // Moved behind those that were added in the meantime.
    groups.delete(key);
    groups.set(key, [...others ?? [], run]);
  }
  const sizes = new Map<string, number[]>();
  const all: WholeRun[] = [];
  for (const parts of groups.values()) {
    const { variant = "", group } = parts[0].start;
    const missing = missingParts(parts);
    const tests = await testsOf(parts);
    const before = sizes.get(variant) ?? [];
    const mayBeWide = missing.length === 0 && tests > 0 &&
      parts.every(({ state }) => state === "ended");
    const scopes = parts.map(({ start }) => start.scope);
    const isWide = mayBeWide && !scopes.includes("partial") &&
      (scopes.includes("full") ||
        tests >= SHARE * Math.max(0, ...before.slice(-COMPARED)));
    sizes.set(variant, [...before.slice(1 - COMPARED), tests]);
    all.push({ runs: parts, variant, group, missing, tests, isWide });
  }
  return all;
}

/** Counts each part once, however often it was run. */
async function testsOf(runs: readonly Run[]): Promise<number> {
  const byPart = new Map<string, number>();
  for (const run of runs) {
    const part = run.start.part ?? "";
    const { tests } = await statsOf(run);
    byPart.set(part, Math.max(tests, byPart.get(part) ?? 0));
  }
  return [...byPart.values()].reduce((sum, count) => sum + count, 0);
}

function missingParts(runs: readonly Run[]): string[] {
  const parts = new Set(runs.map(({ start }) => start.part));
  const all = Math.max(
    0,
    ...[...parts].map((part) => Number(part?.split("/")[1] ?? 0)),
  );
  return Array.from(
    { length: Math.min(all, 10_000) },
    (_, i) => `${i + 1}/${all}`,
  )
    .filter((part) => !parts.has(part));
}
