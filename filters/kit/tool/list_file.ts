/**
 * Reading lists of test ids or labels from files.
 *
 * @module
 */

import { lines } from "../io/lines.ts";
import type { ToolIO } from "./tool_io.ts";

/** Returns the non-empty lines of a file, or of standard input for "-". */
export function readList(io: ToolIO, path: string): string[] {
  const decoder = new TextDecoder();
  return Array.from(
    lines(io.chunks([path])),
    (line) => decoder.decode(line).replace(/\r$/, ""),
  ).filter((line) => line !== "");
}
