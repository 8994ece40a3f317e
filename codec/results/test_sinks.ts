/**
 * Sinks that collect the events of each test.
 *
 * @module
 */

import { isFinalStatus, type StatusEvent } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { type Outcome, type Test, TestCollator } from "./collator.ts";
import type { Attachment } from "./test_files.ts";
import { type EventSink, ownEvent } from "./sinks.ts";

/** What is kept of tests. */
export interface ByTestOptions {
  /**
   * Whether to keep the files of tests; true unless given. Memory is bounded by
   * the files of the tests in progress.
   */
  readonly attachments?: boolean;
}

/**
 * Calls `onTest` with each test when it ends, and with those that are lost when
 * the run stops (TestByTestResult). The tests own their bytes.
 *
 * A start without a stop ends the run before it, so that no test vanishes.
 * `exists` and events without a test are not part of one: see
 * {@linkcode TestCollator}.
 *
 * @example
 * ```ts
 * import { byTest } from "@subunit/codec/results";
 *
 * const sink = byTest(({ testId, outcome }) => console.log(testId, outcome));
 * sink.status({ testId: "a", status: "inprogress", runnable: true });
 * sink.status({ testId: "b", status: "inprogress", runnable: true });
 * sink.status({ testId: "b", status: "success", runnable: true }); // b success
 * sink.stop(); // a lost
 * ```
 */
export function byTest(
  onTest: (test: Test) => void,
  { attachments = true }: ByTestOptions = {},
): Required<EventSink> {
  const newCollator = () => new TestCollator({ attachments, borrows: false });
  let collator = newCollator();
  const stop = () => {
    const lost = collator.end();
    collator = newCollator();
    lost.forEach(onTest);
  };
  return {
    start: stop,
    status(event) {
      const isKept = isFinalStatus(event.status) ||
        attachments && event.fileName !== undefined;
      const test = collator.add(isKept ? ownEvent(event) : event);
      if (test !== undefined) onTest(test);
    },
    stop,
  };
}

/** A test as a plain object: what `structuredClone` and `postMessage` take. */
export interface PlainTest {
  readonly testId: string;
  readonly outcome: Outcome;
  readonly runnable: boolean;
  readonly tags: readonly string[];
  readonly attachments: readonly Attachment[];
  readonly started: Timestamp | undefined;
  readonly ended: Timestamp | undefined;
  readonly routeCode: string | undefined;
  readonly parentTestId: string | undefined;
}

/**
 * Returns a test as a plain object (StreamToDict, with {@linkcode byTest}). It
 * shares the bytes of the test's attachments.
 *
 * @example
 * ```ts
 * import { byTest, plainTest } from "@subunit/codec/results";
 *
 * const sink = byTest((test) => {
 *   const { testId, tags } = structuredClone(plainTest(test));
 *   console.log(testId, tags); // a [ "net" ]
 * });
 * sink.status({ testId: "a", status: "skip", tags: ["net"], runnable: true });
 * ```
 */
export function plainTest(test: Test): PlainTest {
  return {
    testId: test.testId,
    outcome: test.outcome,
    runnable: test.runnable,
    tags: test.tags,
    attachments: test.attachments,
    started: test.started,
    ended: test.ended,
    routeCode: test.routeCode,
    parentTestId: test.parentTestId,
  };
}

/**
 * Returns the text of a test's attachment, undefined if it has none of that
 * name. The reason of a skip is in "reason", a stack trace in "traceback".
 *
 * @example
 * ```ts
 * import { attachmentText, byTest } from "@subunit/codec/results";
 *
 * const sink = byTest((test) => console.log(attachmentText(test, "reason")));
 * sink.status({
 *   testId: "a",
 *   status: "skip",
 *   runnable: true,
 *   fileName: "reason",
 *   fileBytes: new TextEncoder().encode("no network"),
 * }); // no network
 * ```
 */
export function attachmentText(test: Test, name: string): string | undefined {
  const found = test.attachments.find((attachment) => attachment.name === name);
  return found && new TextDecoder().decode(found.bytes);
}

/**
 * Returns the events of a test: `inprogress`, one per attachment, and, unless
 * the test is lost, its outcome. They share the bytes of its attachments.
 *
 * @example
 * ```ts
 * import { byTest, testEvents } from "@subunit/codec/results";
 *
 * const sink = byTest((test) => {
 *   console.log(testEvents(test).map(({ status }) => status));
 * });
 * sink.status({ testId: "a", status: "skip", runnable: true });
 * // [ "inprogress", "skip" ]
 * ```
 */
export function testEvents(test: Test): StatusEvent[] {
  const { testId, runnable, routeCode, parentTestId, outcome } = test;
  const tags = test.tags.length > 0 ? test.tags : undefined;
  const base = { testId, runnable, routeCode, parentTestId };
  const isLost = outcome === "lost";
  return [
    {
      ...base,
      status: "inprogress",
      tags: isLost ? tags : undefined,
      timestamp: test.started,
    },
    ...test.attachments.map(({ name, mimeType, bytes }) => ({
      ...base,
      fileName: name,
      fileBytes: bytes,
      mimeType,
      eof: true,
    })),
    ...(isLost
      ? []
      : [{ ...base, status: outcome, tags, timestamp: test.ended }]),
  ];
}

/**
 * Passes the events of each test to `sink` one test after another, once it has
 * ended, for sinks that cannot follow several at a time
 * (StreamToExtendedDecorator).
 *
 * Attachments are joined, and their times are dropped. Lost tests follow when
 * the run stops: they start, and do not end. Events without a test, and
 * `exists`, pass on at once.
 *
 * @example
 * ```ts
 * import { oneTestAtATime } from "@subunit/codec/results";
 *
 * const sink = oneTestAtATime({
 *   status: ({ testId, status }) => console.log(testId, status),
 * });
 * sink.status({ testId: "a", status: "inprogress", runnable: true });
 * sink.status({ testId: "b", status: "inprogress", runnable: true });
 * sink.status({ testId: "b", status: "success", runnable: true });
 * // b inprogress
 * // b success
 * sink.stop(); // a inprogress
 * ```
 */
export function oneTestAtATime(sink: EventSink): Required<EventSink> {
  const tests = byTest((test) => {
    for (const event of testEvents(test)) sink.status(event);
  });
  return {
    start() {
      tests.start();
      sink.start?.();
    },
    status(event) {
      const isOfTest = event.testId !== undefined && event.status !== "exists";
      (isOfTest ? tests : sink).status(event);
    },
    stop() {
      tests.stop();
      sink.stop?.();
    },
  };
}
