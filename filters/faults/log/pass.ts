/**
 * Answers queries without an index. One pass over the log decodes no event, and
 * remembers for which faults there is evidence, and what they have for their places
 * in the list at most. Then the events of those are read that may have the first
 * places, and of the others only if these are not enough. Most of a log is about
 * others.
 *
 * @module
 */

import type { Rows, Timestamp } from "@subunit/codec";
import { FAULT_TAG, RUNS, SIGNATURES } from "../../kit/stream/fault_tag.ts";
import {
  isConflict,
  isEmpty,
  isUnexplained,
  listed,
  readClasses,
} from "./classes.ts";
import { type Evidence, evidenceFor, isSame, recency } from "./evidence.ts";
import type { FoldOptions } from "./fold.ts";
import { among, beginningWith, NamedFaults } from "./named_faults.ts";
import { matcher, type Query } from "./query.ts";
import {
  experienceOf,
  firstRank,
  type Found,
  ordered,
  type QueryPlan,
  type RunCounts,
} from "./ranking.ts";
import {
  type FaultSet,
  isEventRow,
  keyNamed,
  LogReader,
  type LogSource,
  otherIn,
} from "./reader.ts";

/**
 * Faults are told apart by so many bits of their hashes. Of a million two fifths
 * share a slot, and what is said of one counts for the others: some are looked at
 * in vain. A bit for each slot fits into the L2 cache, which decides about speed.
 */
const SLOT_BITS = 21, SLOTS = 2 ** SLOT_BITS;
/** So many slots are passed over together if no event is about them. */
const BLOCK_BITS = 10, BLOCK_SLOTS = 2 ** BLOCK_BITS;
/** From here on, numbers have no limit. */
const UNLIMITED = 2 ** 32 - 1;
/** How many times as many faults are looked at when the first were too few. */
const GROWTH = 16;

/** Whether a fault may be listed that has, at most, that for its place. */
type MayBeFirst = (most: number) => boolean;

/** The faults for which a log has evidence; memory does not depend on the log. */
class Candidates {
  readonly #needed: number;
  /** What there is evidence of, for each slot. */
  readonly #bits: Uint8Array = new Uint8Array(SLOTS);
  /** What a fault has for its place in the list at most, for each slot. */
  readonly #most: Uint32Array = new Uint32Array(SLOTS);
  /** The blocks of slots about which there are events. */
  readonly #isUsed: Uint8Array = new Uint8Array(SLOTS / BLOCK_SLOTS);

  constructor(source: LogSource, evidence: Evidence) {
    this.#needed = evidence.needed;
    source.forEachRows((rows) => {
      for (let i = 0; i < rows.count; i++) this.#addRow(rows, i, evidence);
    }, () => {});
  }

  #addRow(rows: Rows, i: number, evidence: Evidence): void {
    const bits = evidence.of(rows, i), mayJoin = isSame(rows, i);
    const most = evidence.mostOf(rows, i);
    // In this order: nothing follows from most events of a log.
    if (bits === 0 && most === 0 && !mayJoin || !isEventRow(rows, i)) return;
    const slot = slotOf(rows.idHash(i));
    this.#add(slot, bits, evidence.both(this.#most[slot], most));
    if (!mayJoin) return;
    const other = otherIn(rows, i);
    if (other === undefined) return;
    // What is known of one may count for the other.
    for (const joined of [slot, slotOf(keyNamed(other).idHash)]) {
      this.#add(joined, this.#needed, UNLIMITED);
    }
  }

  #add(slot: number, bits: number, most: number): void {
    this.#bits[slot] |= bits;
    this.#most[slot] = Math.min(most, UNLIMITED);
    this.#isUsed[slot >>> BLOCK_BITS] = 1;
  }

  all(): FaultSet {
    return this.#setOf(() => true);
  }

  /**
   * Yields them in sets: first those that may have the first places, then what may
   * still be listed.
   *
   * @param count how many the first set has, more or less
   * @param rest is asked what may still be listed, when a set was looked at
   */
  *byMost(count: number, rest: () => MayBeFirst): Generator<FaultSet> {
    const order = this.#inOrder();
    let upper = UNLIMITED, mayBeFirst: MayBeFirst = () => true;
    for (let size = count;; size = GROWTH * Math.max(size, 1)) {
      const limit = order.at(-size - 1) ?? -1;
      // What counts the same is not taken apart, nor are faults that may be one.
      if (limit === upper) continue;
      const isLeft = mayBeFirst, top = upper;
      yield this.#setOf((most) => most > limit && most <= top && isLeft(most));
      if (limit < 0) return;
      upper = limit;
      mayBeFirst = rest();
      if (!mayBeFirst(upper)) return;
    }
  }

  /** What each has for its place at most, in ascending order. */
  #inOrder(): Uint32Array {
    const found = new Uint32Array(SLOTS);
    let count = 0;
    this.#forEachCandidate((_slot, most) => {
      // Slots without anything that counts may be those of no fault.
      if (most > 0) found[count++] = most;
    });
    return found.subarray(0, count).sort();
  }

  #forEachCandidate(take: (slot: number, most: number) => void): void {
    const bits = this.#bits, most = this.#most, needed = this.#needed;
    this.#isUsed.forEach((isUsed, block) => {
      if (!isUsed) return;
      const end = (block + 1) * BLOCK_SLOTS;
      for (let slot = block * BLOCK_SLOTS; slot < end; slot++) {
        if ((bits[slot] & needed) === needed) take(slot, most[slot]);
      }
    });
  }

  #setOf(isIn: MayBeFirst): FaultSet {
    const set = new Uint8Array(SLOTS / 8);
    // Nothing is needed of those without events that count.
    if (this.#needed === 0 && isIn(0)) set.fill(0xff);
    this.#forEachCandidate((slot, most) => {
      if (isIn(most)) set[slot >>> 3] |= 1 << (slot & 7);
      else set[slot >>> 3] &= ~(1 << (slot & 7));
    });
    const reserved = among(new Set([RUNS, SIGNATURES]));
    const added = [RUNS, SIGNATURES].map((name) =>
      slotOf(keyNamed(name).idHash)
    ).filter((slot) => !hasSlot(set, slot));
    for (const slot of added) set[slot >>> 3] |= 1 << (slot & 7);
    return {
      has(rows, i) {
        const slot = slotOf(rows.idHash(i));
        // Most faults of a log are in no set.
        return hasSlot(set, slot) &&
          (!added.includes(slot) || reserved.has(rows, i));
      },
    };
  }
}

function hasSlot(set: Uint8Array, slot: number): boolean {
  return (set[slot >>> 3] >>> (slot & 7) & 1) === 1;
}

/** The slot of a hash, whose low bits are poorly mixed. */
function slotOf(hash: number): number {
  return Math.imul(hash ^ hash >>> 16, 0x9e3779b1) >>> 32 - SLOT_BITS;
}

/** How many faults are looked at first, besides twice as many as are listed. */
const SPARE = 4096;

/** What the faults of a query depend on, besides their events. */
export interface PassContext {
  /** The runs that are known. */
  readonly counts: RunCounts;
  readonly folding: FoldOptions;
}

/**
 * What a query finds in a log.
 *
 * @param prepare is called once, with a reader that has what belongs to no fault
 */
export async function findByPass(
  source: LogSource,
  plan: QueryPlan,
  prepare: (reader: LogReader) => Promise<PassContext>,
  spare: number = SPARE,
): Promise<Found[]> {
  const { words, now, window, ranks, top } = plan;
  const matches = matcher(words, now);
  let found: Found[] = [], context: PassContext | undefined;
  const trim = () => found = ordered(found, ranks).slice(0, top);
  const rest = (): MayBeFirst => {
    if (found.length < top) return () => true;
    if (top === 0) return () => false;
    const { it, experience } = trim()[top - 1];
    if (ranks === undefined) {
      const last = recency(it.last);
      return (most) => most >= last;
    }
    const first = firstRank(ranks, context!.counts, window);
    // What was counted are runs.
    if (first === undefined || first.rank === "tests") return () => true;
    const least = experience[first.rank] ?? -1;
    return (most) => first.limit(most) >= least;
  };
  for (const reader of readers(source, plan, rest, spare)) {
    context ??= await prepare(reader);
    for (const it of readClasses(reader, context.folding)) {
      if (isEmpty(it) || !matches(it)) continue;
      if (plan.conflict && !isConflict(it)) continue;
      if (plan.unexplained && !isUnexplained(it)) continue;
      const experience = experienceOf(it, window, context.counts);
      const isSeen = experience.runs + experience.automated > 0;
      if (!isSeen && (ranks !== undefined || window !== undefined)) continue;
      found.push({ it: listed(it), experience });
      if (found.length > 2 * top + SPARE) trim();
    }
  }
  return ordered(found, ranks).slice(0, top);
}

/**
 * A reader of the faults that may match words, with those that are the same, and
 * of what belongs to no fault.
 */
export function readerFor(
  source: LogSource,
  words: Query,
  now: Timestamp,
): LogReader {
  const plan: QueryPlan = {
    words,
    now,
    window: undefined,
    ranks: undefined,
    top: Infinity,
    conflict: false,
    unexplained: false,
  };
  // There is one, as all are asked for.
  const [reader] = readers(source, plan, () => () => true, 0);
  return reader;
}

/** Yields readers of the faults that a query may find. */
function* readers(
  source: LogSource,
  plan: QueryPlan,
  rest: () => MayBeFirst,
  spare: number,
): Generator<LogReader> {
  const { words, ranks, top } = plan;
  const id = words.find(({ name, isNot }) => name === "id" && !isNot);
  if (id !== undefined) {
    const begins = id.values.map((value) => FAULT_TAG + value);
    const named = new NamedFaults(source, beginningWith(begins));
    // Of many, the other words leave out most.
    if (named.isHeld) return yield named.readerOf(named.found());
  }
  const isAll = top === Infinity || ranks?.[0] === "tests";
  const evidence = evidenceFor(plan);
  if (isAll && evidence.needed === 0) return yield new LogReader(source);
  const candidates = new Candidates(source, evidence);
  if (isAll) return yield new LogReader(source, { only: candidates.all() });
  for (const only of candidates.byMost(2 * top + spare, rest)) {
    yield new LogReader(source, { only });
  }
}
