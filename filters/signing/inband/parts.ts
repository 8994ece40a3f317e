/**
 * A stream cut into signed bytes and the packets that sign them.
 *
 * @module
 */

import type { Damage, ForeignBytes, Packet, Rows } from "@subunit/codec";
import { isSignaturePacket, maySign } from "./manifest.ts";

/** A part of a stream: signed bytes, or the packet that signs those before. */
export type Part = Uint8Array | Packet;

/**
 * Cuts the items of a chunk into parts. Almost all packets are only bytes: they
 * are read as rows, and have no objects.
 */
export class Parts {
  #parts: Part[] = [];
  #memory: ArrayBufferLike | undefined;
  #start = 0;
  #end = 0;

  addRows(rows: Rows): void {
    let from = 0;
    for (let i = 0; i < rows.count; i++) {
      if (!maySign(rows, i)) continue;
      const packet = rows.packet(i);
      if (!isSignaturePacket(packet)) continue;
      this.#addBytes(rows.source, rows.start(from), rows.start(i));
      this.#endBytes();
      this.#parts.push(packet);
      from = i + 1;
    }
    if (from === rows.count) return;
    this.#addBytes(rows.source, rows.start(from), rows.end(rows.count - 1));
  }

  addOther({ bytes }: ForeignBytes | Damage): void {
    this.#addBytes(bytes, 0, bytes.length);
  }

  /** The parts of the items since the last call: views, valid as long as they. */
  take(): Part[] {
    this.#endBytes();
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  #addBytes(
    { buffer, byteOffset }: Uint8Array,
    from: number,
    to: number,
  ): void {
    if (buffer !== this.#memory || byteOffset + from !== this.#end) {
      this.#endBytes();
      this.#memory = buffer;
      this.#start = byteOffset + from;
    }
    this.#end = byteOffset + to;
  }

  #endBytes(): void {
    if (this.#memory === undefined) return;
    const length = this.#end - this.#start;
    const bytes = new Uint8Array(this.#memory, this.#start, length);
    this.#memory = undefined;
    if (length > 0) this.#parts.push(bytes);
  }
}
