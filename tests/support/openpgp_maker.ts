/**
 * OpenPGP keys and signatures made packet by packet: also those no program
 * would make. Nothing here is checked, and nothing is secret.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  sign,
} from "node:crypto";

/** Seconds since 1970. */
export type Seconds = number;

/** A key that signs: what is published of it, and what it signs with. */
export interface MadeKey {
  readonly version: number;
  readonly created: Seconds;
  readonly algorithm: number;
  /** The body of its packet. */
  readonly body: Uint8Array;
  /** Upper case. */
  readonly fingerprint: string;
  readonly keyId: string;
  /** The numbers of a signature over data that are hashed. */
  sign(data: Uint8Array, hash: number): Uint8Array;
}

/** Hash algorithms by number: the name in node:crypto, the start of DigestInfo. */
const HASHES: Readonly<Record<number, readonly [string, string]>> = {
  1: ["md5", "3020300c06082a864886f70d020505000410"],
  2: ["sha1", "3021300906052b0e03021a05000414"],
  3: ["ripemd160", "3021300906052b2403020105000414"],
  8: ["sha256", "3031300d060960864801650304020105000420"],
  10: ["sha512", "3051300d060960864801650304020305000440"],
  11: ["sha224", "302d300d06096086480165030402040500041c"],
  12: ["sha3-256", "3031300d060960864801650304020805000420"],
};

export const SHA1 = 2, SHA256 = 8, SHA512 = 10;

export function digest(data: Uint8Array, hash: number): Uint8Array {
  return new Uint8Array(createHash(HASHES[hash][0]).update(data).digest());
}

export function bytes(...values: (number | Uint8Array | string)[]): Uint8Array {
  return concat(
    values.map((value) =>
      typeof value === "number"
        ? Uint8Array.of(value)
        : typeof value === "string"
        ? new TextEncoder().encode(value)
        : value
    ),
  );
}

/** A number in four octets. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** A number in two octets. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

/** A multiprecision integer. */
export function mpi(value: Uint8Array): Uint8Array {
  let start = 0;
  while (start < value.length && value[start] === 0) start++;
  const rest = value.subarray(start);
  const bits = rest.length === 0
    ? 0
    : 8 * rest.length - Math.clz32(rest[0]) + 24;
  return concat([u16(bits), rest]);
}

/** A packet: the new form of its header, or the old. */
export function packet(
  tag: number,
  body: Uint8Array,
  form: "new" | "old" = "new",
): Uint8Array {
  const { length } = body;
  if (form === "old") return bytes(0x82 | tag << 2, u32(length), body);
  return bytes(0xc0 | tag, newLength(length), body);
}

function newLength(length: number): Uint8Array {
  if (length < 192) return bytes(length);
  if (length < 8384) {
    return bytes(((length - 192) >> 8) + 192, (length - 192) & 0xff);
  }
  return bytes(0xff, u32(length));
}

/** Public key algorithms by number. */
export const RSA = 1, ECDSA = 19, EDDSA = 22, ED25519 = 27;

/** A new key. */
export function makeKey(
  created: Seconds,
  algorithm: number = EDDSA,
  version = 4,
): MadeKey {
  const { secret, material, numbers } = makePair(algorithm);
  const body = version === 4
    ? bytes(4, u32(created), algorithm, material)
    : bytes(version, u32(created), algorithm, u32(material.length), material);
  const fingerprint = fingerprintOf(version, body);
  return {
    version,
    created,
    algorithm,
    body,
    fingerprint,
    keyId: version === 4 ? fingerprint.slice(-16) : fingerprint.slice(0, 16),
    sign: (data, hash) => numbers(secret, data, hash),
  };
}

function fingerprintOf(version: number, body: Uint8Array): string {
  const digested = version === 4
    ? digest(bytes(0x99, u16(body.length), body), SHA1)
    : digest(bytes(0x95 + version, u32(body.length), body), SHA256);
  return digested.toHex().toUpperCase();
}

interface Pair {
  readonly secret: KeyObject;
  readonly material: Uint8Array;
  readonly numbers: (
    secret: KeyObject,
    data: Uint8Array,
    hash: number,
  ) => Uint8Array;
}

function makePair(algorithm: number): Pair {
  switch (algorithm) {
    case RSA: {
      const options = { modulusLength: 2048 };
      const { privateKey, publicKey } = generateKeyPairSync("rsa", options);
      const { n, e } = publicKey.export({ format: "jwk" });
      return {
        secret: privateKey,
        material: concat([mpi(fromUrl(n)), mpi(fromUrl(e))]),
        numbers: (secret, data, hash) => {
          const info = Uint8Array.fromHex(HASHES[hash][1]);
          const signed = concat([info, digest(data, hash)]);
          return mpi(new Uint8Array(privateEncrypt(secret, signed)));
        },
      };
    }
    case ECDSA: {
      const options = { namedCurve: "P-256" };
      const { privateKey, publicKey } = generateKeyPairSync("ec", options);
      const { x, y } = publicKey.export({ format: "jwk" });
      const oid = Uint8Array.fromHex("082a8648ce3d030107");
      return {
        secret: privateKey,
        material: concat([oid, mpi(bytes(4, fromUrl(x), fromUrl(y)))]),
        numbers: (key, data, hash) =>
          halves(sign(HASHES[hash][0], data, { key, dsaEncoding: P1363 })),
      };
    }
    case EDDSA: {
      const { privateKey, point } = makeEd25519();
      const oid = Uint8Array.fromHex("092b06010401da470f01");
      return {
        secret: privateKey,
        material: concat([oid, mpi(bytes(0x40, point))]),
        numbers: (secret, data, hash) =>
          halves(sign(null, digest(data, hash), secret)),
      };
    }
    default: {
      const { privateKey, point } = makeEd25519();
      return {
        secret: privateKey,
        material: point,
        numbers: (secret, data, hash) =>
          new Uint8Array(sign(null, digest(data, hash), secret)),
      };
    }
  }
}

const P1363 = "ieee-p1363";

function makeEd25519(): { privateKey: KeyObject; point: Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { privateKey, point: fromUrl(publicKey.export({ format: "jwk" }).x) };
}

function fromUrl(text: string | undefined): Uint8Array {
  return Uint8Array.fromBase64(text ?? "", { alphabet: "base64url" });
}

/** A signature of two numbers of one size. */
function halves(signed: Uint8Array): Uint8Array {
  const half = signed.length / 2;
  return concat([mpi(signed.subarray(0, half)), mpi(signed.subarray(half))]);
}

/** Subpackets by what they say; RFC 9580, section 5.2.3.7. */
export const SUB = {
  created: 2,
  signatureLifetime: 3,
  exportable: 4,
  keyLifetime: 9,
  revoker: 12,
  issuer: 16,
  notation: 20,
  primaryUser: 25,
  keyFlags: 27,
  signerUser: 28,
  reason: 29,
  features: 30,
  embedded: 32,
  fingerprint: 33,
} as const;

/** A subpacket. */
export function sub(
  type: number,
  body: number | Uint8Array,
  isCritical = false,
): Uint8Array {
  const content = typeof body === "number" ? Uint8Array.of(body) : body;
  const octet = type | (isCritical ? 0x80 : 0);
  return bytes(newLength(content.length + 1), octet, content);
}

/** What a signature says. */
export interface SignatureRecipe {
  readonly type?: number;
  readonly hash?: number;
  readonly created?: Seconds;
  readonly version?: number;
  /** Signed subpackets, behind the creation time. */
  readonly hashed?: readonly Uint8Array[];
  /** Others; the issuer unless they say otherwise. */
  readonly unhashed?: readonly Uint8Array[];
  /** The algorithm it claims to be of. */
  readonly algorithm?: number;
  /** Changes the numbers of the signature. */
  readonly damage?: boolean;
}

/** A signature packet's body. */
export function signatureBody(
  key: MadeKey,
  over: Uint8Array,
  recipe: SignatureRecipe = {},
): Uint8Array {
  const { type = 0, hash = SHA256, created = key.created + 60 } = recipe;
  const { version = key.version, algorithm = key.algorithm } = recipe;
  const issuer = Uint8Array.fromHex(key.keyId);
  const numbersOf = (data: Uint8Array) => {
    const numbers = key.sign(data, hash);
    if (recipe.damage) numbers[numbers.length - 1] ^= 1;
    return concat([digest(data, hash).subarray(0, 2), numbers]);
  };
  if (version === 3) {
    const hashed = bytes(type, u32(created));
    const numbers = numbersOf(concat([over, hashed]));
    return bytes(3, 5, hashed, issuer, algorithm, hash, numbers);
  }
  const size = version === 6 ? u32 : u16;
  const area = concat([
    sub(SUB.created, u32(created)),
    ...recipe.hashed ?? [],
  ]);
  const unhashed = concat(
    recipe.unhashed ??
      (version === 6
        ? [sub(SUB.fingerprint, bytes(6, Uint8Array.fromHex(key.fingerprint)))]
        : [sub(SUB.issuer, issuer)]),
  );
  const head = bytes(version, type, algorithm, hash, size(area.length), area);
  const salt = version === 6 ? new Uint8Array(16) : new Uint8Array(0);
  const trailer = bytes(version, 0xff, u32(head.length));
  const numbers = numbersOf(concat([salt, over, head, trailer]));
  return bytes(
    head,
    size(unhashed.length),
    unhashed,
    numbers.subarray(0, 2),
    ...(version === 6 ? [salt.length, salt] : []),
    numbers.subarray(2),
  );
}

/** A signature packet over data. */
export function signature(
  key: MadeKey,
  over: Uint8Array,
  recipe?: SignatureRecipe,
): Uint8Array {
  return packet(2, signatureBody(key, over, recipe));
}

/** How a key is hashed in signatures over it. */
export function hashedKey({ version, body }: MadeKey): Uint8Array {
  return version === 4
    ? bytes(0x99, u16(body.length), body)
    : bytes(0x95 + version, u32(body.length), body);
}

/** How a user id is hashed in signatures over it, of a version. */
function hashedUser(user: string, version: number): Uint8Array {
  const name = bytes(user);
  return version === 3 ? name : bytes(0xb4, u32(name.length), name);
}

/** Key flags. */
export const CERTIFIES = 1, SIGNS = 2, ENCRYPTS = 4;

/** Types of signatures over keys. */
export const TYPE = {
  user: 0x13,
  binding: 0x18,
  back: 0x19,
  direct: 0x1f,
  revocation: 0x20,
  subkeyRevocation: 0x28,
  userRevocation: 0x30,
} as const;

/** The user id of a key where no other is given. */
export const USER = "made <made@example.org>";

export function keyPacket(key: MadeKey): Uint8Array {
  return packet(6, key.body);
}

export function subkeyPacket(key: MadeKey): Uint8Array {
  return packet(14, key.body);
}

export function userPacket(user: string = USER): Uint8Array {
  return packet(13, bytes(user));
}

/** A signature of a key over a user id. */
export function overUser(
  key: MadeKey,
  recipe: SignatureRecipe = {},
  user: string = USER,
  by: MadeKey = key,
): Uint8Array {
  const { version = 4 } = recipe;
  const over = concat([hashedKey(key), hashedUser(user, version)]);
  return signature(by, over, {
    type: TYPE.user,
    hashed: [sub(SUB.keyFlags, CERTIFIES | SIGNS)],
    ...recipe,
  });
}

/** A signature over a key itself. */
export function overKey(
  key: MadeKey,
  recipe: SignatureRecipe,
  by: MadeKey = key,
): Uint8Array {
  return signature(by, hashedKey(key), recipe);
}

/** The consent of a subkey, as a subpacket. */
export function backSignature(
  primary: MadeKey,
  subkey: MadeKey,
  recipe: SignatureRecipe = {},
): Uint8Array {
  const over = concat([hashedKey(primary), hashedKey(subkey)]);
  const body = signatureBody(subkey, over, { type: TYPE.back, ...recipe });
  return sub(SUB.embedded, body);
}

/** A signature that binds a subkey, or another one over both. */
export function overSubkey(
  primary: MadeKey,
  subkey: MadeKey,
  recipe: SignatureRecipe = {},
  by: MadeKey = primary,
): Uint8Array {
  const over = concat([hashedKey(primary), hashedKey(subkey)]);
  return signature(by, over, {
    type: TYPE.binding,
    hashed: [
      sub(SUB.keyFlags, SIGNS),
      backSignature(primary, subkey),
    ],
    ...recipe,
  });
}

/** A key with a user id, as it is published. */
export function published(key: MadeKey, recipe?: SignatureRecipe): Uint8Array {
  return concat([keyPacket(key), userPacket(), overUser(key, recipe)]);
}

/** The canonical text that signatures of text sign. */
export function canonical(text: string): Uint8Array {
  return bytes(text.replaceAll(/\r?\n/g, "\r\n"));
}

/** What a one-pass packet says of the signature to come. */
export interface OnePassRecipe {
  readonly type?: number;
  readonly hash?: number;
  readonly algorithm?: number;
  readonly isLast?: boolean;
}

/** A one-pass signature packet. */
export function onePass(key: MadeKey, recipe: OnePassRecipe = {}): Uint8Array {
  const { type = 0, hash = SHA256, algorithm = key.algorithm } = recipe;
  const { isLast = true } = recipe;
  const keyId = Uint8Array.fromHex(key.keyId);
  return packet(4, bytes(3, type, hash, algorithm, keyId, isLast ? 1 : 0));
}

/** A literal data packet. */
export function literal(
  content: Uint8Array | string,
  format = "b",
  name = "",
): Uint8Array {
  return packet(11, bytes(format, name.length, name, u32(0), content));
}
