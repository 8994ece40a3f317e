/**
 * Chunks in, events out: reads what `go test -json` prints.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import { LineFeeder } from "../text/line_feeder.ts";
import { tryDecodeText } from "../text/utf8.ts";
import { mayBeRead, parseBrokenPackage, parseGoEvent } from "./line.ts";
import { GoRun, TEXT_FILE_NAME } from "./run.ts";

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
    this.#lines.flushText();
    this.#events.push(event);
  });
  readonly #lines = new LineFeeder({
    read: (bytes, start, end) => this.#readLine(bytes, start, end),
    mayRead: mayBeRead,
  }, (text) => {
    this.#events.push({
      runnable: true,
      fileName: TEXT_FILE_NAME,
      fileBytes: text.slice(),
    });
  });
  #events: StatusEvent[] = [];
  #ended = false;

  /**
   * Takes in a chunk and returns the events that are complete now. They hold
   * no view of the chunk.
   *
   * @throws {TypeError} after `end`
   */
  push(chunk: Uint8Array): StatusEvent[] {
    if (this.#ended) throw new TypeError("Cannot push: the decoder has ended");
    this.#lines.push(chunk);
    return this.#takeEvents();
  }

  /** Says that no more chunks come, and returns the rest of the events. */
  end(): StatusEvent[] {
    if (this.#ended) return [];
    this.#ended = true;
    this.#lines.end();
    this.#run.end();
    return this.#takeEvents();
  }

  #readLine(bytes: Uint8Array, start: number, end: number): boolean {
    if (!mayBeRead(bytes, start, end)) return false;
    const line = tryDecodeText(bytes.subarray(start, end));
    if (line === undefined) return false;
    const event = parseGoEvent(line);
    if (event !== undefined) {
      this.#run.read(event);
      return true;
    }
    const broken = parseBrokenPackage(line);
    if (broken !== undefined) {
      this.#lines.passLine(end);
      this.#run.failPackage(broken);
    }
    return false;
  }

  #takeEvents(): StatusEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
