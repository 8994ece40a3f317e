/**
 * Chunks in, events out: reads TAP, the Test Anything Protocol.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import { LineFeeder } from "../text/line_feeder.ts";
import type { Timestamp } from "../timestamp.ts";
import { TapDocument } from "./document.ts";

/** The file that text is reported as. */
const TEXT_FILE_NAME = "stdout";

/** How a {@linkcode TapDecoder} is to work. */
export interface TapDecoderOptions {
  /** A clock; with it, every event has a time. */
  readonly now?: () => Timestamp;
}

/**
 * Reads TAP 12, 13 and 14: test points, plans, directives, YAML diagnostics,
 * subtests to any depth.
 *
 * A test's id is `test N - description`, a subtest's its parent's, " > " and
 * its own. Files of a test come before its last event or with it. What is not
 * TAP becomes parts of the file "stdout" of no test, the bytes as they came.
 *
 * A test is handed out when the next line shows that no more belongs to it,
 * text when its beginning shows that it is no TAP. How the input is cut into
 * chunks makes no difference to the events, but for text, which comes out as
 * early as it can.
 *
 * @example
 * ```ts
 * import { TapDecoder } from "@subunit/codec/tap";
 *
 * const decoder = new TapDecoder();
 * const bytes = new TextEncoder().encode("1..1\nok 1 - it works\n");
 * for (const event of [...decoder.push(bytes), ...decoder.end()]) {
 *   console.log(event.testId, event.status); // test 1 - it works success
 * }
 * ```
 */
export class TapDecoder {
  readonly #now: (() => Timestamp) | undefined;
  readonly #document = new TapDocument((event) => {
    this.#lines.flushText();
    this.#events.push(event);
  });
  readonly #lines = new LineFeeder(this.#document, (text) => {
    const timestamp = this.#document.time;
    this.#events.push({
      runnable: true,
      fileName: TEXT_FILE_NAME,
      fileBytes: text.slice(),
      ...(timestamp && { timestamp }),
    });
  });
  #events: StatusEvent[] = [];
  #ended = false;

  constructor({ now }: TapDecoderOptions = {}) {
    this.#now = now;
  }

  /**
   * Takes in a chunk and returns the events that are complete now. They hold
   * no view of the chunk.
   *
   * @throws {TypeError} after `end`
   */
  push(chunk: Uint8Array): StatusEvent[] {
    if (this.#ended) throw new TypeError("Cannot push: the decoder has ended");
    this.#document.time = this.#now?.();
    this.#lines.push(chunk);
    return this.#takeEvents();
  }

  /** Says that no more chunks come, and returns the rest of the events. */
  end(): StatusEvent[] {
    if (this.#ended) return [];
    this.#ended = true;
    this.#document.time = this.#now?.();
    this.#lines.end();
    this.#document.end();
    return this.#takeEvents();
  }

  #takeEvents(): StatusEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
