/**
 * The event type: the content of a packet, a JSON line or a TAP test point.
 *
 * It is testtools' `StreamResult.status()` call as a value, plus the parent
 * test id of protocol 2.1.
 *
 * @module
 */

import type { Timestamp } from "./timestamp.ts";

/** Every status a test can have, in the order of their codes, 1 to 7. */
export const TEST_STATUSES = [
  "exists",
  "inprogress",
  "success",
  "uxsuccess",
  "skip",
  "fail",
  "xfail",
] as const;

/** The MIME type of text, as the Python tools spell it. */
export const TEXT_TYPE = "text/plain;charset=utf8";

/** A test's status, by the name the Python tools use. */
export type TestStatus = typeof TEST_STATUSES[number];

/** An event of a test, of a file, or of both at once. */
export interface StatusEvent {
  /** The test; absent when the event belongs to the run as a whole. */
  readonly testId?: string;
  /** Absent when the event has no status, for example part of a file. */
  readonly status?: TestStatus;
  /** In the packet's order, which has no meaning. */
  readonly tags?: readonly string[];
  /** Whether the test can be selected by its id. */
  readonly runnable: boolean;
  /** The attachment that `fileBytes` belongs to; present whenever that is. */
  readonly fileName?: string;
  /** A part of the attachment, or all of it. */
  readonly fileBytes?: Uint8Array;
  /** The type of the attachment, for example "text/plain;charset=utf8". */
  readonly mimeType?: string;
  /** Whether this is the last part of the attachment. */
  readonly eof?: boolean;
  /** The route the event took, with "/" between multiplexers. */
  readonly routeCode?: string;
  readonly timestamp?: Timestamp;
  /** The test this one is a subtest of (protocol 2.1). */
  readonly parentTestId?: string;
}

/** The fields of a complete text file. */
export function textFile(
  fileName: string,
  text: string,
): Pick<StatusEvent, "fileName" | "fileBytes" | "mimeType" | "eof"> {
  return {
    fileName,
    fileBytes: new TextEncoder().encode(text),
    mimeType: TEXT_TYPE,
    eof: true,
  };
}

/** Returns whether `name` is one of {@linkcode TEST_STATUSES}. */
export function isTestStatus(name: string): name is TestStatus {
  return (TEST_STATUSES as readonly string[]).includes(name);
}

/**
 * Returns whether a status ends its test: every status does, except
 * `inprogress` and `exists`, which means that the test was not run.
 */
export function isFinalStatus(status: TestStatus | undefined): boolean {
  return status !== undefined && status !== "inprogress" && status !== "exists";
}

/** Returns whether a status is a failure: `fail` and `uxsuccess` are. */
export function isFailureStatus(status: TestStatus | undefined): boolean {
  return status === "fail" || status === "uxsuccess";
}

/**
 * Returns `event` with some fields changed. Packets work too: fields are read
 * one by one.
 */
export function change(
  event: StatusEvent,
  changes: Partial<StatusEvent>,
): StatusEvent {
  return {
    testId: event.testId,
    status: event.status,
    tags: event.tags,
    runnable: event.runnable,
    fileName: event.fileName,
    fileBytes: event.fileBytes,
    mimeType: event.mimeType,
    eof: event.eof,
    routeCode: event.routeCode,
    timestamp: event.timestamp,
    parentTestId: event.parentTestId,
    ...changes,
  };
}
