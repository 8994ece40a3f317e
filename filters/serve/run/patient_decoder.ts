/**
 * Decodes what somebody writes who waits for an answer.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { PacketDecoder, type StreamItem } from "@subunit/codec";

/**
 * A decoder that can give up waiting. Text may look like the header of a long
 * packet, and the decoder then waits for all of its bytes: for ever, if its
 * writer waits for an answer to what follows.
 */
export class PatientDecoder {
  readonly #take: (item: StreamItem) => void;
  readonly #endChunk: () => void;
  #decoder = new PacketDecoder();
  /** What the decoder waits with. */
  #held: Uint8Array = new Uint8Array(0);

  /**
   * @param take takes items, which are valid until `endChunk` is called
   */
  constructor(take: (item: StreamItem) => void, endChunk: () => void) {
    this.#take = take;
    this.#endChunk = endChunk;
  }

  /** Whether it waits for more bytes. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** Decodes a chunk. */
  push(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
    let left = this.#held.length + chunk.length;
    this.#decoder.drain((item) => {
      left -= item.byteLength;
      this.#take(item);
    });
    this.#endChunk();
    this.#held = left <= chunk.length
      ? chunk.slice(chunk.length - left)
      : concat([this.#held, chunk]).slice(-left);
  }

  /** Gives up what it waits for, if there are packets behind it. */
  settle(): void {
    const decoder = new PacketDecoder();
    decoder.push(this.#held);
    decoder.end();
    let hasPacket = false;
    decoder.drain((item) => hasPacket ||= item.kind === "packet");
    if (!hasPacket) return;
    this.end();
    this.#decoder = new PacketDecoder();
    this.#held = new Uint8Array(0);
  }

  /** Ends the stream. */
  end(): void {
    this.#decoder.end();
    this.#decoder.drain(this.#take);
    this.#endChunk();
  }
}
