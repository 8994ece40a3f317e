/**
 * Decodes the output of `go test -json` into events.
 *
 * @module
 */

export * from "./decoder.ts";
