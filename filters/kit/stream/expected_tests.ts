/**
 * Tests that must run, and what is appended to a stream in which they did not.
 *
 * @module
 */

import type { StreamItem } from "@subunit/codec";
import type { Missing } from "./failures.ts";

export function absentTest(testId: string): Missing {
  return { testId, runnable: true, reason: "The test never started." };
}

/** Tests that must run, and have not started yet. */
export class Expected {
  readonly #ids: Set<string>;
  /** Tests that started before they were listed. */
  readonly #seen = new Set<string>();
  readonly #listed: boolean;

  /** @param listed whether tests that the stream lists must run too */
  constructor(ids: Iterable<string>, listed: boolean) {
    this.#ids = new Set(ids);
    this.#listed = listed;
  }

  /** Whether it matters what comes. */
  get looks(): boolean {
    return this.#ids.size > 0 || this.#listed;
  }

  /** Takes an item of the stream. */
  see(item: StreamItem): void {
    if (item.kind !== "packet" || item.idAt < 0) return;
    if (!this.looks) return;
    const testId = item.testId!;
    if (item.status !== "exists") {
      this.#ids.delete(testId);
      if (this.#listed) this.#seen.add(testId);
    } else if (this.#listed && item.runnable && !this.#seen.has(testId)) {
      // What cannot be run is not a test: the ending of a command, say.
      this.#ids.add(testId);
    }
  }

  /** The tests that did not start, in the order in which they were named. */
  get absent(): Iterable<string> {
    return this.#ids;
  }
}

/** Enough for any header that breaks off before its length. */
const HEADER_PADDING = 16;

/**
 * How many line feeds must follow the last item of a stream so that readers do
 * not take what is appended for a part of it: half a character makes text of a
 * packet's first byte, and a Python reader gives a torn packet all the bytes
 * its header claims.
 */
export function paddingBehind(item: StreamItem): number {
  switch (item.kind) {
    case "packet":
      return 0;
    case "foreign":
      return 1;
    case "damage":
      return item.code === "truncated"
        ? item.fault.missingBytes ?? HEADER_PADDING
        : 0;
  }
}
