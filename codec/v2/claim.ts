/**
 * Packets behind half a character.
 *
 * A 0xB3 may be the last byte of a UTF-8 character, as in `г`, and what follows
 * the header of a packet: `г ` claims up to 4 MiB. Or half a character stands
 * before a real packet, because a process was killed or a write was cut. Text
 * must not wait on a live pipe for what it cannot be, and no packet may be
 * lost. Until its CRC has come, its fields tell: those of a packet fill it.
 *
 * @module
 */

import { characterLength, INCOMPLETE } from "../text/utf8.ts";
import { crc32 } from "./crc32.ts";
import { CRC_BYTES, FLAG, LENGTH_OFFSET } from "./layout.ts";
import { numberOctets, readNumber } from "./number.ts";
import { claimedLength, HEADER_INCOMPLETE, Packet } from "./packet.ts";
import { RunningCrc } from "./running_crc.ts";

/** Shorter ones are read again faster than by running CRCs. */
const LONG_PACKET_BYTES = 1024;

/**
 * How many bytes of fields may be walked in vain for each byte of the stream,
 * and how many at first: hostile text can claim packets in one another.
 */
const WALKED_PER_BYTE = 4;
const WALKED_AT_FIRST = 64 * 1024;

/**
 * Reads packets at signatures that are part of a UTF-8 character. There is one
 * only where the CRC holds and the fields are sound and fill the packet to the
 * byte; everything else is text.
 */
export class TextClaims {
  /** The stream offset up to which bytes are in a claim that failed. */
  #failedTo = 0;
  readonly #running = new RunningCrc();
  #walked = 0;
  /** The end of the last frame whose CRC holds but whose fields do not. */
  #frameTo = 0;
  /** No packet is looked for before this stream offset. */
  #skipTo = 0;

  /**
   * The packet at `start`, where a signature is; false when there is none,
   * undefined when `end` comes too early to tell. `base` is the stream offset
   * of the first byte of `source`; places must be asked for in rising order.
   */
  packetAt(
    source: Uint8Array,
    view: DataView,
    base: number,
    start: number,
    end: number,
  ): Packet | false | undefined {
    const offset = base + start;
    if (offset < this.#skipTo) return false;
    const length = claimedLength(source, start, end);
    if (typeof length === "object") return false;
    if (length === HEADER_INCOMPLETE) return undefined;
    const crcAt = start + length - CRC_BYTES;
    if (crcAt + CRC_BYTES > end) {
      return this.#mayFit(source, start, crcAt, end, offset)
        ? undefined
        : false;
    }
    const computed = length > LONG_PACKET_BYTES && offset < this.#failedTo
      ? this.#running.range(view, base, offset, base + crcAt)
      : crc32(view, start, crcAt);
    this.#failedTo = Math.max(this.#failedTo, offset + length);
    if (computed !== view.getUint32(crcAt)) return false;
    if (new FieldWalk(source, start, crcAt, end).run() === FITS) {
      const packet = Packet.index(source, view, start, start + length);
      if (packet instanceof Packet) return packet;
    }
    // Forged frames in one another must not cost a walk each.
    if (offset < this.#frameTo) this.#skipTo = offset + length;
    else this.#frameTo = offset + length;
    return false;
  }

  /** Whether the fields that have come fit a packet that ends behind `end`. */
  #mayFit(
    source: Uint8Array,
    start: number,
    limit: number,
    end: number,
    offset: number,
  ): boolean {
    if (this.#walked > WALKED_PER_BYTE * offset + WALKED_AT_FIRST) return true;
    const walk = new FieldWalk(source, start, limit, end);
    const fit = walk.run();
    this.#walked += walk.steps;
    return fit !== MISFIT;
  }
}

/** The fields are sound and fill the packet. */
const FITS = 1;
/** More bytes are needed to tell. */
const MAY_FIT = 0;
/** A field is not sound, or they do not fill the packet. */
const MISFIT = -1;
type Fit = typeof FITS | typeof MAY_FIT | typeof MISFIT;

/** The fields that are one string each, before the file's content and behind. */
const STRINGS_BEFORE = [FLAG.MIME_TYPE, FLAG.FILE_CONTENT];
const STRINGS_BEHIND = [FLAG.ROUTING_CODE, FLAG.PARENT];

/** Walks the fields of a packet, of which some may not have come yet. */
class FieldWalk {
  readonly #source: Uint8Array;
  readonly #flags: number;
  /** Where the fields must end. */
  readonly #limit: number;
  /** Where the bytes that have come end. */
  readonly #end: number;
  #at: number;
  /** The number that was read last. */
  #number = 0;
  /** What the walk cost: numbers and characters read. */
  steps = 0;

  constructor(source: Uint8Array, start: number, limit: number, end: number) {
    this.#source = source;
    this.#flags = source[start + 1] << 8 | source[start + 2];
    this.#limit = limit;
    this.#end = end;
    const lengthAt = start + LENGTH_OFFSET;
    this.#at = lengthAt + numberOctets(source[lengthAt]);
  }

  run(): Fit {
    let fit: Fit = this.#time();
    if (fit === FITS) fit = this.#strings(this.#count(FLAG.TEST_ID));
    if (fit === FITS && this.#has(FLAG.TAGS)) {
      fit = this.#readSize();
      if (fit === FITS) fit = this.#strings(this.#number);
    }
    for (const flag of STRINGS_BEFORE) {
      if (fit === FITS) fit = this.#strings(this.#count(flag));
    }
    if (fit === FITS && this.#has(FLAG.FILE_CONTENT)) fit = this.#content();
    for (const flag of STRINGS_BEHIND) {
      if (fit === FITS) fit = this.#strings(this.#count(flag));
    }
    return fit === FITS && this.#at !== this.#limit ? MISFIT : fit;
  }

  #has(flag: number): boolean {
    return (this.#flags & flag) !== 0;
  }

  #count(flag: number): number {
    return this.#has(flag) ? 1 : 0;
  }

  #time(): Fit {
    if (!this.#has(FLAG.TIMESTAMP)) return FITS;
    this.#at += 4;
    return this.#readNumber();
  }

  #readNumber(): Fit {
    const at = this.#at;
    if (at >= this.#limit) return MISFIT;
    if (at >= this.#end) return MAY_FIT;
    const next = at + numberOctets(this.#source[at]);
    if (next > this.#limit) return MISFIT;
    if (next > this.#end) return MAY_FIT;
    this.#number = readNumber(this.#source, at);
    this.#at = next;
    this.steps++;
    return FITS;
  }

  /** Reads the length of what follows, or the count of the tags. */
  #readSize(): Fit {
    const at = this.#at;
    // The first octet of a large one shows that it is too large: in text these
    // are mostly the first bytes of characters.
    const least = at < this.#end ? leastNumber(this.#source[at]) : 0;
    if (at + least > this.#limit) return MISFIT;
    const fit = this.#readNumber();
    return fit === FITS && this.#at + this.#number > this.#limit ? MISFIT : fit;
  }

  #strings(count: number): Fit {
    for (let i = 0; i < count; i++) {
      const fit = this.#string();
      if (fit !== FITS) return fit;
    }
    return FITS;
  }

  #string(): Fit {
    const fit = this.#readSize();
    if (fit !== FITS) return fit;
    const stop = this.#at + this.#number;
    const there = Math.min(stop, this.#end);
    while (this.#at < there) {
      const length = characterLength(this.#source, this.#at, there);
      if (length === INCOMPLETE && there < stop) return MAY_FIT;
      if (length <= 0 || this.#source[this.#at] === 0) return MISFIT;
      this.#at += length;
      this.steps++;
    }
    return there < stop ? MAY_FIT : FITS;
  }

  #content(): Fit {
    const fit = this.#readSize();
    if (fit === FITS) this.#at += this.#number;
    return fit;
  }
}

/** The least number that begins with an octet. */
function leastNumber(first: number): number {
  return (first & 0x3f) * 0x100 ** (numberOctets(first) - 1);
}
