/**
 * Keeps the ids of a level apart.
 *
 * @module
 */

const FIRST_SLOTS = 16;
/** A slot: two hashes of a name, and how often it has come. */
const SLOT_WORDS = 3;
/** Later names are not stored, so that memory stays bounded: 12 MiB. */
const MAX_NAMES = 500_000;

/**
 * Makes a name unique: the second "a" is "a #2".
 *
 * Stores 64 bits of each name in place of the name, because a document may have
 * hundreds of thousands. Two names that share them would get a needless "#2".
 */
export class Names {
  #slots = new Int32Array(0);
  /** The last slot's number: there are a power of two. */
  #mask = 0;
  #size = 0;

  /** Returns the name, with a number behind it if it has been taken. */
  take(name: string): string {
    if (2 * (this.#size + 2) * SLOT_WORDS > this.#slots.length) this.#grow();
    const slot = this.#find(name);
    const count = this.#slots[slot + 2];
    if (count === 0) {
      this.#add(slot);
      return name;
    }
    for (let number = count + 1;; number++) {
      const numbered = `${name} #${number}`;
      const other = this.#find(numbered);
      if (this.#slots[other + 2] > 0) continue;
      this.#slots[slot + 2] = number;
      this.#add(other);
      return numbered;
    }
  }

  /** Fills the slot that was found for a name. */
  #add(slot: number): void {
    if (this.#size === MAX_NAMES) return;
    this.#slots[slot] = hashes[0];
    this.#slots[slot + 1] = hashes[1];
    this.#slots[slot + 2] = 1;
    this.#size++;
  }

  /** The name's slot; an empty one when it has none. */
  #find(name: string): number {
    hash(name);
    return this.#findHashes(hashes[0], hashes[1]);
  }

  #findHashes(first: number, second: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let index = first & mask;; index = (index + 1) & mask) {
      const slot = index * SLOT_WORDS;
      const isFound = slots[slot] === first && slots[slot + 1] === second;
      if (isFound || slots[slot + 2] === 0) return slot;
    }
  }

  #grow(): void {
    const old = this.#slots;
    const words = Math.max(2 * old.length, FIRST_SLOTS * SLOT_WORDS);
    this.#slots = new Int32Array(words);
    this.#mask = words / SLOT_WORDS - 1;
    for (let slot = 0; slot < old.length; slot += SLOT_WORDS) {
      if (old[slot + 2] === 0) continue;
      const place = this.#findHashes(old[slot], old[slot + 1]);
      this.#slots.set(old.subarray(slot, slot + SLOT_WORDS), place);
    }
  }
}

/** The hashes of the name that was looked up last. */
const hashes = new Int32Array(2);

/** Two hashes of 32 bits: multiplied, mixed as MurmurHash3 ends. */
function hash(name: string): void {
  let first = 0x2545f491, second = name.length;
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    first = Math.imul(first ^ unit, 0x85ebca6b);
    second = Math.imul(second ^ unit ^ (second >>> 15), 0xc2b2ae35);
  }
  first ^= first >>> 16;
  first = Math.imul(first, 0xc2b2ae35);
  hashes[0] = first ^ (first >>> 13);
  second ^= second >>> 16;
  second = Math.imul(second, 0x85ebca6b);
  hashes[1] = second ^ (second >>> 13);
}
