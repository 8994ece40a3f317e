/**
 * Chunks in, events out: reads what `go test -json` prints.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import { tryDecodeText } from "../text/utf8.ts";
import { mayBeRead, parseBrokenPackage, parseGoEvent } from "./line.ts";
import { GoRun, TEXT_FILE_NAME } from "./run.ts";

const LINE_FEED = 0x0a;

/**
 * A longer line is text: waiting for its end must not take up more memory. Go
 * cuts output at 4 KiB.
 */
const MAX_LINE_BYTES = 1024 * 1024;

/** The decoder's own buffer at first: a few lines. */
const FIRST_BUFFER_BYTES = 4096;

/**
 * Reads `go test -json`: tests, subtests, benchmarks, builds.
 *
 * A test's id is `PACKAGE.TestName/sub`; a subtest names its parent. What a
 * test prints becomes parts of its file "output", as it comes. What is printed
 * outside tests, what the build prints, and lines that are no event of Go,
 * become parts of the file "stdout" of no test, the last the bytes as they
 * came. See {@linkcode GoRun} for what is a failure.
 *
 * Times are those of the lines, to the nanosecond. How the input is cut into
 * chunks makes no difference to the events, but for text, which comes out as
 * early as it can.
 *
 * @example
 * ```ts
 * import { GoJsonDecoder } from "@subunit/codec/gojson";
 *
 * const decoder = new GoJsonDecoder();
 * const line = '{"Action":"pass","Package":"example.com/a","Test":"TestB"}\n';
 * for (const event of decoder.push(new TextEncoder().encode(line))) {
 *   console.log(event.testId, event.status); // example.com/a.TestB success
 * }
 * ```
 */
export class GoJsonDecoder {
  readonly #run = new GoRun((event) => {
    this.#emitText();
    this.#events.push(event);
  });
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

  /**
   * Takes in a chunk and returns the events that are complete now. They hold
   * no view of the chunk.
   *
   * @throws {TypeError} after `end`
   */
  push(chunk: Uint8Array): StatusEvent[] {
    if (this.#ended) throw new TypeError("Cannot push: the decoder has ended");
    let end = this.#heldBytes;
    this.#take(chunk);
    while ((end = this.#source.indexOf(LINE_FEED, end) + 1) > 0) {
      this.#readLine(end);
    }
    this.#readBeginning();
    this.#hold();
    return this.#takeEvents();
  }

  /** Says that no more chunks come, and returns the rest of the events. */
  end(): StatusEvent[] {
    if (this.#ended) return [];
    this.#ended = true;
    this.#take(new Uint8Array(0));
    if (this.#heldBytes > 0) this.#readLine(this.#heldBytes);
    this.#emitText();
    this.#run.end();
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
    this.#reserve(end);
    this.#buffer.set(chunk, this.#heldBytes);
    this.#source = this.#buffer.subarray(0, end);
  }

  /** Keeps the beginning of a line: the bytes that are in no event yet. */
  #hold(): void {
    const rest = this.#source.subarray(this.#lineAt);
    this.#heldBytes = 0;
    this.#reserve(rest.length);
    this.#buffer.set(rest);
    this.#heldBytes = rest.length;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const buffer = new Uint8Array(2 * bytes);
    buffer.set(this.#buffer.subarray(0, this.#heldBytes));
    this.#buffer = buffer;
  }

  #readLine(end: number): void {
    const start = this.#lineAt;
    const isText = this.#isText || end - start > MAX_LINE_BYTES ||
      !mayBeRead(this.#source, start, end);
    this.#isText = false;
    const line = isText
      ? undefined
      : tryDecodeText(this.#source.subarray(start, end));
    const event = line && parseGoEvent(line);
    if (event) {
      this.#run.read(event);
      this.#emitText();
      this.#textAt = end;
    }
    this.#lineAt = end;
    const broken = event || !line ? undefined : parseBrokenPackage(line);
    if (broken) this.#run.failPackage(broken);
  }

  /** Lets the beginning of a line go that can only be text. */
  #readBeginning(): void {
    const start = this.#lineAt, end = this.#source.length;
    this.#isText ||= end - start > MAX_LINE_BYTES ||
      !mayBeRead(this.#source, start, end);
    if (this.#isText) this.#lineAt = end;
    this.#emitText();
  }

  #emitText(): void {
    if (this.#textAt === this.#lineAt) return;
    this.#events.push({
      runnable: true,
      fileName: TEXT_FILE_NAME,
      fileBytes: this.#source.slice(this.#textAt, this.#lineAt),
    });
    this.#textAt = this.#lineAt;
  }

  #takeEvents(): StatusEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
