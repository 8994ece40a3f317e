/**
 * Answers queries without an index. One pass over the log decodes no event, and
 * remembers only the faults for which there is evidence; then the events of those
 * are read. Most of a log is about others.
 *
 * @module
 */

import {
  grown,
  RowKey,
  type Rows,
  TestNumbers,
  type Timestamp,
} from "@subunit/codec";
import { FAULT_TAG, RUNS, SIGNATURES } from "../../kit/stream/fault_tag.ts";
import {
  isConflict,
  isEmpty,
  isUnexplained,
  listed,
  readClasses,
} from "./classes.ts";
import { type Evidence, evidenceFor, isSame } from "./evidence.ts";
import type { FoldOptions } from "./fold.ts";
import { beginningWith, NamedFaults } from "./named_faults.ts";
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

/** A bit for each of two million hashes: as much as fits into the L2 cache. */
const HASH_BYTES = 256 * 1024;

/** The faults for which a log has evidence. */
class Candidates {
  readonly #numbers = new TestNumbers();
  readonly #key = new RowKey();
  readonly #needed: number;
  /** What there is evidence of, for each fault. */
  #bits: Uint32Array = new Uint32Array(64);
  /** The most that was seen of each. */
  #most: Float64Array = new Float64Array(64);
  #hashes: Int32Array = new Int32Array(64);

  constructor(source: LogSource, evidence: Evidence) {
    this.#needed = evidence.needed;
    source.forEachRows((rows) => {
      for (let i = 0; i < rows.count; i++) this.#addRow(rows, i, evidence);
    }, () => {});
  }

  #addRow(rows: Rows, i: number, evidence: Evidence): void {
    const bits = evidence.of(rows, i), mayJoin = isSame(rows, i);
    // In this order: nothing follows from most events of a log.
    if (bits === 0 && !mayJoin || !isEventRow(rows, i)) return;
    if (bits !== 0) {
      const number = this.#add(this.#key.anywhere(rows, i));
      this.#bits[number] |= bits;
      this.#most[number] += evidence.mostOf(rows, i);
    }
    if (!mayJoin) return;
    const other = otherIn(rows, i);
    if (other === undefined) return;
    // What is known of one may count for the other.
    for (const key of [this.#key.anywhere(rows, i), keyNamed(other)]) {
      const number = this.#add(key);
      this.#bits[number] |= this.#needed;
      this.#most[number] = Infinity;
    }
  }

  #add(key: Parameters<TestNumbers["add"]>[0]): number {
    const number = this.#numbers.add(key);
    if (number >= this.#bits.length) {
      this.#bits = grown(this.#bits, 2 * number);
      this.#most = grown(this.#most, 2 * number);
      this.#hashes = grown(this.#hashes, 2 * number);
    }
    this.#hashes[number] = key.idHash;
    return number;
  }

  all(): FaultSet {
    return this.#setOf(this.#candidates());
  }

  /**
   * Yields them in two sets: those of which most was seen, and what may still be
   * among the first.
   *
   * @param count how many the first set has, at most
   * @param mayBeFirst whether a fault may be among the first of which that many
   * runs were seen; it is asked when the first set was looked at
   */
  *byMost(
    count: number,
    mayBeFirst: (most: number) => boolean,
  ): Generator<FaultSet> {
    const candidates = this.#candidates(), most = this.#most;
    if (candidates.length <= count) return yield this.#setOf(candidates);
    const limit = candidates.map((number) => most[number]).sort()
      .at(-count - 1)!;
    yield this.#setOf(candidates.filter((number) => most[number] > limit));
    const decided = new Map<number, boolean>();
    const rest = candidates.filter((number) => {
      const runs = most[number];
      if (runs > limit) return false;
      if (!decided.has(runs)) decided.set(runs, mayBeFirst(runs));
      return decided.get(runs);
    });
    if (rest.length > 0) yield this.#setOf(rest);
  }

  #candidates(): Float64Array {
    const found = new Float64Array(this.#numbers.size);
    let count = 0;
    for (let number = 0; number < found.length; number++) {
      const isCandidate = (this.#bits[number] & this.#needed) === this.#needed;
      if (isCandidate) found[count++] = number;
    }
    return found.subarray(0, count);
  }

  #setOf(candidates: Float64Array): FaultSet {
    const numbers = this.#numbers, key = this.#key;
    const isIn = new Uint8Array(numbers.size);
    // Most faults of a log are in no set, and known by their hash.
    const filter = new Uint8Array(HASH_BYTES);
    const mark = (hash: number) =>
      filter[hash >>> 3 & HASH_BYTES - 1] |= 1 << (hash & 7);
    for (const number of candidates) {
      isIn[number] = 1;
      mark(this.#hashes[number]);
    }
    const reserved = new TestNumbers();
    for (const name of [RUNS, SIGNATURES]) {
      const it = keyNamed(name);
      reserved.add(it);
      mark(it.idHash);
    }
    return {
      has(rows, i) {
        const hash = rows.idHash(i);
        const isMarked = filter[hash >>> 3 & HASH_BYTES - 1] >>> (hash & 7) & 1;
        if (!isMarked) return false;
        const number = numbers.get(key.anywhere(rows, i));
        return number >= 0 && isIn[number] === 1 || reserved.get(key) >= 0;
      },
    };
  }
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
  const mayBeFirst = (most: number) => {
    const first = firstRank(ranks, context!.counts, window);
    // What was counted are runs.
    if (first === undefined || first.rank === "tests") return true;
    if (found.length < top || top === 0) return true;
    found = ordered(found, ranks).slice(0, top);
    const { experience } = found[top - 1];
    return first.limit(most) >= (experience[first.rank] ?? -1);
  };
  for (const reader of readers(source, plan, mayBeFirst, spare)) {
    context ??= await prepare(reader);
    for (const it of readClasses(reader, context.folding)) {
      if (isEmpty(it) || !matches(it)) continue;
      if (plan.conflict && !isConflict(it)) continue;
      if (plan.unexplained && !isUnexplained(it)) continue;
      const experience = experienceOf(it, window, context.counts);
      const isSeen = experience.runs + experience.automated > 0;
      if (!isSeen && (ranks !== undefined || window !== undefined)) continue;
      found.push({ it: listed(it), experience });
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
  // There is one, as nothing is ranked.
  const [reader] = readers(source, plan, () => true, 0);
  return reader;
}

/** Yields readers of the faults that a query may find. */
function* readers(
  source: LogSource,
  plan: QueryPlan,
  mayBeFirst: (most: number) => boolean,
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
  const evidence = evidenceFor(plan);
  if (evidence.needed === 0) return yield new LogReader(source);
  const candidates = new Candidates(source, evidence);
  if (ranks === undefined || ranks[0] === "tests" || top === Infinity) {
    return yield new LogReader(source, { only: candidates.all() });
  }
  for (const only of candidates.byMost(2 * top + spare, mayBeFirst)) {
    yield new LogReader(source, { only });
  }
}
