/**
 * Decodes TAP, the Test Anything Protocol.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import { EventDecoderStream } from "../stream_pair.ts";
import { LineFeeder } from "../text/line_feeder.ts";
import type { Timestamp } from "../timestamp.ts";
import { TapDocument, type TapDocumentOptions } from "./document.ts";

/** The file that text is reported as. */
const TEXT_FILE_NAME = "stdout";

/** Options of a {@linkcode TapDecoder}. */
export interface TapDecoderOptions extends TapDocumentOptions {
  /** A clock; with it, every event has a time. */
  readonly now?: () => Timestamp;
}

/**
 * Decodes TAP 12, 13 and 14: test points, plans, directives, YAML diagnostics,
 * subtests to any depth.
 *
 * A test's id is its description, " #2" behind it if that is taken, or `test N`
 * if it has none; that of a subtest is its parent's, " > ", and its own. Files
 * of a test come before its last event or with it.
 * Everything that is not TAP becomes parts of the file "stdout" without a test,
 * byte for byte.
 *
 * A test is returned when the next line shows that nothing more belongs to it,
 * text when its beginning shows that it is not TAP. How the input is split into
 * chunks does not change the events, except that text is returned as early as
 * possible.
 *
 * @example
 * ```ts
 * import { TapDecoder } from "@subunit/codec/tap";
 *
 * const decoder = new TapDecoder();
 * const bytes = new TextEncoder().encode("1..1\nok 1 - it works\n");
 * for (const event of [...decoder.push(bytes), ...decoder.end()]) {
 *   console.log(event.testId, event.status); // it works success
 * }
 * ```
 */
export class TapDecoder {
  readonly #now: (() => Timestamp) | undefined;
  readonly #document: TapDocument;
  #lines: LineFeeder;
  #events: StatusEvent[] = [];
  #ended = false;

  constructor({ now, ...options }: TapDecoderOptions = {}) {
    this.#now = now;
    this.#document = new TapDocument((event) => {
      this.#lines.flushText();
      this.#events.push(event);
    }, options);
    this.#lines = this.#newLines();
  }

  /**
   * Reads a chunk and returns the events that are complete. They contain no
   * views of the chunk.
   *
   * @throws {TypeError} after `end`
   */
  push(chunk: Uint8Array): StatusEvent[] {
    if (this.#ended) throw new TypeError("Cannot push: the decoder has ended");
    this.#document.time = this.#now?.();
    this.#lines.push(chunk);
    return this.#takeEvents();
  }

  /**
   * Ends an input where another one follows, a file say, and returns its
   * remaining events. Ids are kept apart over all inputs.
   *
   * @throws {TypeError} after `end`
   */
  endInput(): StatusEvent[] {
    if (this.#ended) throw new TypeError("Cannot end: the decoder has ended");
    this.#document.time = this.#now?.();
    this.#lines.end();
    this.#document.end();
    this.#lines = this.#newLines();
    return this.#takeEvents();
  }

  /** Ends the last input and returns the remaining events. */
  end(): StatusEvent[] {
    if (this.#ended) return [];
    const events = this.endInput();
    this.#ended = true;
    return events;
  }

  #newLines(): LineFeeder {
    return new LineFeeder(this.#document, (text) => {
      const timestamp = this.#document.time;
      this.#events.push({
        runnable: true,
        fileName: TEXT_FILE_NAME,
        fileBytes: text.slice(),
        ...(timestamp && { timestamp }),
      });
    });
  }

  #takeEvents(): StatusEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

/**
 * Decodes TAP: a {@linkcode TapDecoder} as web streams, bytes in, events out.
 *
 * @example
 * ```ts
 * import { TapDecoderStream } from "@subunit/codec/tap";
 *
 * const events = new Blob(["1..2\nok 1 - adds\nnot ok 2 - divides\n"])
 *   .stream().pipeThrough(new TapDecoderStream());
 * for await (const { testId, status } of events) console.log(testId, status);
 * // adds success
 * // divides fail
 * ```
 */
export class TapDecoderStream extends EventDecoderStream {
  constructor(options: TapDecoderOptions = {}) {
    super(new TapDecoder(options));
  }
}
