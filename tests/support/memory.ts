/**
 * An output that a test can read.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { Output } from "../../filters/kit/io/output.ts";

/** An output into memory; `written` flushes it and returns all its bytes. */
export function memoryOutput(): { out: Output; written: () => Uint8Array } {
  const writes: Uint8Array[] = [];
  const out = new Output({
    writeSync(bytes) {
      writes.push(bytes.slice());
      return bytes.length;
    },
    isTerminal: () => false,
  }, "memory");
  return {
    out,
    written() {
      out.flush();
      return concat(writes);
    },
  };
}
