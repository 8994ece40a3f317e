/**
 * Changing the tags of packets.
 *
 * @module
 */

import { type Packet, PacketChange, PacketEditor } from "@subunit/codec";
import type { Output } from "../io/output.ts";

/** Writes packets with other tags and changes nothing else. */
export class Retagger {
  readonly #out: Output;
  readonly #editor = new PacketEditor();
  /** Changes by their tags: packets with the same tags share one array. */
  readonly #changes = new WeakMap<readonly string[], PacketChange>();

  constructor(out: Output) {
    this.#out = out;
  }

  /** Writes a packet; one without room for the tags is split into several. */
  write(packet: Packet, tags: readonly string[]): void {
    this.#editor.editEach(packet, this.#changeTo(tags), this.#write);
  }

  readonly #write = (packet: Uint8Array) => this.#out.write(packet);

  #changeTo(tags: readonly string[]): PacketChange {
    let change = this.#changes.get(tags);
    if (change === undefined) {
      change = new PacketChange({ tags: tags.length > 0 ? tags : undefined });
      this.#changes.set(tags, change);
    }
    return change;
  }
}
