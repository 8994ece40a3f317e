/**
 * Splits a stream into packets and everything between them.
 *
 * @module
 */

import { ReadBuffer } from "../text/read_buffer.ts";
import { characterLength, characterStart, INCOMPLETE } from "../text/utf8.ts";
import { TextClaims } from "./claim.ts";
import { crc32 } from "./crc32.ts";
import type { Fault, FaultCode } from "./errors.ts";
import { claimedLength, HEADER_INCOMPLETE } from "./fields.ts";
import { CRC_BYTES, SIGNATURE } from "./layout.ts";
import { checksumFault, Packet } from "./packet.ts";
import { Rows } from "./rows.ts";
import { RunningCrc } from "./running_crc.ts";

/**
 * Bytes between packets: ordinary output. UTF-8 characters are never split.
 *
 * The bytes are a view, with the lifetime of a {@linkcode Packet}'s.
 */
export class ForeignBytes {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get kind(): "foreign" {
    return "foreign";
  }

  get byteLength(): number {
    return this.bytes.length;
  }

  /** Returns a copy that owns its bytes. */
  copy(): ForeignBytes {
    return new ForeignBytes(this.bytes.slice());
  }
}

/**
 * Bytes that begin like a packet but are not one: from the signature to the
 * next sound packet, or at most to the end that the header claims; only the
 * signature if the header claims nothing plausible.
 *
 * The bytes are a view, with the lifetime of a {@linkcode Packet}'s.
 */
export class Damage {
  readonly bytes: Uint8Array;
  /** The offset of the bytes from the start of the stream. */
  readonly offset: number;
  /** The number of sound packets before them. */
  readonly packetIndex: number;
  /** What is wrong with them. */
  readonly fault: Fault;

  constructor(
    bytes: Uint8Array,
    offset: number,
    packetIndex: number,
    fault: Fault,
  ) {
    this.bytes = bytes;
    this.offset = offset;
    this.packetIndex = packetIndex;
    this.fault = fault;
  }

  get code(): FaultCode {
    return this.fault.code;
  }

  /** What is wrong, and where: one sentence for people. */
  get reason(): string {
    return `Cannot decode packet ${this.packetIndex} at byte ${this.offset}: ${this.fault.detail}`;
  }

  get kind(): "damage" {
    return "damage";
  }

  get byteLength(): number {
    return this.bytes.length;
  }

  /** Returns a copy that owns its bytes. */
  copy(): Damage {
    return new Damage(
      this.bytes.slice(),
      this.offset,
      this.packetIndex,
      this.fault,
    );
  }
}

/** An item of a stream. The bytes of all items, joined, are the stream. */
export type StreamItem = Packet | ForeignBytes | Damage;

/**
 * The CRC of longer packets is derived from running CRCs while their bytes are
 * under suspicion. Reading shorter ones again costs less.
 */
const LONG_PACKET_BYTES = 1024;

/**
 * A damaged packet whose bytes are held while packets are searched for in them.
 */
interface Suspect {
  readonly fault: Fault;
  /** How many bytes are in question: what the header claims, if available. */
  readonly span: number;
  /** How far from the signature the search for packets has got. */
  searched: number;
}

/**
 * Splits a stream into packets, foreign bytes and damage.
 *
 * Pass chunks to {@linkcode push} and take the items with {@linkcode drain};
 * after the last chunk call {@linkcode end} and drain again. How the input is
 * split into chunks does not change the items, except that foreign bytes are
 * returned as early as possible.
 *
 * A packet begins at a 0xB3, whatever precedes it, and is accepted when
 * version, length, CRC-32 and every field are valid. Anything else is damage;
 * the search continues one byte after its signature, so that packets within a
 * falsely claimed length are found. Where the 0xB3 is part of a UTF-8
 * character, anything else is text, and is held only while its fields fill the
 * claimed length exactly: see {@linkcode TextClaims}. The decoder holds the
 * bytes that it cannot decide yet: at most the length of two packets (8 MiB).
 *
 * {@linkcode drain} checks the CRCs of many packets at once. One wrong CRC is
 * always found. Two in the same run that cancel each other out are not: by
 * accident once in 2 ** 32, and on purpose whenever somebody wants that, but he
 * could as well have written right ones. Only then do the items depend on how
 * the input is split.
 *
 * Items are views. They are valid until the next `push`, and only while the
 * owner of the chunk does not change it; copy what you keep.
 *
 * @example
 * ```ts
 * import { PacketDecoder } from "@subunit/codec";
 *
 * const decoder = new PacketDecoder();
 * decoder.push(Uint8Array.fromHex("b329010c03666f6f08555f1b"));
 * decoder.end();
 * decoder.drain((item) => {
 *   if (item.kind === "packet") console.log(item.testId); // foo
 * });
 * ```
 */
export class PacketDecoder {
  /** A byte is decided once it is part of an item. */
  readonly #buffer = new ReadBuffer();
  #ended = false;

  #packets = 0;
  #suspect: Suspect | undefined;
  /** A packet found within a suspect, to be returned after the damage. */
  #found: Packet | undefined;
  /** The stream offset up to which bytes belong to a claim that failed. */
  #suspectedTo = 0;
  readonly #running = new RunningCrc();
  /** The end of the last frame whose CRC is right but whose fields are not. */
  #frameTo = 0;
  #rows: Rows | undefined;
  /** Most streams have no 0xB3 in a character. */
  #claims: TextClaims | undefined;

  /**
   * Adds a chunk. All items of the previous chunk must have been taken.
   *
   * @param room how many bytes before the chunk, in its own buffer, may be
   * overwritten. With some, the chunk need not be copied after a packet that the
   * previous one cut off
   * @throws {TypeError} after `end`
   */
  push(chunk: Uint8Array, room = 0): void {
    if (this.#ended) throw new TypeError("Cannot push: the decoder has ended");
    this.#buffer.push(chunk, room);
  }

  /** Ends the input. */
  end(): void {
    this.#ended = true;
  }

  /**
   * Returns the next item; undefined when that depends on the next chunk or,
   * after `end`, when there are no more.
   *
   * Decides one item at a time. {@linkcode drain} gives the same items and is
   * faster.
   */
  next(): StreamItem | undefined {
    const item = this.#decide();
    if (item === undefined) this.#buffer.release();
    return item;
  }

  /**
   * Calls `take` with every complete item, as {@linkcode next} returns them.
   * Items are valid until the next {@linkcode push}.
   */
  drain(take: (item: StreamItem) => void): void {
    for (;;) {
      const rows = this.#scan();
      this.#takeEach(rows, take);
      if (rows.isFull) continue;
      const item = this.next();
      if (item === undefined) return;
      take(item);
    }
  }

  /**
   * Like {@linkcode drain}, for tools that need no object for a packet: calls
   * `takeRows` with the packets, many at a time, and `takeOther` with all other
   * items, in the order of the stream.
   *
   * Rows are valid until `takeRows` returns, their bytes until the next
   * {@linkcode push}. They count as taken even if it throws.
   *
   * @internal
   */
  drainRows(
    takeRows: (rows: Rows) => void,
    takeOther: (item: ForeignBytes | Damage) => void,
  ): void {
    for (;;) {
      const rows = this.#scan();
      if (rows.count > 0) {
        this.#buffer.at = rows.end(rows.count - 1);
        this.#packets += rows.count;
        const { isFull } = rows;
        takeRows(rows);
        if (isFull) continue;
      }
      const item = this.next();
      if (item === undefined) return;
      if (item.kind === "packet") {
        rows.read(item);
        takeRows(rows);
      } else {
        takeOther(item);
      }
    }
  }

  /** Calls `take` with the packet of each row. */
  #takeEach(rows: Rows, take: (packet: Packet) => void): void {
    for (let i = 0; i < rows.count; i++) {
      const packet = this.#accept(rows.packet(i));
      take(packet);
      // `take` may have taken more items itself.
      if (this.#buffer.at !== packet.end) break;
    }
  }

  /** The rows of the packets that come next; none unless they are sound. */
  #scan(): Rows {
    const rows = this.#rows ??= new Rows();
    // A suspect is decided before what follows it.
    if (this.#found !== undefined || this.#suspect !== undefined) {
      rows.count = 0;
    } else {
      rows.scan(this.#buffer);
    }
    return rows;
  }

  #decide(): StreamItem | undefined {
    if (this.#found !== undefined) {
      const packet = this.#found;
      this.#found = undefined;
      return this.#accept(packet);
    }
    if (this.#suspect !== undefined) return this.#recover(this.#suspect);
    const { source, at, end } = this.#buffer;
    if (at === end) return undefined;
    if (source[at] !== SIGNATURE) return this.#foreign();
    const packet = this.#packetAt(at);
    if (packet instanceof Packet) return this.#accept(packet);
    if (packet === undefined) return undefined;
    this.#suspect = this.#suspicion(packet);
    return this.#recover(this.#suspect);
  }

  #accept(packet: Packet): Packet {
    this.#buffer.at = packet.end;
    this.#packets++;
    return packet;
  }

  /** The packet at `start`; undefined when that depends on more bytes. */
  #packetAt(start: number): Packet | Fault | undefined {
    const { source, view, end: limit } = this.#buffer;
    const length = claimedLength(source, start, limit);
    if (typeof length === "object") return length;
    const end = start + length;
    if (length === HEADER_INCOMPLETE || end > limit) {
      if (!this.#ended) return undefined;
      const there = `only ${limit - start} bytes before the end of input`;
      return length === HEADER_INCOMPLETE
        ? { code: "truncated", detail: there }
        : {
          code: "truncated",
          detail: `length is ${length}, ${there}`,
          missingBytes: end - limit,
        };
    }
    const stored = view.getUint32(end - CRC_BYTES);
    const computed = this.#crc(start, end - CRC_BYTES);
    if (stored !== computed) return checksumFault(stored, computed);
    return Packet.index(source, view, start, end);
  }

  #crc(start: number, end: number): number {
    const { view, base } = this.#buffer;
    return end - start > LONG_PACKET_BYTES && base + start < this.#suspectedTo
      ? this.#running.range(view, base, base + start, base + end)
      : crc32(view, start, end);
  }

  /** What the fault of the next packet puts under suspicion. */
  #suspicion(fault: Fault): Suspect {
    const { source, base, at, end } = this.#buffer;
    const length = claimedLength(source, at, end);
    const span = typeof length === "object"
      ? 1
      : fault.code === "truncated"
      ? end - at
      : length;
    this.#suspectedTo = Math.max(this.#suspectedTo, base + at + span);
    const isWhole = this.#isWhole(fault, base + at, span);
    return { fault, span, searched: isWhole ? span : 1 };
  }

  /**
   * Returns whether no packets are searched for in the damage: it is a frame
   * whose CRC is right but whose fields are not, within another such frame.
   * Forged frames nested in one another must not cost a walk over their fields
   * each.
   */
  #isWhole({ code }: Fault, offset: number, span: number): boolean {
    if (code !== "field" && code !== "text") return false;
    if (offset < this.#frameTo) return true;
    this.#frameTo = offset + span;
    return false;
  }

  /** The damage up to the next packet within a suspect, or all of it. */
  #recover(suspect: Suspect): Damage | undefined {
    const { source, base, at } = this.#buffer;
    const end = at + suspect.span;
    let stop = at + suspect.searched;
    for (; (stop = this.#signature(at + 1, stop, end)) < end; stop++) {
      const packet = source[stop] === SIGNATURE
        ? this.#packetAt(stop)
        : undefined;
      if (packet instanceof Packet) {
        this.#found = packet;
        break;
      }
      if (packet === undefined) {
        suspect.searched = stop - at;
        return undefined;
      }
      if (packet.code === "field" || packet.code === "text") break;
    }
    const damage = new Damage(
      source.subarray(at, stop),
      base + at,
      this.#packets,
      suspect.fault,
    );
    this.#suspect = undefined;
    this.#buffer.at = stop;
    return damage;
  }

  #foreign(): ForeignBytes | undefined {
    const { source, at, end } = this.#buffer;
    let stop = this.#signature(at, at, end);
    if (stop === end && !this.#ended) {
      // Hold the beginning of a character: its rest may end in 0xB3.
      stop = characterStart(source, at, stop, stop);
    }
    if (stop === at) return undefined;
    this.#buffer.at = stop;
    return new ForeignBytes(source.subarray(at, stop));
  }

  /**
   * The first signature in `start` to `end` that may begin a packet; `end` when
   * there is none. A signature in a character that begins at `from` or later
   * must begin a valid packet; when that depends on more bytes: where that
   * character begins.
   */
  #signature(from: number, start: number, end: number): number {
    const { source, view, base, end: limit } = this.#buffer;
    for (let at = start; at < end; at++) {
      const found = source.subarray(at, end).indexOf(SIGNATURE);
      if (found < 0) return end;
      at += found;
      const character = characterStart(source, from, at, limit);
      if (character === at) return at;
      if (
        !this.#ended &&
        characterLength(source, character, limit) === INCOMPLETE
      ) {
        return character;
      }
      this.#claims ??= new TextClaims();
      const packet = this.#claims.packetAt(source, view, base, at, limit);
      if (packet instanceof Packet) return at;
      if (packet === undefined && !this.#ended) return character;
    }
    return end;
  }
}
