/**
 * Changing packets that a `RowEditor` cannot change, and never splitting one.
 *
 * @module
 */

import { type PacketChange, PacketEditor, type Rows } from "@subunit/codec";
import type { Output } from "../io/output.ts";

/** Writes changed packets; one that has no room for its change stays as it is. */
export class WholePacketEditor {
  readonly #out: Pick<Output, "write" | "writeRows">;
  readonly #editor = new PacketEditor();
  #unchanged = 0;

  constructor(out: Pick<Output, "write" | "writeRows">) {
    this.#out = out;
  }

  /** How many packets had no room for their change. */
  get unchanged(): number {
    return this.#unchanged;
  }

  write(rows: Rows, i: number, change: PacketChange): void {
    const packet = rows.packet(i);
    // Split in two it would not be the packet that came.
    if (change.fits(packet)) {
      this.#out.write(this.#editor.edit(packet, change));
    } else {
      this.#unchanged++;
      this.#out.writeRows(rows, i, i);
    }
  }
}
