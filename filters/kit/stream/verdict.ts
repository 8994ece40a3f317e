/**
 * Judges a stream.
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
import { ForeignFormat } from "./foreign_format.ts";

/** An item of a stream, or an event that is not a packet. */
export type Judged = StreamItem | KeyedEvent & { readonly kind?: undefined };

/** Decides whether a stream is good: nothing failed, was lost or is damaged. */
export class Verdict {
  readonly summary = new Summary();
  readonly #collator: TestCollator;
  /** Undefined after the first packet. */
  #foreign: ForeignFormat | undefined = new ForeignFormat();

  /** @param options those of {@linkcode TestCollator} */
  constructor(
    options: { attachments?: boolean | { readonly endBytes: number } } = {},
  ) {
    this.#collator = new TestCollator(options);
  }

  /** Adds an item or an event. Returns the test that it ends, if any. */
  add(item: Judged): Test | undefined {
    switch (item.kind) {
      case "damage":
        this.summary.damage++;
        return undefined;
      case "foreign":
        this.#foreign?.add(item.bytes);
        return undefined;
    }
    this.#foreign = undefined;
    const test = this.#collator.add(item);
    if (test !== undefined) this.summary.add(test);
    return test;
  }

  /** How many tests are in progress. */
  get size(): number {
    return this.#collator.size;
  }

  /** Copies what is needed later, before the items become invalid. */
  endChunk(): void {
    this.#collator.own();
  }

  /** Ends the stream and returns the lost tests. */
  end(): Test[] {
    const lost = this.#collator.end();
    for (const test of lost) this.summary.add(test);
    return lost;
  }

  /** The exit status of a tool that judges; valid after {@linkcode end}. */
  get exitStatus(): number {
    return this.summary.isGood && this.#converter === undefined ? 0 : 1;
  }

  /** Why the stream is not one at all, if it is results in another format. */
  get complaint(): string | undefined {
    return this.#converter &&
      `The input has no packets, but results in another format: put ${this.#converter} in front`;
  }

  get #converter(): string | undefined {
    return this.#foreign?.converter;
  }
}
