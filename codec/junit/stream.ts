/**
 * The decoder of JUnit's reports as web streams.
 *
 * @module
 */

import { EventDecoderStream } from "../stream_pair.ts";
import { JunitDecoder, type JunitDecoderOptions } from "./decoder.ts";

/**
 * Decodes JUnit reports: a {@linkcode JunitDecoder} as web streams, bytes in,
 * events out. Where a report breaks off, its open tests fail.
 *
 * @example
 * ```ts
 * import { JunitDecoderStream } from "@subunit/codec/junit";
 *
 * const report =
 *   '<testsuite><testcase classname="a.B" name="c"><failure/></testcase></testsuite>';
 * const events = new Blob([report]).stream()
 *   .pipeThrough(new JunitDecoderStream());
 * for await (const { testId, status } of events) {
 *   if (status === "fail") console.log(testId); // a.B.c
 * }
 * ```
 */
export class JunitDecoderStream extends EventDecoderStream {
  constructor(options: JunitDecoderOptions = {}) {
    super(new JunitDecoder(options));
  }
}
