/**
 * Writes packets with one tag more, and changes nothing else.
 *
 * @module
 */

import {
  PacketChange,
  PacketEditor,
  RowEditor,
  type Rows,
} from "@subunit/codec";
import type { Output } from "../../kit/io/output.ts";

/** How many sets of tags are remembered. */
const MAX_CHANGES = 1024;

/** Writes rows, some of them with another tag. */
export class FaultTagger {
  readonly #out: Output;
  readonly #editor: RowEditor;
  readonly #slowEditor = new PacketEditor();
  /** By tags and tag, in JSON. */
  readonly #changes = new Map<string, PacketChange>();
  #untagged = 0;

  constructor(out: Output) {
    this.#out = out;
    this.#editor = new RowEditor((packets) => out.write(packets));
  }

  /** How many packets had no room for a tag, and are unchanged. */
  get untagged(): number {
    return this.#untagged;
  }

  /** Writes a row with a tag more. */
  write(rows: Rows, i: number, tag: string): void {
    const change = this.#changeTo(rows.tags(i) ?? [], tag);
    if (this.#editor.changeTags(rows, i, change)) {
      this.#editor.flush();
      return;
    }
    const packet = rows.packet(i);
    // Split in two it would not be the packet that came.
    if (change.fits(packet)) {
      this.#out.write(this.#slowEditor.edit(packet, change));
    } else {
      this.#untagged++;
      this.#out.writeRows(rows, i, i);
    }
  }

  #changeTo(tags: readonly string[], tag: string): PacketChange {
    const key = JSON.stringify([tags, tag]);
    let change = this.#changes.get(key);
    if (change === undefined) {
      if (this.#changes.size === MAX_CHANGES) this.#changes.clear();
      change = new PacketChange({ tags: [...tags, tag] });
      this.#changes.set(key, change);
    }
    return change;
  }
}
