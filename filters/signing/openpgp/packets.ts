/**
 * OpenPGP packets (RFC 9580, section 4): their headers and lengths, read strictly
 * and while they arrive.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { EXIT, SignedStreamError } from "../errors.ts";

/** Chunks, read now or later; each is valid until the next. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** The types of packets (RFC 9580, section 5) that we know. */
export const TAG = {
  signature: 2,
  onePass: 4,
  secretKey: 5,
  publicKey: 6,
  secretSubkey: 7,
  compressed: 8,
  marker: 10,
  literal: 11,
  trust: 12,
  userId: 13,
  publicSubkey: 14,
  userAttribute: 17,
  padding: 21,
} as const;

/** The first octet of a new length: 224 to 254 for parts of 2 ** (it & 31). */
export const FIRST_PARTIAL = 224;
const LAST_PARTIAL = 254;

/** RFC 9580, section 4.2.1.4: the first part has at least as many bytes. */
const MIN_FIRST_PART_BYTES = 512;

/** The names of packets, for messages. */
const TAG_NAMES: Readonly<Record<number, string>> = {
  1: "encrypted session key",
  2: "signature",
  3: "encrypted session key",
  4: "one-pass signature",
  5: "secret key",
  6: "public key",
  7: "secret subkey",
  8: "compressed data",
  9: "encrypted data",
  10: "marker",
  11: "literal data",
  13: "user id",
  14: "public subkey",
  17: "user attribute",
  18: "encrypted data",
  20: "encrypted data",
  21: "padding",
};

/** The longest signature packet that is read. */
const MAX_SIGNATURE_PACKET_BYTES = 64 * 1024;

/** The error for malformed input: exit 4. */
export function malformed(message: string): SignedStreamError {
  return new SignedStreamError(EXIT.malformed, message);
}

/** The error for input that ends too early, at an offset: exit 1. */
export function truncated(offset: number): SignedStreamError {
  return new SignedStreamError(
    EXIT.bad,
    `Cannot read OpenPGP packets: they end too early, at byte ${offset}`,
  );
}

/** Bytes by number, out of chunks. */
class ByteSource {
  readonly #chunks: Iterator<Uint8Array> | AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #taken = 0;

  constructor(chunks: Chunks) {
    this.#chunks = Symbol.asyncIterator in chunks
      ? chunks[Symbol.asyncIterator]()
      : chunks[Symbol.iterator]();
  }

  /** How many bytes have been taken. */
  get offset(): number {
    return this.#taken;
  }

  /** At least one and at most `most` bytes; none at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.#at === this.#chunk.length) {
      const { value, done } = await this.#chunks.next();
      if (done) return undefined;
      this.#chunk = value;
      this.#at = 0;
    }
    const end = Math.min(this.#chunk.length, this.#at + most);
    const bytes = this.#chunk.subarray(this.#at, end);
    this.#at = end;
    this.#taken += bytes.length;
    return bytes;
  }

  /** The next byte; none at the end. */
  async byte(): Promise<number | undefined> {
    return (await this.some(1))?.[0];
  }

  /** The next bytes as a big-endian number. */
  async number(size: number): Promise<number> {
    let value = 0;
    for (let i = 0; i < size; i++) {
      const byte = await this.byte();
      if (byte === undefined) throw truncated(this.#taken);
      value = value * 256 + byte;
    }
    return value;
  }
}

/** Cuts a stream into packets, their bodies into chunks. */
export class PacketReader {
  readonly #source: ByteSource;
  /** How many bytes the present part of the body still has. */
  #left = 0;
  /** Whether another part follows. */
  #isPartial = false;

  constructor(chunks: Chunks) {
    this.#source = new ByteSource(chunks);
  }

  get offset(): number {
    return this.#source.offset;
  }

  /**
   * The tag of the next packet; none at the end. The body of the one before
   * must have been read.
   */
  async next(): Promise<number | undefined> {
    const { offset } = this;
    const first = await this.#source.byte();
    if (first === undefined) return undefined;
    if ((first & 0x80) === 0) {
      throw malformed(
        `Cannot read OpenPGP packets: no packet begins at byte ${offset}`,
      );
    }
    const isNew = (first & 0x40) !== 0;
    const tag = isNew ? first & 0x3f : first >> 2 & 0x0f;
    const mayBePartial = tag === TAG.literal || tag === TAG.compressed;
    this.#isPartial = false;
    if (isNew) {
      await this.#readPartLength();
      if (
        this.#isPartial && !(mayBePartial && this.#left >= MIN_FIRST_PART_BYTES)
      ) throw this.#badLength(tag);
    } else if ((first & 3) < 3) {
      this.#left = await this.#source.number(1 << (first & 3));
    } else if (tag === TAG.compressed) {
      // So GnuPG writes it: up to the end of the stream.
      this.#left = Infinity;
    } else {
      throw this.#badLength(tag);
    }
    return tag;
  }

  #badLength(tag: number): SignedStreamError {
    return malformed(
      `Cannot read OpenPGP packets: the length of ${
        aPacket(tag)
      } before byte ${this.offset} is not allowed`,
    );
  }

  async #readPartLength(): Promise<void> {
    const first = await this.#source.number(1);
    this.#isPartial = first >= FIRST_PARTIAL && first <= LAST_PARTIAL;
    if (first < 192) this.#left = first;
    else if (first < FIRST_PARTIAL) {
      this.#left = (first - 192) * 256 + await this.#source.number(1) + 192;
    } else if (this.#isPartial) this.#left = 2 ** (first & 0x1f);
    else this.#left = await this.#source.number(4);
  }

  /** The body of the packet, or what is left of it. */
  async *body(): AsyncGenerator<Uint8Array> {
    for (;;) {
      while (this.#left > 0) {
        const bytes = await this.#source.some(this.#left);
        if (bytes === undefined) {
          if (this.#left === Infinity) return;
          throw truncated(this.offset);
        }
        this.#left -= bytes.length;
        yield bytes;
      }
      if (!this.#isPartial) return;
      await this.#readPartLength();
    }
  }

  /** The body of a short packet, whole. */
  async wholeBody(tag: number): Promise<Uint8Array> {
    if (this.#left > MAX_SIGNATURE_PACKET_BYTES) {
      throw new SignedStreamError(
        EXIT.trouble,
        `Cannot read OpenPGP packets: ${
          aPacket(tag)
        } has ${this.#left} bytes, expected at most ${MAX_SIGNATURE_PACKET_BYTES}`,
      );
    }
    const parts: Uint8Array[] = [];
    for await (const part of this.body()) parts.push(part.slice());
    return concat(parts);
  }

  /** The first bytes of the body; a first part is longer than any header. */
  async header(size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at++) {
      if (this.#left === 0) {
        throw malformed(
          `Cannot read OpenPGP packets: the packet that ends at byte ${this.offset} is too short`,
        );
      }
      bytes[at] = await this.#source.number(1);
      this.#left--;
    }
    return bytes;
  }
}

/** A packet by its name, in a sentence. */
export function aPacket(tag: number): string {
  const name = TAG_NAMES[tag];
  return name === undefined
    ? `a packet of type ${tag}`
    : `${/^[aei]/.test(name) ? "an" : "a"} ${name} packet`;
}

/** A packet in memory; its body is a view. */
export interface WholePacket {
  readonly tag: number;
  readonly body: Uint8Array;
}

/**
 * The packet at an offset in memory, and the offset of the next. It must state
 * its length, as all packets of keys do.
 *
 * @throws {Error} with a message for users, when there is none or it is truncated
 */
export function packetAt(
  bytes: Uint8Array,
  at: number,
): WholePacket & { readonly next: number } {
  const first = bytes[at];
  if ((first & 0x80) === 0) throw new Error(`no packet begins at byte ${at}`);
  const isNew = (first & 0x40) !== 0;
  const tag = isNew ? first & 0x3f : first >> 2 & 0x0f;
  const octet = bytes[at + 1] ?? 0;
  /** The length, and how many octets it takes. */
  const [length, octets] = isNew
    ? octet < 192
      ? [octet, 1]
      : octet < FIRST_PARTIAL
      ? [(octet - 192) * 256 + bytes[at + 2] + 192, 2]
      : octet <= LAST_PARTIAL
      ? [NaN, 1]
      : [numberAt(bytes, at + 2, 4), 5]
    : (first & 3) < 3
    ? [numberAt(bytes, at + 1, 1 << (first & 3)), 1 << (first & 3)]
    : [NaN, 0];
  const start = at + 1 + octets, next = start + length;
  // NaN when the length runs past the end, too.
  if (!(next <= bytes.length)) {
    throw new Error(
      `${aPacket(tag)} at byte ${at} is truncated or does not state its length`,
    );
  }
  return { tag, body: bytes.subarray(start, next), next };
}

function numberAt(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + bytes[at + i];
  return value;
}

/**
 * The packets in memory.
 *
 * @throws {Error} as {@linkcode packetAt} does
 */
export function* packetsIn(bytes: Uint8Array): Generator<WholePacket> {
  for (let at = 0; at < bytes.length;) {
    const packet = packetAt(bytes, at);
    yield packet;
    at = packet.next;
  }
}

/** How the length of a packet's body is written; RFC 9580, section 4.2.1. */
export function lengthOctets(length: number): number[] {
  if (length < 192) return [length];
  if (length < 8384) {
    return [((length - 192) >> 8) + 192, (length - 192) & 0xff];
  }
  return [0xff, length >>> 24, length >> 16, length >> 8, length];
}
