/**
 * Items by their bytes.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { StreamItem } from "@subunit/codec";

/** The memory an item's bytes lie in. */
export function memoryOf(item: StreamItem): ArrayBufferLike {
  return (item.kind === "packet" ? item.source : item.bytes).buffer;
}

/** Where in its memory an item begins; no view is made to tell. */
export function startOf(item: StreamItem): number {
  return item.kind === "packet"
    ? item.source.byteOffset + item.start
    : item.bytes.byteOffset;
}

/**
 * The bytes of items, joined: a view where they stand behind one another in
 * memory, as all the items of a chunk do, a copy otherwise.
 */
export function joinItems(items: readonly StreamItem[]): Uint8Array {
  if (items.length === 0) return new Uint8Array(0);
  const length = items.reduce((sum, item) => sum + item.byteLength, 0);
  const first = items[0], last = items[items.length - 1];
  const start = startOf(first);
  const isRun = memoryOf(first) === memoryOf(last) &&
    startOf(last) + last.byteLength - start === length;
  return isRun
    ? new Uint8Array(memoryOf(first), start, length)
    : concat(items.map(({ bytes }) => bytes));
}

/** Text found in a stream: between the packets, and files of no test. */
export function textOf(item: StreamItem): Uint8Array | undefined {
  if (item.kind === "foreign") return item.bytes;
  return item.kind === "packet" && item.idAt < 0 ? item.fileBytes : undefined;
}
