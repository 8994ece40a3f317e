/**
 * What a repository knows of the tests of the run at hand.
 *
 * @module
 */

import { isFailure, type Outcome } from "@subunit/codec";
import { findHistories, isFlaky, timeOf } from "./history_report.ts";
import { findFailing, rerunOf } from "./failing_report.ts";
import { ask } from "./question.ts";
import { Repository, type Run } from "./store.ts";
import { SLOWER_RULE } from "./test_history.ts";
import { absolutePath } from "../../kit/io/paths.ts";
import type { ToolIO } from "../../kit/tool/tool.ts";
import type { KnownRun } from "./digests.ts";
import { newestWide } from "./units.ts";

/** Of fewer runs, no test is taken as flaky. */
const MIN_RUNS = 5;

/** What was known before a run; nothing where there are no runs yet. */
export class Past {
  readonly #since = new Map<string, string>();
  readonly #seconds = new Map<string, number>();
  readonly #flaky = new Set<string>();
  /** The newest run of about all tests: the parts of it. */
  newestWide: readonly Run[] = [];
  /** How many tests the runs have. */
  count = 0;

  /** The ids with which the tests that fail run again, in order. */
  failing: readonly string[] = [];

  isFailing(id: string): boolean {
    return this.#since.has(id);
  }

  /** How long tests take mostly, where that is known. */
  get seconds(): ReadonlyMap<string, number> {
    return this.#seconds;
  }

  /** How long a test takes mostly; undefined if that is not known. */
  secondsOf(id: string): number | undefined {
    return this.#seconds.get(id);
  }

  /**
   * What to say of a test: `since:RUN` if it failed before, `new-fail` if not,
   * and `flaky`. Nothing of a test that does not fail.
   */
  tagsOf(id: string, outcome: Outcome | "exists"): string[] {
    if (outcome === "exists" || !isFailure(outcome)) return [];
    const since = this.#since.get(id);
    return [
      since === undefined ? "new-fail" : `since:${since}`,
      ...this.#flaky.has(id) ? ["flaky"] : [],
    ];
  }

  /** Reads the runs in a folder; where no test has ended, that is reported. */
  static async read(io: Pick<ToolIO, "warn">, folder: string): Promise<Past> {
    const past = new Past();
    const question = ask(new Repository(absolutePath(folder)).runs());
    const { failing } = await findFailing(question, {
      skipClears: false,
      needsSince: true,
    });
    for (const { id, sinceId } of failing) past.#since.set(id, sinceId);
    past.failing = (await rerunOf(question, failing)).ids;
    const { histories } = await findHistories(question, SLOWER_RULE);
    past.count = histories.length;
    for (const history of histories) {
      const { id } = history, seconds = timeOf(history);
      if (!Number.isNaN(seconds)) past.#seconds.set(id, seconds);
      if (isFlaky(history, MIN_RUNS)) past.#flaky.add(id);
    }
    for (const units of question.units.values()) {
      const wide = await newestWide(units);
      if (wide === undefined) continue;
      past.newestWide = wide.parts.map((part) => (part as KnownRun).run);
      break;
    }
    if (past.count === 0) io.warn(`${folder} has no test that ended`);
    return past;
  }
}
