/**
 * The bytes of items: where they lie, joined, and those that are text.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { Rows, StreamItem } from "@subunit/codec";

/** The buffer that holds an item's bytes. */
export function memoryOf(item: StreamItem): ArrayBufferLike {
  return (item.kind === "packet" ? item.source : item.bytes).buffer;
}

/** The offset of an item in its buffer, found without making a view. */
export function startOf(item: StreamItem): number {
  return item.kind === "packet"
    ? item.source.byteOffset + item.start
    : item.bytes.byteOffset;
}

/**
 * The bytes of items, joined: a view where they are adjacent in memory, as the
 * items of a chunk are, else a copy.
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

/** The bytes of rows and of other items, in order; adjacent ones are one run. */
export class ByteRuns {
  #runs: Uint8Array[] = [];
  /** The last run, by places in its memory. */
  #memory: ArrayBufferLike | undefined;
  #start = 0;
  #end = 0;

  addRows(rows: Rows): void {
    const last = rows.count - 1;
    this.#add(rows.source, rows.start(0), rows.end(last));
  }

  addItem({ bytes }: StreamItem): void {
    this.#add(bytes, 0, bytes.length);
  }

  #add({ buffer, byteOffset }: Uint8Array, start: number, end: number): void {
    const at = byteOffset + start;
    if (buffer !== this.#memory || at !== this.#end) {
      this.#endRun();
      this.#memory = buffer;
      this.#start = at;
    }
    this.#end = byteOffset + end;
  }

  #endRun(): void {
    if (this.#memory === undefined) return;
    const length = this.#end - this.#start;
    this.#runs.push(new Uint8Array(this.#memory, this.#start, length));
    this.#memory = undefined;
  }

  /** Returns all bytes, and forgets them: a view if they are one run. */
  take(): Uint8Array {
    this.#endRun();
    const runs = this.#runs;
    this.#runs = [];
    return runs.length === 1 ? runs[0] : concat(runs);
  }
}

/** The text in an item: bytes between packets, or a file without a test. */
export function textOf(item: StreamItem): Uint8Array | undefined {
  if (item.kind === "foreign") return item.bytes;
  return item.kind === "packet" && item.idAt < 0 ? item.fileBytes : undefined;
}
