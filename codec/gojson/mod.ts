/**
 * What `go test -json` prints, into events.
 *
 * @module
 */

export * from "./decoder.ts";
