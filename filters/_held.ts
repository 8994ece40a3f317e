/**
 * Packets that are kept for longer than the chunk they came in.
 *
 * @module
 */

import type { Packet } from "@subunit/codec";

/**
 * Packets of one test. Until {@linkcode HeldPackets.own} is called they are
 * views of the chunk: most tests end within it, and are never copied.
 */
export class HeldPackets {
  packets: Packet[] = [];
  /** How many of them own their bytes. */
  #owned = 0;

  /** Makes the packets their own, before the bytes of the chunk are gone. */
  own(): void {
    const { packets } = this;
    for (; this.#owned < packets.length; this.#owned++) {
      packets[this.#owned] = packets[this.#owned].copy();
    }
  }

  /** Gives the packets away. */
  release(): Packet[] {
    const { packets } = this;
    this.packets = [];
    this.#owned = 0;
    return packets;
  }
}
