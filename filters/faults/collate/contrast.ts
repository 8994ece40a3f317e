/**
 * How often the message of a fault is in the texts of tests that pass: a message
 * that passing tests print explains nothing.
 *
 * @module
 */

import type { NamedText } from "../fingerprint/fingerprint.ts";
import { masked } from "../fingerprint/mask.ts";

/** How many different lines are remembered. */
const MAX_LINES = 100_000;
/** How many lines of a test are looked at, from the end. */
const MAX_TEST_LINES = 1000;

/** `Type: message`, or a message after something else. */
const SAID = /^(?:[\w.\\$ ]{1,200}: ?)?(.*)$/;

/** Counts messages in the texts of tests that pass. */
export class Contrast {
  /** How many tests have a message. */
  readonly #tests = new Map<string, number>();
  #count = 0;

  /** How many tests with a text passed. */
  get count(): number {
    return this.#count;
  }

  /** Takes the texts of a test that passed. */
  add(texts: readonly NamedText[]): void {
    this.#count++;
    const messages = new Set<string>();
    for (const { text } of texts) {
      for (const line of text.split("\n").slice(-MAX_TEST_LINES)) {
        const plain = line.trim();
        if (plain === "") continue;
        const [, said] = SAID.exec(plain) ?? [];
        for (const part of new Set([plain, said ?? ""])) {
          if (part === "") continue;
          messages.add(masked(part, false));
          messages.add(masked(part, true));
        }
      }
    }
    for (const message of messages) {
      const count = this.#tests.get(message);
      if (count !== undefined) this.#tests.set(message, count + 1);
      else if (this.#tests.size < MAX_LINES) this.#tests.set(message, 1);
    }
  }

  /** How many of those tests have a message; 0 for none. */
  of(message: string): number {
    return message === "" ? 0 : this.#tests.get(message) ?? 0;
  }
}
