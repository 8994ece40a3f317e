/**
 * The event type: the content of a packet, a JSON line or a TAP test point.
 *
 * It is testtools' `StreamResult.status()` call as a value, plus the parent
 * test id of protocol 2.1.
 *
 * @module
 */

import { type Timestamp, timestampOf } from "./timestamp.ts";

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

/** The test that damage is reported as, named as in the Python tools. */
export const PARSER_TEST_ID = "subunit.parser";
/** The file that foreign bytes are reported as. */
export const FOREIGN_FILE_NAME = "stdout";

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

/**
 * An event to be encoded: a {@linkcode StatusEvent}, or one as it is written by
 * hand.
 */
export interface EventInput
  extends Omit<StatusEvent, "runnable" | "timestamp"> {
  /** True by default, as in testtools' `StreamResult.status`. */
  readonly runnable?: boolean;
  /** A date has milliseconds, a {@linkcode Timestamp} nanoseconds. */
  readonly timestamp?: Timestamp | Date;
}

/** An event whose fields are still being set. */
export type EventDraft = {
  -readonly [key in keyof StatusEvent]: StatusEvent[key];
};

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

/** How many characters of a wrong value an error shows. */
const SHOWN_CHARACTERS = 80;

/** A value of the wrong type, for an error. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return "a function";
  const text = typeof value === "string"
    ? JSON.stringify(value)
    : String(value);
  return text.length <= SHOWN_CHARACTERS
    ? text
    : text.slice(0, SHOWN_CHARACTERS).toWellFormed() + "…";
}

/**
 * The error for a field of the wrong type.
 *
 * @param task what failed: "read event"
 */
export function mismatch(
  task: string,
  field: string,
  value: unknown,
  expected: string,
): TypeError {
  return new TypeError(
    `Cannot ${task}: ${field} is ${shown(value)}, expected ${expected}`,
  );
}

/** @throws {TypeError} when `status` is none that a test can have */
export function checkStatus(
  task: string,
  status: unknown,
): asserts status is TestStatus | undefined {
  const isKnown = status === undefined ||
    (TEST_STATUSES as readonly unknown[]).includes(status);
  if (!isKnown) {
    throw mismatch(task, "status", status, `one of ${TEST_STATUSES.join(" ")}`);
  }
}

/**
 * Checks the types of an event's fields, which JavaScript does not. A field may
 * be undefined and not null.
 *
 * @param task what fails otherwise: "write packet"
 * @throws {TypeError} which names the field
 */
export function checkEvent(
  task: string,
  event: EventInput & { readonly testKey?: unknown },
): void {
  if (typeof event !== "object" || event === null) {
    throw mismatch(task, "the event", event, "an object");
  }
  // Packets have it: their fields need no check, and reading decodes them.
  if (event.testKey !== undefined) return;
  const { testId, status, tags, runnable, fileName, fileBytes } = event;
  const { mimeType, eof, routeCode, timestamp, parentTestId } = event;
  checkString(task, "testId", testId);
  checkStatus(task, status);
  if (tags !== undefined) {
    if (!Array.isArray(tags)) {
      throw mismatch(task, "tags", tags, "an array of strings");
    }
    for (const tag of tags) {
      if (typeof tag !== "string") {
        throw mismatch(task, "one of tags", tag, "a string");
      }
    }
  }
  checkBoolean(task, "runnable", runnable);
  checkString(task, "fileName", fileName);
  if (fileBytes !== undefined && !isBytes(fileBytes)) {
    throw mismatch(task, "fileBytes", fileBytes, "a Uint8Array");
  }
  if (fileBytes !== undefined && fileName === undefined) {
    throw new TypeError(`Cannot ${task}: fileBytes without a fileName`);
  }
  checkString(task, "mimeType", mimeType);
  checkBoolean(task, "eof", eof);
  checkString(task, "routeCode", routeCode);
  if (timestamp !== undefined) {
    const { seconds, nanoseconds } = timestampOf(timestamp ?? {});
    if (typeof seconds !== "number" || typeof nanoseconds !== "number") {
      const expected = "a Date, or { seconds, nanoseconds } as numbers";
      throw mismatch(task, "timestamp", timestamp, expected);
    }
  }
  checkString(task, "parentTestId", parentTestId);
}

function checkString(task: string, field: string, value: unknown): void {
  if (value !== undefined && typeof value !== "string") {
    throw mismatch(task, field, value, "a string");
  }
}

function checkBoolean(task: string, field: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") {
    throw mismatch(task, field, value, "true or false");
  }
}

/** Arrays of other realms, of a test runner's sandbox say, are bytes too. */
function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array ||
    Object.prototype.toString.call(value) === "[object Uint8Array]";
}
