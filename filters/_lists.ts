/**
 * Lists of test ids.
 *
 * @module
 */

import { lines } from "./_chunks.ts";
import type { ToolIO } from "./_tool.ts";

/** The ids in a file, one a line; "-" is standard input. */
export function readIds(io: ToolIO, path: string): string[] {
  const decoder = new TextDecoder();
  return Array.from(
    lines(io.chunks([path])),
    (line) => decoder.decode(line).replace(/\r$/, ""),
  ).filter((id) => id !== "");
}
