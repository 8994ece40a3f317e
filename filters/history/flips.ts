/**
 * How often a test changes between passing and failing, from run to run.
 *
 * @module
 */

import { compareText } from "../kit/text/order.ts";
import {
  type Attempts,
  type Judgement,
  type Result,
  resultOf,
} from "./attempts.ts";
import { wilsonLow } from "./statistics.ts";

/** The results of a test in run after run, oldest first. */
export class Flips {
  /** How many runs had the test; those that skipped it do not count. */
  runs = 0;
  /** How often it passed and failed in one run. */
  mixed = 0;
  #flips = 0;
  #before: Result | undefined;

  add(result: Result, isMixed: boolean): void {
    if (result === "skipped") return;
    this.runs++;
    if (isMixed) this.mixed++;
    else if (this.#before !== undefined && this.#before !== result) {
      this.#flips++;
    }
    this.#before = result;
  }

  /**
   * How often the test came and went: runs that disagree with themselves, and
   * completed excursions. A test that is broken since Monday has none.
   */
  get flips(): number {
    return Math.min(this.runs, this.mixed + (this.#flips >> 1));
  }

  /** A lower bound of the part of runs in which that happens. */
  get low(): number {
    return wilsonLow(this.flips, this.runs);
  }
}

/** The results of each test in run after run, by its name. */
export type History = Map<string, Flips>;

/** Adds a run, the newest one. */
export function addRun(
  history: History,
  attempts: Attempts,
  judgement: Judgement,
): void {
  for (let test = 0; test < attempts.tests; test++) {
    const id = attempts.nameOf(test);
    let flips = history.get(id);
    if (flips === undefined) history.set(id, flips = new Flips());
    flips.add(
      resultOf(attempts.outcomeOf(judgement.decisive(test))),
      judgement.isFlaky(test),
    );
  }
}

/** The tests that are flaky, the most certain first. */
export function flakyIn(history: History): [id: string, flips: Flips][] {
  return [...history].filter(([, { flips }]) => flips > 0)
    .sort(([a, x], [b, y]) => y.low - x.low || compareText(a, b));
}
