/**
 * How long tests took, from earlier streams.
 *
 * @module
 */

import { type StreamItem, TestCollator } from "@subunit/codec";

/** Durations by the ids of tests; the last one counts. */
export class Durations {
  readonly #seconds = new Map<string, number>();
  readonly #collator = new TestCollator();

  /** Adds an item, which must stay valid until {@linkcode endChunk}. */
  add(item: StreamItem): void {
    if (item.kind !== "packet") return;
    const test = this.#collator.add(item);
    if (test?.seconds === undefined) return;
    // A clock may be set back, and what was skipped says nothing.
    if (test.seconds < 0 || test.outcome === "skip") return;
    this.#seconds.set(test.testId, test.seconds);
  }

  /** Copies what is needed later, before the items become invalid. */
  endChunk(): void {
    this.#collator.own();
  }

  /** How long a test took, in seconds; undefined if that is unknown. */
  secondsOf(id: string): number | undefined {
    return this.#seconds.get(id);
  }
}
