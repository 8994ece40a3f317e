/**
 * Packets with other tags.
 *
 * @module
 */

import {
  change,
  encodeTags,
  type Packet,
  PacketEditor,
  PacketEncoder,
} from "@subunit/codec";
import type { Output } from "./_io.ts";

/** Writes packets with other tags; nothing else of them changes. */
export class Retagger {
  readonly #out: Output;
  readonly #editor = new PacketEditor();
  readonly #encoder = new PacketEncoder();
  /** The field of a set of tags; packets with the same tags share the set. */
  readonly #fields = new WeakMap<readonly string[], Uint8Array>();

  constructor(out: Output) {
    this.#out = out;
  }

  /** Writes a packet; one that has no room for the tags becomes several. */
  write(packet: Packet, tags: readonly string[]): void {
    const field = tags.length === 0 ? undefined : this.#fieldOf(tags);
    if (this.#editor.fits(packet, field)) {
      this.#out.write(this.#editor.setTags(packet, field));
    } else {
      const event = change(packet, { tags: field && tags });
      this.#encoder.encodeEach(event, (part) => this.#out.write(part));
    }
  }

  #fieldOf(tags: readonly string[]): Uint8Array {
    let field = this.#fields.get(tags);
    if (field === undefined) this.#fields.set(tags, field = encodeTags(tags));
    return field;
  }
}
