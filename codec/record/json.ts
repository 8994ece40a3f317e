/**
 * Events as JSON lines, exactly invertible: one record per event, with the
 * content of a file as `file_text` if it is UTF-8, otherwise as `file_base64`.
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { StatusEvent } from "../event.ts";
import {
  asString,
  eventOf,
  type FieldReader,
  mismatch,
  recordOf,
} from "./record.ts";
import { tryDecodeText } from "../text/utf8.ts";

/** Encodes an event as one line of JSON, without a line end. */
export function eventToJson(event: StatusEvent): string {
  const { fileBytes } = event;
  const text = fileBytes && tryDecodeText(fileBytes);
  const record = fileBytes && text === undefined
    ? recordOf(event, "file_base64", encodeBase64(fileBytes))
    : recordOf(event, "file_text", text);
  return JSON.stringify(record);
}

/**
 * Reads what {@linkcode eventToJson} returns. `runnable` is true when it is
 * absent.
 *
 * @throws {SyntaxError} when `line` is not JSON
 * @throws {TypeError} when it is not an event: an unknown key, a value of the
 * wrong type
 * @throws {RangeError} when its timestamp is not RFC 3339
 */
export function eventFromJson(line: string): StatusEvent {
  return eventOf(JSON.parse(line), CONTENTS);
}

const CONTENTS: Readonly<Record<string, FieldReader>> = {
  file_text: (key, value) => ({
    fileBytes: new TextEncoder().encode(asString(key, value)),
  }),
  file_base64: (key, value) => ({ fileBytes: asBase64(key, value) }),
};

function asBase64(key: string, value: unknown): Uint8Array {
  try {
    return decodeBase64(asString(key, value));
  } catch {
    throw mismatch(key, value, "base64");
  }
}
