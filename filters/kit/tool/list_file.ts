/**
 * Lists in files: test ids, labels.
 *
 * @module
 */

import { lines } from "../io/lines.ts";
import type { ToolIO } from "./tool_io.ts";

/** The lines of a file that are not empty; "-" is standard input. */
export function readList(io: ToolIO, path: string): string[] {
  const decoder = new TextDecoder();
  return Array.from(
    lines(io.chunks([path])),
    (line) => decoder.decode(line).replace(/\r$/, ""),
  ).filter((line) => line !== "");
}
