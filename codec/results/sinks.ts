/**
 * Sinks for events: testtools' `StreamResult` family as composable functions.
 *
 * @module
 */

import { change, isFailureStatus, type StatusEvent } from "../event.ts";
import { now, type Timestamp } from "../timestamp.ts";

/** Receives events. A sink that keeps one copies the bytes it needs. */
export type EventSink = (event: StatusEvent) => void;

/** Passes every event to each of `sinks`, in order (CopyStreamResult). */
export function copyTo(...sinks: EventSink[]): EventSink {
  return (event) => sinks.forEach((sink) => sink(event));
}

/** Adds and then discards tags on the way to `sink` (StreamTagger). */
export function tagger(
  sink: EventSink,
  { add = [], discard = [] }: {
    add?: Iterable<string>;
    discard?: Iterable<string>;
  },
): EventSink {
  const added = [...add], discarded = new Set(discard);
  return (event) => {
    const tags = new Set([...(event.tags ?? []), ...added]);
    const kept = [...tags].filter((tag) => !discarded.has(tag)).sort();
    sink(change(event, { tags: kept.length > 0 ? kept : undefined }));
  };
}

/**
 * Sets the time of events that have none (TimestampingStreamResult).
 *
 * @param clock returns the time; the system's clock by default
 */
export function timestamper(
  sink: EventSink,
  clock: () => Timestamp = now,
): EventSink {
  return (event) =>
    sink(
      event.timestamp === undefined
        ? change(event, { timestamp: clock() })
        : event,
    );
}

/**
 * Calls `onFailure` with each event whose status is a failure, uxsuccess
 * included (StreamFailFast).
 */
export function failFast(onFailure: (event: StatusEvent) => void): EventSink {
  return (event) => {
    if (isFailureStatus(event.status)) onFailure(event);
  };
}
