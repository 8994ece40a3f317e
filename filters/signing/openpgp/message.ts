/**
 * The packets of an inline signed message (RFC 9580, sections 4, 5 and 10.3):
 * read strictly, as they arrive, and written.
 *
 *     message    := signed | compressed(signed), and nothing after it
 *     signed     := one-pass * n, literal, signature * n in reverse
 *                 | signature * n, literal                  as PGP 2 wrote
 *
 * Everything else that the specification allows in a message (nested messages,
 * markers, a second literal) lets an attacker add content that is not signed, and
 * is refused.
 *
 * @module
 */

import { decompress } from "./compression.ts";
import { EXIT, SignedStreamError } from "../errors.ts";
import {
  aPacket,
  type Chunks,
  FIRST_PARTIAL,
  lengthOctets,
  malformed,
  PacketReader,
  TAG,
  truncated,
} from "./packets.ts";
import type { HashKind } from "./signature_hash.ts";
import {
  hashName,
  type ParsedSignature,
  parseSignature,
} from "./signature_packet.ts";

/** A one-pass signature packet's body; RFC 9580, section 5.4. */
const ONE_PASS_VERSION = 3;
const ONE_PASS_BYTES = 13;

/** Binary, text, UTF-8; RFC 9580, section 5.9. */
const LITERAL_FORMATS = "btu";
const LITERAL_DATE_BYTES = 4;
/** The head of the literal data we write: binary, no name, no date. */
const LITERAL_HEAD = Uint8Array.of(0x62, 0, 0, 0, 0, 0);

/** Literal data is written in parts of 2 ** 16 bytes. */
const PART_EXPONENT = 16;

/** No real document has more. */
const MAX_SIGNATURES = 32;

/** The fields of a signature to come. */
export interface Announcement {
  /** 0x00 binary, 0x01 text. */
  readonly type: number;
  readonly hashAlgorithm: number;
  readonly publicKeyAlgorithm: number;
  /** 16 hexadecimal digits, upper case. */
  readonly keyId: string;
}

/** A one-pass signature packet, version 3. */
interface OnePass extends Announcement, HashKind {
  /** Whether the signed content comes next, not another such packet. */
  readonly isLast: boolean;
}

/** The parts of a document: a head, content and a tail, in this order. */
export type DocumentItem =
  /** What its signatures will need hashed. */
  | DocumentHead
  /** Signed content, valid until the next item. */
  | { readonly kind: "content"; readonly bytes: Uint8Array }
  /** Its signatures: at least one. */
  | DocumentTail;

/** What is known before the content of a document. */
export interface DocumentHead {
  readonly kind: "head";
  readonly hashes: readonly HashKind[];
  /** Whether the lines of a text end in CR LF, as they are signed. */
  readonly isCanonical?: boolean;
}

/** What follows the content of a document. */
export interface DocumentTail {
  readonly kind: "tail";
  readonly signatures: readonly ParsedSignature[];
  /** Bytes that end the content and are not hashed. */
  readonly ending?: Uint8Array;
  /** What was dropped because it is not signed, in words. */
  readonly leftOut?: string;
}

function tooMany(): SignedStreamError {
  return new SignedStreamError(
    EXIT.trouble,
    `Cannot verify: there are more than ${MAX_SIGNATURES} signatures`,
  );
}

/**
 * Reads a message; `chunks` must hold nothing else.
 *
 * @throws {SignedStreamError} with the exit status: 1 when it ends too early, 4
 * when it is not exactly a signed message, 5 when its signatures are too many
 */
export async function* readMessage(
  chunks: Chunks,
): AsyncGenerator<DocumentItem> {
  const packets = new PacketReader(chunks);
  const tag = await packets.next();
  if (tag === undefined) {
    throw malformed("Cannot read the message: it is empty");
  }
  if (tag === TAG.compressed) {
    yield* readCompressed(packets);
  } else {
    yield* readSigned(packets, tag);
  }
  await expectEnd(packets);
}

/**
 * Reads signature packets; `chunks` must hold nothing else.
 *
 * @throws {SignedStreamError} as {@linkcode readMessage} does
 */
export async function readSignatures(
  chunks: Chunks,
): Promise<ParsedSignature[]> {
  const packets = new PacketReader(chunks);
  const signatures: ParsedSignature[] = [];
  for (let tag; (tag = await packets.next()) !== undefined;) {
    if (tag !== TAG.signature) {
      throw malformed(
        `Cannot read the signatures: ${aPacket(tag)} is among them`,
      );
    }
    if (signatures.length === MAX_SIGNATURES) throw tooMany();
    signatures.push(parseSignature(await packets.wholeBody(tag)));
  }
  if (signatures.length === 0) {
    throw malformed("Cannot verify: there is no signature");
  }
  return signatures;
}

async function* readCompressed(
  outer: PacketReader,
): AsyncGenerator<DocumentItem> {
  const [algorithm] = await outer.header(1);
  const inner = new PacketReader(decompress(outer.body(), algorithm));
  const tag = await inner.next();
  if (tag === undefined) {
    throw malformed("Cannot read the message: its compressed data is empty");
  }
  yield* readSigned(inner, tag);
  await expectEnd(inner);
}

async function expectEnd(packets: PacketReader): Promise<void> {
  const { offset } = packets;
  const tag = await packets.next();
  if (tag !== undefined) {
    throw malformed(
      `Cannot trust the message: ${
        aPacket(tag)
      } follows the signed content, at byte ${offset}`,
    );
  }
}

/** Reads the uncompressed part of a message, from its first packet on. */
async function* readSigned(
  packets: PacketReader,
  first: number,
): AsyncGenerator<DocumentItem> {
  const onePasses: OnePass[] = [], signatures: ParsedSignature[] = [];
  let tag: number | undefined = first;
  while (tag === TAG.onePass || tag === TAG.signature) {
    const count = onePasses.length + signatures.length;
    if (count === MAX_SIGNATURES) throw tooMany();
    const body = await packets.wholeBody(tag);
    if (tag === TAG.signature) signatures.push(parseSignature(body));
    else onePasses.push(readOnePass(body));
    tag = await packets.next();
  }
  if (tag === undefined) {
    throw onePasses.length > 0 ? truncated(packets.offset) : malformed(
      "Cannot read the message: it is only a signature: pass it as --signature",
    );
  }
  if (tag !== TAG.literal) {
    throw malformed(
      `Cannot read the message: ${
        aPacket(tag)
      } precedes the signed content, up to byte ${packets.offset}`,
    );
  }
  checkHead(onePasses, signatures);
  const isOld = signatures.length > 0;
  const hashes = isOld ? signatures : onePasses;
  yield { kind: "head", hashes, isCanonical: true };
  yield* readLiteral(packets);
  for (const onePass of isOld ? [] : onePasses.reverse()) {
    signatures.push(await readSignature(packets, onePass));
  }
  yield { kind: "tail", signatures };
}

function checkHead(
  onePasses: readonly OnePass[],
  signatures: readonly ParsedSignature[],
): void {
  if (onePasses.length === 0 && signatures.length === 0) {
    throw malformed("Cannot verify the message: it has no signature");
  }
  if (onePasses.length > 0 && signatures.length > 0) {
    throw malformed(
      "Cannot read the message: it has signatures of two forms",
    );
  }
  const last = onePasses.findIndex(({ isLast }) => isLast);
  if (last !== onePasses.length - 1) {
    throw malformed(
      "Cannot read the message: its one-pass signatures sign different things",
    );
  }
}

/** Reads a one-pass signature packet: version, type, hash, key, last. */
function readOnePass(body: Uint8Array): OnePass {
  if (body[0] !== ONE_PASS_VERSION || body.length !== ONE_PASS_BYTES) {
    throw malformed(
      `Cannot read the message: a one-pass signature has version ${
        body[0]
      } and ${body.length} bytes, expected ${ONE_PASS_VERSION} and ${ONE_PASS_BYTES}`,
    );
  }
  const [, type, hashAlgorithm, publicKeyAlgorithm] = body;
  return {
    type,
    hashAlgorithm,
    hash: hashName(hashAlgorithm),
    publicKeyAlgorithm,
    keyId: body.subarray(4, 12).toHex().toUpperCase(),
    isLast: body[12] !== 0,
  };
}

/** Reads the signature that a one-pass packet announced. */
async function readSignature(
  packets: PacketReader,
  announced: OnePass,
): Promise<ParsedSignature> {
  const tag = await packets.next();
  if (tag === undefined) throw truncated(packets.offset);
  if (tag !== TAG.signature) {
    throw malformed(
      `Cannot trust the message: ${
        aPacket(tag)
      } is in the place of a signature, up to byte ${packets.offset}`,
    );
  }
  const signature = parseSignature(await packets.wholeBody(tag));
  const { version, keyId = announced.keyId } = signature;
  const isAnnounced = keyId === announced.keyId &&
    signature.type === announced.type &&
    signature.hashAlgorithm === announced.hashAlgorithm &&
    signature.publicKeyAlgorithm === announced.publicKeyAlgorithm;
  // The fields of other versions are unknown, and those are not believed.
  if (version === 4 && !isAnnounced) {
    throw malformed(
      `Cannot trust the message: the signature before byte ${packets.offset} is not the one its one-pass packet announced`,
    );
  }
  return signature;
}

/** Reads literal data: format, name, date, and the signed content. */
async function* readLiteral(
  packets: PacketReader,
): AsyncGenerator<DocumentItem> {
  const [format, nameBytes] = await packets.header(2);
  if (!LITERAL_FORMATS.includes(String.fromCharCode(format))) {
    throw malformed(
      `Cannot read the message: literal data of format ${format}`,
    );
  }
  await packets.header(nameBytes + LITERAL_DATE_BYTES);
  for await (const bytes of packets.body()) yield { kind: "content", bytes };
}

/**
 * The packet that announces a signature of a message.
 *
 * @param isLast whether the content comes next, not another such packet
 */
export function onePassPacket(
  announced: Announcement,
  isLast = true,
): Uint8Array {
  const { type, hashAlgorithm, publicKeyAlgorithm, keyId } = announced;
  return Uint8Array.of(
    0xc0 | TAG.onePass,
    ONE_PASS_BYTES,
    ...[ONE_PASS_VERSION, type, hashAlgorithm, publicKeyAlgorithm],
    ...Uint8Array.fromHex(keyId),
    isLast ? 1 : 0,
  );
}

/**
 * Writes a literal data packet as its content arrives, in parts of 64 KiB:
 * binary, without name and date, which signatures do not cover.
 */
export class LiteralWriter {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #part = new Uint8Array(2 ** PART_EXPONENT);
  #size = 0;

  /** @param write takes bytes that are valid until it returns */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
    write(Uint8Array.of(0xc0 | TAG.literal));
    this.add(LITERAL_HEAD);
  }

  add(bytes: Uint8Array): void {
    const part = this.#part;
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + part.length - this.#size);
      part.set(piece, this.#size);
      this.#size += piece.length;
      at += piece.length;
      if (this.#size === part.length) {
        this.#write(Uint8Array.of(FIRST_PARTIAL + PART_EXPONENT));
        this.#write(part);
        this.#size = 0;
      }
    }
  }

  end(): void {
    this.#write(Uint8Array.from(lengthOctets(this.#size)));
    this.#write(this.#part.subarray(0, this.#size));
  }
}
