/**
 * Judges a stream.
 *
 * @module
 */

import {
  EventKey,
  type KeyedEvent,
  type Rows,
  type RunningTest,
  type StatusEvent,
  type StreamItem,
  Summary,
  type Test,
  TestCollator,
} from "@subunit/codec";
import { ForeignFormat } from "./foreign_format.ts";

/** An item of a stream, or an event that is not a packet. */
export type Judged = StreamItem | KeyedEvent & { readonly kind?: undefined };

/** Statuses have codes up to 7. */
const CODES = 8;

/** Decides whether a stream is good: nothing failed, was lost or is damaged. */
export class Verdict {
  readonly summary = new Summary();
  readonly #collator: TestCollator;
  /** Tests that rows ended, by the codes of their statuses. */
  readonly #rowCounts = new Float64Array(CODES);
  #eventKey: EventKey | undefined;
  /** Undefined after the first packet. */
  #foreign: ForeignFormat | undefined = new ForeignFormat();

  /** @param options those of {@linkcode TestCollator} */
  constructor(
    options: { attachments?: boolean | { readonly endBytes: number } } = {},
  ) {
    this.#collator = new TestCollator(options);
  }

  /** Adds an item or an event. Returns the test that it ends, if any. */
  add(item: Judged): Test | undefined {
    switch (item.kind) {
      case "damage":
        this.summary.damage++;
        return undefined;
      case "foreign":
        this.#foreign?.add(item.bytes);
        return undefined;
    }
    this.#foreign = undefined;
    const test = this.#collator.add(item);
    if (test !== undefined) this.summary.add(test);
    return test;
  }

  /**
   * Adds the packet of a row, without making an object. Returns the code of the
   * status that ends a test, or 0. {@linkcode Verdict.summary} counts that test
   * after {@linkcode Verdict.end}.
   *
   * `deno task bench` measures it as `subunit-stats`; the oracle in the tests is
   * {@linkcode Verdict.add}.
   */
  addRow(rows: Rows, i: number): number {
    this.#foreign = undefined;
    const code = this.#collator.addRow(rows, i);
    this.#rowCounts[code]++;
    return code;
  }

  /** The test of the row for which {@linkcode Verdict.addRow} returned a code. */
  endedTest(rows: Rows, i: number): Test {
    return this.#collator.endedTest(rows, i);
  }

  /** The tags of that test. */
  endedTags(rows: Rows, i: number): readonly string[] {
    return this.#collator.endedTags(rows, i);
  }

  /**
   * The seconds of the time at which that test started; NaN when unknown.
   * `startNanoseconds` has the rest.
   */
  get startSeconds(): number {
    return this.#collator.startSeconds;
  }

  get startNanoseconds(): number {
    return this.#collator.startNanoseconds;
  }

  /**
   * Returns whether the row and the time at which that test started are all that
   * is known of it: no parent, no files, no earlier tags.
   */
  isWhole(rows: Rows, i: number): boolean {
    return rows.parentAt(i) < 0 && rows.fileAt(i) < 0 &&
      rows.mimeTypeAt(i) < 0 && !this.#collator.hasExtras;
  }

  /**
   * What is known of a test by its id and route code; undefined if it is not in
   * progress. After {@linkcode Verdict.end}, lost tests still are.
   */
  inProgress(
    test: Pick<StatusEvent, "testId" | "routeCode">,
  ): Pick<Test, "started" | "parentTestId"> | undefined {
    return this.#collator.inProgress(
      (this.#eventKey ??= new EventKey()).of(test),
    );
  }

  /** How many tests are in progress. */
  get size(): number {
    return this.#collator.size;
  }

  /** Items that are added from here on arrive at this time, in milliseconds. */
  arriveAt(milliseconds: number): void {
    this.#collator.arriveAt(milliseconds);
  }

  /**
   * Up to `most` of the tests in progress, in the order in which they started:
   * those whose last event arrived at `until` or earlier, and later than `after`.
   */
  running(most: number, until?: number, after?: number): RunningTest[] {
    return this.#collator.running(most, until, after);
  }

  /** Copies what is needed later, before the items become invalid. */
  endChunk(): void {
    this.#collator.own();
  }

  /** Ends the stream and returns the lost tests, to be read once. */
  end(): Iterable<Test> {
    for (let code = 1; code < CODES; code++) {
      const count = this.#rowCounts[code];
      if (count > 0) this.summary.addCode(code, count);
    }
    this.#rowCounts.fill(0);
    this.summary.outcomes.lost += this.size;
    return this.#collator.lost();
  }

  /** The exit status of a tool that judges; valid after {@linkcode end}. */
  get exitStatus(): number {
    return this.summary.isGood && this.complaint === undefined ? 0 : 1;
  }

  /** Why the stream is not one at all, if it is results in another format. */
  get complaint(): string | undefined {
    return this.#foreign?.complaint;
  }
}
