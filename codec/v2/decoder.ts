/**
 * Chunks in, items out: finds the packets in a stream, and loses nothing of
 * what is between them.
 *
 * @module
 */

import { ReadBuffer } from "../text/read_buffer.ts";
import { characterLength, characterStart, INCOMPLETE } from "../text/utf8.ts";
import { TextClaims } from "./claim.ts";
import { crc32 } from "./crc32.ts";
import type { Fault, FaultCode } from "./errors.ts";
import { CRC_BYTES, SIGNATURE } from "./layout.ts";
import {
  checksumFault,
  claimedLength,
  HEADER_INCOMPLETE,
  Packet,
} from "./packet.ts";
import { RunningCrc } from "./running_crc.ts";

/**
 * Bytes between packets: ordinary output. A character of UTF-8 is never cut.
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

  /** The same over bytes of its own, to keep. */
  copy(): ForeignBytes {
    return new ForeignBytes(this.bytes.slice());
  }
}

/**
 * Bytes that begin as a packet does and are none: from the signature up to
 * the next sound packet, at the furthest to the end the header claims. Where
 * the header claims nothing credible, the signature alone.
 *
 * The bytes are a view, with the lifetime of a {@linkcode Packet}'s.
 */
export class Damage {
  readonly bytes: Uint8Array;
  /** Where the bytes begin, counted from the start of the stream. */
  readonly offset: number;
  /** How many sound packets came before. */
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

  /** The same over bytes of its own, to keep. */
  copy(): Damage {
    return new Damage(
      this.bytes.slice(),
      this.offset,
      this.packetIndex,
      this.fault,
    );
  }
}

/** What a stream is made of. The items' bytes, joined, are the stream. */
export type StreamItem = Packet | ForeignBytes | Damage;

/**
 * Packets longer than this have their CRC taken from running CRCs while their
 * bytes are under suspicion. Below it, reading them again costs less.
 */
const LONG_PACKET_BYTES = 1024;

/** The bytes a damaged packet keeps back while packets in it are looked for. */
interface Suspect {
  readonly fault: Fault;
  /** How far from the signature the header claims to reach. */
  readonly span: number;
  /** How far from the signature packets have been looked for. */
  searched: number;
}

/**
 * Splits a stream into packets, foreign bytes and damage.
 *
 * Feed it with {@linkcode push}, take the items with {@linkcode drain}, and so
 * on; after the last chunk call {@linkcode end} and drain it again. How the
 * input is cut into chunks makes no difference to the items, but for foreign
 * bytes, which come out as early as they can.
 *
 * A packet begins at a 0xB3, whatever stands before it, and is believed when
 * version, length, CRC-32 and every field hold. What fails is damage; the
 * search goes on one byte behind its signature, so that packets in a falsely
 * claimed span are found. Where the 0xB3 is part of a UTF-8 character, what
 * fails is text, and is held back only while its fields fill the claimed span
 * exactly: see {@linkcode TextClaims}. The decoder holds what it cannot decide
 * yet: at most two packets' length (8 MiB).
 *
 * Items are views. They stay good until the next `push`, and only while the
 * owner of the chunk leaves it alone; copy what you keep.
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
  /** A byte is decided once it is in an item. */
  readonly #buffer = new ReadBuffer();
  #ended = false;

  #packets = 0;
  #suspect: Suspect | undefined;
  /** A packet found inside a suspect, to hand out after the damage. */
  #found: Packet | undefined;
  /** The stream offset up to which bytes are in a claim that failed. */
  #suspectedTo = 0;
  readonly #running = new RunningCrc();
  /** The end of the last frame whose CRC holds but whose fields do not. */
  #frameTo = 0;
  /** Most streams have no 0xB3 in a character. */
  #claims: TextClaims | undefined;

  /**
   * Takes in a chunk. All items of the chunk before must have been taken.
   *
   * @throws {TypeError} after `end`
   */
  push(chunk: Uint8Array): void {
    if (this.#ended) throw new TypeError("Cannot push: the decoder has ended");
    this.#buffer.push(chunk);
  }

  /** Says that no more chunks come. */
  end(): void {
    this.#ended = true;
  }

  /**
   * The next item, or undefined when it takes another chunk to tell (or, after
   * `end`, when there is no more).
   */
  next(): StreamItem | undefined {
    const item = this.#decide();
    if (item === undefined) this.#buffer.release();
    return item;
  }

  /**
   * Calls `take` with every item that is complete: {@linkcode next} until it
   * returns undefined. An item is good until the next {@linkcode push}.
   */
  drain(take: (item: StreamItem) => void): void {
    for (let item; (item = this.next()) !== undefined;) take(item);
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

  /** The packet at `start`; undefined when more bytes are needed to tell. */
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
   * Whether no packet is looked for in the damage: in a frame whose CRC holds
   * but whose fields do not, inside another such frame. Forged frames in one
   * another must not cost a walk over their fields each.
   */
  #isWhole({ code }: Fault, offset: number, span: number): boolean {
    if (code !== "field" && code !== "text") return false;
    if (offset < this.#frameTo) return true;
    this.#frameTo = offset + span;
    return false;
  }

  /** The damage up to the next packet in a suspect, or all of it. */
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
      // Keep back the beginning of a character: the rest may end in 0xB3.
      stop = characterStart(source, at, stop, stop);
    }
    if (stop === at) return undefined;
    this.#buffer.at = stop;
    return new ForeignBytes(source.subarray(at, stop));
  }

  /**
   * The first signature in `start` to `end` that may begin a packet; `end` when
   * there is none. One in a character that begins at `from` or later must begin
   * a sound one; where it takes more bytes to tell, where that character begins.
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
