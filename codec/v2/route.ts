/**
 * Moves packets one hop: an element is put in front of the route code, or taken
 * off, and everything else stays byte for byte. Each multiplexer between a worker
 * and its client does this to every packet.
 *
 * A packet that is pushed and popped again is the one it was, also if its writer
 * used more octets for a length than it needs; unless it used all that there are,
 * and the length came to need one of them.
 *
 * @module
 */

import { copyBytes } from "../text/bytes.ts";
import { decodeText } from "../text/utf8.ts";
import { crc32 } from "./crc32.ts";
import { PacketChange, PacketEditor } from "./editor.ts";
import { checkText, packetLength, tooLong } from "./encoder.ts";
import { textStart, textStop } from "./fields.ts";
import {
  CRC_BYTES,
  FLAG,
  LENGTH_OFFSET,
  MAX_LENGTH_OCTETS,
  MAX_PACKET_BYTES,
} from "./layout.ts";
import { numberOctets, octetsFor } from "./number.ts";
import type { Packet } from "./packet.ts";
import { Rows } from "./rows.ts";

/** How many bytes are gathered; longer packets are written alone. */
const GATHER_BYTES = 64 * 1024;
/** From here on the runtime's copy is faster than ours. */
const LONG_RUN_BYTES = 128;
const SLASH = 0x2f;

/** One element of a route code: the name of a child for its parent. */
export class RouteElement {
  /** The text of the element. */
  readonly name: string;
  /** @internal */
  readonly bytes: Uint8Array;

  /**
   * @throws {RangeError} when the name is empty, or has a "/", a NUL or half a
   * surrogate pair
   */
  constructor(name: string) {
    if (name === "" || name.includes("/")) {
      throw new RangeError(
        `Cannot route by ${JSON.stringify(name)}: expected a name without "/"`,
      );
    }
    checkText(name, "route element");
    this.name = name;
    this.bytes = new TextEncoder().encode(name);
  }
}

/**
 * The first element of a packet's route code, which says for which child it is;
 * undefined when the packet has no route code and is for whoever reads it.
 */
export function firstElement(packet: Packet): string | undefined {
  const { source, routeAt, routeEnd } = packet;
  if (routeAt < 0) return undefined;
  return decodeText(source, routeAt, elementEnd(source, routeAt, routeEnd));
}

/** Where the first element of a route code ends. */
function elementEnd(source: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && source[at] !== SLASH) at++;
  return at;
}

/**
 * Changes the route codes of packets, many a second: `deno task bench hop`
 * measures it. The oracle in the tests is the `PacketEditor`.
 *
 * @example A child's packets on their way up, and back
 * ```ts
 * import { decodePacket, encodePacket } from "@subunit/codec";
 * import { popRoute, pushRoute, RouteElement } from "@subunit/codec/control";
 *
 * const packet = encodePacket({ testId: "a", status: "fail", routeCode: "0" });
 * const up = pushRoute(decodePacket(packet), new RouteElement("1"));
 * console.log(decodePacket(up).routeCode); // 1/0
 * console.log(popRoute(decodePacket(up))!.toHex() === packet.toHex()); // true
 * ```
 */
export class RouteEditor {
  readonly #write: (packets: Uint8Array) => void;
  #gathered = new Uint8Array(GATHER_BYTES);
  #view = new DataView(this.#gathered.buffer);
  #count = 0;
  #editor: PacketEditor | undefined;

  /** @param write takes whole packets, which are valid until it returns */
  constructor(write: (packets: Uint8Array) => void) {
    this.#write = write;
  }

  /**
   * Puts an element in front of the route code of a row. A packet that has no
   * room for it is split, if it has a file.
   *
   * @throws {RangeError} for packets that splitting cannot help
   */
  push(rows: Rows, i: number, element: RouteElement): void {
    const { source } = rows;
    const at = fieldStart(rows, i), name = element.bytes;
    const textAt = rows.routeAt(i);
    if (textAt < 0) {
      const length = name.length, octets = octetsFor(length);
      const flags = rows.flags(i) | FLAG.ROUTING_CODE;
      if (this.#begin(rows, i, flags, at, at, length + octets)) {
        this.#number(length, octets);
        this.#name(name);
        this.#end(rows, i, at);
        return;
      }
    } else {
      const before = rows.routeEnd(i) - textAt;
      const length = name.length + 1 + before;
      const octets = keptOctets(source, at, before, length);
      const more = octets + name.length + 1;
      if (this.#begin(rows, i, rows.flags(i), at, textAt, more)) {
        this.#number(length, octets);
        this.#name(name);
        this.#gathered[this.#count++] = SLASH;
        this.#end(rows, i, textAt);
        return;
      }
    }
    this.#pushSlowly(rows.packet(i), element);
  }

  /**
   * Takes the first element off the route code of a row, which must have one;
   * with its last element, the packet has no route code any more.
   */
  pop(rows: Rows, i: number): void {
    const { source } = rows;
    const at = fieldStart(rows, i);
    const textAt = rows.routeAt(i), textEnd = rows.routeEnd(i);
    const restAt = elementEnd(source, textAt, textEnd) + 1;
    if (restAt > textEnd) {
      const flags = rows.flags(i) & ~FLAG.ROUTING_CODE;
      this.#begin(rows, i, flags, at, textEnd, 0);
      this.#end(rows, i, textEnd);
    } else {
      const length = textEnd - restAt;
      const octets = keptOctets(source, at, textEnd - textAt, length);
      this.#begin(rows, i, rows.flags(i), at, restAt, octets);
      this.#number(length, octets);
      this.#end(rows, i, restAt);
    }
  }

  /** Writes what is gathered. */
  flush(): void {
    if (this.#count === 0) return;
    const packets = this.#gathered.subarray(0, this.#count);
    this.#count = 0;
    this.#write(packets);
  }

  /** Where the packet begins that is being written. */
  #start = 0;

  /**
   * Begins a packet that has `more` bytes in place of bytes `from` to `to` of a
   * row; returns false if it would be too long.
   */
  #begin(
    rows: Rows,
    i: number,
    flags: number,
    from: number,
    to: number,
    more: number,
  ): boolean {
    const { source, view } = rows;
    const start = rows.start(i), end = rows.end(i);
    const lengthAt = start + LENGTH_OFFSET;
    const octets = numberOctets(source[lengthAt]);
    const without = end - start - octets;
    const next = without - (to - from) + more;
    const spare = octets - (packetLength(without) - without);
    let length = packetLength(next);
    if (spare > 0) {
      length = next + Math.min(MAX_LENGTH_OCTETS, length - next + spare);
    }
    if (length > MAX_PACKET_BYTES) return false;
    if (this.#count + length > this.#gathered.length) this.#reserve(length);
    this.#start = this.#count;
    const gathered = this.#gathered;
    gathered[this.#count] = source[start];
    this.#view.setUint16(this.#count + 1, flags);
    this.#count += LENGTH_OFFSET;
    this.#number(length, length - next);
    this.#copy(source, view, lengthAt + octets, from);
    return true;
  }

  /** Ends it with the bytes of the row from `from` on, and the CRC. */
  #end(rows: Rows, i: number, from: number): void {
    this.#copy(rows.source, rows.view, from, rows.end(i) - CRC_BYTES);
    const at = this.#count;
    this.#view.setUint32(at, crc32(this.#view, this.#start, at));
    this.#count = at + CRC_BYTES;
  }

  /** Writes a number in so many octets. */
  #number(value: number, octets: number): void {
    const gathered = this.#gathered, at = this.#count;
    this.#count += octets;
    let rest = value;
    for (let i = octets - 1; i >= 0; i--, rest >>>= 8) gathered[at + i] = rest;
    gathered[at] |= (octets - 1) << 6;
  }

  #name(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      this.#gathered[this.#count++] = bytes[i];
    }
  }

  #copy(source: Uint8Array, view: DataView, start: number, end: number): void {
    if (end - start < LONG_RUN_BYTES) {
      copyBytes(view, start, end, this.#view, this.#count);
    } else {
      this.#gathered.set(source.subarray(start, end), this.#count);
    }
    this.#count += end - start;
  }

  /** Makes room for a packet, which is then the first one. */
  #reserve(length: number): void {
    this.flush();
    if (length <= this.#gathered.length) return;
    this.#gathered = new Uint8Array(MAX_PACKET_BYTES);
    this.#view = new DataView(this.#gathered.buffer);
  }

  #pushSlowly(packet: Packet, { name }: RouteElement): void {
    this.flush();
    const { routeCode } = packet;
    const longer = routeCode === undefined ? name : `${name}/${routeCode}`;
    const change = new PacketChange({ routeCode: longer });
    if (packet.fileAt < 0) throw tooLong(change.lengthOf(packet));
    this.#editor ??= new PacketEditor();
    this.#editor.editEach(packet, change, this.#write);
  }
}

/**
 * How many octets a length gets: as many more than it needs as the one at `at`,
 * which is `before`, has.
 */
function keptOctets(
  source: Uint8Array,
  at: number,
  before: number,
  length: number,
): number {
  const spare = numberOctets(source[at]) - octetsFor(before);
  const octets = octetsFor(length);
  return spare === 0 ? octets : Math.min(4, octets + spare);
}

/** Where the route code's length is, or would be. */
function fieldStart(rows: Rows, i: number): number {
  const { source } = rows, end = rows.end(i);
  if (rows.fileAt(i) >= 0) {
    textStart(source, rows.fileAt(i), end);
    textStart(source, textStop, end);
    return textStop;
  }
  if (rows.mimeTypeAt(i) >= 0) {
    textStart(source, rows.mimeTypeAt(i), end);
    return textStop;
  }
  if (rows.tagsAt(i) >= 0) return rows.tagsEnd(i);
  if (rows.idAt(i) >= 0) return rows.idEnd(i);
  const time = rows.timeAt(i);
  if (time >= 0) return time + 4 + numberOctets(source[time + 4]);
  const lengthAt = rows.start(i) + LENGTH_OFFSET;
  return lengthAt + numberOctets(source[lengthAt]);
}

/** What {@linkcode pushRoute} and {@linkcode popRoute} share; made on first use. */
let single:
  | { row: Rows; editor: RouteEditor; written: Uint8Array[] }
  | undefined;

/** Returns what `edit` writes of a packet, in bytes that the caller owns. */
function edited(
  packet: Packet,
  edit: (editor: RouteEditor, row: Rows) => void,
): Uint8Array[] {
  if (single === undefined) {
    const written: Uint8Array[] = [];
    const editor = new RouteEditor((bytes) => written.push(bytes.slice()));
    single = { row: new Rows(), editor, written };
  }
  const { row, editor, written } = single;
  row.read(packet);
  edit(editor, row);
  editor.flush();
  return written.splice(0);
}

/**
 * Puts an element in front of a packet's route code.
 *
 * @returns bytes that the caller owns
 * @throws {RangeError} when the packet would be longer than 4194303 bytes:
 * {@linkcode RouteEditor} splits those that have a file
 */
export function pushRoute(packet: Packet, element: RouteElement): Uint8Array {
  const [bytes, ...more] = edited(
    packet,
    (editor, row) => editor.push(row, 0, element),
  );
  if (more.length > 0) throw tooLong(packet.byteLength + element.bytes.length);
  return bytes;
}

/**
 * Takes the first element off a packet's route code.
 *
 * @returns bytes that the caller owns; undefined when there is no route code
 */
export function popRoute(packet: Packet): Uint8Array | undefined {
  if (packet.routeAt < 0) return undefined;
  return edited(packet, (editor, row) => editor.pop(row, 0))[0];
}
