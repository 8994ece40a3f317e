/**
 * The one event type: what a packet, a JSON line or a TAP point says.
 *
 * It is testtools' `StreamResult.status()` call as a value, plus the parent
 * test id of protocol 2.1.
 *
 * @module
 */

import type { Timestamp } from "./timestamp.ts";

/** Every status a test can have, in the order of their codes 1 to 7. */
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

/** Something that happened: to a test, to a file, or both at once. */
export interface StatusEvent {
  /** The test; absent when the event belongs to the run as a whole. */
  readonly testId?: string;
  /** Absent when the event says nothing of a status (a file, say). */
  readonly status?: TestStatus;
  /** In the order of the packet; the order has no meaning. */
  readonly tags?: readonly string[];
  /** Whether the test can be asked for by its id. */
  readonly runnable: boolean;
  /** The attachment `fileBytes` belongs to; present whenever that is. */
  readonly fileName?: string;
  /** A part of the attachment, or all of it. */
  readonly fileBytes?: Uint8Array;
  /** The type of the attachment, as in "text/plain;charset=utf8". */
  readonly mimeType?: string;
  /** Whether this part of the attachment is its last. */
  readonly eof?: boolean;
  /** The way the event came, "/" between the multiplexers. */
  readonly routeCode?: string;
  readonly timestamp?: Timestamp;
  /** The test this one is a subtest of (protocol 2.1). */
  readonly parentTestId?: string;
}

/** The fields of a file of text that is all there. */
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

/** Says whether `name` is a status, spelled as in {@linkcode TEST_STATUSES}. */
export function isTestStatus(name: string): name is TestStatus {
  return (TEST_STATUSES as readonly string[]).includes(name);
}

/**
 * Says whether a status ends its test: all do but `inprogress`, `exists`
 * (which says the test was not run) and none.
 */
export function isFinalStatus(status: TestStatus | undefined): boolean {
  return status !== undefined && status !== "inprogress" && status !== "exists";
}

/** Says whether a status is a failure: `fail` and `uxsuccess` are. */
export function isFailureStatus(status: TestStatus | undefined): boolean {
  return status === "fail" || status === "uxsuccess";
}

/** `event` with some fields changed. Works on packets, whose fields are getters. */
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
