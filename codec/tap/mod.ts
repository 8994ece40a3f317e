/**
 * Decodes TAP, the Test Anything Protocol, into events.
 *
 * @module
 */

export * from "./decoder.ts";
