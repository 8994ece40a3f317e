/**
 * Changing the tags of rows.
 *
 * @module
 */

import {
  decodeTags,
  Interned,
  PacketChange,
  PacketEditor,
  RowEditor,
  type Rows,
} from "@subunit/codec";
import type { Output } from "../io/output.ts";

const NO_TAGS: readonly string[] = [];

/**
 * Writes rows with other tags, and changes nothing else. What stays as it came
 * is written as runs of bytes.
 *
 * `deno task bench` measures it as `subunit-tags`; the oracle in the tests is the
 * `Retagger`.
 */
export class RowTagger {
  readonly #out: Output;
  readonly #change: (tags: readonly string[]) => readonly string[];
  readonly #editor: RowEditor;
  readonly #slowEditor = new PacketEditor();
  /** By the bytes of the tags: a stream has few sets of them. */
  readonly #changes = new Interned((source, start, end) =>
    this.#changeOf(decodeTags(source, start, end))
  );
  readonly #untagged: PacketChange | undefined;

  /** @param change returns the tags after a change; the same ones for none */
  constructor(
    out: Output,
    change: (tags: readonly string[]) => readonly string[],
  ) {
    this.#out = out;
    this.#change = change;
    this.#editor = new RowEditor((packets) => out.write(packets));
    this.#untagged = this.#changeOf(NO_TAGS);
  }

  write(rows: Rows): void {
    const { source, view } = rows;
    const editor = this.#editor;
    for (let i = 0; i < rows.count; i++) {
      const tagsAt = rows.tagsAt(i);
      const change = tagsAt < 0
        ? this.#untagged
        : this.#changes.get(source, view, tagsAt, rows.tagsEnd(i));
      if (change !== undefined && editor.changeTags(rows, i, change)) continue;
      editor.flush();
      if (change === undefined) this.#out.writeRows(rows, i, i);
      else this.#slowEditor.editEach(rows.packet(i), change, this.#write);
    }
    editor.flush();
  }

  readonly #write = (packet: Uint8Array): void => this.#out.write(packet);

  /** Undefined where nothing changes. */
  #changeOf(tags: readonly string[]): PacketChange | undefined {
    const changed = this.#change(tags);
    if (changed === tags) return undefined;
    return new PacketChange({
      tags: changed.length > 0 ? changed : undefined,
    });
  }
}
