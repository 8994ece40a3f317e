/**
 * Packets that outlive the chunk they came in.
 *
 * @module
 */

import type { Packet } from "@subunit/codec";

/**
 * Packets of one test. They are views of the chunk until
 * {@linkcode HeldPackets.own} is called: most tests end within a chunk and are
 * never copied.
 */
export class HeldPackets {
  /** The first has its own field: most tests have two, which need no array. */
  #first: Packet | undefined = undefined;
  #rest: Packet[] | undefined = undefined;
  /** How many of them are copies. */
  #owned = 0;

  hold(packet: Packet): void {
    if (this.#first === undefined) this.#first = packet;
    else if (this.#rest === undefined) this.#rest = [packet];
    else this.#rest.push(packet);
  }

  get count(): number {
    return this.#first === undefined ? 0 : 1 + (this.#rest?.length ?? 0);
  }

  /** The newest packet. */
  get last(): Packet | undefined {
    return this.#rest === undefined ? this.#first : this.#rest.at(-1);
  }

  get packets(): readonly Packet[] {
    if (this.#first === undefined) return [];
    return [this.#first, ...this.#rest ?? []];
  }

  /** Copies the packets; to be called before the chunk is overwritten. */
  own(): void {
    const { count } = this;
    if (this.#owned === 0) this.#first = this.#first?.copy();
    for (let i = Math.max(0, this.#owned - 1); i < count - 1; i++) {
      this.#rest![i] = this.#rest![i].copy();
    }
    this.#owned = count;
  }

  /** Calls `take` with each packet, and holds none any more. */
  release(take: (packet: Packet) => void): void {
    const first = this.#first, rest = this.#rest;
    this.#first = this.#rest = undefined;
    this.#owned = 0;
    if (first !== undefined) take(first);
    if (rest !== undefined) { for (const packet of rest) take(packet); }
  }
}
