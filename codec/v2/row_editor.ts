/**
 * Changes the tags, the route code or the parent of packets that are rows: many
 * packets a second, without an object for one.
 *
 * @module
 */

import { copyBytes } from "../text/bytes.ts";
import { uncountedCrc32 } from "./crc32.ts";
import type { PacketChange } from "./editor.ts";
import { packetLength } from "./encoder.ts";
import { textStart, textStop } from "./fields.ts";
import { CRC_BYTES, LENGTH_OFFSET, SIGNATURE } from "./layout.ts";
import { numberOctets, writeNumber } from "./number.ts";
import type { Rows } from "./rows.ts";

/** How many bytes are gathered. */
const GATHER_BYTES = 64 * 1024;
/** Longer packets are left to the `PacketEditor`. */
const LONGEST_BYTES = 4096;

/**
 * Applies changes to rows, and gathers the packets that result.
 *
 * `deno task bench` measures it as `subunit-tags` and `subunit-merge` with a
 * label; the oracle in the tests is the `PacketEditor`.
 */
export class RowEditor {
  readonly #write: (packets: Uint8Array) => void;
  readonly #gathered = new Uint8Array(GATHER_BYTES);
  readonly #view = new DataView(this.#gathered.buffer);
  #count = 0;

  /** @param write takes whole packets, which are valid until it returns */
  constructor(write: (packets: Uint8Array) => void) {
    this.#write = write;
  }

  /**
   * Applies a change of tags, and of nothing else, to a row. Returns false if
   * the packet is too long: that is for a `PacketEditor`, after
   * {@linkcode RowEditor.flush}.
   */
  changeTags(rows: Rows, i: number, change: PacketChange): boolean {
    const start = tagsStart(rows, i), end = rows.tagsEnd(i);
    return this.#splice(rows, i, start, end < 0 ? start : end, change);
  }

  /** The same for a change of the route code. */
  changeRoute(rows: Rows, i: number, change: PacketChange): boolean {
    const start = routeStart(rows, i), end = rows.routeEnd(i);
    return this.#splice(rows, i, start, end < 0 ? start : end, change);
  }

  /** The same for a change of the parent. */
  changeParent(rows: Rows, i: number, change: PacketChange): boolean {
    const start = parentStart(rows, i), end = rows.parentEnd(i);
    return this.#splice(rows, i, start, end < 0 ? start : end, change);
  }

  /** Writes what is gathered. */
  flush(): void {
    if (this.#count === 0) return;
    const packets = this.#gathered.subarray(0, this.#count);
    this.#count = 0;
    this.#write(packets);
  }

  /** Puts the bytes of a change in place of bytes `from` to `to`. */
  #splice(
    rows: Rows,
    i: number,
    from: number,
    to: number,
    change: PacketChange,
  ): boolean {
    const bytes = change.onlyField, byteLength = bytes?.length ?? 0;
    const bodyAt = bodyStart(rows, i), crcAt = rows.end(i) - CRC_BYTES;
    const length = packetLength(
      LENGTH_OFFSET + crcAt - bodyAt - (to - from) + byteLength + CRC_BYTES,
    );
    if (length > LONGEST_BYTES) return false;
    if (this.#count + length > GATHER_BYTES) this.flush();
    const gathered = this.#gathered, view = this.#view;
    const start = this.#count;
    gathered[start] = SIGNATURE;
    view.setUint16(start + 1, change.flagsOf(rows.flags(i)));
    let at = writeNumber(gathered, start + LENGTH_OFFSET, length);
    copyBytes(rows.view, bodyAt, from, view, at);
    at += from - bodyAt;
    for (let i = 0; i < byteLength; i++) gathered[at++] = bytes![i];
    copyBytes(rows.view, to, crcAt, view, at);
    at += crcAt - to;
    view.setUint32(at, uncountedCrc32(view, start, at));
    this.#count = at + CRC_BYTES;
    return true;
  }
}

// --- Where fields are. An absent one is where the one before it ends.

function bodyStart(rows: Rows, i: number): number {
  const lengthAt = rows.start(i) + LENGTH_OFFSET;
  return lengthAt + numberOctets(rows.source[lengthAt]);
}

function tagsStart(rows: Rows, i: number): number {
  if (rows.tagsAt(i) >= 0) return rows.tagsAt(i);
  if (rows.idAt(i) >= 0) return rows.idEnd(i);
  const at = rows.timeAt(i);
  return at < 0
    ? bodyStart(rows, i)
    : at + 4 + numberOctets(rows.source[at + 4]);
}

function routeStart(rows: Rows, i: number): number {
  const { source } = rows;
  if (rows.fileAt(i) >= 0) {
    textStart(source, rows.fileAt(i), rows.end(i));
    textStart(source, textStop, rows.end(i));
    return textStop;
  }
  if (rows.mimeTypeAt(i) >= 0) {
    textStart(source, rows.mimeTypeAt(i), rows.end(i));
    return textStop;
  }
  return rows.tagsAt(i) < 0 ? tagsStart(rows, i) : rows.tagsEnd(i);
}

function parentStart(rows: Rows, i: number): number {
  return rows.routeAt(i) < 0 ? routeStart(rows, i) : rows.routeEnd(i);
}
