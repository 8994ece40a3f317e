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

/** Hash algorithms by the names node:crypto knows; RFC 9580, section 9.5. */
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

/** The name of a hash algorithm, undefined when it is none of ours. */
export function hashName(id: number): string | undefined {
  return HASHES[id];
}

/** Signature types that sign a document. */
export const TYPE_BINARY = 0x00;
export const TYPE_TEXT = 0x01;

/** A signature packet, parsed. Its bytes are views. */
export interface ParsedSignature {
  readonly version: number;
  /** 0x00 binary, 0x01 text; others sign no document. */
  readonly type: number;
  readonly publicKeyAlgorithm: number;
  readonly hashAlgorithm: number;
  /** Its name in node:crypto; undefined when it is none of ours. */
  readonly hash?: string;
  /** 16 hexadecimal digits, upper case; undefined when it names none. */
  readonly keyId?: string;
  /** Upper case; undefined when it names none. */
  readonly fingerprint?: string;
  /** Seconds since 1970. */
  readonly created?: number;
  /** How long the signature is good, seconds; undefined is for ever. */
  readonly lifetime?: number;
  /** What is hashed behind the data. */
  readonly trailer: Uint8Array;
  /** The packet's body, without its header. */
  readonly bytes: Uint8Array;
  /**
   * Whether what it does not sign itself is but the key's name, and numbers
   * written the one way: nobody can have put anything into it.
   */
  readonly isPlain: boolean;
  /** Why no verdict can be had, in words; such a one is never dropped. */
  readonly unsupported?: string;
}

/** Subpackets of RFC 9580, section 5.2.3.7. */
const SUBPACKET = {
  created: 2,
  lifetime: 3,
  keyId: 16,
  notation: 20,
  fingerprint: 33,
} as const;

/**
 * Subpackets that may be critical: we or openpgp act on them, or they say
 * nothing of a document's signature. A critical one of another type means that
 * the signature must not be believed by who does not know it.
 */
const KNOWN_SUBPACKETS: ReadonlySet<number> = new Set(
  [2, 3, 16, 24, 26, 27, 28, 30, 32, 33],
);

/** Reads the fields of a packet's body; what is missing is malformed. */
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

/** What subpackets say. */
interface Said {
  created?: number;
  lifetime?: number;
  keyId?: string;
  fingerprint?: string;
  unsupported?: string;
  /** Whether they say more than whose key it is. */
  hasMore?: boolean;
}

/** Reads subpackets; unhashed ones can but name the key. */
function readSubpackets(bytes: Uint8Array, isHashed: boolean): Said {
  const fields = new Fields(bytes);
  const said: Said = {};
  const found = new Set<number>();
  while (!fields.isAtEnd) {
    const length = fields.subpacketLength();
    if (length === 0) throw malformed("a subpacket without a type");
    const body = new Fields(fields.take(length));
    const octet = body.number(1);
    const type = octet & 0x7f, isCritical = octet >= 0x80;
    if (type === SUBPACKET.keyId) said.keyId = hex(body.take(8));
    if (type === SUBPACKET.fingerprint) {
      const version = body.number(1);
      said.fingerprint = hex(body.take(version >= 5 ? 32 : 20));
    }
    const isName = type === SUBPACKET.keyId || type === SUBPACKET.fingerprint;
    const isTwice = found.has(type);
    found.add(type);
    said.hasMore ||= !isName || isTwice || !body.isAtEnd;
    if (!isHashed) continue;
    if (isTwice && type !== SUBPACKET.notation) {
      // Another program may believe the other one.
      throw malformed(`subpacket ${type} is there twice`);
    }
    if (type === SUBPACKET.created) said.created = body.number(4);
    if (type === SUBPACKET.lifetime) said.lifetime = body.number(4);
    if (isCritical && !KNOWN_SUBPACKETS.has(type)) {
      said.unsupported = `critical subpacket ${type}`;
    }
  }
  return said;
}

function hex(bytes: Uint8Array): string {
  return bytes.toHex().toUpperCase();
}

/**
 * Parses the body of a signature packet (tag 2). One that we cannot judge is
 * parsed as far as it goes and says why.
 *
 * @throws {SignedStreamError} status 4, when a field of a version we know runs
 * past the end
 */
export function parseSignature(bytes: Uint8Array): ParsedSignature {
  const fields = new Fields(bytes);
  const version = fields.number(1);
  if (version !== 4) return parseOtherVersion(version, bytes);
  const type = fields.number(1);
  const publicKeyAlgorithm = fields.number(1);
  const hashAlgorithm = fields.number(1);
  const hashed = readSubpackets(fields.take(fields.number(2)), true);
  const end = fields.at;
  const unhashed = readSubpackets(fields.take(fields.number(2)), false);
  const fingerprint = hashed.fingerprint ?? unhashed.fingerprint;
  const keyId = fingerprint?.slice(-16) ?? hashed.keyId ?? unhashed.keyId;
  // The digest's first two octets are openpgp's to check, as are the numbers.
  fields.take(2);
  const isPlain = !unhashed.hasMore &&
    [fingerprint, undefined].includes(unhashed.fingerprint) &&
    [keyId, undefined].includes(unhashed.keyId) &&
    ALGORITHMS[publicKeyAlgorithm] !== undefined &&
    (publicKeyAlgorithm >= NATIVE_ALGORITHMS || hasPlainNumbers(fields));
  const hash = HASHES[hashAlgorithm];
  const unsupported = hashed.unsupported ??
    (ALGORITHMS[publicKeyAlgorithm] === undefined
      ? `public key algorithm ${publicKeyAlgorithm}`
      : hash === undefined
      ? `hash algorithm ${hashAlgorithm}`
      : type !== TYPE_BINARY && type !== TYPE_TEXT
      ? `signature type 0x${type.toString(16).padStart(2, "0")}`
      : hashed.created === undefined
      ? "no creation time"
      : undefined);
  return {
    version,
    type,
    publicKeyAlgorithm,
    hashAlgorithm,
    hash,
    keyId,
    fingerprint,
    created: hashed.created,
    lifetime: hashed.lifetime || undefined,
    trailer: trailerOf(bytes.subarray(0, end)),
    bytes,
    isPlain,
    unsupported,
  };
}

/** From here on algorithms have no numbers; RFC 9580, section 9.1. */
const NATIVE_ALGORITHMS = 25;

/** Whether the numbers up to the end say how many bits they have, and have. */
function hasPlainNumbers(fields: Fields): boolean {
  while (!fields.isAtEnd) {
    const bits = fields.number(2);
    const [first = 0] = fields.take(Math.ceil(bits / 8));
    if (bits !== 0 && first >> ((bits - 1) % 8) !== 1) return false;
  }
  return true;
}

/** What is hashed of version 4: the hashed part, its version and length. */
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

/** What can be said of a signature of another version, for the report. */
function parseOtherVersion(
  version: number,
  bytes: Uint8Array,
): ParsedSignature {
  const unknown = {
    version,
    type: -1,
    publicKeyAlgorithm: 0,
    hashAlgorithm: 0,
    trailer: new Uint8Array(0),
    bytes,
    isPlain: false,
    unsupported: `signature version ${version}`,
  };
  // PGP 2's layout; what GnuPG 2 still makes for nobody but still reads.
  if (version !== 3 || bytes.length < 19 || bytes[1] !== 5) return unknown;
  const fields = new Fields(bytes);
  fields.take(2);
  const type = fields.number(1);
  const created = fields.number(4);
  const keyId = hex(fields.take(8));
  const publicKeyAlgorithm = fields.number(1);
  const hashAlgorithm = fields.number(1);
  const hash = HASHES[hashAlgorithm];
  return {
    ...unknown,
    type,
    publicKeyAlgorithm,
    hashAlgorithm,
    hash,
    keyId,
    created,
  };
}
