/**
 * Where events go: testtools' `StreamResult` family as functions around
 * functions. A sink takes one event at a time; sinks compose.
 *
 * @module
 */

import { change, isFailureStatus, type StatusEvent } from "../event.ts";
import { now, type Timestamp } from "../timestamp.ts";

/** Takes events. Whoever keeps one copies what it needs of its bytes. */
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
 * Puts the time on events that have none (TimestampingStreamResult).
 *
 * @param clock tells the time; the system's, unless given
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
 * Calls `onFailure` for each event that says a test failed, uxsuccess
 * included (StreamFailFast).
 */
export function failFast(onFailure: (event: StatusEvent) => void): EventSink {
  return (event) => {
    if (isFailureStatus(event.status)) onFailure(event);
  };
}
