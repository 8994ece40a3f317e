/**
 * What a test runner calls: outcomes in, events out.
 *
 * @module
 */

import {
  isFinalStatus,
  type StatusEvent,
  TEXT_TYPE,
  textFile,
} from "../event.ts";
import { now, type Timestamp } from "../timestamp.ts";
import type { Outcome } from "./collator.ts";
import { copyTo, type EventSink, failFast } from "./sinks.ts";

/** How a {@linkcode RunReporter} reports. */
export interface ReporterOptions {
  /** Returns the time; the system's clock by default. */
  readonly clock?: () => Timestamp;
  /** Whether the run should stop when a test fails; false by default. */
  readonly failFast?: boolean;
}

/** What else is known of a test when it starts. */
export type TestOptions = Partial<
  Pick<StatusEvent, "runnable" | "parentTestId">
>;

/**
 * Reports a run to a sink: a runner calls it when tests start and end
 * (ExtendedToStreamDecorator, ResourcedToStreamDecorator). Every event has the
 * time, and leaves at once.
 *
 * @example
 * ```ts
 * import { RunReporter, RunSummary } from "@subunit/codec/results";
 *
 * const summary = new RunSummary();
 * const reporter = new RunReporter(summary, { failFast: true });
 * reporter.start();
 * const tests = { adds: () => {}, divides: () => { throw new Error("by 0"); } };
 * for (const [name, run] of Object.entries(tests)) {
 *   if (reporter.shouldStop) break;
 *   const test = reporter.startTest(name);
 *   try {
 *     run();
 *     test.success();
 *   } catch (error) {
 *     test.fail(error);
 *   }
 * }
 * reporter.stop();
 * console.log(summary.counts.passed, reporter.shouldStop); // 1 true
 * ```
 */
export class RunReporter {
  readonly #sink: Required<EventSink>;
  readonly #clock: () => Timestamp;
  #tags = new Set<string>();
  #shouldStop = false;

  constructor(sink: EventSink, options: ReporterOptions = {}) {
    this.#sink = options.failFast
      ? copyTo(sink, failFast(() => this.requestStop()))
      : copyTo(sink);
    this.#clock = options.clock ?? now;
  }

  /** Whether the runner should start no more tests. */
  get shouldStop(): boolean {
    return this.#shouldStop;
  }

  /** Asks the runner to start no more tests. */
  requestStop(): void {
    this.#shouldStop = true;
  }

  /** Begins a run, without tags. */
  start(): void {
    this.#tags = new Set();
    this.#shouldStop = false;
    this.#sink.start();
  }

  /** Ends the run. */
  stop(): void {
    this.#sink.stop();
  }

  /** Adds and then discards tags of the tests that start from now on. */
  tag(change: { add?: Iterable<string>; discard?: Iterable<string> }): void {
    changeTags(this.#tags, change);
  }

  /** Reports that there is a test, which is not run. */
  exists(testId: string, options: TestOptions = {}): void {
    this.#send({ runnable: true, ...options, testId, status: "exists" });
  }

  /** Reports that a test starts. */
  startTest(testId: string, options: TestOptions = {}): RunningTest {
    const base = { runnable: true, ...options, testId };
    return new RunningTest(base, this.#tags, (event) => this.#send(event));
  }

  /**
   * Reports the making and cleaning of a resource that tests share, such as a
   * database, as tests `ID.make` and `ID.clean` that are not runnable and have
   * no tags.
   *
   * @example
   * ```ts
   * import { RunReporter } from "@subunit/codec/results";
   *
   * const reporter = new RunReporter({
   *   status: ({ testId, status }) => console.log(testId, status),
   * });
   * const database = reporter.resource("database");
   * const port = await database.make(() => 5432);
   * // database.make inprogress
   * // database.make success
   * await database.clean(() => {});
   * // database.clean inprogress
   * // database.clean success
   * console.log(port); // 5432
   * ```
   */
  resource(id: string): ResourceReporter {
    return new ResourceReporter((method) => {
      const base = { testId: `${id}.${method}`, runnable: false };
      return new RunningTest(base, [], (event) => this.#send(event));
    });
  }

  #send(event: StatusEvent): void {
    this.#sink.status({ ...event, timestamp: this.#clock() });
  }
}

/** A test that has started: call one of its outcomes when it ends. */
export class RunningTest {
  readonly #base: StatusEvent;
  readonly #tags: Set<string>;
  readonly #send: (event: StatusEvent) => void;
  #hasEnded = false;

  /** @internal */
  constructor(
    base: StatusEvent,
    tags: Iterable<string>,
    send: (event: StatusEvent) => void,
  ) {
    this.#base = base;
    this.#tags = new Set(tags);
    this.#send = send;
    send({ ...base, status: "inprogress" });
  }

  /** Adds and then discards tags of this test. */
  tag(change: { add?: Iterable<string>; discard?: Iterable<string> }): void {
    changeTags(this.#tags, change);
  }

  /** Attaches a whole file; text is UTF-8. */
  attach(
    fileName: string,
    content: string | Uint8Array,
    mimeType: string | undefined = typeof content === "string"
      ? TEXT_TYPE
      : undefined,
  ): void {
    const fileBytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content;
    this.#report({ fileName, fileBytes, mimeType, eof: true });
  }

  success(): void {
    this.end("success");
  }

  /** @param error what was thrown, attached as "traceback" */
  fail(error?: unknown): void {
    this.#attachError(error);
    this.end("fail");
  }

  /** @param reason attached as "reason" */
  skip(reason?: string): void {
    if (reason !== undefined) this.#report(textFile("reason", reason));
    this.end("skip");
  }

  /** @param error what was thrown, as expected; attached as "traceback" */
  xfail(error?: unknown): void {
    this.#attachError(error);
    this.end("xfail");
  }

  uxsuccess(): void {
    this.end("uxsuccess");
  }

  /**
   * Ends the test.
   *
   * @throws {TypeError} when it has ended, as do all other methods
   */
  end(status: Exclude<Outcome, "lost">): void {
    if (!isFinalStatus(status)) {
      throw new RangeError(`Cannot end a test with status "${status}"`);
    }
    const tags = this.#tags.size > 0 ? [...this.#tags].sort() : undefined;
    this.#report({ status, tags });
    this.#hasEnded = true;
  }

  #attachError(error: unknown): void {
    if (error === undefined) return;
    const text = error instanceof Error ? error.stack ?? error : error;
    this.#report(textFile("traceback", String(text)));
  }

  #report(fields: Partial<StatusEvent>): void {
    if (this.#hasEnded) {
      const id = JSON.stringify(this.#base.testId);
      throw new TypeError(`Cannot report on test ${id}: it has ended`);
    }
    this.#send({ ...this.#base, ...fields });
  }
}

/** Reports how a resource that tests share is made and cleaned. */
export class ResourceReporter {
  readonly #start: (method: string) => RunningTest;

  /** @internal */
  constructor(start: (method: string) => RunningTest) {
    this.#start = start;
  }

  /**
   * Runs `work`, which makes the resource, and returns what it returns.
   *
   * @throws what `work` throws, after reporting it as a failure
   */
  make<T>(work: () => T | PromiseLike<T>): Promise<T> {
    return this.#report("make", work);
  }

  /** Runs `work`, which cleans the resource, as {@linkcode make} does. */
  clean<T>(work: () => T | PromiseLike<T>): Promise<T> {
    return this.#report("clean", work);
  }

  async #report<T>(
    method: string,
    work: () => T | PromiseLike<T>,
  ): Promise<T> {
    const step = this.#start(method);
    try {
      const result = await work();
      step.success();
      return result;
    } catch (error) {
      step.fail(error);
      throw error;
    }
  }
}

function changeTags(
  tags: Set<string>,
  { add = [], discard = [] }: {
    add?: Iterable<string>;
    discard?: Iterable<string>;
  },
): void {
  for (const tag of add) tags.add(tag);
  for (const tag of discard) tags.delete(tag);
}
