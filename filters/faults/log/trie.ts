/**
 * Two sets of ids compared without sending them: a trie with 16 children a node,
 * in which equal nodes have equal counts and sums. The sum is modulo 2 ** 128,
 * over all bits of the ids, as ids can be made whose XOR is what one wants; it has
 * as many bytes as an id.
 *
 * @module
 */

import { ID_BYTES } from "./event.ts";

/** A node with fewer ids is sent as these: they take less than its children. */
export const LEAF_IDS = 16;
/** The first two bytes of an id. */
const BUCKETS = 65536;

/** A part of the ids: those that begin with some hex digits. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A set of ids in order, and the trie over it. */
export class IdTrie {
  readonly #bytes: Uint8Array;
  readonly size: number;

  /** @param bytes the ids, each once, one behind the other in any order */
  constructor(bytes: Uint8Array) {
    this.#bytes = sorted(bytes);
    this.size = bytes.length / ID_BYTES;
  }

  /** The ids that begin with hex digits. */
  range(prefix: string): Range {
    return {
      from: this.#first(prefix, "0"),
      to: this.#first(prefix, "f") + Number(this.#endsWith(prefix)),
    };
  }

  /** Whether the very last id of a range has only ones behind the prefix. */
  #endsWith(prefix: string): boolean {
    const at = this.#first(prefix, "f");
    return at < this.size && this.id(at).startsWith(prefix);
  }

  /** The first id that is not below a prefix, filled up with a digit. */
  #first(prefix: string, digit: string): number {
    const bound = Uint8Array.fromHex(prefix.padEnd(2 * ID_BYTES, digit));
    let low = 0, high = this.size;
    while (low < high) {
      const middle = low + high >>> 1;
      if (compareAt(this.#bytes, ID_BYTES * middle, bound) < 0) {
        low = middle + 1;
      } else high = middle;
    }
    return low;
  }

  /** The sum of the ids of a range. */
  sum({ from, to }: Range): Uint8Array {
    // Limbs of 16 bits: 2 ** 37 of them fit into a number.
    const limbs = new Float64Array(ID_BYTES / 2);
    for (let at = ID_BYTES * from; at < ID_BYTES * to; at += ID_BYTES) {
      for (let i = 0; i < limbs.length; i++) {
        limbs[i] += this.#bytes[at + 2 * i] << 8 | this.#bytes[at + 2 * i + 1];
      }
    }
    const sum = new Uint8Array(ID_BYTES);
    for (let i = limbs.length - 1, carry = 0; i >= 0; i--) {
      const limb = limbs[i] + carry;
      sum[2 * i + 1] = limb % 256;
      sum[2 * i] = Math.floor(limb / 256) % 256;
      carry = Math.floor(limb / 65536);
    }
    return sum;
  }

  /** Whether an id, as hex, is one of them. */
  has(id: string): boolean {
    const at = this.#first(id, "");
    return at < this.size && this.id(at) === id;
  }

  /** The id at a place, as hex. */
  id(at: number): string {
    return this.#bytes.subarray(ID_BYTES * at, ID_BYTES * (at + 1)).toHex();
  }

  /** The ids of a range, one behind the other: a view. */
  bytes({ from, to }: Range): Uint8Array {
    return this.#bytes.subarray(ID_BYTES * from, ID_BYTES * to);
  }
}

function compareAt(bytes: Uint8Array, at: number, other: Uint8Array): number {
  for (let i = 0; i < ID_BYTES; i++) {
    if (bytes[at + i] !== other[i]) return bytes[at + i] - other[i];
  }
  return 0;
}

/** Sorts ids: into buckets by two bytes, and each of these by comparing. */
function sorted(bytes: Uint8Array): Uint8Array {
  const count = bytes.length / ID_BYTES;
  const starts = new Int32Array(BUCKETS + 1);
  const bucketAt = (i: number) =>
    bytes[ID_BYTES * i] << 8 | bytes[ID_BYTES * i + 1];
  for (let i = 0; i < count; i++) starts[bucketAt(i) + 1]++;
  for (let i = 0; i < BUCKETS; i++) starts[i + 1] += starts[i];
  const order = new Int32Array(count), next = starts.slice();
  for (let i = 0; i < count; i++) order[next[bucketAt(i)]++] = i;
  const compare = (a: number, b: number) =>
    compareAt(
      bytes,
      ID_BYTES * a,
      bytes.subarray(ID_BYTES * b, ID_BYTES * (b + 1)),
    );
  for (let i = 0; i < BUCKETS; i++) {
    if (starts[i + 1] - starts[i] > 1) {
      order.subarray(starts[i], starts[i + 1]).sort(compare);
    }
  }
  const all = new Uint8Array(bytes.length);
  for (let i = 0; i < count; i++) {
    const at = ID_BYTES * order[i];
    all.set(bytes.subarray(at, at + ID_BYTES), ID_BYTES * i);
  }
  return all;
}
