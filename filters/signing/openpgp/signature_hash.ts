/**
 * What signatures sign, hashed while it passes.
 *
 * @module
 */

import { createHash, type Hash } from "./builtin.ts";
import { type ParsedSignature, TYPE_TEXT } from "./signature_packet.ts";

/** What decides which hash a signature needs. */
export type HashKind = Pick<ParsedSignature, "type" | "hash">;

const CR = 0x0d;
const LF = 0x0a;

/** Hashes text with its line ends as CR LF, however it is cut into chunks. */
class TextHash {
  readonly #hash: Hash;
  #endsInCr: boolean;

  constructor(hash: Hash, endsInCr = false) {
    this.#hash = hash;
    this.#endsInCr = endsInCr;
  }

  update(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    // Most text has lines, so they are joined anew: one call per chunk.
    const text = new Uint8Array(2 * chunk.length);
    let count = 0, before = this.#endsInCr ? CR : 0;
    for (const byte of chunk) {
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
 * Hashes what signatures sign: data in, chunk by chunk, a digest out for each.
 * There is one context for each distinct hash, whatever the signatures are.
 */
export class SignatureHasher {
  readonly #contexts = new Map<string, Hash | TextHash>();

  /** @param kinds what the signatures to come will need */
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

  /** Whether the hash a signature needs was computed. */
  has(signature: HashKind): boolean {
    return this.#contexts.has(contextKey(signature));
  }

  /**
   * The digest a signature signs, of the data so far and its own trailer; empty
   * when it is of no kind the hasher was told of, which matches no signature.
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

/** The digest that a signature over `data`, at hand as a whole, signs. */
export function digestOf(
  signature: ParsedSignature,
  data: Uint8Array,
): Uint8Array {
  const hasher = new SignatureHasher([signature]);
  hasher.update(data);
  return hasher.digest(signature);
}
