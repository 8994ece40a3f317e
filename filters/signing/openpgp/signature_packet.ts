/**
 * OpenPGP's signature packet (RFC 9580, section 5.2), parsed strictly.
 *
 * @module
 */

import { EXIT, SignedStreamError } from "../errors.ts";

/** Public key algorithms that sign; RFC 9580, section 9.1. */
export const ALGORITHMS: Readonly<Record<number, string>> = {
  1: "rsa",
  3: "rsa",
  17: "dsa",
  19: "ecdsa",
  22: "eddsa",
  27: "ed25519",
  28: "ed448",
};

/** RSA for encryption only, whose signatures GnuPG accepts. */
const RSA_ENCRYPT = 2;

/** Hash algorithms by their names in node:crypto; RFC 9580, section 9.5. */
const HASHES: Readonly<Record<number, string>> = {
  1: "md5",
  2: "sha1",
  3: "ripemd160",
  8: "sha256",
  9: "sha384",
  10: "sha512",
  11: "sha224",
  12: "sha3-256",
  14: "sha3-512",
};

/** The name of a hash algorithm; undefined when it is not supported. */
export function hashName(id: number): string | undefined {
  return HASHES[id];
}

/** Signature types that sign a document. */
export const TYPE_BINARY = 0x00;
export const TYPE_TEXT = 0x01;

/** A subpacket of a signature; its body is a view. */
export interface Subpacket {
  readonly type: number;
  /** A reader that does not know a critical one must reject the signature. */
  readonly isCritical: boolean;
  /** Whether the signature covers it. */
  readonly isHashed: boolean;
  readonly body: Uint8Array;
}

/** A signature packet, parsed. Its bytes are views. */
export interface ParsedSignature {
  readonly version: number;
  /** 0x00 binary, 0x01 text; other types do not sign documents. */
  readonly type: number;
  readonly publicKeyAlgorithm: number;
  readonly hashAlgorithm: number;
  /** Its name in node:crypto; undefined when we do not support it. */
  readonly hash?: string;
  /** 16 hexadecimal digits, upper case; undefined when it names no key. */
  readonly keyId?: string;
  /** Upper case; undefined when it names no key. */
  readonly fingerprint?: string;
  /** Seconds since 1970. */
  readonly created?: number;
  /** When the signature expires, seconds since 1970; undefined is never. */
  readonly expires?: number;
  readonly subpackets: readonly Subpacket[];
  /** The bytes hashed after the data. */
  readonly trailer: Uint8Array;
  /** The digest's first two octets and the numbers of the algorithm. */
  readonly material: Uint8Array;
  /**
   * Whether its unsigned part only names the key, and its numbers are in their
   * canonical form: nobody can have added anything.
   */
  readonly isPlain: boolean;
  /** Why it cannot be judged, in words. Such a signature is never dropped. */
  readonly unsupported?: string;
  /** Whether other programs may find that it is bad. */
  readonly isSuspect?: boolean;
}

/** Subpackets of RFC 9580, section 5.2.3.7. */
export const SUBPACKET = {
  created: 2,
  lifetime: 3,
  keyLifetime: 9,
  revoker: 12,
  keyId: 16,
  notation: 20,
  keyFlags: 27,
  embedded: 32,
  fingerprint: 33,
} as const;

/**
 * Subpackets that may be critical in the signature of a document: we act on
 * them, or they do not concern it. GnuPG also accepts some that only concern
 * keys; like us, it refuses a critical signer's user id (28).
 */
const DOCUMENT_SUBPACKETS: ReadonlySet<number> = new Set(
  [2, 3, 16, 24, 26, 27, 30, 32, 33],
);

/** Subpackets that may be critical in a signature over a key: GnuPG's list. */
const KEY_SUBPACKETS: ReadonlySet<number> = new Set(
  [2, 3, 4, 7, 9, 11, 12, 16, 21, 22, 24, 25, 26, 27, 29, 30, 32, 33],
);

/** Reads the fields of a packet's body; a missing field is malformed. */
class Fields {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.at === this.#bytes.length;
  }

  take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.at) {
      throw malformed("a field runs past its end");
    }
    return this.#bytes.subarray(this.at, this.at += count);
  }

  number(octets: 1 | 2 | 4): number {
    const at = this.at;
    this.take(octets);
    if (octets === 1) return this.#view.getUint8(at);
    return octets === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  /** The bytes left. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.at);
  }

  /** The length of a subpacket: one, two or five octets. */
  subpacketLength(): number {
    const first = this.number(1);
    if (first < 192) return first;
    if (first === 255) return this.number(4);
    return ((first - 192) << 8) + this.number(1) + 192;
  }
}

function malformed(detail: string): SignedStreamError {
  return new SignedStreamError(
    EXIT.malformed,
    `Cannot read signature packet: ${detail}`,
  );
}

function readSubpackets(bytes: Uint8Array, isHashed: boolean): Subpacket[] {
  const fields = new Fields(bytes);
  const subpackets: Subpacket[] = [];
  while (!fields.isAtEnd) {
    const length = fields.subpacketLength();
    if (length === 0) throw malformed("a subpacket without a type");
    const octet = fields.number(1);
    const body = fields.take(length - 1);
    const type = octet & 0x7f, isCritical = octet >= 0x80;
    subpackets.push({ type, isCritical, isHashed, body });
  }
  return subpackets;
}

function hex(bytes: Uint8Array): string {
  return bytes.toHex().toUpperCase();
}

/** A number in the four octets at the start of a subpacket. */
export function timeIn(body: Uint8Array): number | undefined {
  if (body.length < 4) return undefined;
  return new DataView(body.buffer, body.byteOffset).getUint32(0);
}

/**
 * When a validity period ends, seconds since 1970; undefined, which is never, for
 * a length of 0. GnuPG adds in 32 bits, so that a period that would end after 2106
 * has ended long ago. So it has here.
 */
export function endOf(start: number, length = 0): number | undefined {
  return length === 0 ? undefined : (start + length) % 2 ** 32;
}

/** The key that a signature names. */
interface Issuer {
  readonly keyId?: string;
  readonly fingerprint?: string;
}

function issuerOf(subpackets: readonly Subpacket[]): Issuer {
  const ids = subpackets.filter(({ type }) => type === SUBPACKET.keyId);
  const names = subpackets
    .filter(({ type }) => type === SUBPACKET.fingerprint);
  // Signed subpackets come first in the list and take precedence.
  const [id] = ids, [name] = names;
  if (id === undefined && !name?.isHashed) return {};
  // Fingerprints of other versions match no key.
  const fingerprint = name && hex(name.body.subarray(1, 1 + 32));
  const length = name?.body[0] === 4 ? 40 : 64;
  return {
    keyId: id === undefined
      ? fingerprint?.slice(0, length).slice(-16)
      : hex(id.body.subarray(0, 8)),
    fingerprint: fingerprint?.slice(0, length),
  };
}

/**
 * Parses the body of a signature packet (tag 2). One that we cannot judge is
 * parsed as well as we can, with the reason.
 *
 * @throws {SignedStreamError} status 4, when a field of a version we know runs
 * past the end
 */
export function parseSignature(bytes: Uint8Array): ParsedSignature {
  const parsed = parse(bytes, DOCUMENT_SUBPACKETS);
  const { version, type, created, subpackets } = parsed;
  if (version !== 4) return parsed;
  const found = new Set<number>();
  for (const { type, isHashed, body } of subpackets) {
    if (SIZES[type] !== undefined && body.length < SIZES[type]) {
      throw malformed("a field runs past its end");
    }
    if (!isHashed) continue;
    if (found.has(type) && type !== SUBPACKET.notation) {
      // Another program may use the other one.
      throw malformed(`subpacket ${type} is there twice`);
    }
    found.add(type);
  }
  const unsupported = parsed.unsupported ??
    (type !== TYPE_BINARY && type !== TYPE_TEXT
      ? `signature type 0x${type.toString(16).padStart(2, "0")}`
      : created === undefined
      ? "no creation time"
      : undefined);
  return { ...parsed, isPlain: isPlain(parsed), unsupported };
}

/** The shortest bodies of subpackets whose content we read. */
const SIZES: Readonly<Record<number, number>> = {
  [SUBPACKET.created]: 4,
  [SUBPACKET.lifetime]: 4,
  [SUBPACKET.keyId]: 8,
  [SUBPACKET.fingerprint]: 21,
};

/**
 * Parses a signature over a key, which may have the same subpacket twice. Only a
 * key id names its key: GnuPG ignores fingerprints here.
 *
 * @throws {SignedStreamError} as {@linkcode parseSignature} does
 */
export function parseKeySignature(bytes: Uint8Array): ParsedSignature {
  const parsed = parse(bytes, KEY_SUBPACKETS);
  const hasId = parsed.version !== 4 ||
    parsed.subpackets.some(({ type }) => type === SUBPACKET.keyId);
  return hasId ? parsed : { ...parsed, keyId: undefined };
}

function parse(
  bytes: Uint8Array,
  known: ReadonlySet<number>,
): ParsedSignature {
  const fields = new Fields(bytes);
  const version = fields.number(1);
  if (version !== 4) return parseOtherVersion(version, bytes);
  const type = fields.number(1);
  const publicKeyAlgorithm = fields.number(1);
  const hashAlgorithm = fields.number(1);
  const hashed = readSubpackets(fields.take(fields.number(2)), true);
  const end = fields.at;
  const unhashed = readSubpackets(fields.take(fields.number(2)), false);
  const material = fields.rest();
  // openpgp checks the digest's first two octets and the numbers.
  fields.take(2);
  const subpackets = [...hashed, ...unhashed];
  const said = (wanted: number) => {
    const found = hashed.find(({ type }) => type === wanted);
    return found && timeIn(found.body);
  };
  const created = said(SUBPACKET.created);
  const critical = subpackets
    .find(({ type, isCritical }) => isCritical && !known.has(type));
  const hash = HASHES[hashAlgorithm];
  return {
    version,
    type,
    publicKeyAlgorithm,
    hashAlgorithm,
    hash,
    ...issuerOf(subpackets),
    created,
    expires: created && endOf(created, said(SUBPACKET.lifetime)),
    subpackets,
    trailer: trailerOf(bytes.subarray(0, end)),
    material,
    isPlain: false,
    isSuspect: critical !== undefined || publicKeyAlgorithm === RSA_ENCRYPT,
    unsupported: critical !== undefined
      ? `critical subpacket ${critical.type}`
      : ALGORITHMS[publicKeyAlgorithm] === undefined
      ? `public key algorithm ${publicKeyAlgorithm}`
      : hash === undefined
      ? `hash algorithm ${hashAlgorithm}`
      : undefined,
  };
}

/** Algorithms from here on have no numbers; RFC 9580, section 9.1. */
const NATIVE_ALGORITHMS = 25;

function isPlain(
  { publicKeyAlgorithm, subpackets, material, keyId, fingerprint }:
    ParsedSignature,
): boolean {
  const unhashed = subpackets.filter(({ isHashed }) => !isHashed);
  const types = new Set(unhashed.map(({ type }) => type));
  return types.size === unhashed.length &&
    unhashed.every(({ type, isCritical, body }) =>
      !isCritical &&
      (type === SUBPACKET.keyId
        ? hex(body) === keyId
        : type === SUBPACKET.fingerprint &&
          hex(body) === `04${fingerprint}`)
    ) &&
    ALGORITHMS[publicKeyAlgorithm] !== undefined &&
    (publicKeyAlgorithm >= NATIVE_ALGORITHMS ||
      hasPlainNumbers(new Fields(material.subarray(2))));
}

/** Whether all numbers have as many bits as they state. */
function hasPlainNumbers(fields: Fields): boolean {
  while (!fields.isAtEnd) {
    const bits = fields.number(2);
    const [first = 0] = fields.take(Math.ceil(bits / 8));
    if (bits !== 0 && first >> ((bits - 1) % 8) !== 1) return false;
  }
  return true;
}

/** The trailer of version 4: the hashed part, the version and its length. */
export function trailerOf(hashedPart: Uint8Array): Uint8Array {
  const trailer = new Uint8Array(hashedPart.length + 6);
  trailer.set(hashedPart);
  trailer.set([4, 0xff], hashedPart.length);
  new DataView(trailer.buffer).setUint32(
    hashedPart.length + 2,
    hashedPart.length,
  );
  return trailer;
}

/** Parses what is known of a signature of another version. */
function parseOtherVersion(
  version: number,
  bytes: Uint8Array,
): ParsedSignature {
  const unknown = {
    version,
    // At least versions 5 and 6 have it here.
    type: bytes[1] ?? -1,
    publicKeyAlgorithm: 0,
    hashAlgorithm: 0,
    subpackets: [],
    trailer: new Uint8Array(0),
    material: new Uint8Array(0),
    isPlain: false,
    unsupported: `signature version ${version}`,
  };
  // The layout of PGP 2, which GnuPG still reads.
  if (version > 3 || bytes.length < 19 || bytes[1] !== 5) return unknown;
  const fields = new Fields(bytes);
  fields.take(2);
  // Besides the data, only the type and the time are signed.
  const trailer = fields.take(5);
  const keyId = hex(fields.take(8));
  const publicKeyAlgorithm = fields.number(1);
  const hashAlgorithm = fields.number(1);
  return {
    ...unknown,
    isSuspect: true,
    type: trailer[0],
    created: timeIn(trailer.subarray(1)),
    publicKeyAlgorithm,
    hashAlgorithm,
    hash: HASHES[hashAlgorithm],
    keyId,
    trailer,
    material: fields.rest(),
  };
}
