/**
 * Writes packets with one tag more, and changes nothing else.
 *
 * @module
 */

import { PacketChange, RowEditor, type Rows } from "@subunit/codec";
import type { Output } from "../../kit/io/output.ts";
import { WholePacketEditor } from "../../kit/stream/whole_packet_editor.ts";

/** How many sets of tags are remembered. */
const MAX_CHANGES = 1024;

/** Writes rows, some of them with another tag. */
export class FaultTagger {
  readonly #editor: RowEditor;
  readonly #wholeEditor: WholePacketEditor;
  /** By tags and tag, in JSON. */
  readonly #changes = new Map<string, PacketChange>();

  constructor(out: Output) {
    this.#wholeEditor = new WholePacketEditor(out);
    this.#editor = new RowEditor((packets) => out.write(packets));
  }

  /** How many packets had no room for a tag, and are unchanged. */
  get untagged(): number {
    return this.#wholeEditor.unchanged;
  }

  /** Writes a row with a tag more. */
  write(rows: Rows, i: number, tag: string): void {
    const change = this.#changeTo(rows.tags(i) ?? [], tag);
    if (this.#editor.changeTags(rows, i, change)) {
      this.#editor.flush();
      return;
    }
    this.#wholeEditor.write(rows, i, change);
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
