/**
 * Which test numbers of a TAP document have come.
 *
 * @module
 */

/** The numbers `first` to `last`, both included. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The numbers from 1 on that have come, in any order (TAP 14 allows any).
 * Holds the highest and the gaps below it, so that it stays small as long as
 * they come more or less in order.
 */
export class TestNumbers {
  #next = 1;
  /** The numbers below `#next` that have not come, in rising order. */
  readonly #gaps: NumberRange[] = [];

  /** The number a test has that gives none: one more than the highest. */
  get next(): number {
    return this.#next;
  }

  /** The numbers below {@linkcode next} that have not come. */
  get gaps(): readonly NumberRange[] {
    return this.#gaps;
  }

  /** Takes a number in; false when it has come before or is 0. */
  add(number: number): boolean {
    if (number < this.#next) return this.#fill(number);
    if (number > this.#next) {
      this.#gaps.push({ first: this.#next, last: number - 1 });
    }
    this.#next = number + 1;
    return true;
  }

  /** Takes the lowest gap out: its numbers are taken for come. */
  takeGap(): NumberRange | undefined {
    return this.#gaps.shift();
  }

  /** The numbers above `last` that have come. */
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
