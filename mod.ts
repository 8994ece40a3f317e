/**
 * The library of subunit-tools: re-exports only.
 *
 * @module
 */

export * from "@subunit/codec";
export * from "@subunit/codec/tap";
