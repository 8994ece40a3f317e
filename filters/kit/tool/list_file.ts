/**
 * Reading lists of test ids or labels from files.
 *
 * @module
 */

import { toUtf8 } from "@subunit/codec/text";
import { ToolError } from "../errors.ts";
import { lines } from "../io/lines.ts";
import type { ToolIO } from "./tool_io.ts";

/**
 * Returns the non-empty lines of a file, or of standard input for "-".
 *
 * @throws {ToolError} when a line has a NUL, which no packet can hold
 */
export function readList(io: ToolIO, path: string): string[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return Array.from(lines(toUtf8(io.chunks([path]))), (bytes, index) => {
    const line = decoder.decode(bytes).replace(/\r$/, "");
    if (!line.includes("\0")) return line;
    throw new ToolError(
      `Cannot read "${path}": line ${
        index + 1
      } has a NUL: expected one name a line`,
    );
  }).filter((line) => line !== "");
}
