/**
 * Reading lists of test ids or labels from files.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { toUtf8 } from "@subunit/codec/text";
import { ToolError } from "../errors.ts";
import { lines } from "../io/lines.ts";
import type { ToolIO } from "./tool_io.ts";

const NUL = 0x00, LINE_FEED = 0x0a;

/**
 * Returns the ids in a list: its non-empty lines, or what ends with NUL, as
 * `subunit-ls -0` and `subunit-failing -l0` write it. A line feed behind the last
 * NUL is one that a shell has added.
 *
 * @throws {ToolError} when a line has a NUL, and the list does not end with one
 */
export function readIds(io: ToolIO, path: string): string[] {
  return idsIn(io.chunks([path]), path);
}

/** Returns the ids in the chunks of a list, as {@linkcode readIds} does. */
export function idsIn(input: Iterable<Uint8Array>, path: string): string[] {
  const list = concat(Array.from(toUtf8(input), (chunk) => chunk.slice()));
  const end = list.at(-1) === LINE_FEED ? list.length - 1 : list.length;
  if (list[end - 1] !== NUL) return linesOf([list], path);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return decoder.decode(list.subarray(0, end)).split("\0")
    .filter((id) => id !== "");
}

/**
 * Returns the non-empty lines of a file, or of standard input for "-".
 *
 * @throws {ToolError} when a line has a NUL, which no packet can hold
 */
export function readList(io: ToolIO, path: string): string[] {
  return linesOf(toUtf8(io.chunks([path])), path);
}

/** Returns the text of a file, or of standard input for "-". */
export function readText(io: ToolIO, path: string): string {
  const decoder = new TextDecoder();
  let text = "";
  for (const chunk of io.chunks([path])) {
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function linesOf(chunks: Iterable<Uint8Array>, path: string): string[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return Array.from(lines(chunks), (bytes, index) => {
    const line = decoder.decode(bytes).replace(/\r$/, "");
    if (!line.includes("\0")) return line;
    throw new ToolError(
      `Cannot read "${path}": line ${
        index + 1
      } has a NUL: expected one name a line`,
    );
  }).filter((line) => line !== "");
}
