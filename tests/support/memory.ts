/**
 * An output that a test can read.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { Output, type Sink } from "../../filters/kit/io/output.ts";

/** A sink in memory, and a function that returns all bytes written to it. */
export function memorySink(): { sink: Sink; written: () => Uint8Array } {
  const writes: Uint8Array[] = [];
  return {
    sink: {
      writeSync(bytes) {
        writes.push(bytes.slice());
        return bytes.length;
      },
      isTerminal: () => false,
    },
    written: () => concat(writes),
  };
}

/** An output into memory; `written` flushes it and returns all its bytes. */
export function memoryOutput(): { out: Output; written: () => Uint8Array } {
  const { sink, written } = memorySink();
  const out = new Output(sink, "memory");
  return {
    out,
    written() {
      out.flush();
      return written();
    },
  };
}
