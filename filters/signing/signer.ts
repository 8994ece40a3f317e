/**
 * Signing: in process with a secret key, or through gpg.
 *
 * @module
 */

import { config, SignaturePacket } from "openpgp";
import { concat } from "@std/bytes/concat";
import { isNotFound, reasonOf } from "../kit/errors.ts";
import { spawn } from "../kit/io/command.ts";
import type { ChildProcess } from "../kit/runtime/runtime.ts";
import { readSecretKeys, wordsOf } from "./keys.ts";
import { readSignatures } from "./openpgp/message.ts";
import { EXIT, SignedStreamError } from "./errors.ts";
import { SignatureHasher } from "./openpgp/signature_hash.ts";
import {
  hashName,
  trailerOf,
  TYPE_BINARY,
  TYPE_TEXT,
} from "./openpgp/signature_packet.ts";

/** The fields of a signature to come, which a one-pass packet announces. */
export interface SignatureKind {
  /** 0x00 binary, 0x01 text. */
  readonly type: number;
  /** Its number, and its name in node:crypto. */
  readonly hashAlgorithm: number;
  readonly hash: string;
  readonly publicKeyAlgorithm: number;
  /** 16 hexadecimal digits, upper case. */
  readonly keyId: string;
}

/** A signature being made: it is fed data chunk by chunk. */
export interface Signing {
  /** Takes data; its memory may be reused when the promise settles. */
  update(chunk: Uint8Array): Promise<void>;
  /**
   * Ends the data.
   *
   * @returns the signature packets with their headers, in the signers' order
   * @throws {SignedStreamError} status 6, when signing fails
   */
  finish(): Promise<Uint8Array>;
}

/** Who signs: one key, or several together. */
export interface Signer {
  /** What the signatures of a type (0x00 binary, 0x01 text) will say. */
  kinds(type: number): Promise<readonly SignatureKind[]>;
  /** Begins a signature of a type. */
  start(type: number): Promise<Signing>;
}

/** A detached signature over bytes at hand: packets with their headers. */
export async function sign(
  signer: Signer,
  data: Uint8Array,
): Promise<Uint8Array> {
  const signing = await signer.start(TYPE_BINARY);
  await signing.update(data);
  return await signing.finish();
}

function signerFailed(detail: string): SignedStreamError {
  return new SignedStreamError(EXIT.signer, `Cannot sign: ${detail}`);
}

/** Data of at most this size is held and signed directly. */
const SHORT_BYTES = 16 * 1024;

/** openpgp's secret key packet, as far as signing needs it. */
interface SecretPacket {
  readonly algorithm: number;
  readonly version: number;
  isDecrypted(): boolean;
  getKeyID(): { toHex(): string };
  getAlgorithmInfo(): { curve?: string };
}

/** openpgp's packet, with the parts that its types omit. */
interface SignablePacket {
  signatureType: number;
  publicKeyAlgorithm: number;
  hashAlgorithm: number;
  signatureData: Uint8Array;
  toHash(): Uint8Array | undefined;
  hash(): Promise<Uint8Array>;
  sign(
    key: SecretPacket,
    data: undefined,
    date: Date,
    isDetached: boolean,
    config: unknown,
  ): Promise<void>;
  write(): Uint8Array;
}

/** Signs in process with a key that has no passphrase. */
export class KeySigner implements Signer {
  readonly #key: SecretPacket;
  readonly #hashAlgorithm: number;

  private constructor(key: SecretPacket) {
    this.#key = key;
    this.#hashAlgorithm = hashFor(key);
  }

  /**
   * Reads the first secret key in a file, and chooses its part that signs.
   *
   * @throws {SignedStreamError} status 5 when the file cannot be read, 6 when
   * its key cannot sign now
   */
  static async read(path: string): Promise<KeySigner> {
    const [key] = await readSecretKeys(path);
    let part;
    try {
      part = await key.getSigningKey(undefined, new Date(), undefined, {
        ...config,
        rejectPublicKeyAlgorithms: new Set(),
        minRSABits: 0,
      });
    } catch (error) {
      throw signerFailed(
        `the key ${key.getFingerprint().toUpperCase()} in "${path}" cannot sign: ${
          wordsOf(error)
        }`,
      );
    }
    const packet = part.keyPacket as unknown as SecretPacket;
    if (!packet.isDecrypted()) {
      throw signerFailed(
        `the secret key in "${path}" is protected by a passphrase: remove it from a copy, or use --key with gpg`,
      );
    }
    return new KeySigner(packet);
  }

  kinds(type: number): Promise<readonly SignatureKind[]> {
    return Promise.resolve([this.#kind(type)]);
  }

  #kind(type: number): SignatureKind {
    return {
      type,
      hashAlgorithm: this.#hashAlgorithm,
      hash: hashName(this.#hashAlgorithm)!,
      publicKeyAlgorithm: this.#key.algorithm,
      keyId: this.#key.getKeyID().toHex().toUpperCase(),
    };
  }

  start(type: number): Promise<Signing> {
    const kind = this.#kind(type);
    const hasher = new SignatureHasher([kind]);
    let held: Uint8Array | undefined = new Uint8Array(0);
    return Promise.resolve({
      update(chunk) {
        hasher.update(chunk);
        const isShort = type === TYPE_BINARY && held !== undefined &&
          held.length + chunk.length <= SHORT_BYTES;
        held = isShort ? concat([held!, chunk]) : undefined;
        return Promise.resolve();
      },
      finish: () => this.#finish(kind, hasher, held),
    });
  }

  /**
   * Signs a digest: given the data, openpgp would hold all of it in memory.
   *
   * @param data the data if it is short: RSA then takes 8 ms instead of 55
   */
  async #finish(
    { type, hash, hashAlgorithm, publicKeyAlgorithm }: SignatureKind,
    hasher: SignatureHasher,
    data: Uint8Array | undefined,
  ): Promise<Uint8Array> {
    const packet = new SignaturePacket() as unknown as SignablePacket;
    packet.signatureType = type;
    packet.publicKeyAlgorithm = publicKeyAlgorithm;
    packet.hashAlgorithm = hashAlgorithm;
    const trailer = () => trailerOf(packet.signatureData);
    packet.toHash = () => data && concat([data, trailer()]);
    packet.hash = () =>
      Promise.resolve(hasher.digest({ type, hash, trailer: trailer() }));
    try {
      await packet.sign(this.#key, undefined, new Date(), true, {
        ...config,
        nonDeterministicSignaturesViaNotation: false,
      });
    } catch (error) {
      throw signerFailed(wordsOf(error));
    }
    return withHeader(packet.write());
  }
}

/** The hash a key signs with: as strong as its curve, otherwise SHA-256. */
function hashFor(key: SecretPacket): number {
  const curve = key.getAlgorithmInfo().curve ?? "";
  if (key.algorithm === 28 || /521|512/.test(curve)) return 10;
  return /384/.test(curve) ? 9 : 8;
}

/** A signature packet with a header of the new form. */
function withHeader(body: Uint8Array): Uint8Array {
  const { length } = body;
  const lengthOctets = length < 192
    ? [length]
    : length < 8384
    ? [((length - 192) >> 8) + 192, (length - 192) & 0xff]
    : [0xff, length >>> 24, length >> 16, length >> 8, length];
  return concat([Uint8Array.of(0xc2, ...lengthOctets), body]);
}

/** Signs through gpg, with a key of its own, on a card or behind an agent. */
export class GpgSigner implements Signer {
  readonly #fingerprint: string;

  /** @param fingerprint of the primary key, or of a subkey */
  constructor(fingerprint: string) {
    this.#fingerprint = fingerprint;
  }

  /** Learned from a signature over no data. */
  async kinds(type: number): Promise<readonly SignatureKind[]> {
    const packet = await (await this.start(type)).finish();
    const [signature] = await readSignatures([packet]);
    const { keyId, hash, hashAlgorithm, publicKeyAlgorithm } = signature;
    if (keyId === undefined || hash === undefined) {
      throw signerFailed("gpg made a signature of an unknown kind");
    }
    return [{ type, keyId, hash, hashAlgorithm, publicKeyAlgorithm }];
  }

  start(type: number): Promise<Signing> {
    const child = startGpg([
      "--local-user",
      this.#fingerprint,
      ...(type === TYPE_TEXT ? ["--textmode"] : []),
      "--detach-sign",
    ]);
    const output = child.output();
    const writer = child.stdin.getWriter();
    // When gpg has failed, finish() reports why.
    const ignore = () => {};
    return Promise.resolve({
      update: (chunk) => writer.write(chunk).catch(ignore),
      async finish() {
        await writer.close().catch(ignore);
        const { success, stdout, stderr } = await output;
        if (success && stdout.length > 0) return stdout;
        const words = new TextDecoder().decode(stderr).trim().split("\n");
        throw signerFailed(`gpg says "${words.join("; ")}"`);
      },
    });
  }
}

/** Signs with several keys: each makes a signature of its own. */
export class JointSigner implements Signer {
  readonly #signers: readonly Signer[];

  private constructor(signers: readonly Signer[]) {
    this.#signers = signers;
  }

  /**
   * Joins signers; a single one stays as it is.
   *
   * @throws {SignedStreamError} status 6, when two of them have the same key
   */
  static async of(signers: readonly Signer[]): Promise<Signer> {
    if (signers.length === 1) return signers[0];
    const joint = new JointSigner(signers);
    const ids = (await joint.kinds(TYPE_BINARY)).map(({ keyId }) => keyId);
    const twice = ids.find((id, at) => ids.indexOf(id) !== at);
    if (twice === undefined) return joint;
    throw signerFailed(`the key ${twice} is given twice`);
  }

  async kinds(type: number): Promise<readonly SignatureKind[]> {
    const kinds = [];
    for (const signer of this.#signers) kinds.push(...await signer.kinds(type));
    return kinds;
  }

  async start(type: number): Promise<Signing> {
    const signings: Signing[] = [];
    for (const signer of this.#signers) signings.push(await signer.start(type));
    return {
      async update(chunk) {
        for (const signing of signings) await signing.update(chunk);
      },
      async finish() {
        // All must end, also behind one that fails.
        const results = await Promise.allSettled(
          signings.map((signing) => signing.finish()),
        );
        return concat(results.map((result) => {
          if (result.status === "rejected") throw result.reason;
          return result.value;
        }));
      },
    };
  }
}

function startGpg(args: readonly string[]): ChildProcess {
  try {
    return spawn(["gpg", "--batch", "--no-tty", "--quiet", ...args], {
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
  } catch (error) {
    throw signerFailed(
      isNotFound(error)
        ? "there is no gpg: install GnuPG, or use --secret-key"
        : reasonOf(error),
    );
  }
}
