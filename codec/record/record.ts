/**
 * Events as records: objects with a key for each field that is present.
 *
 * ```text
 *   test_id  test_status  test_tags (in the packet's order)  runnable (always)
 *   file_name, and its content (text, base64 or bytes)  eof (only true)
 *   mime_type  route_code  timestamp (RFC 3339, UTC)  parent_test_id
 * ```
 *
 * @module
 */

import {
  checkEvent,
  type EventInput,
  isTestStatus,
  mismatch as fieldMismatch,
  type StatusEvent,
  TEST_STATUSES,
} from "../event.ts";
import { formatTimestamp, parseTimestamp, timestampOf } from "../timestamp.ts";

/** An event's fields under their names in JSON and CBOR. */
export type EventRecord = Record<string, unknown>;

/** Reads the value of a key. */
export type FieldReader = (key: string, value: unknown) => Partial<StatusEvent>;

const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Returns the record of an event, with keys for the fields that are present.
 *
 * @param contentOf returns the key of the bytes of its file, and those bytes as
 * the format represents them
 * @throws {TypeError} when a field has the wrong type
 */
export function recordOf(
  event: EventInput,
  contentOf: (bytes: Uint8Array) => readonly [key: string, content: unknown],
): EventRecord {
  checkEvent("write event", event);
  const { testId, status, tags, runnable = true, fileName, fileBytes } = event;
  const { mimeType, eof, routeCode, timestamp, parentTestId } = event;
  const record: EventRecord = {};
  if (testId !== undefined) record.test_id = testId;
  if (status !== undefined) record.test_status = status;
  if (tags !== undefined) record.test_tags = tags;
  record.runnable = runnable;
  if (fileName !== undefined) {
    const [key, content] = contentOf(fileBytes ?? NO_BYTES);
    record.file_name = fileName;
    record[key] = content;
  }
  if (eof) record.eof = true;
  if (mimeType !== undefined) record.mime_type = mimeType;
  if (routeCode !== undefined) record.route_code = routeCode;
  if (timestamp !== undefined) {
    record.timestamp = formatTimestamp(timestampOf(timestamp));
  }
  if (parentTestId !== undefined) record.parent_test_id = parentTestId;
  return record;
}

/**
 * Returns the event of a record. `runnable` is true when it is absent.
 *
 * @param contents readers for the bytes of its file, by the keys that may have
 * them
 * @throws {TypeError} when it is not an event: an unknown key, a value of the
 * wrong type
 * @throws {RangeError} when its timestamp is not RFC 3339
 */
export function eventOf(
  value: unknown,
  contents: Readonly<Record<string, FieldReader>>,
): StatusEvent {
  if (!isPlainObject(value)) {
    throw new TypeError("Cannot read event: expected an object");
  }
  const record = value as EventRecord;
  const readerOf = (key: string) =>
    Object.hasOwn(contents, key)
      ? contents[key]
      : Object.hasOwn(READERS, key)
      ? READERS[key]
      : undefined;
  const unknown = Object.keys(record).find((key) => !readerOf(key));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot read event: unknown key "${unknown}"`);
  }
  const names = Object.keys(contents);
  const given = names.filter((name) => name in record);
  if (given.length > 1) {
    throw new TypeError(
      `Cannot read event: both ${given.join(" and ")} are there`,
    );
  }
  if (given.length === 1 !== "file_name" in record) {
    throw new TypeError(
      `Cannot read event: file_name and ${names.join(" or ")} go together`,
    );
  }
  const fields = Object.entries(record).map(([key, field]) =>
    readerOf(key)!(key, field)
  );
  return Object.assign({ runnable: true }, ...fields);
}

/** A value of CBOR may be a date or a set: they have no keys. */
function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

const READERS: Readonly<Record<string, FieldReader>> = {
  test_id: (key, value) => ({ testId: asString(key, value) }),
  test_status: (key, value) => ({ status: asStatus(key, value) }),
  test_tags: (key, value) => ({ tags: asStrings(key, value) }),
  runnable: (key, value) => ({ runnable: asBoolean(key, value) }),
  file_name: (key, value) => ({ fileName: asString(key, value) }),
  eof: (key, value) => ({ eof: asBoolean(key, value) }),
  mime_type: (key, value) => ({ mimeType: asString(key, value) }),
  route_code: (key, value) => ({ routeCode: asString(key, value) }),
  timestamp: (key, value) => ({
    timestamp: parseTimestamp(asString(key, value)),
  }),
  parent_test_id: (key, value) => ({ parentTestId: asString(key, value) }),
};

/** The error for a value of the wrong type. */
export function mismatch(
  key: string,
  value: unknown,
  expected: string,
): TypeError {
  return fieldMismatch("read event", key, value, expected);
}

/** @throws {TypeError} when `value` is not a string a packet can hold */
export function asString(key: string, value: unknown): string {
  if (typeof value === "string" && value.isWellFormed()) return value;
  throw mismatch(key, value, "a string of whole characters");
}

function asStrings(key: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.map((tag) => asString(key, tag));
  throw mismatch(key, value, "an array of strings");
}

function asBoolean(key: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw mismatch(key, value, "true or false");
}

function asStatus(key: string, value: unknown): StatusEvent["status"] {
  if (typeof value === "string" && isTestStatus(value)) return value;
  throw mismatch(key, value, `one of ${TEST_STATUSES.join(" ")}`);
}
