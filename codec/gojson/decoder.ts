/**
 * Decodes the output of `go test -json`.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import { EventDecoderStream } from "../stream_pair.ts";
import { LineFeeder } from "../text/line_feeder.ts";
import { tryDecodeText } from "../text/utf8.ts";
import { mayBeRead, parseBrokenPackage, parseGoEvent } from "./line.ts";
import { GoRun, TEXT_FILE_NAME } from "./run.ts";

/**
 * Decodes the output of `go test -json`: tests, subtests, benchmarks, builds.
 *
 * A test's id is `PACKAGE.TestName/sub`; a subtest names its parent. The output
 * of a test becomes parts of its file "output", as it arrives. Output outside
 * tests, the output of builds, and lines that are not events of Go become parts
 * of the file "stdout" without a test, such lines byte for byte. See {@linkcode
 * GoRun} for what counts as a failure.
 *
 * Times are those of the lines, to the nanosecond. How the input is split into
 * chunks does not change the events, except that text is returned as early as
 * possible.
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
    this.#run.readText(text);
    this.#events.push({
      runnable: true,
      fileName: TEXT_FILE_NAME,
      fileBytes: text.slice(),
    });
  });
  #events: StatusEvent[] = [];
  #ended = false;

  /**
   * Reads a chunk and returns the events that are complete. They contain no
   * views of the chunk.
   *
   * @throws {TypeError} after `end`
   */
  push(chunk: Uint8Array): StatusEvent[] {
    if (this.#ended) throw new TypeError("Cannot push: the decoder has ended");
    this.#lines.push(chunk);
    return this.#takeEvents();
  }

  /** Ends the input and returns the remaining events. */
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

/**
 * Decodes the output of `go test -json`: a {@linkcode GoJsonDecoder} as web
 * streams, bytes in, events out.
 *
 * @example
 * ```ts
 * import { GoJsonDecoderStream } from "@subunit/codec/gojson";
 *
 * const line = '{"Action":"fail","Package":"example.com/a","Test":"TestB"}\n';
 * const events = new Blob([line]).stream()
 *   .pipeThrough(new GoJsonDecoderStream());
 * for await (const { testId, status } of events) console.log(testId, status);
 * // example.com/a.TestB fail
 * ```
 */
export class GoJsonDecoderStream extends EventDecoderStream {
  constructor() {
    super(new GoJsonDecoder());
  }
}
