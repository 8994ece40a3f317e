/**
 * What a test has written last: the question, when it asks.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";

/** More of a line without an end is no prompt. */
const PROMPT_BYTES = 1024;
const LINE_FEED = 0x0a;

/** The line that text ends in, and that has no end. */
export function lastLine(before: Uint8Array, bytes: Uint8Array): Uint8Array {
  const at = bytes.lastIndexOf(LINE_FEED) + 1;
  const line = at > 0 ? bytes.subarray(at) : concat([before, bytes]);
  return line.slice(-PROMPT_BYTES);
}
