/**
 * Events as JSON lines, exactly invertible: one record per event, with the
 * content of a file as `file_text` if it is UTF-8, otherwise as `file_base64`.
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { EventInput, StatusEvent } from "../event.ts";
import {
  asString,
  eventOf,
  mismatch,
  recordFormat,
  recordOf,
} from "./record.ts";
import { tryDecodeText } from "../text/utf8.ts";

/**
 * Encodes an event as one line of JSON, without a line end.
 *
 * @throws {TypeError} when a field has the wrong type, as it may from JavaScript
 * @throws {RangeError} when RFC 3339 cannot express the time
 */
export function eventToJson(event: EventInput): string {
  return JSON.stringify(recordOf(event, contentOf));
}

function contentOf(bytes: Uint8Array): [string, string] {
  const text = tryDecodeText(bytes);
  return text === undefined
    ? ["file_base64", encodeBase64(bytes)]
    : ["file_text", text];
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
  return eventOf(parseJson(line), FORMAT);
}

/** Parses JSON. Its errors are the same in every engine. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const { expected, at } = jsonFault(text);
    const where = at < text.length
      ? `at character ${at + 1}, not ${
        JSON.stringify(String.fromCodePoint(text.codePointAt(at)!))
      }`
      : "at the end of the line";
    throw new SyntaxError(
      `Cannot read event: not JSON: expected ${expected} ${where}`,
    );
  }
}

const SPACE = /[ \t\n\r]*/y;
const WORD = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** The first fault of text that is not JSON: what is expected, and where. */
export function jsonFault(text: string): { expected: string; at: number } {
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const isThere = pattern.test(text);
    if (isThere) at = pattern.lastIndex;
    return isThere;
  };
  /** Returns what is missing in the string that begins here. */
  const skipString = (): string | undefined => {
    at++;
    while (text[at] !== '"') {
      if (text[at] === "\\") {
        if (!skip(ESCAPE)) return "an escape";
      } else if (text.charCodeAt(at) >= 0x20) at++;
      else return "the rest of a string";
    }
    at++;
    return undefined;
  };
  /** The closing brackets of what is open. */
  const open: string[] = [];
  let state: "value" | "first" | "key" | "behind" = "value";
  for (;;) {
    skip(SPACE);
    const next = text[at], end = open.at(-1);
    let missing: string | undefined;
    if (state === "behind") {
      if (next === end && end !== undefined) {
        open.pop();
        at++;
      } else if (next === "," && end !== undefined) {
        state = end === "}" ? "key" : "value";
        at++;
      } else missing = end === undefined ? "the end" : `"," or "${end}"`;
    } else if (state === "first" && next === end) {
      open.pop();
      state = "behind";
      at++;
    } else if (state !== "value" && end === "}") {
      missing = next === '"' ? skipString() : "a key in quotes";
      if (missing === undefined) {
        skip(SPACE);
        if (text[at] === ":") at++;
        else missing = '":"';
        state = "value";
      }
    } else if (next === "{" || next === "[") {
      open.push(next === "{" ? "}" : "]");
      state = "first";
      at++;
    } else {
      if (next === '"') missing = skipString();
      else if (!skip(WORD)) missing = "a value";
      state = "behind";
    }
    if (missing !== undefined) return { expected: missing, at };
  }
}

const encoder = new TextEncoder();

const FORMAT = recordFormat({
  file_text: (event, text, key) =>
    event.fileBytes = encoder.encode(asString(key, text)),
  file_base64: (event, text, key) => event.fileBytes = asBase64(key, text),
});

function asBase64(key: string, value: unknown): Uint8Array {
  try {
    return decodeBase64(asString(key, value));
  } catch {
    throw mismatch(key, value, "base64");
  }
}
