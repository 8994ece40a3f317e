/**
 * The outcomes of each test over many runs: how often it failed, whether it is
 * flaky, whether it takes longer than before.
 *
 * @module
 */

import { grown } from "@subunit/codec";
import { CODE, MEANING, MEANINGS, TEST_BIT, wordsOf } from "./digest.ts";
import { median, medianDeviation, wilsonLow } from "../statistics.ts";
import type { RunTests, Unit } from "./units.ts";

/** When a test counts as slower. */
export interface SlowerRule {
  /** How many times as long it takes. */
  readonly ratio: number;
  /** How much longer at least, in seconds. */
  readonly floor: number;
  /** How many runs are compared with how many before them. */
  readonly newest: number;
  readonly baseline: number;
}

/** The rule that has six false alarms in 5,000 tests. */
export const SLOWER_RULE: SlowerRule = {
  ratio: 1.5,
  floor: 0.05,
  newest: 3,
  baseline: 10,
};

/** How many median deviations longer a slower test takes at least. */
const DEVIATIONS = 3;
/** The factor of a run is taken from tests that take longer, in seconds. */
const FACTOR_FLOOR = 0.01;
/** Fewer tests make no factor. */
const FACTOR_TESTS = 5;

/** The outcomes of a test, in numbers. */
export interface TestHistory {
  /** The number of its id. */
  readonly number: number;
  /** In how many runs it had an outcome other than skip. */
  readonly runs: number;
  readonly fails: number;
  /** How often it was flaky: see {@linkcode Histories}. */
  readonly blips: number;
  /** Blips by runs. */
  readonly rate: number;
  /** The lower end of what the rate may be, at 95 %. */
  readonly low: number;
  /** Whether it failed when it was decided on last. */
  readonly isFailing: boolean;
  /** In how many runs in a row, if it fails. */
  readonly streak: number;
  /** The first run of its newest failure. */
  readonly firstBad: Unit | undefined;
  /** The newest run in which it was good: before that, if it fails now. */
  readonly lastGood: Unit | undefined;
  /** The first run that has it. */
  readonly first: Unit;
  /** The newest run in which it has an outcome. */
  readonly newest: Unit;
  /** The median of the seconds that the newest runs are compared with. */
  readonly median: number;
  /** The seconds of the newest run in which it passed. */
  readonly last: number;
  /** Newest runs by those before, both by the factors of their runs. */
  readonly ratio: number;
  readonly isSlower: boolean;
}

/** A run that is slow or fast as a whole. */
export interface RunFactor {
  readonly unit: Unit;
  readonly factor: number;
}

// What is known of a test on the way back through the runs.
/** It failed or was good in a newer run. */
const DECIDED = 1;
/** It failed when it was decided on last. */
const FAILING = 2;
/** The first run of its newest failure is known. */
const BOUNDED = 4;
/** It was bad in the newer run that it is compared with. */
const BAD_AFTER = 8;
/** There is a newer run to compare it with. */
const HAS_AFTER = 16;
/** A good run follows on the failure that is being read. */
const GOOD_AFTER = 32;
/** That failure is counted as a blip. */
const COUNTED = 64;

/** Tests in one order, and since which place they are as they are. */
interface Pending {
  readonly numbers: Int32Array;
  tests: Uint8Array;
  readonly since: Int32Array;
}

/** Of older runs, times are not read. */
const TIMED_RUNS = 130;

/**
 * Takes the runs of a variant, newest first.
 *
 * A blip is evidence of a flaky test: attempts in one run that disagree; runs of
 * one commit in which it fails and is good; or a completed excursion, good,
 * then bad in some runs, then good. A failure that is several of these is one
 * blip. A test that is broken, or was repaired, has none.
 */
export class Histories {
  readonly #rule: SlowerRule;
  readonly #units: Unit[] = [];
  /** How many times of a test are kept. */
  readonly #most: number;
  /** By number, as are the others. */
  #bits = new Uint8Array(64);
  #runs = new Int32Array(64);
  #fails = new Int32Array(64);
  #blips = new Int32Array(64);
  #streaks = new Int32Array(64);
  /** Places of runs, or -1. */
  #firstBad = new Int32Array(64).fill(-1);
  #lastGood = new Int32Array(64).fill(-1);
  #first = new Int32Array(64).fill(-1);
  #newest = new Int32Array(64).fill(-1);
  /** The commit of the newer run that a test is compared with. */
  #commitsAfter = new Int32Array(64);
  /** The newest times in which a test passed, and the places of their runs. */
  #times: Float64Array;
  #timePlaces: Int32Array;
  #timeCounts = new Uint8Array(64);
  /** Tests that are seen, and those of which all times are kept. */
  #seen = 0;
  #full = 0;
  readonly #commitNumbers = new Map<string, number>();
  /** By place. */
  readonly #commits: number[] = [];
  /** The tests of the last run, which may stay as they are for many more. */
  #pending: Pending | undefined;
  #factors: readonly number[] | undefined;

  constructor(rule: SlowerRule = SLOWER_RULE) {
    this.#rule = rule;
    this.#most = rule.newest + rule.baseline;
    this.#times = new Float64Array(64 * this.#most);
    this.#timePlaces = new Int32Array(64 * this.#most);
  }

  /** Adds a run that is older than those before. */
  add(unit: Unit, run: RunTests): void {
    const place = this.#units.push(unit) - 1;
    this.#commits.push(this.#commitOf(unit));
    const { numbers, tests } = run;
    if (this.#pending?.numbers === numbers) this.#addChanges(tests, place);
    else this.#begin(numbers, tests, place);
    const needsTimes = place < TIMED_RUNS && this.#full < this.#seen;
    if (needsTimes) this.#addTimes(place, run);
  }

  /** A number for a commit; -1 where something was changed and not recorded. */
  #commitOf({ parts }: Unit): number {
    const [{ commit, dirty }] = parts;
    if (commit === undefined || dirty) return -1;
    let number = this.#commitNumbers.get(commit);
    if (number === undefined) {
      number = this.#commitNumbers.size;
      this.#commitNumbers.set(commit, number);
    }
    return number;
  }

  /** Begins to wait for changes in the tests of a list. */
  #begin(numbers: Int32Array, tests: Uint8Array, place: number): void {
    this.#flush(place);
    for (const number of numbers) {
      if (number >= this.#bits.length) this.#grow(number);
      if (this.#first[number] >= 0) continue;
      this.#first[number] = place;
      this.#seen++;
    }
    const since = new Int32Array(numbers.length).fill(place);
    this.#pending = { numbers, tests, since };
  }

  /**
   * Adds what a run has differently from the one before: most tests have the
   * same outcome in many runs. Four are compared at once.
   *
   * `deno task bench` measures it as `subunit-history`; the oracle in the tests
   * is one list of names for each run.
   */
  #addChanges(tests: Uint8Array, place: number): void {
    const pending = this.#pending!, before = pending.tests;
    const words = before.length >> 2;
    const was = wordsOf(before), is = wordsOf(tests);
    for (let word = 0; word < words; word++) {
      if (was[word] === is[word]) continue;
      for (let i = 4 * word; i < 4 * word + 4; i++) {
        if (before[i] !== tests[i]) this.#change(i, place);
      }
    }
    for (let i = 4 * words; i < before.length; i++) {
      if (before[i] !== tests[i]) this.#change(i, place);
    }
    pending.tests = tests;
  }

  #change(i: number, place: number): void {
    const { numbers, tests, since } = this.#pending!;
    this.#addTest(numbers[i], tests[i], since[i], place);
    since[i] = place;
  }

  /** Adds what waits for changes that do not come. */
  #flush(place: number): void {
    const { length } = this.#pending?.numbers ?? [];
    for (let i = 0; i < length; i++) this.#change(i, place);
    this.#pending = undefined;
  }

  /** Adds the outcome that a test has in the runs of some places. */
  #addTest(number: number, test: number, from: number, to: number): void {
    const count = to - from, last = to - 1;
    this.#first[number] = last;
    const code = test & TEST_BIT.OUTCOME;
    if (code < CODE.LOST) return;
    if (this.#newest[number] < 0) this.#newest[number] = from;
    if (code === CODE.SKIP) return;
    this.#runs[number] += count;
    const meaning = MEANINGS[code];
    if (meaning === MEANING.BAD) this.#fails[number] += count;
    const differs = (test & TEST_BIT.DISAGREE) !== 0;
    if (differs) this.#blips[number] += count;
    if (meaning === MEANING.UNDECIDED) return;
    const isBad = meaning === MEANING.BAD;
    let bits = this.#bits[number];
    if ((bits & DECIDED) === 0) bits |= isBad ? DECIDED | FAILING : DECIDED;
    if (isBad && (bits & BOUNDED) === 0) {
      this.#firstBad[number] = last;
      if (this.#lastGood[number] < 0) this.#streaks[number] += count;
    } else if (!isBad) {
      if (this.#firstBad[number] >= 0) bits |= BOUNDED;
      if (this.#lastGood[number] < 0) this.#lastGood[number] = from;
    }
    // Attempts that disagree say nothing of the runs beside them.
    if (!differs) {
      bits = this.#compare(number, bits, isBad, this.#commits[from]);
      this.#commitsAfter[number] = this.#commits[last];
    }
    this.#bits[number] = bits;
  }

  #compare(
    number: number,
    bits: number,
    isBad: boolean,
    commit: number,
  ): number {
    const isSame = commit >= 0 && this.#commitsAfter[number] === commit;
    const badAfter = (bits & BAD_AFTER) !== 0;
    if ((bits & HAS_AFTER) !== 0 && isBad !== badAfter) {
      if (isBad) {
        bits = bits & ~COUNTED | GOOD_AFTER;
        if (isSame) {
          bits |= COUNTED;
          this.#blips[number]++;
        }
      } else if (
        (bits & COUNTED) === 0 && ((bits & GOOD_AFTER) !== 0 || isSame)
      ) {
        this.#blips[number]++;
      }
    }
    return (isBad ? bits | BAD_AFTER : bits & ~BAD_AFTER) | HAS_AFTER;
  }

  #addTimes(place: number, run: RunTests): void {
    const { numbers, tests } = run, seconds = run.seconds(), most = this.#most;
    for (let i = 0; i < numbers.length; i++) {
      // Other results end early, or late.
      if ((tests[i] & TEST_BIT.OUTCOME) !== CODE.SUCCESS) continue;
      const number = numbers[i], count = this.#timeCounts[number];
      if (count === most || Number.isNaN(seconds[i])) continue;
      this.#times[number * most + count] = seconds[i];
      this.#timePlaces[number * most + count] = place;
      this.#timeCounts[number] = count + 1;
      if (count + 1 === most) this.#full++;
    }
  }

  /**
   * Runs that are slow or fast as a whole, newest first: the median of what
   * tests took by what they take otherwise.
   */
  factors(): RunFactor[] {
    return this.#findFactors().map((factor, place) => ({
      unit: this.#units[place],
      factor,
    }));
  }

  #findFactors(): readonly number[] {
    if (this.#factors !== undefined) return this.#factors;
    const ratios = this.#units.map(() => [] as number[]);
    for (let number = 0; number < this.#first.length; number++) {
      const times = this.#timesOf(number);
      const own = median(times.slice());
      if (!(own > FACTOR_FLOOR)) continue;
      for (const [i, time] of times.entries()) {
        ratios[this.#timePlaces[number * this.#most + i]].push(time / own);
      }
    }
    return this.#factors = ratios.map((values) =>
      values.length < FACTOR_TESTS ? 1 : median(Float64Array.from(values))
    );
  }

  /** Newest first. */
  #timesOf(number: number): Float64Array {
    const at = number * this.#most;
    return this.#times.subarray(at, at + this.#timeCounts[number]);
  }

  /** The histories of all tests, by number. */
  end(): TestHistory[] {
    this.#flush(this.#units.length);
    const histories: TestHistory[] = [];
    for (let number = 0; number < this.#first.length; number++) {
      if (this.#newest[number] >= 0) histories.push(this.#historyOf(number));
    }
    return histories;
  }

  #historyOf(number: number): TestHistory {
    const runs = this.#runs[number], blips = this.#blips[number];
    const isFailing = (this.#bits[number] & FAILING) !== 0;
    const unitAt = (place: number): Unit | undefined => this.#units[place];
    return {
      number,
      runs,
      fails: this.#fails[number],
      blips,
      rate: runs === 0 ? 0 : blips / runs,
      low: wilsonLow(blips, runs),
      isFailing,
      streak: isFailing ? this.#streaks[number] : 0,
      firstBad: unitAt(this.#firstBad[number]),
      lastGood: unitAt(this.#lastGood[number]),
      first: unitAt(this.#first[number])!,
      newest: unitAt(this.#newest[number])!,
      ...this.#slownessOf(number),
    };
  }

  #slownessOf(
    number: number,
  ): Pick<TestHistory, "median" | "last" | "ratio" | "isSlower"> {
    const times = this.#timesOf(number), last = times[0] ?? NaN;
    const { newest, ratio, floor } = this.#rule;
    if (times.length < 2 * newest) {
      return { median: NaN, last, ratio: NaN, isSlower: false };
    }
    const factors = this.#findFactors();
    const fair = times.map((time, i) =>
      time / factors[this.#timePlaces[number * this.#most + i]]
    );
    const now = median(fair.slice(0, newest)), before = fair.slice(newest);
    const middle = median(before), more = now - middle;
    // The margin is looked for last: most tests need none.
    const isSlower = now >= ratio * middle && more >= floor &&
      more >= DEVIATIONS * medianDeviation(before, middle);
    return { median: middle, last, ratio: now / middle, isSlower };
  }

  #grow(number: number): void {
    const before = this.#bits.length, length = Math.max(2 * before, number + 1);
    this.#bits = grown(this.#bits, length);
    this.#runs = grown(this.#runs, length);
    this.#fails = grown(this.#fails, length);
    this.#blips = grown(this.#blips, length);
    this.#streaks = grown(this.#streaks, length);
    this.#firstBad = grown(this.#firstBad, length).fill(-1, before);
    this.#lastGood = grown(this.#lastGood, length).fill(-1, before);
    this.#first = grown(this.#first, length).fill(-1, before);
    this.#newest = grown(this.#newest, length).fill(-1, before);
    this.#commitsAfter = grown(this.#commitsAfter, length);
    this.#times = grown(this.#times, length * this.#most);
    this.#timePlaces = grown(this.#timePlaces, length * this.#most);
    this.#timeCounts = grown(this.#timeCounts, length);
  }
}
