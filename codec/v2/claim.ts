/**
 * Packets whose signature is part of a UTF-8 character.
 *
 * A 0xB3 may be the last byte of a UTF-8 character, as in `г`, followed by what
 * looks like the header of a packet: `г ` claims up to 4 MiB. Or half a
 * character precedes a real packet, because a process was killed or a write was
 * cut. On a live pipe, text must not be held for a packet that it cannot be,
 * and no packet may be lost. Until the CRC arrives, the fields decide: those of
 * a packet fill it exactly.
 *
 * @module
 */

import { characterLength, INCOMPLETE } from "../text/utf8.ts";
import { crc32 } from "./crc32.ts";
import { claimedLength, HEADER_INCOMPLETE } from "./fields.ts";
import { CRC_BYTES, FLAG, LENGTH_OFFSET } from "./layout.ts";
import { numberOctets, readNumber } from "./number.ts";
import { Packet } from "./packet.ts";
import { RunningCrc } from "./running_crc.ts";

/** Shorter packets are checked faster by reading them again. */
const LONG_PACKET_BYTES = 1024;

/**
 * How many bytes of fields may be walked in vain for each byte of the stream,
 * and how many initially: hostile text can claim packets nested in one another.
 */
const WALKED_PER_BYTE = 4;
const WALKED_AT_FIRST = 64 * 1024;

/**
 * Reads packets at signatures that are part of a UTF-8 character. There is a
 * packet only if the CRC is right and the fields are valid and fill it exactly;
 * everything else is text.
 */
export class TextClaims {
  /** The stream offset up to which bytes belong to a claim that failed. */
  #failedTo = 0;
  readonly #running = new RunningCrc();
  #walked = 0;
  /** The end of the last frame whose CRC is right but whose fields are not. */
  #frameTo = 0;
  /** No packets are searched for before this stream offset. */
  #skipTo = 0;

  /**
   * The packet at `start`, where a signature is; false when there is none,
   * undefined when that depends on bytes after `end`. `base` is the stream
   * offset of the first byte of `source`; calls must be in ascending order of
   * position.
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
    // Forged frames nested in one another must not cost a walk each.
    if (offset < this.#frameTo) this.#skipTo = offset + length;
    else this.#frameTo = offset + length;
    return false;
  }

  /**
   * Returns whether the available fields fit a packet that ends after `end`.
   */
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

/** The fields are valid and fill the packet. */
const FITS = 1;
/** The result depends on more bytes. */
const MAY_FIT = 0;
/** A field is invalid, or they do not fill the packet. */
const MISFIT = -1;
type Fit = typeof FITS | typeof MAY_FIT | typeof MISFIT;

/**
 * The fields that are one string each, before the file's content and after it.
 */
const STRINGS_BEFORE = [FLAG.MIME_TYPE, FLAG.FILE_CONTENT];
const STRINGS_AFTER = [FLAG.ROUTING_CODE, FLAG.PARENT];

/** Walks the fields of a packet, some of which may not be available yet. */
class FieldWalk {
  readonly #source: Uint8Array;
  readonly #flags: number;
  /** Where the fields must end. */
  readonly #limit: number;
  /** Where the available bytes end. */
  readonly #end: number;
  #at: number;
  /** The number read last. */
  #number = 0;
  /** The cost of the walk: numbers and characters read. */
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
    for (const flag of STRINGS_AFTER) {
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

  /** Reads the length of a string or of content, or the number of tags. */
  #readSize(): Fit {
    const at = this.#at;
    // The first octet of a large size shows that it is too large: in text,
    // these are mostly the first bytes of characters.
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
    const available = Math.min(stop, this.#end);
    while (this.#at < available) {
      const length = characterLength(this.#source, this.#at, available);
      if (length === INCOMPLETE && available < stop) return MAY_FIT;
      if (length <= 0 || this.#source[this.#at] === 0) return MISFIT;
      this.#at += length;
      this.steps++;
    }
    return available < stop ? MAY_FIT : FITS;
  }

  #content(): Fit {
    const fit = this.#readSize();
    if (fit === FITS) this.#at += this.#number;
    return fit;
  }
}

/** The smallest number that begins with an octet. */
function leastNumber(first: number): number {
  return (first & 0x3f) * 0x100 ** (numberOctets(first) - 1);
}
