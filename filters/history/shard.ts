/**
 * Tests divided among machines by how long they take.
 *
 * @module
 */

import { median } from "./statistics.ts";

/** Tests that must stay together. */
interface Group {
  seconds: number;
  readonly testIds: string[];
}

/**
 * Divides tests into shards: the longest group goes first, each into the shard
 * with the least so far. The same tests are divided in the same way whatever
 * order they come in.
 *
 * @param secondsOf how long a test takes
 * @param groupOf names the group of a test; undefined for one of its own
 * @returns the ids of each shard, in the order of `testIds`
 */
export function divide(
  testIds: Iterable<string>,
  shards: number,
  secondsOf: (testId: string) => number,
  groupOf: (testId: string) => string | undefined,
): string[][] {
  const unique = [...new Set(testIds)];
  const named = new Map<string, Group>(), groups: Group[] = [];
  // Sums of floating point, and groups that take equally long, depend on it.
  for (const testId of unique.toSorted()) {
    const name = groupOf(testId);
    let group = name === undefined ? undefined : named.get(name);
    if (group === undefined) {
      group = { seconds: 0, testIds: [] };
      groups.push(group);
      if (name !== undefined) named.set(name, group);
    }
    group.seconds += secondsOf(testId);
    group.testIds.push(testId);
  }
  groups.sort((a, b) => b.seconds - a.seconds);
  const made = Array.from(
    { length: shards },
    () => ({ seconds: 0, count: 0, testIds: [] as string[] }),
  );
  const shardOf = new Map<string, typeof made[number]>();
  for (const { seconds, testIds } of groups) {
    const least = made.reduce((a, b) =>
      b.seconds < a.seconds || b.seconds === a.seconds && b.count < a.count
        ? b
        : a
    );
    least.seconds += seconds;
    least.count += testIds.length;
    for (const testId of testIds) shardOf.set(testId, least);
  }
  for (const testId of unique) shardOf.get(testId)!.testIds.push(testId);
  return made.map(({ testIds }) => testIds);
}

/** The value below which a part of the numbers lies; undefined without any. */
export function percentile(
  numbers: readonly number[],
  percent: number,
): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b);
  const rank = Math.ceil(sorted.length * percent / 100);
  return sorted[Math.max(0, rank - 1)];
}

/** How long tests took in older runs. */
export class Durations {
  /** The times in which each test passed, else those in which it ended. */
  readonly #times = new Map<string, { passed: boolean; seconds: number[] }>();

  add(testId: string, passed: boolean, seconds: number): void {
    const times = this.#times.get(testId);
    if (times === undefined || passed && !times.passed) {
      this.#times.set(testId, { passed, seconds: [seconds] });
    } else if (passed === times.passed) {
      times.seconds.push(seconds);
    }
  }

  /** How many tests have a time. */
  get size(): number {
    return this.#times.size;
  }

  /** The median time of a test; undefined if it is not known. */
  get(testId: string): number | undefined {
    const times = this.#times.get(testId);
    return times && median(Float64Array.from(times.seconds));
  }

  /** The time below which a part of the tests lies; undefined without any. */
  percentile(percent: number): number | undefined {
    return percentile(
      Array.from(this.#times.keys(), (testId) => this.get(testId)!),
      percent,
    );
  }
}
