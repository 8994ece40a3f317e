/**
 * Which tests fail now, by the newest wide run and all partial runs after it.
 *
 * @module
 */

import { grown } from "@subunit/codec";
import { CODE, hasOutcome, MEANING, MEANINGS, TEST_BIT } from "./digest.ts";
import type { RunTests, Unit } from "./units.ts";

/** A test that fails, or that failed until it was gone. */
export interface FailingTest {
  /** The number of its id; see {@linkcode RunTests}. */
  readonly number: number;
  /** Whether the newest wide run does not have it. */
  readonly isGone: boolean;
  /** Its byte in the newest run in which it failed. */
  readonly test: number;
  /** The newest run in which it failed. */
  readonly newest: Unit;
  /** The first run in which it failed, after the last good one. */
  readonly since: Unit;
  /** Whether a run before {@linkcode since} is known in which it did not fail. */
  readonly isSinceKnown: boolean;
  readonly lastGood: Unit | undefined;
  /** In how many runs it failed since then. */
  readonly runs: number;
}

/** What fails in the runs of a variant. */
export interface Failing {
  readonly tests: readonly FailingTest[];
  /** The numbers of tests that a run named, or should have run, and did not. */
  readonly unrun: readonly number[];
  /** Those of them that are not runnable, and a run that has them. */
  readonly steps: ReadonlyMap<number, Unit>;
}

const UNSEEN = 0, UNDECIDED = 1, FAILING = 2, CLOSED = 3, DECIDED = 4;

/** A test on the way back through the runs. */
interface Found {
  readonly number: number;
  readonly isGone: boolean;
  readonly test: number;
  readonly newest: Unit;
  since: Unit;
  isSinceKnown: boolean;
  lastGood: Unit | undefined;
  runs: number;
}

/** Reads the tests of a unit. */
export type LoadUnit = (unit: Unit) => RunTests | Promise<RunTests>;

/** What {@linkcode failingTests} has to find out. */
export interface FailingOptions {
  /** Whether a test that is skipped, or expected to fail, fails no more. */
  readonly skipClears: boolean;
  /** Whether it matters since when tests fail. */
  readonly needsSince: boolean;
}

/**
 * Folds the runs of a variant, newest first, back to where everything is known:
 * mostly to the wide run before the newest one.
 *
 * The oracle in the tests folds them forward.
 */
export function failingTests(
  units: readonly Unit[],
  load: LoadUnit,
  options: FailingOptions,
): Promise<Failing> {
  return new Fold(options).fold(units, load);
}

class Fold {
  readonly #options: FailingOptions;
  /** By number, as are the others. */
  #states = new Uint8Array(64);
  /** The wide run, by its place from the newest on, that named a test last. */
  #named = new Int32Array(64).fill(-1);
  /** The place of the newest run that has an outcome of the test. */
  #reached = new Int32Array(64).fill(-1);
  readonly #undecided = new Set<number>();
  /** Tests that only runs before the newest wide one have. */
  readonly #late = new Set<number>();
  readonly #found = new Map<number, Found>();
  readonly #open = new Set<number>();
  readonly #unrun = new Set<number>();
  readonly #steps = new Map<number, Unit>();
  #wides = 0;
  /** Where tests are in a list of numbers, for runs that share one. */
  #places:
    | { readonly numbers: Int32Array; readonly at: Int32Array }
    | undefined;

  constructor(options: FailingOptions) {
    this.#options = options;
  }

  async fold(units: readonly Unit[], load: LoadUnit): Promise<Failing> {
    /** The place of the newest run that ended before its time. */
    let cut = -1;
    for (const [place, unit] of units.entries()) {
      const run = await load(unit), isWide = await unit.isWide();
      if (this.#wides < 2) this.#add(unit, run, isWide ? place : -1, place);
      else this.#addActive(unit, run, isWide ? place : -1);
      if (this.#wides === 0 && unit.scope !== "partial") {
        this.#findUnrun(run);
        if (cut < 0 && (unit.isTorn || run.isStopped)) cut = place;
      }
      if (isWide) {
        if (this.#wides === 0 && cut >= 0) this.#findCut(run, cut, unit);
        this.#closeAbsent(place);
        this.#wides++;
      }
      const needsMore = this.#undecided.size > 0 || this.#wides < 2 ||
        this.#options.needsSince && this.#open.size > 0;
      if (!needsMore) break;
    }
    const tests = [...this.#found.values()];
    for (const { number } of tests) {
      this.#unrun.delete(number);
      this.#steps.delete(number);
    }
    return { tests, unrun: [...this.#unrun], steps: this.#steps };
  }

  #add(
    unit: Unit,
    { numbers, tests }: RunTests,
    widePlace: number,
    place: number,
  ): void {
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i], test = tests[i];
      if (number >= this.#states.length) this.#grow(number);
      if (widePlace >= 0) this.#named[number] = widePlace;
      if (hasOutcome(test) && this.#reached[number] < 0) {
        this.#reached[number] = place;
      }
      const state = this.#states[number];
      if (state >= CLOSED) continue;
      if (state === UNSEEN) {
        // Two wide runs do not have it: it has been gone for long.
        if (this.#wides > 1) continue;
        this.#states[number] = UNDECIDED;
        this.#undecided.add(number);
        if (this.#wides > 0) this.#late.add(number);
      }
      const meaning = this.#meaningOf(test);
      if (state === FAILING) this.#addOlder(number, meaning, unit);
      else this.#decide(number, meaning, test, unit);
    }
  }

  /** Once no test can be new: looks only at those that are not known yet. */
  #addActive(unit: Unit, run: RunTests, widePlace: number): void {
    const { numbers, tests } = run;
    if (this.#places?.numbers !== numbers) {
      const at = new Int32Array(this.#states.length).fill(-1);
      for (let i = 0; i < numbers.length; i++) at[numbers[i]] = i;
      this.#places = { numbers, at };
    }
    const { at } = this.#places;
    const add = (number: number) => {
      const place = at[number] ?? -1;
      if (place < 0) return;
      if (widePlace >= 0) this.#named[number] = widePlace;
      const test = tests[place], meaning = this.#meaningOf(test);
      if (this.#states[number] === FAILING) {
        this.#addOlder(number, meaning, unit);
      } else this.#decide(number, meaning, test, unit);
    };
    // A set may lose the element that is looked at.
    for (const number of this.#undecided) add(number);
    if (this.#options.needsSince) {
      for (const number of this.#open) add(number);
    }
  }

  #meaningOf(test: number): number {
    const code = test & TEST_BIT.OUTCOME;
    // A command that failed once, and ends well now, is not to be run.
    if (code === CODE.NOTHING) return MEANING.GOOD;
    const meaning = MEANINGS[code];
    return meaning === MEANING.UNDECIDED && this.#options.skipClears
      ? MEANING.GOOD
      : meaning;
  }

  #decide(number: number, meaning: number, test: number, unit: Unit): void {
    if (meaning === MEANING.GOOD) {
      this.#undecided.delete(number);
      this.#states[number] = DECIDED;
    } else if (meaning === MEANING.BAD) {
      this.#undecided.delete(number);
      this.#states[number] = FAILING;
      this.#open.add(number);
      this.#found.set(number, {
        number,
        isGone: this.#late.has(number),
        test,
        newest: unit,
        since: unit,
        isSinceKnown: false,
        lastGood: undefined,
        runs: 1,
      });
    }
  }

  #addOlder(number: number, meaning: number, unit: Unit): void {
    const found = this.#found.get(number)!;
    if (meaning === MEANING.BAD) {
      found.since = unit;
      found.runs++;
    } else if (meaning === MEANING.GOOD) {
      found.lastGood = unit;
      this.#close(found);
    }
  }

  #close(found: Found): void {
    found.isSinceKnown = true;
    this.#states[found.number] = CLOSED;
    this.#open.delete(found.number);
  }

  /** Finds tests that the run only names, and that none has run since. */
  #findUnrun({ numbers, tests }: RunTests): void {
    for (let i = 0; i < numbers.length; i++) {
      const isNamed = (tests[i] & TEST_BIT.OUTCOME) === CODE.EXISTS;
      if (isNamed && this.#reached[numbers[i]] < 0) {
        this.#unrun.add(numbers[i]);
      }
    }
  }

  /** Finds tests of the wide run that none has run since a later one was cut. */
  #findCut({ numbers, tests }: RunTests, cut: number, unit: Unit): void {
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i], test = tests[i];
      const reached = this.#reached[number];
      if (!hasOutcome(test) || reached >= 0 && reached <= cut) continue;
      this.#unrun.add(number);
      const isStep = (test & TEST_BIT.NOT_RUNNABLE) !== 0;
      if (isStep) this.#steps.set(number, unit);
    }
  }

  /** Ends what a wide run does not have: nothing before it matters. */
  #closeAbsent(place: number): void {
    for (const number of this.#undecided) {
      if (this.#named[number] === place) continue;
      this.#undecided.delete(number);
      this.#states[number] = DECIDED;
    }
    for (const number of this.#open) {
      if (this.#named[number] === place) continue;
      this.#close(this.#found.get(number)!);
    }
  }

  #grow(number: number): void {
    const length = Math.max(2 * this.#states.length, number + 1);
    const before = this.#states.length;
    this.#states = grown(this.#states, length);
    this.#named = grown(this.#named, length).fill(-1, before);
    this.#reached = grown(this.#reached, length).fill(-1, before);
  }
}
