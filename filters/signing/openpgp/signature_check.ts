/**
 * Whether a key made a signature: only the cryptography, by openpgp. Its rules
 * about subpackets, times and weak algorithms do not apply.
 *
 * @module
 */

import { SignaturePacket } from "openpgp";
import { concat } from "@std/bytes/concat";
import { ALGORITHMS, type ParsedSignature } from "./signature_packet.ts";

/** openpgp's packet of a public or secret key, as far as we use it. */
export interface KeyPacket {
  readonly version: number;
  readonly algorithm: number;
  readonly created: Date;
  read(body: Uint8Array): Promise<unknown>;
  getFingerprint(): string;
  getKeyID(): { toHex(): string; write(): Uint8Array };
  getAlgorithmInfo(): { algorithm: string; bits?: number };
  /** The bytes that signatures over the key hash. */
  writeForHash(version: number): Uint8Array;
}

/** openpgp's packet, with the parts that its types omit. */
interface VerifiablePacket {
  hashed: Uint8Array;
  read(body: Uint8Array): void;
  verify(
    key: KeyPacket,
    type: number,
    data: undefined,
    date: null,
    isDetached: boolean,
    config: unknown,
  ): Promise<void>;
}

/** Turns off the rules of openpgp, which does not know the policy. */
const CRYPTO_ONLY = {
  rejectHashAlgorithms: new Set<number>(),
  rejectMessageHashAlgorithms: new Set<number>(),
  knownNotations: [],
};

/** RSA, and RSA for signatures only: the same numbers. */
const RSA = [1, 3];

/** The three forms of EdDSA, and the hashes it must not be used with. */
const EDDSA = [22, 27, 28];
const SHORT_HASHES = ["md5", "ripemd160", "sha1", "sha224"];

/** Whether openpgp refuses to check it: RFC 9580, 5.2.3.3 to 5.2.3.5. */
export function isHashTooShort(
  { publicKeyAlgorithm, hash }: ParsedSignature,
): boolean {
  return EDDSA.includes(publicKeyAlgorithm) && SHORT_HASHES.includes(hash!);
}

/** Whether {@linkcode isSignedBy} can check a signature. */
export function canCheck(signature: ParsedSignature): boolean {
  const { version, publicKeyAlgorithm, hash } = signature;
  return (version === 3 || version === 4) &&
    ALGORITHMS[publicKeyAlgorithm] !== undefined && hash !== undefined &&
    !isHashTooShort(signature);
}

/**
 * Whether a key made a signature over a digest. With `hashed` set, openpgp needs
 * no data: it computes RSA, DSA and ECDSA over the digest.
 */
export async function isSignedBy(
  key: KeyPacket,
  signature: ParsedSignature,
  digest: Uint8Array,
): Promise<boolean> {
  const packet = new SignaturePacket() as unknown as VerifiablePacket;
  try {
    packet.read(bareSignature(key, signature));
    packet.hashed = digest;
    const { type } = signature;
    await packet.verify(key, type, undefined, null, true, CRYPTO_ONLY);
    return true;
  } catch {
    // Its errors have no codes; whatever they are, the signature is not valid.
    return false;
  }
}

/** The body of a version 4 packet with only a time, the key and the numbers. */
function bareSignature(key: KeyPacket, signature: ParsedSignature): Uint8Array {
  const { type, hashAlgorithm, publicKeyAlgorithm, material } = signature;
  const algorithm = [key.algorithm, publicKeyAlgorithm]
      .every((one) => RSA.includes(one))
    ? key.algorithm
    : publicKeyAlgorithm;
  return concat([
    Uint8Array.of(4, type, algorithm, hashAlgorithm),
    Uint8Array.of(0, 6, 5, 2, 0, 0, 0, 0),
    Uint8Array.of(0, 10, 9, 16, ...key.getKeyID().write()),
    material,
  ]);
}
