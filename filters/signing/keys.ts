/**
 * Keys: reading them from files and finding them for signatures.
 *
 * @module
 */

import { type PrivateKey, readPrivateKeys } from "openpgp";
import { concat } from "@std/bytes/concat";
import { openInput, readChunk } from "../kit/io/input.ts";
import { EXIT, SignedStreamError } from "./errors.ts";
import { KeyJudge, type KeyState } from "./key_state.ts";
import {
  joinKeyBlocks,
  type KeyPart,
  readKeyBlocks,
} from "./openpgp/key_block.ts";
import { keyPacketsIn } from "./openpgp/key_file.ts";
import type { KeyPacket } from "./openpgp/signature_check.ts";
import type { ParsedSignature } from "./openpgp/signature_packet.ts";

/** A key, primary or not, that may have made a signature. */
export interface SigningKey {
  /** Upper case, as is {@linkcode primary}. */
  readonly fingerprint: string;
  /** The fingerprint of its primary key. */
  readonly primary: string;
  /** openpgp's packet, to verify with. */
  readonly packet: KeyPacket;
  /** Verifies the signatures over the key the first time. */
  state(): Promise<KeyState>;
}

/** The keys that signatures are verified with. */
export class KeyRing {
  /** The keys by their ids and by their fingerprints. */
  readonly #keys: ReadonlyMap<string, readonly RingKey[]>;

  private constructor(keys: readonly RingKey[]) {
    this.#keys = new Map([
      ...Map.groupBy(keys, ({ keyId }) => keyId),
      ...Map.groupBy(keys, ({ fingerprint }) => fingerprint),
    ]);
  }

  /**
   * Reads files of keys, armored or binary, several in each. Copies of a key
   * are joined, so that a revocation in one of them counts.
   *
   * @throws {SignedStreamError} status 5 when a file cannot be read or holds
   * no keys
   */
  static async read(paths: readonly string[]): Promise<KeyRing> {
    const read = [];
    for (const path of paths) {
      read.push(...await readKeyFile(path, readKeyBlocks));
    }
    const blocks = joinKeyBlocks(read);
    const find = (wanted: string) =>
      blocks.find(({ primary }) => primary.fingerprint === wanted)?.primary;
    return new KeyRing(blocks.flatMap((block) => {
      const judge = new KeyJudge(block, find);
      const { primary, subkeys } = block;
      return [primary, ...subkeys]
        .map((part) => new RingKey(part, primary.fingerprint, judge));
    }));
  }

  /**
   * The keys that may have made a signature: several, because key ids can be
   * forged. A key must match both its id and its fingerprint where both are given.
   */
  find(
    { fingerprint, keyId }: Pick<ParsedSignature, "fingerprint" | "keyId">,
  ): readonly SigningKey[] {
    const name = fingerprint ?? keyId;
    if (name === undefined) return [];
    return (this.#keys.get(name) ?? []).filter((key) =>
      [key.fingerprint, undefined].includes(fingerprint) &&
      [key.keyId, undefined].includes(keyId)
    );
  }
}

/** A key of the ring; its state is determined once. */
class RingKey implements SigningKey {
  readonly #part: KeyPart;
  readonly #judge: KeyJudge;
  readonly primary: string;
  #state: Promise<KeyState> | undefined;

  constructor(part: KeyPart, primary: string, judge: KeyJudge) {
    this.#part = part;
    this.#judge = judge;
    this.primary = primary;
  }

  get fingerprint(): string {
    return this.#part.fingerprint;
  }

  get keyId(): string {
    return this.#part.keyId;
  }

  get packet(): KeyPacket {
    return this.#part.packet;
  }

  state(): Promise<KeyState> {
    return this.#state ??= this.#judge.stateOf(this.#part);
  }
}

/**
 * The secret keys in a file.
 *
 * @throws {SignedStreamError} status 5 when it cannot be read or holds none
 */
export function readSecretKeys(path: string): Promise<PrivateKey[]> {
  return readKeyFile(path, (binaryKeys) => readPrivateKeys({ binaryKeys }));
}

/** Reads keys out of the binary packets in a file. */
async function readKeyFile<Keys>(
  path: string,
  read: (packets: Uint8Array) => Promise<Keys>,
): Promise<Keys> {
  const bytes = readFile(path);
  try {
    return await read(await keyPacketsIn(bytes));
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

/** An error message of openpgp, as part of a sentence. */
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
