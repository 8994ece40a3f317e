/**
 * Hashing the content that signatures cover as it passes.
 *
 * @module
 */

import { createHash, type Hash } from "../../kit/runtime/builtin.ts";
import { type ParsedSignature, TYPE_TEXT } from "./signature_packet.ts";

/** The fields that decide which hash a signature needs. */
export type HashKind = Pick<ParsedSignature, "type" | "hash">;

const CR = 0x0d;
const LF = 0x0a;

/** Hashes text with CR LF line ends, wherever chunks are cut. */
class TextHash {
  readonly #hash: Hash;
  #endsInCr: boolean;

  constructor(hash: Hash, endsInCr = false) {
    this.#hash = hash;
    this.#endsInCr = endsInCr;
  }

  update(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    // Lines are short: one call per chunk is faster than one per line.
    const text = new Uint8Array(2 * chunk.length);
    let count = 0, before = this.#endsInCr ? CR : 0;
    // By index: an iterator over bytes takes several times as long.
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === LF && before !== CR) text[count++] = CR;
      text[count++] = before = byte;
    }
    this.#endsInCr = before === CR;
    this.#hash.update(text.subarray(0, count));
  }

  copy(): Hash {
    return this.#hash.copy();
  }
}

/**
 * Hashes data chunk by chunk and gives each signature its digest. There is one
 * context per distinct hash.
 */
export class SignatureHasher {
  readonly #contexts = new Map<string, Hash | TextHash>();

  /** @param kinds the signatures to come */
  constructor(kinds: Iterable<HashKind>) {
    for (const kind of kinds) {
      if (kind.hash === undefined) continue;
      const key = contextKey(kind);
      if (this.#contexts.has(key)) continue;
      const hash = createHash(kind.hash);
      const isText = kind.type === TYPE_TEXT;
      this.#contexts.set(key, isText ? new TextHash(hash) : hash);
    }
  }

  update(chunk: Uint8Array): void {
    for (const context of this.#contexts.values()) context.update(chunk);
  }

  /** Whether the hash that a signature needs was computed. */
  has(signature: HashKind): boolean {
    return this.#contexts.has(contextKey(signature));
  }

  /**
   * The digest of the data so far and a signature's own trailer; empty, which
   * matches no signature, when the constructor was not told of its kind.
   */
  digest(
    signature: HashKind & Pick<ParsedSignature, "trailer">,
  ): Uint8Array {
    const context = this.#contexts.get(contextKey(signature));
    if (context === undefined) return new Uint8Array(0);
    return context.copy().update(signature.trailer).digest();
  }
}

function contextKey({ type, hash }: HashKind): string {
  return `${hash} ${type === TYPE_TEXT ? "text" : "binary"}`;
}

/** The digest that a signature over `data` signs. */
export function digestOf(
  signature: ParsedSignature,
  data: Uint8Array,
): Uint8Array {
  const hasher = new SignatureHasher([signature]);
  hasher.update(data);
  return hasher.digest(signature);
}
