/**
 * The test numbers of a TAP document that have been used.
 *
 * @module
 */

/** The numbers from `first` to `last`, inclusive. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The numbers from 1 on that have been used, in any order (TAP 14 allows any).
 * Stores the highest number and the gaps below it, which is little if they come
 * roughly in order.
 */
export class TestNumbers {
  #next = 1;
  /** The unused numbers below `#next`, in ascending order. */
  readonly #gaps: NumberRange[] = [];

  /** The number of a test without one: one more than the highest. */
  get next(): number {
    return this.#next;
  }

  /** The unused numbers below {@linkcode next}. */
  get gaps(): readonly NumberRange[] {
    return this.#gaps;
  }

  /** Adds a number. Returns false if it has been used before or is 0. */
  add(number: number): boolean {
    if (number < this.#next) return this.#fill(number);
    if (number > this.#next) {
      this.#gaps.push({ first: this.#next, last: number - 1 });
    }
    this.#next = number + 1;
    return true;
  }

  /** Removes and returns the lowest gap, whose numbers then count as used. */
  takeGap(): NumberRange | undefined {
    return this.#gaps.shift();
  }

  /** The used numbers above `last`. */
  beyond(last: number): NumberRange[] {
    const ranges: NumberRange[] = [];
    let first = last + 1;
    for (const gap of this.#gaps) {
      if (gap.last < first) continue;
      if (gap.first > first) ranges.push({ first, last: gap.first - 1 });
      first = gap.last + 1;
    }
    if (first < this.#next) ranges.push({ first, last: this.#next - 1 });
    return ranges;
  }

  #fill(number: number): boolean {
    const index = this.#gaps.findIndex(({ first, last }) =>
      first <= number && number <= last
    );
    if (index < 0) return false;
    const { first, last } = this.#gaps[index];
    const rest = [
      { first, last: number - 1 },
      { first: number + 1, last },
    ].filter((range) => range.first <= range.last);
    this.#gaps.splice(index, 1, ...rest);
    return true;
  }
}
