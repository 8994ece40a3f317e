/**
 * An output of the tools to memory.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { Output } from "../../filters/kit/io/output.ts";

export interface MemoryOutput {
  readonly out: Output;
  /** All bytes that were written. */
  bytes(): Uint8Array;
}

export function memoryOutput(): MemoryOutput {
  const parts: Uint8Array[] = [];
  const out = new Output({
    writeSync: (bytes) => parts.push(bytes.slice()) && bytes.length,
    isTerminal: () => false,
  }, "memory");
  return {
    out,
    bytes() {
      out.flush();
      return concat(parts);
    },
  };
}
