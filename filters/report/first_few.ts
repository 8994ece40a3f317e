/**
 * The first few of many.
 *
 * @module
 */

/** Keeps the first `limit` values of an order, in memory bounded by `limit`. */
export class Top<Value> {
  readonly #limit: number;
  readonly #compare: (a: Value, b: Value) => number;
  #values: Value[] = [];

  /** Without an order the first to come are kept. */
  constructor(
    limit: number,
    compare: (a: Value, b: Value) => number = () => 0,
  ) {
    this.#limit = limit;
    this.#compare = compare;
  }

  add(value: Value): void {
    this.#values.push(value);
    // Sorting once in a while costs less than keeping order all the time.
    if (this.#values.length > 2 * this.#limit + 1000) this.#cut();
  }

  /** The values kept, in order. Equal ones stay in the order they came in. */
  values(): readonly Value[] {
    this.#cut();
    return this.#values;
  }

  #cut(): void {
    this.#values.sort(this.#compare);
    this.#values.length = Math.min(this.#values.length, this.#limit);
  }
}
