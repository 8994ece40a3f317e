/**
 * The last output of a stream.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";

/** How much of the output is kept for each route. */
const TAIL_BYTES = 4096;

/** The end of the text of each route. */
export class TextTails {
  readonly #tails = new Map<string | undefined, Uint8Array>();

  /** Adds text to the end of its route; the bytes are copied. */
  add(routeCode: string | undefined, text: Uint8Array): void {
    const before = this.#tails.get(routeCode);
    const joined = before === undefined || text.length >= TAIL_BYTES
      ? text
      : concat([before, text]);
    this.#tails.set(routeCode, joined.slice(-TAIL_BYTES));
  }

  /** The end of the route's text, else of the text without a route. */
  get(routeCode: string | undefined): Uint8Array | undefined {
    return this.#tails.get(routeCode) ?? this.#tails.get(undefined);
  }
}
