/**
 * Events as a CBOR sequence (RFC 8742), exactly invertible: one record per
 * event, with the content of a file as the byte string `file_bytes`.
 *
 * @module
 */

import { Decoder, Encoder } from "cbor-x";
import { concat } from "@std/bytes/concat";
import type { StatusEvent } from "../event.ts";
import { eventOf, type FieldReader, mismatch, recordOf } from "./record.ts";

/**
 * Plain CBOR: maps with text keys, byte strings, none of the library's tags.
 */
const PLAIN = {
  useRecords: false,
  mapsAsObjects: true,
  tagUint8Array: false,
  useTag259ForMaps: false,
  variableMapSize: true,
} as const;

const encoder = new Encoder(PLAIN);
const decoder = new Decoder(PLAIN);

/** Encodes an event as one CBOR item. The caller owns the bytes. */
export function eventToCbor(event: StatusEvent): Uint8Array {
  const record = recordOf(event, "file_bytes", event.fileBytes);
  // A Buffer within a block that the library never reuses.
  const { buffer, byteOffset, byteLength } = encoder.encode(record);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** No event's item is nearly as long: its packets have at most 4 MiB. */
const MAX_ITEM_BYTES = 64 * 1024 * 1024;

/**
 * Reads the event of an item. `runnable` is true when it is absent.
 *
 * @throws {TypeError} when it is not an event: an unknown key, a value of the
 * wrong type
 * @throws {RangeError} when its timestamp is not RFC 3339
 */
export function eventFromCbor(item: unknown): StatusEvent {
  return eventOf(item, CONTENTS);
}

const CONTENTS: Readonly<Record<string, FieldReader>> = {
  file_bytes(key, value) {
    if (value instanceof Uint8Array) return { fileBytes: value };
    throw mismatch(key, value, "a byte string");
  },
};

/**
 * Splits a sequence into its items, chunk by chunk.
 *
 * Nothing after bytes that are not CBOR can be read, because nothing shows
 * where the next item begins.
 *
 * @example
 * ```ts
 * import { CborDecoder, eventFromCbor, eventToCbor } from "@subunit/codec/cbor";
 *
 * const decoder = new CborDecoder();
 * const event = { testId: "foo", status: "skip", runnable: true } as const;
 * decoder.push(eventToCbor(event), (item) => {
 *   console.log(eventFromCbor(item).testId); // foo
 * });
 * decoder.end();
 * ```
 */
export class CborDecoder {
  /** The beginning of an item that is not complete yet. */
  #held: Uint8Array = new Uint8Array(0);
  /** How many bytes, and how many items, came before it. */
  #offset = 0;
  #count = 0;

  /**
   * Adds a chunk and calls `take` with each item that it completes, which is
   * valid until `take` returns.
   *
   * @throws {TypeError} when the next bytes are not CBOR
   */
  push(chunk: Uint8Array, take: (item: unknown) => void): void {
    if (chunk.length === 0) return;
    const bytes = this.#held.length > 0 ? concat([this.#held, chunk]) : chunk;
    const items: unknown[] = [];
    let read = bytes.length, failure: unknown;
    try {
      decoder.decodeMultiple(bytes, (item: unknown) => {
        items.push(item);
      });
    } catch (error) {
      failure = error;
      read = (error as { lastPosition: number }).lastPosition;
    }
    this.#held = bytes.slice(read);
    this.#offset += read;
    this.#count += items.length;
    items.forEach(take);
    if (failure !== undefined && !isIncomplete(failure)) {
      throw this.#broken((failure as Error).message);
    }
    if (this.#held.length > MAX_ITEM_BYTES) {
      throw this.#broken(`it is longer than ${MAX_ITEM_BYTES} bytes`);
    }
  }

  /**
   * Ends the input.
   *
   * @throws {TypeError} when the last item is cut off
   */
  end(): void {
    const missing = this.#held.length;
    if (missing > 0) throw this.#broken(`it breaks off after ${missing} bytes`);
  }

  #broken(why: string): TypeError {
    return new TypeError(
      `Cannot read item ${this.#count} at byte ${this.#offset}: ${why}`,
    );
  }
}

/** Returns whether the library failed because bytes are missing. */
function isIncomplete(error: unknown): boolean {
  return (error as { incomplete?: boolean }).incomplete === true;
}
