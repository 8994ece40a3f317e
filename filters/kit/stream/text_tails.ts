/**
 * The last output of a stream.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";

/** How much of the output is kept for each route. */
const TAIL_BYTES = 4096;

/** Keeps the end of the text of each route, in memory bounded by the routes. */
export class TextTails {
  readonly #tails = new Map<string | undefined, Uint8Array>();

  /** Takes notice of text; the bytes are copied. */
  add(routeCode: string | undefined, text: Uint8Array): void {
    const before = this.#tails.get(routeCode);
    const joined = before === undefined || text.length >= TAIL_BYTES
      ? text
      : concat([before, text]);
    this.#tails.set(routeCode, joined.slice(-TAIL_BYTES));
  }

  /** The end of the route's text; of that without a route if it has none. */
  get(routeCode: string | undefined): Uint8Array | undefined {
    return this.#tails.get(routeCode) ?? this.#tails.get(undefined);
  }
}
