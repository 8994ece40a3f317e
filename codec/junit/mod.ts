/**
 * Decodes JUnit's XML reports into events.
 *
 * @module
 */

export * from "./decoder.ts";
export { JunitDecoderStream } from "./stream.ts";
