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

/**
 * Returns the runs that were of all tests, the parts of a group as one: those
 * that have ended and say so, or, when they say nothing, have nearly as many
 * tests as those before them. A group counts from its last part on.
 *
 * @param runs oldest first
 */
export async function wideRuns(runs: readonly Run[]): Promise<Set<Run>> {
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
  const wide = new Set<Run>();
  for (const parts of groups.values()) {
    const { variant = "" } = parts[0].start;
    const tests = await testsOf(parts);
    const before = sizes.get(variant) ?? [];
    const mayBeWide = !lacksParts(parts) && tests > 0 &&
      parts.every(({ state }) => state === "ended");
    const scopes = parts.map(({ start }) => start.scope);
    const isWide = mayBeWide && !scopes.includes("partial") &&
      (scopes.includes("full") ||
        tests >= SHARE * Math.max(0, ...before.slice(-COMPARED)));
    sizes.set(variant, [...before.slice(1 - COMPARED), tests]);
    if (isWide) { for (const run of parts) wide.add(run); }
  }
  return wide;
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

/** Whether parts of a group are not there. */
function lacksParts(runs: readonly Run[]): boolean {
  const parts = new Set(runs.map(({ start }) => start.part));
  const all = Math.max(
    0,
    ...[...parts].map((part) => Number(part?.split("/")[1] ?? 0)),
  );
  for (let i = 1; i <= all; i++) if (!parts.has(`${i}/${all}`)) return true;
  return false;
}
