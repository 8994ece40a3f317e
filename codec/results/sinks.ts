/**
 * Sinks for events: testtools' `StreamResult`, and the members of its family
 * that pass events on.
 *
 * @module
 */

import { change, isFailureStatus, type StatusEvent } from "../event.ts";
import { now, type Timestamp } from "../timestamp.ts";
import { Packet } from "../v2/packet.ts";

/**
 * Receives the events of a run (StreamResult).
 *
 * Every member of the family is such an object, those that need no start and
 * stop too: one that collects tests must learn that no more events come, which
 * a plain function of an event cannot. `{ status: (event) => … }` is a sink.
 *
 * A sink is called synchronously, and works without `start`. It borrows the
 * event's bytes for the duration of the call: {@linkcode ownEvent} makes an
 * event that can be kept.
 *
 * @example
 * ```ts
 * import type { EventSink } from "@subunit/codec/results";
 *
 * const printer: EventSink = {
 *   start: () => console.log("started"),
 *   status: ({ testId, status }) => console.log(testId, status),
 *   stop: () => console.log("stopped"),
 * };
 * printer.start?.(); // started
 * printer.status({ testId: "a", status: "success", runnable: true }); // a success
 * printer.stop?.(); // stopped
 * ```
 */
export interface EventSink {
  /** Begins a run (startTestRun). */
  start?(): void;
  /** Receives an event. */
  status(event: StatusEvent): void;
  /**
   * Ends a run (stopTestRun): no more events come, and tests in progress are
   * lost.
   */
  stop?(): void;
}

/**
 * Passes every event, and start and stop, to each of `sinks`, in order
 * (CopyStreamResult).
 *
 * @example
 * ```ts
 * import { copyTo } from "@subunit/codec/results";
 *
 * const sink = copyTo(
 *   { status: ({ testId }) => console.log("first", testId) },
 *   { status: ({ testId }) => console.log("second", testId) },
 * );
 * sink.status({ testId: "a", runnable: true }); // first a
 * // second a
 * ```
 */
export function copyTo(...sinks: EventSink[]): Required<EventSink> {
  return {
    start: () => sinks.forEach((sink) => sink.start?.()),
    status: (event) => sinks.forEach((sink) => sink.status(event)),
    stop: () => sinks.forEach((sink) => sink.stop?.()),
  };
}

/** Passes changed events to `sink`, and start and stop as they are. */
function changed(
  sink: EventSink,
  edit: (event: StatusEvent) => StatusEvent,
): Required<EventSink> {
  return { ...copyTo(sink), status: (event) => sink.status(edit(event)) };
}

/**
 * Adds and then discards tags on the way to `sink` (StreamTagger).
 *
 * @example
 * ```ts
 * import { tagger } from "@subunit/codec/results";
 *
 * const sink = tagger(
 *   { status: ({ tags }) => console.log(tags) },
 *   { add: ["nightly"], discard: ["slow"] },
 * );
 * sink.status({ tags: ["net", "slow"], runnable: true }); // [ "net", "nightly" ]
 * ```
 */
export function tagger(
  sink: EventSink,
  { add = [], discard = [] }: {
    add?: Iterable<string>;
    discard?: Iterable<string>;
  },
): Required<EventSink> {
  const added = [...add], discarded = new Set(discard);
  return changed(sink, (event) => {
    const tags = new Set([...(event.tags ?? []), ...added]);
    const kept = [...tags].filter((tag) => !discarded.has(tag)).sort();
    return change(event, { tags: kept.length > 0 ? kept : undefined });
  });
}

/**
 * Sets the time of events that have none (TimestampingStreamResult).
 *
 * @param clock returns the time; the system's clock by default
 * @example
 * ```ts
 * import { timestamper } from "@subunit/codec/results";
 *
 * const sink = timestamper(
 *   { status: ({ timestamp }) => console.log(timestamp?.seconds) },
 *   () => ({ seconds: 9, nanoseconds: 0 }),
 * );
 * sink.status({ testId: "a", runnable: true }); // 9
 * ```
 */
export function timestamper(
  sink: EventSink,
  clock: () => Timestamp = now,
): Required<EventSink> {
  return changed(
    sink,
    (event) =>
      event.timestamp === undefined
        ? change(event, { timestamp: clock() })
        : event,
  );
}

/**
 * Calls `onFailure` with each event whose status is a failure, uxsuccess
 * included (StreamFailFast).
 *
 * @example
 * ```ts
 * import { failFast } from "@subunit/codec/results";
 *
 * let mustStop = false;
 * const sink = failFast(() => mustStop = true);
 * sink.status({ testId: "a", status: "success", runnable: true });
 * console.log(mustStop); // false
 * sink.status({ testId: "b", status: "fail", runnable: true });
 * console.log(mustStop); // true
 * ```
 */
export function failFast(onFailure: (event: StatusEvent) => void): EventSink {
  return {
    status(event) {
      if (isFailureStatus(event.status)) onFailure(event);
    },
  };
}

/**
 * Copies an event, with its bytes, so that it can be kept. A packet stays one.
 *
 * @example
 * ```ts
 * import { ownEvent } from "@subunit/codec/results";
 *
 * const fileBytes = Uint8Array.of(1, 2);
 * const event = ownEvent({ fileName: "log", fileBytes, runnable: true });
 * fileBytes.fill(0);
 * console.log(event.fileBytes?.join()); // 1,2
 * ```
 */
export function ownEvent(event: StatusEvent): StatusEvent {
  return event instanceof Packet ? event.copy() : change(event, {
    // Not slice(): that of Node's buffers is a view.
    fileBytes: event.fileBytes && new Uint8Array(event.fileBytes),
  });
}
