/**
 * Chunks in, events out: reads TAP, the Test Anything Protocol.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { TapDocument } from "./document.ts";

/** The file that text is reported as. */
const TEXT_FILE_NAME = "stdout";

const LINE_FEED = 0x0a;

/**
 * A longer line is text: waiting for its end must not take up more memory.
 */
const MAX_LINE_BYTES = 1024 * 1024;

/** The decoder's own buffer at first: a few lines. */
const FIRST_BUFFER_BYTES = 4096;

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
  readonly #document: TapDocument;
  #events: StatusEvent[] = [];
  #ended = false;

  /** What is being read: the bytes held and the last chunk behind them. */
  #source: Uint8Array = new Uint8Array(0);
  /** Where the text begins that is in no event yet; it ends at the line. */
  #textAt = 0;
  #lineAt = 0;
  /** Whether the line is known to be text though its end has not come. */
  #isText = false;

  /** Where a line is held that chunks cut. */
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #heldBytes = 0;

  constructor({ now }: TapDecoderOptions = {}) {
    this.#now = now;
    this.#document = new TapDocument((event) => {
      this.#emitText();
      this.#events.push(event);
    });
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
    const searched = this.#heldBytes;
    this.#take(chunk);
    this.#readLines(searched);
    this.#readBeginning();
    this.#hold();
    return this.#takeEvents();
  }

  /** Says that no more chunks come, and returns the rest of the events. */
  end(): StatusEvent[] {
    if (this.#ended) return [];
    this.#ended = true;
    this.#document.time = this.#now?.();
    this.#take(new Uint8Array(0));
    if (this.#heldBytes > 0) this.#readLine(this.#heldBytes);
    this.#emitText();
    this.#document.end();
    return this.#takeEvents();
  }

  #take(chunk: Uint8Array): void {
    this.#textAt = 0;
    this.#lineAt = 0;
    if (this.#heldBytes === 0) {
      this.#source = chunk;
      return;
    }
    const end = this.#heldBytes + chunk.length;
    if (end > this.#buffer.length) {
      const buffer = new Uint8Array(2 * end);
      buffer.set(this.#buffer.subarray(0, this.#heldBytes));
      this.#buffer = buffer;
    }
    this.#buffer.set(chunk, this.#heldBytes);
    this.#source = this.#buffer.subarray(0, end);
  }

  /** Keeps the beginning of a line: the bytes that are in no event yet. */
  #hold(): void {
    const rest = this.#source.subarray(this.#lineAt);
    const isInPlace = this.#heldBytes > 0 && this.#lineAt === 0;
    if (rest.length > this.#buffer.length) {
      this.#buffer = new Uint8Array(2 * rest.length);
    }
    if (!isInPlace) this.#buffer.set(rest);
    this.#heldBytes = rest.length;
  }

  /** Reads the lines whose ends have come, the first of them after `from`. */
  #readLines(from: number): void {
    for (
      let end = from;
      (end = this.#source.indexOf(LINE_FEED, end) + 1) > 0;
    ) {
      this.#readLine(end);
    }
  }

  #readLine(end: number): void {
    const start = this.#lineAt;
    const isTap = !this.#isText && this.#readTap(start, end);
    this.#isText = false;
    if (isTap) {
      this.#emitText();
      this.#textAt = end;
    }
    this.#lineAt = end;
  }

  #readTap(start: number, end: number): boolean {
    if (end - start <= MAX_LINE_BYTES) {
      return this.#document.read(this.#source, start, end);
    }
    this.#document.pass();
    return false;
  }

  /** Lets the beginning of a line go that can only be text. */
  #readBeginning(): void {
    const start = this.#lineAt, end = this.#source.length;
    if (!this.#isText && start < end && this.#isSurelyText(start, end)) {
      this.#document.pass();
      this.#isText = true;
    }
    if (this.#isText) this.#lineAt = end;
    this.#emitText();
  }

  #isSurelyText(start: number, end: number): boolean {
    return end - start > MAX_LINE_BYTES ||
      !this.#document.mayRead(this.#source, start, end);
  }

  #emitText(): void {
    if (this.#textAt === this.#lineAt) return;
    const timestamp = this.#document.time;
    this.#events.push({
      runnable: true,
      fileName: TEXT_FILE_NAME,
      fileBytes: this.#source.slice(this.#textAt, this.#lineAt),
      ...(timestamp && { timestamp }),
    });
    this.#textAt = this.#lineAt;
  }

  #takeEvents(): StatusEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
