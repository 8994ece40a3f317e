/**
 * Which faults people should look at first: by evidence, which is in how many
 * different runs and places a fault was seen, not how often. One loop must not
 * outvote ninety machines.
 *
 * @module
 */

import type { Timestamp } from "@subunit/codec";
import { compareText } from "../../kit/text/order.ts";
import { type ListedFault, newestFirst } from "./classes.ts";
import { decodeEvent } from "./event.ts";
import { compareTimes, later, type SeenRun } from "./fold.ts";
import { isWithin, type Query } from "./query.ts";

/** What faults can be ranked by. */
export const RANKS = ["runs", "origins", "tests", "rate"] as const;
/** One of them. */
export type Rank = typeof RANKS[number];

/** The numbers of a fault in a window of time. */
export interface Experience {
  /** Distinct runs that saw it. */
  readonly runs: number;
  /** Distinct origins of those. */
  readonly origins: number;
  /** Distinct tests named there. */
  readonly tests: number;
  /** Runs of origins that no person uses; not among the others. */
  readonly automated: number;
  /** {@linkcode runs} of all runs of these origins; undefined if none is known. */
  readonly rate: number | undefined;
  readonly last: Timestamp | undefined;
}

/** The last so many seconds before a time. */
export interface Window {
  readonly seconds: number;
  readonly now: Timestamp;
}

/** A run that is known to have been made. */
interface KnownRun {
  readonly origin: string;
  readonly run: string;
  readonly time: Timestamp | undefined;
}

/** The runs that were made, also those without faults, by their origins. */
export class RunCounts {
  readonly #runs = new Map<string, Map<string, KnownRun>>();

  add(run: KnownRun): void {
    let runs = this.#runs.get(run.origin);
    if (runs === undefined) this.#runs.set(run.origin, runs = new Map());
    runs.set(run.run, run);
  }

  /**
   * Adds the runs in packets of `fault:runs`.
   *
   * @param isTrusted says which events count; by default all do
   */
  addPackets(
    packets: readonly Uint8Array[],
    isTrusted?: (id: string) => boolean,
  ): void {
    for (const packet of packets) {
      const { id, kind, author: origin = "", run, time } = decodeEvent(packet);
      if (kind !== "fact" || run === undefined) continue;
      if (isTrusted?.(id) ?? true) this.add({ origin, run, time });
    }
  }

  /** The fewest runs of an origin in a window; undefined if there are none. */
  fewest(window: Window | undefined): number | undefined {
    let fewest: number | undefined;
    for (const origin of this.#runs.keys()) {
      const count = this.of(origin, window);
      if (count > 0 && !(count >= fewest!)) fewest = count;
    }
    return fewest;
  }

  /** How many runs of an origin are known in a window. */
  of(origin: string, window: Window | undefined): number {
    const runs = this.#runs.get(origin);
    if (runs === undefined) return 0;
    if (window === undefined) return runs.size;
    let count = 0;
    for (const { time } of runs.values()) {
      // A run from a list has no time, and counts in every window.
      if (
        time === undefined || isWithin(time, window.seconds, window.now)
      ) count++;
    }
    return count;
  }
}

/** A bound on the number that faults are ranked by first. */
export interface FirstRank {
  readonly rank: Rank;
  /** The most that it can be for a fault of that many runs, or tests. */
  limit(most: number): number;
}

/** What decides first; undefined if nothing limits that. */
export function firstRank(
  ranks: readonly Rank[] | undefined,
  counts: RunCounts,
  window: Window | undefined,
): FirstRank | undefined {
  const fewest = counts.fewest(window);
  // Without known runs there are no rates, and all are equal.
  const rank = ranks?.find((rank) => rank !== "rate" || fewest !== undefined);
  if (rank === undefined) return undefined;
  // A run has one origin.
  const limit = rank === "rate"
    ? (runs: number) => runs / fewest!
    : (most: number) => most;
  return { rank, limit };
}

/** The experience of a fault that nobody has seen. */
export const NO_EXPERIENCE: Experience = {
  runs: 0,
  origins: 0,
  tests: 0,
  automated: 0,
  rate: undefined,
  last: undefined,
};

/**
 * Runs that saw a fault, of all that are known of their origins. Not all of the
 * former need be among the latter.
 */
function rateOf(runs: number, known: number): number | undefined {
  return known === 0 ? undefined : runs / Math.max(known, runs);
}

/** What counts of a sighting; tests may have numbers for names. */
type Counted = Pick<SeenRun, "origin" | "runs" | "time" | "isAutomated"> & {
  readonly tests: readonly (string | number)[];
};

/** Counts what was seen of a fault, in a window or ever. */
export function experienceOf(
  { seen }: { readonly seen: readonly Counted[] },
  window: Window | undefined,
  counts: RunCounts,
): Experience {
  const origins = new Set<string>(), tests = new Set<string | number>();
  let runs = 0, automated = 0;
  let last: Timestamp | undefined;
  for (const one of seen) {
    if (
      window !== undefined && !isWithin(one.time, window.seconds, window.now)
    ) continue;
    last = later(last, one.time);
    for (const test of one.tests) tests.add(test);
    if (one.isAutomated) {
      automated += one.runs;
      continue;
    }
    runs += one.runs;
    origins.add(one.origin);
  }
  let known = 0;
  for (const origin of origins) known += counts.of(origin, window);
  return {
    runs,
    origins: origins.size,
    tests: tests.size,
    automated,
    rate: rateOf(runs, known),
    last,
  };
}

/** A fault and its numbers. */
export interface Ranked {
  readonly fault: string;
  readonly experience: Experience;
}

/** The order of faults: by the first number, then by the next; most first. */
export function byRanks(
  ranks: readonly Rank[],
): (a: Ranked, b: Ranked) => number {
  return (a, b) => {
    for (const rank of ranks) {
      const more = (b.experience[rank] ?? -1) - (a.experience[rank] ?? -1);
      if (more !== 0) return more;
    }
    return compareTimes(b.experience.last, a.experience.last) ||
      compareText(a.fault, b.fault);
  };
}

/** What the options of `query` ask for. */
export interface QueryPlan {
  readonly words: Query;
  readonly now: Timestamp;
  readonly window: Window | undefined;
  /** The ranks to order by; without them the newest come first. */
  readonly ranks: readonly Rank[] | undefined;
  readonly top: number;
  readonly conflict: boolean;
  readonly unexplained: boolean;
}

/** A fault that a query found. */
export interface Found {
  readonly it: ListedFault;
  readonly experience: Experience;
}

/** Found faults in the order of the list. */
export function ordered<T extends Found>(
  found: T[],
  ranks: readonly Rank[] | undefined,
): T[] {
  if (ranks === undefined) return found.sort((a, b) => newestFirst(a.it, b.it));
  const order = byRanks(ranks);
  return found.sort((a, b) =>
    order(
      { fault: a.it.fault, experience: a.experience },
      { fault: b.it.fault, experience: b.experience },
    )
  );
}
