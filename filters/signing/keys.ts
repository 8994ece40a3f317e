/**
 * Keys: read from files, found for signatures, and the state they are in.
 *
 * @module
 */

import {
  config,
  type Key,
  type PrivateKey,
  type PublicKey,
  readKeys,
  readPrivateKeys,
  type Subkey,
} from "openpgp";
import { concat } from "@std/bytes/concat";
import { openInput, readChunk } from "../kit/io/input.ts";
import { EXIT, SignedStreamError } from "./errors.ts";
import type { ParsedSignature } from "./openpgp/signature_packet.ts";

/** What a key is good for. */
export interface KeyState {
  /** Seconds since 1970. */
  readonly created: number;
  /** Seconds since 1970, or Infinity; of it and its primary key the sooner. */
  readonly expires: number;
  /** Said when the key, or its primary key, is revoked, whenever and why ever. */
  readonly revoked?: string;
  /** Said when no self-signature lets it sign documents. */
  readonly unusable?: string;
  /** What kind of weak key it is, if it is one: "dsa1024", "rsa1024". */
  readonly weak?: string;
}

/** A key, primary or not, that may have made a signature. */
export interface SigningKey {
  /** Upper case, as is {@linkcode primary}. */
  readonly fingerprint: string;
  /** The fingerprint of its primary key. */
  readonly primary: string;
  /** openpgp's packet, to verify with. */
  readonly packet: unknown;
  /** Costs some signatures the first time. */
  state(): Promise<KeyState>;
}

/** Shorter keys of these kinds are weak. */
const WEAK_BITS = 2048;

/** Key state and policy are ours: openpgp is to judge self-signatures alone. */
const LENIENT = {
  ...config,
  rejectPublicKeyAlgorithms: new Set<never>(),
  rejectCurves: new Set<never>(),
  minRSABits: 0,
};

/** What signatures are verified with. */
export class KeyRing {
  readonly #keys: readonly RingKey[];

  private constructor(keys: readonly RingKey[]) {
    this.#keys = keys;
  }

  /**
   * Reads files of keys, armored or binary, several in each. Copies of a key
   * are joined, so that a revocation in one of them counts.
   *
   * @throws {SignedStreamError} status 5 when a file cannot be read or holds
   * no keys
   */
  static async read(paths: readonly string[]): Promise<KeyRing> {
    const keys = new Map<string, PublicKey>();
    for (const path of paths) {
      for (const read of await readKeyFile(path, readKeys)) {
        const key = read.toPublic();
        const known = keys.get(key.getFingerprint());
        keys.set(key.getFingerprint(), known ? await join(known, key) : key);
      }
    }
    return new KeyRing([...keys.values()].flatMap((key) => [
      new RingKey(key),
      ...key.subkeys.map((subkey) => new RingKey(key, subkey)),
    ]));
  }

  /** The keys a signature may be of: ids can be forged to match. */
  find(
    { fingerprint, keyId }: Pick<ParsedSignature, "fingerprint" | "keyId">,
  ): readonly SigningKey[] {
    return this.#keys.filter((key) =>
      fingerprint !== undefined
        ? key.fingerprint === fingerprint
        : keyId !== undefined && key.keyId === keyId
    );
  }
}

/** openpgp's way to ask for no check of times; its types do not know it. */
const NO_DATE = null as unknown as Date;

/** A key with what two copies of it hold. */
async function join(key: PublicKey, copy: PublicKey): Promise<PublicKey> {
  // The types want a private key from an update; of public ones it makes none.
  return await key.update(copy as PrivateKey, NO_DATE, LENIENT);
}

/** A key of the ring; its state is found out once. */
class RingKey implements SigningKey {
  readonly #key: PublicKey;
  readonly #subkey: Subkey | undefined;
  readonly #part: PublicKey | Subkey;
  readonly fingerprint: string;
  readonly keyId: string;
  readonly primary: string;
  #state: Promise<KeyState> | undefined;

  constructor(key: PublicKey, subkey?: Subkey) {
    this.#key = key;
    this.#subkey = subkey;
    this.#part = subkey ?? key;
    this.fingerprint = this.#part.getFingerprint().toUpperCase();
    this.keyId = this.#part.getKeyID().toHex().toUpperCase();
    this.primary = key.getFingerprint().toUpperCase();
  }

  get packet(): unknown {
    return this.#part.keyPacket;
  }

  state(): Promise<KeyState> {
    return this.#state ??= this.#find();
  }

  async #find(): Promise<KeyState> {
    const { algorithm, bits = Infinity } = this.#part.getAlgorithmInfo();
    return {
      created: this.#part.getCreationTime().getTime() / 1000,
      expires: await this.#expires(),
      revoked: await this.#revoked(),
      unusable: await this.#unusable(),
      weak: bits >= WEAK_BITS
        ? undefined
        : `${algorithm.replace(/[A-Z].*/, "")}1024`,
    };
  }

  async #expires(): Promise<number> {
    const times = [
      await this.#key.getExpirationTime(undefined, LENIENT),
      await this.#subkey?.getExpirationTime(NO_DATE, LENIENT),
    ];
    // No time is no valid self-signature: the key is unusable anyhow.
    return Math.min(
      ...times.map((time) =>
        time instanceof Date ? time.getTime() / 1000 : Infinity
      ),
    );
  }

  async #revoked(): Promise<string | undefined> {
    const any = [null as never, null as never, NO_DATE, LENIENT] as const;
    if (await this.#key.isRevoked(...any)) return "the key is revoked";
    if (await this.#subkey?.isRevoked(...any)) return "the subkey is revoked";
    return undefined;
  }

  /** Its self-signatures, and a subkey's own one back, are looked at. */
  async #unusable(): Promise<string | undefined> {
    try {
      const id = this.#part.getKeyID();
      const signing = await this.#key
        .getSigningKey(id, NO_DATE, undefined, LENIENT);
      if (signing.getFingerprint().toUpperCase() === this.fingerprint) {
        return undefined;
      }
    } catch {
      // Its errors have no codes; what it does not vouch for does not sign.
    }
    return "the keyring does not say that this key may sign";
  }
}

/**
 * The secret keys in a file.
 *
 * @throws {SignedStreamError} status 5 when it cannot be read or holds none
 */
export function readSecretKeys(path: string): Promise<PrivateKey[]> {
  return readKeyFile(path, readPrivateKeys);
}

/** One or more blocks of armor, and text between them. */
const ARMORED_KEYS =
  /-----BEGIN PGP (PUBLIC|PRIVATE) KEY BLOCK-----[^]*?-----END PGP \1 KEY BLOCK-----/g;

/** Reads keys, armored or binary; openpgp takes but one block of armor. */
async function readKeyFile<Read extends Key>(
  path: string,
  read: (
    options: { armoredKeys: string } & { binaryKeys: Uint8Array },
  ) => Promise<Read[]>,
): Promise<Read[]> {
  const bytes = readFile(path);
  const blocks = new TextDecoder().decode(bytes).match(ARMORED_KEYS);
  type Options = Parameters<typeof read>[0];
  const all = blocks === null
    ? [{ binaryKeys: bytes } as Options]
    : blocks.map((armoredKeys) => ({ armoredKeys } as Options));
  try {
    const keys = [];
    for (const options of all) keys.push(...await read(options));
    return keys;
  } catch (error) {
    throw new SignedStreamError(
      EXIT.trouble,
      `Cannot read keys from "${path}": ${wordsOf(error)}: ${
        isKeybox(bytes)
          ? "it is GnuPG's own database: give what gpg --export writes"
          : "expected what gpg --export or --export-secret-keys writes"
      }`,
    );
  }
}

function isKeybox(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(8, 12)) === "KBXf";
}

/** What openpgp says of a failure, as part of a sentence. */
export function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.charAt(0).toLowerCase() + message.slice(1);
}

function readFile(path: string): Uint8Array {
  const input = openInput(path);
  const chunks: Uint8Array[] = [];
  try {
    for (let chunk; (chunk = readChunk(input)) !== undefined;) {
      chunks.push(chunk.slice());
    }
  } finally {
    input.close();
  }
  return concat(chunks);
}
