/**
 * What an HTML report states about the run as a whole.
 *
 * @module
 */

import {
  PARSER_TEST_ID,
  type StreamItem,
  type Timestamp,
} from "@subunit/codec";
import { textOf } from "../../kit/io/item_bytes.ts";
import { visibleText } from "../../kit/text/visible.ts";
import type { ReportedTest } from "../report.ts";
import { MAX_ROUTES, OUTCOMES, type RunData } from "./data.ts";

/** How many commands are named: a merged stream has one for each shard. */
const MAX_COMMANDS = 20;

/** What the id of a command's ending ends with, as `subunit-exec` writes it. */
const ENDING = ": exit status";

/** What is known of the run beside its stream. */
export interface RunNames {
  readonly title: string;
  readonly commit: string | undefined;
}

type Counts = number[];

function noCounts(): Counts {
  return OUTCOMES.map(() => 0);
}

/** Adds up a run. */
export class RunFacts {
  readonly #names: RunNames;
  readonly #counts = noCounts();
  readonly #routes = new Map<string | undefined, Counts>();
  #otherRoutes: Counts | undefined;
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
    if (testId === PARSER_TEST_ID && outcome === "fail") {
      this.#damage++;
      return;
    }
    const index = OUTCOMES.indexOf(outcome);
    this.#counts[index]++;
    this.#countsOf(routeCode)[index]++;
  }

  #addTime(time: Timestamp | undefined): void {
    if (time === undefined) return;
    const seconds = time.seconds + time.nanoseconds / 1e9;
    if (seconds < this.#began) this.#began = seconds;
    if (seconds > this.#ended) this.#ended = seconds;
  }

  #countsOf(route: string | undefined): Counts {
    const counts = this.#routes.get(route);
    if (counts !== undefined) return counts;
    if (this.#routes.size === MAX_ROUTES) {
      return this.#otherRoutes ??= noCounts();
    }
    const none = noCounts();
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
    return {
      title,
      counts: this.#counts,
      tests: this.#counts.reduce((sum, count) => sum + count, 0),
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
