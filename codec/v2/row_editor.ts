/**
 * Changes the tags, the route code or the parent of packets that are rows: many
 * packets a second, without an object for one.
 *
 * @module
 */

import { copyBytes } from "../text/bytes.ts";
import { uncountedCrc32, updateRegister } from "./crc32.ts";
import { MOST_ZEROS, passZeros, zeroTables } from "./crc_run.ts";
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
  #last: AppliedChange | undefined;
  readonly #applied = new WeakMap<PacketChange, AppliedChange>();

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
    const applied = this.#appliedOf(change);
    const bodyAt = bodyStart(rows, i), crcAt = rows.end(i) - CRC_BYTES;
    if (from === crcAt && applied.canFollow(crcAt - bodyAt)) {
      this.#append(rows, i, bodyAt, applied);
      return true;
    }
    const { field, byteLength } = applied;
    const length = packetLength(
      LENGTH_OFFSET + crcAt - bodyAt - (to - from) + byteLength + CRC_BYTES,
    );
    if (length > LONGEST_BYTES) return false;
    if (this.#count + length > GATHER_BYTES) this.flush();
    const gathered = this.#gathered, view = this.#view;
    const start = this.#count;
    const keptAt = writeHeader(
      gathered,
      start,
      change.flagsOf(rows.flags(i)),
      length,
    );
    copyBytes(rows.view, bodyAt, from, view, keptAt);
    const fieldAt = keptAt + from - bodyAt;
    copyBytes(field, 0, byteLength, view, fieldAt);
    const behind = fieldAt + byteLength, at = behind + crcAt - to;
    copyBytes(rows.view, to, crcAt, view, behind);
    view.setUint32(at, uncountedCrc32(view, start, at));
    this.#count = at + CRC_BYTES;
    return true;
  }

  /** Puts the field of a change behind the last one of a row. */
  #append(rows: Rows, i: number, bodyAt: number, applied: AppliedChange): void {
    if (this.#count + LONGEST_APPENDED_BYTES > GATHER_BYTES) this.flush();
    const { field, byteLength } = applied, view = this.#view;
    const crcAt = rows.end(i) - CRC_BYTES;
    const header = applied.headerOf(rows, i, bodyAt);
    let at = this.#count;
    view.setInt32(at, applied.firstWord(header));
    at += 4;
    const fifth = applied.fifthByte(header);
    if (fifth >= 0) this.#gathered[at++] = fifth;
    copyBytes(rows.view, bodyAt, crcAt, view, at);
    at += crcAt - bodyAt;
    copyBytes(field, 0, byteLength, view, at);
    at += byteLength;
    view.setInt32(at, applied.crcOf(header, rows.view.getInt32(crcAt)));
    this.#count = at + CRC_BYTES;
  }

  #appliedOf(change: PacketChange): AppliedChange {
    if (this.#last?.change === change) return this.#last;
    const known = this.#applied.get(change);
    const applied = this.#last = known ?? new AppliedChange(change);
    if (known === undefined) this.#applied.set(change, applied);
    return applied;
  }
}

/** The most that a packet has whose last field is put there by a change. */
const LONGEST_APPENDED_BYTES = 5 + 2 * MOST_ZEROS + CRC_BYTES;

/** A change knows 64 headers, by so many bits of a hash. */
const HEADER_BITS = 6;

/**
 * A change of one field, and the headers and CRCs of rows behind whose last
 * field it puts another one.
 *
 * The CRCs follow from the rows' own: behind different headers, equal bytes
 * change the difference of two registers as zeros would. So the difference
 * depends on the header alone, as the new header does, and streams have few
 * different ones.
 */
class AppliedChange {
  readonly change: PacketChange;
  /** The bytes of the field; none where it is removed. */
  readonly field: DataView;
  readonly byteLength: number;
  /** What the field adds to the register that zeros in its place would leave. */
  readonly #term: number;
  readonly #tables = zeroTables();
  /** The header that each place is for: its flags, its length, and the rest's. */
  readonly #headers = new Int32Array(1 << HEADER_BITS);
  readonly #firstWords = new Int32Array(1 << HEADER_BITS);
  readonly #fifthBytes = new Int16Array(1 << HEADER_BITS);
  readonly #differences = new Int32Array(1 << HEADER_BITS);

  constructor(change: PacketChange) {
    this.change = change;
    const { buffer, byteOffset, length } = change.onlyField ?? new Uint8Array();
    this.field = new DataView(buffer, byteOffset, length);
    this.byteLength = length;
    this.#term = updateRegister(0, this.field, 0, length);
  }

  /** Whether its field may be put behind so many bytes of a packet's fields. */
  canFollow(kept: number): boolean {
    return kept >= CRC_BYTES && kept <= MOST_ZEROS &&
      this.byteLength <= MOST_ZEROS;
  }

  /** Finds the header of a row with the field; its fields begin at `bodyAt`. */
  headerOf(rows: Rows, i: number, bodyAt: number): number {
    const kept = rows.end(i) - CRC_BYTES - bodyAt;
    const header = rows.flags(i) << 16 | bodyAt - rows.start(i) << 8 | kept;
    const place = Math.imul(header, 0x9e3779b1) >>> 32 - HEADER_BITS;
    if (this.#headers[place] !== header) {
      this.#learn(place, rows, i, bodyAt);
      this.#headers[place] = header;
    }
    return place;
  }

  #learn(place: number, rows: Rows, i: number, bodyAt: number): void {
    const kept = rows.end(i) - CRC_BYTES - bodyAt;
    const bytes = new Uint8Array(LENGTH_OFFSET + 4);
    const view = new DataView(bytes.buffer);
    const length = packetLength(
      LENGTH_OFFSET + kept + this.byteLength + CRC_BYTES,
    );
    const flags = this.change.flagsOf(rows.flags(i));
    const end = writeHeader(bytes, 0, flags, length);
    this.#firstWords[place] = view.getInt32(0);
    this.#fifthBytes[place] = end > 4 ? bytes[4] : -1;
    const difference = updateRegister(-1, rows.view, rows.start(i), bodyAt) ^
      updateRegister(-1, view, 0, end);
    this.#differences[place] = passZeros(this.#tables, difference, kept);
  }

  firstWord(header: number): number {
    return this.#firstWords[header];
  }

  /** What follows the first word; -1 if nothing does. */
  fifthByte(header: number): number {
    return this.#fifthBytes[header];
  }

  /** The CRC of a packet with that header, from the one of its row. */
  crcOf(header: number, crc: number): number {
    const register = ~crc ^ this.#differences[header];
    const { field, byteLength } = this;
    return byteLength < CRC_BYTES
      ? ~updateRegister(register, field, 0, byteLength)
      : ~(passZeros(this.#tables, register, byteLength) ^ this.#term);
  }
}

/** Writes a packet's bytes before its fields, and returns where these begin. */
function writeHeader(
  bytes: Uint8Array,
  start: number,
  flags: number,
  length: number,
): number {
  bytes[start] = SIGNATURE;
  bytes[start + 1] = flags >>> 8;
  bytes[start + 2] = flags;
  return writeNumber(bytes, start + LENGTH_OFFSET, length);
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
