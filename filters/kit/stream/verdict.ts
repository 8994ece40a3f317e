/**
 * What tools ask of a stream.
 *
 * @module
 */

import {
  type KeyedEvent,
  type StreamItem,
  Summary,
  type Test,
  TestCollator,
} from "@subunit/codec";

/** What is judged: what a stream is made of, or an event that is no packet. */
export type Judged = StreamItem | KeyedEvent & { readonly kind?: undefined };

/** Whether a stream is good: nothing failed, was lost or is damaged. */
export class Verdict {
  readonly summary = new Summary();
  readonly #collator: TestCollator;

  /** @param options those of {@linkcode TestCollator} */
  constructor(options: { attachments?: boolean } = {}) {
    this.#collator = new TestCollator(options);
  }

  /** Takes an item or an event. Returns the test it ends, if it does. */
  add(item: Judged): Test | undefined {
    if (item.kind === "damage") this.summary.damage++;
    if (item.kind === "damage" || item.kind === "foreign") return undefined;
    const test = this.#collator.add(item);
    if (test !== undefined) this.summary.add(test);
    return test;
  }

  /** How many tests are in progress. */
  get size(): number {
    return this.#collator.size;
  }

  /** Keeps what it needs of the items, before their bytes are gone. */
  endChunk(): void {
    this.#collator.own();
  }

  /** Says that the stream is over. Returns the tests that are lost. */
  end(): Test[] {
    const lost = this.#collator.end();
    for (const test of lost) this.summary.add(test);
    return lost;
  }

  /** The exit status of a tool that judges; after {@linkcode end}. */
  get exitStatus(): number {
    return this.summary.isGood ? 0 : 1;
  }
}
