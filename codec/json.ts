/**
 * Events as JSON lines, exactly invertible.
 *
 * One object an event; keys are there only when the field is:
 *
 * ```text
 *   test_id  test_status  test_tags (in the packet's order)  runnable (always)
 *   file_name  file_text (when UTF-8) or file_base64  eof (only true)
 *   mime_type  route_code  timestamp (RFC 3339, UTC)  parent_test_id
 * ```
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { isTestStatus, type StatusEvent, TEST_STATUSES } from "./event.ts";
import { formatTimestamp, parseTimestamp } from "./timestamp.ts";
import { tryDecodeText } from "./utf8.ts";

/** Writes an event as one line of JSON, without a line end. */
export function eventToJson(event: StatusEvent): string {
  const { fileBytes, timestamp } = event;
  const text = fileBytes && tryDecodeText(fileBytes);
  return JSON.stringify({
    test_id: event.testId,
    test_status: event.status,
    test_tags: event.tags,
    runnable: event.runnable,
    file_name: event.fileName,
    file_text: text,
    file_base64: fileBytes && text === undefined
      ? encodeBase64(fileBytes)
      : undefined,
    eof: event.eof || undefined,
    mime_type: event.mimeType,
    route_code: event.routeCode,
    timestamp: timestamp && formatTimestamp(timestamp),
    parent_test_id: event.parentTestId,
  });
}

/**
 * Reads what {@linkcode eventToJson} writes. `runnable` is true where it is
 * left out.
 *
 * @throws {SyntaxError} when `line` is not JSON
 * @throws {TypeError} when it is not an event: a key we do not know, a value
 * of the wrong kind
 * @throws {RangeError} when its timestamp is not RFC 3339
 */
export function eventFromJson(line: string): StatusEvent {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("Cannot read event: expected an object");
  }
  const record = value as Record<string, unknown>;
  const unknown = Object.keys(record).find((key) => !(key in READERS));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot read event: unknown key "${unknown}"`);
  }
  if ("file_text" in record && "file_base64" in record) {
    throw new TypeError(
      "Cannot read event: both file_text and file_base64 are there",
    );
  }
  const hasContent = "file_text" in record || "file_base64" in record;
  if (hasContent !== "file_name" in record) {
    throw new TypeError(
      "Cannot read event: file_name and file_text or file_base64 go together",
    );
  }
  const fields = Object.entries(record).map(([key, field]) =>
    READERS[key](key, field)
  );
  return Object.assign({ runnable: true }, ...fields);
}

type FieldReader = (key: string, value: unknown) => Partial<StatusEvent>;

const READERS: Record<string, FieldReader> = {
  test_id: (key, value) => ({ testId: asString(key, value) }),
  test_status: (key, value) => ({ status: asStatus(key, value) }),
  test_tags: (key, value) => ({ tags: asStrings(key, value) }),
  runnable: (key, value) => ({ runnable: asBoolean(key, value) }),
  file_name: (key, value) => ({ fileName: asString(key, value) }),
  file_text: (key, value) => ({
    fileBytes: new TextEncoder().encode(asString(key, value)),
  }),
  file_base64: (key, value) => ({ fileBytes: asBase64(key, value) }),
  eof: (key, value) => ({ eof: asBoolean(key, value) }),
  mime_type: (key, value) => ({ mimeType: asString(key, value) }),
  route_code: (key, value) => ({ routeCode: asString(key, value) }),
  timestamp: (key, value) => ({
    timestamp: parseTimestamp(asString(key, value)),
  }),
  parent_test_id: (key, value) => ({ parentTestId: asString(key, value) }),
};
// No name from JSON may find what every object inherits.
Object.setPrototypeOf(READERS, null);

function mismatch(key: string, value: unknown, expected: string): TypeError {
  return new TypeError(
    `Cannot read event: ${key} is ${
      JSON.stringify(value)
    }, expected ${expected}`,
  );
}

function asString(key: string, value: unknown): string {
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

function asBase64(key: string, value: unknown): Uint8Array {
  try {
    return decodeBase64(asString(key, value));
  } catch {
    throw mismatch(key, value, "base64");
  }
}
