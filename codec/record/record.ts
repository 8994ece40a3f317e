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
  type EventDraft,
  type EventInput,
  isTestStatus,
  mismatch as fieldMismatch,
  type StatusEvent,
  TEST_STATUSES,
} from "../event.ts";
import { formatTimestamp, parseTimestamp, timestampOf } from "../timestamp.ts";

/** An event's fields under their names in JSON and CBOR. */
export type EventRecord = Record<string, unknown>;

/**
 * Sets the field of a key.
 *
 * @throws {TypeError} when the value has the wrong type
 */
export type FieldSetter = (
  event: EventDraft,
  value: unknown,
  key: string,
) => void;

/** How a format represents events. */
export interface RecordFormat {
  /** The keys that may have the bytes of a file. */
  readonly contents: readonly string[];
  /** By key. */
  readonly setters: ReadonlyMap<string, FieldSetter>;
}

/** Returns the format with these keys for the bytes of a file. */
export function recordFormat(
  contents: Readonly<Record<string, FieldSetter>>,
): RecordFormat {
  return {
    contents: Object.keys(contents),
    setters: new Map([...SETTERS, ...Object.entries(contents)]),
  };
}

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
 * @throws {TypeError} when it is not an event: an unknown key, a value of the
 * wrong type
 * @throws {RangeError} when its timestamp is not RFC 3339
 */
export function eventOf(
  value: unknown,
  { contents, setters }: RecordFormat,
): StatusEvent {
  if (!isPlainObject(value)) {
    throw new TypeError("Cannot read event: expected an object");
  }
  const record = value as EventRecord;
  const keys = Object.keys(record);
  const unknown = keys.find((key) => !setters.has(key));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot read event: unknown key "${unknown}"`);
  }
  const given = contents.filter((name) => name in record);
  if (given.length > 1) {
    throw new TypeError(
      `Cannot read event: both ${given.join(" and ")} are there`,
    );
  }
  if (given.length === 1 !== "file_name" in record) {
    throw new TypeError(
      `Cannot read event: file_name and ${contents.join(" or ")} go together`,
    );
  }
  const event: EventDraft = { runnable: true };
  for (const key of keys) setters.get(key)!(event, record[key], key);
  return event;
}

/** A value of CBOR may be a date or a set: they have no keys. */
function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

const SETTERS = Object.entries<FieldSetter>({
  test_id: (event, id, key) => event.testId = asString(key, id),
  test_status: (event, status, key) => event.status = asStatus(key, status),
  test_tags: (event, tags, key) => event.tags = asStrings(key, tags),
  runnable: (event, is, key) => event.runnable = asBoolean(key, is),
  file_name: (event, name, key) => event.fileName = asString(key, name),
  eof: (event, is, key) => event.eof = asBoolean(key, is),
  mime_type: (event, type, key) => event.mimeType = asString(key, type),
  route_code: (event, route, key) => event.routeCode = asString(key, route),
  timestamp: (event, time, key) =>
    event.timestamp = parseTimestamp(asString(key, time)),
  parent_test_id: (event, id, key) => event.parentTestId = asString(key, id),
});

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
