/**
 * What an HTML report states about the run as a whole.
 *
 * @module
 */

import type { StreamItem, Timestamp } from "@subunit/codec";
import { textOf } from "../../kit/io/item_bytes.ts";
import { visibleText } from "../../kit/text/visible.ts";
import type { ReportedTest } from "../report.ts";
import { isDamage, MAX_ROUTES, OUTCOMES, type RunData } from "./data.ts";

/** How many commands are named: a merged stream has one for each shard. */
const MAX_COMMANDS = 20;

/** What the id of a command's ending ends with, as `subunit-exec` writes it. */
const ENDING = ": exit status";

/** What is known of the run beside its stream. */
export interface RunNames {
  readonly title: string;
  readonly commit: string | undefined;
}

/** The number of tests with each outcome so far, in the order of `OUTCOMES`. */
export type OutcomeTally = number[];

function noTests(): OutcomeTally {
  return OUTCOMES.map(() => 0);
}

/** Adds up a run. */
export class RunFacts {
  readonly #names: RunNames;
  readonly #routes = new Map<string | undefined, OutcomeTally>();
  #otherRoutes: OutcomeTally | undefined;
  #began = Infinity;
  #ended = -Infinity;
  #damage = 0;
  #textBytes = 0;
  readonly #commands = new Set<string>();

  constructor(names: RunNames) {
    this.#names = names;
  }

  get title(): string {
    return this.#names.title;
  }

  /** Adds a test. */
  add({ testId, outcome, routeCode, started, ended }: ReportedTest): void {
    this.#addTime(started);
    this.#addTime(ended);
    if (isDamage(testId, outcome)) this.#damage++;
    else this.tallyOf(routeCode)[OUTCOMES.indexOf(outcome)]++;
  }

  #addTime(time: Timestamp | undefined): void {
    if (time !== undefined) {
      this.addSeconds(time.seconds + time.nanoseconds / 1e9);
    }
  }

  /** Adds a time of a test, in seconds since 1970. */
  addSeconds(seconds: number): void {
    if (seconds < this.#began) this.#began = seconds;
    if (seconds > this.#ended) this.#ended = seconds;
  }

  /** What counts the tests of a route. */
  tallyOf(route: string | undefined): OutcomeTally {
    const tally = this.#routes.get(route);
    if (tally !== undefined) return tally;
    if (this.#routes.size === MAX_ROUTES) {
      return this.#otherRoutes ??= noTests();
    }
    const none = noTests();
    this.#routes.set(route, none);
    return none;
  }

  /** Adds what is not part of a test. */
  addOther(item: StreamItem): void {
    this.#textBytes += textOf(item)?.length ?? 0;
    if (item.kind !== "packet" || item.status !== "exists") return;
    const { testId, fileBytes } = item;
    if (!testId?.endsWith(ENDING) || fileBytes === undefined) return;
    if (this.#commands.size === MAX_COMMANDS) return;
    const name = testId.slice(0, -ENDING.length);
    const reason = new TextDecoder().decode(fileBytes.subarray(0, 200));
    this.#commands.add(visibleText(`${name}: ${reason}`));
  }

  /** All that was added. */
  data(version: string): RunData {
    const { title, commit } = this.#names;
    const isKnown = this.#began <= this.#ended;
    const tallies = [...this.#routes.values(), this.#otherRoutes ?? []];
    const counts = OUTCOMES.map((_, i) =>
      tallies.reduce((sum, tally) => sum + (tally[i] ?? 0), 0)
    );
    return {
      title,
      counts,
      tests: counts.reduce((sum, count) => sum + count, 0),
      began: isKnown ? this.#began : null,
      ended: isKnown ? this.#ended : null,
      routes: Array.from(
        this.#routes,
        ([route, counts]) => [route ?? null, counts] as const,
      ),
      otherRoutes: this.#otherRoutes ?? null,
      damage: this.#damage,
      textBytes: this.#textBytes,
      commands: [...this.#commands],
      commit: commit ?? null,
      version,
    };
  }
}
