/**
 * Events as a CBOR sequence (RFC 8742), exactly invertible: one record per
 * event, with the content of a file as the byte string `file_bytes`.
 *
 * @module
 */

import { Decoder } from "cbor-x";
import type { StatusEvent } from "../event.ts";
import {
  type EncoderStreamOptions,
  EventDecoderStream,
  EventEncoderStream,
  parserFailure,
} from "../stream_pair.ts";
import { ReadBuffer } from "../text/read_buffer.ts";
import { eventToCbor } from "./cbor_encoder.ts";
import { eventOf, mismatch, recordFormat } from "./record.ts";

export { eventToCbor } from "./cbor_encoder.ts";

const decoder = new Decoder({ useRecords: false, mapsAsObjects: true });

/** No event's item is nearly as long: its packets have at most 4 MiB. */
const MAX_ITEM_BYTES = 64 * 1024 * 1024;
/** No event's item is nearly as deep: a map of arrays. */
const MAX_DEPTH = 64;

/** An item that the library cannot decode, and why. */
class Undecoded {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * Reads the event of an item. `runnable` is true when it is absent.
 *
 * @throws {TypeError} when it is not an event: an unknown key, a value of the
 * wrong type
 * @throws {RangeError} when its timestamp is not RFC 3339
 */
export function eventFromCbor(item: unknown): StatusEvent {
  if (item instanceof Undecoded) {
    throw new TypeError(`Cannot read event: ${item.reason}`);
  }
  return eventOf(item, FORMAT);
}

const FORMAT = recordFormat({
  file_bytes(event, bytes, key) {
    if (!(bytes instanceof Uint8Array)) {
      throw mismatch(key, bytes, "a byte string");
    }
    event.fileBytes = bytes;
  },
});

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
  readonly #buffer = new ReadBuffer();
  #scanner = new ItemScanner();
  /** How many items came before. */
  #count = 0;

  /**
   * Adds a chunk and calls `take` with each item that it completes, which is
   * valid until `take` returns.
   *
   * @throws {TypeError} when the next bytes are not CBOR
   */
  push(chunk: Uint8Array, take: (item: unknown) => void): void {
    const buffer = this.#buffer;
    buffer.push(chunk);
    while (buffer.at < buffer.end) {
      const bytes = buffer.source.subarray(buffer.at);
      const length = this.#scanner.scan(bytes);
      if (this.#scanner.fault !== undefined) {
        throw this.#broken(this.#scanner.fault);
      }
      if (length === undefined) break;
      const item = this.#decode(bytes.subarray(0, length));
      this.#scanner = new ItemScanner();
      buffer.at += length;
      this.#count++;
      take(item);
    }
    buffer.release();
  }

  #decode(bytes: Uint8Array): unknown {
    const { isDeep } = this.#scanner;
    if (isDeep) return new Undecoded(`it is nested deeper than ${MAX_DEPTH}`);
    try {
      return decoder.decode(bytes);
    } catch {
      // A string in parts, a number too long for one of JavaScript's.
      return new Undecoded("it has a value that no event has");
    }
  }

  /**
   * Ends the input.
   *
   * @throws {TypeError} when the last item is cut off
   */
  end(): void {
    const missing = this.#buffer.end - this.#buffer.at;
    if (missing > 0) throw this.#broken(`it breaks off after ${missing} bytes`);
  }

  #broken(why: string): TypeError {
    const offset = this.#buffer.base + this.#buffer.at;
    return new TypeError(
      `Cannot read item ${this.#count} at byte ${offset}: ${why}`,
    );
  }
}

/**
 * Encodes events as a CBOR sequence: {@linkcode eventToCbor} as web streams,
 * events in, bytes out.
 *
 * An event of the wrong type does not end the stream; see {@linkcode
 * EncoderStreamOptions}.
 *
 * @example
 * ```ts
 * import { CborDecoderStream, CborEncoderStream } from "@subunit/codec/cbor";
 *
 * const events = ReadableStream.from([{ testId: "a", status: "skip" } as const])
 *   .pipeThrough(new CborEncoderStream())
 *   .pipeThrough(new CborDecoderStream());
 * for await (const { testId, status } of events) console.log(testId, status);
 * // a skip
 * ```
 */
export class CborEncoderStream extends EventEncoderStream {
  constructor(options: EncoderStreamOptions = {}) {
    super({
      push: (event, take) => take(eventToCbor(event)),
      end() {},
    }, options);
  }
}

/**
 * Decodes a CBOR sequence: a {@linkcode CborDecoder} as web streams, bytes in,
 * events out.
 *
 * In place of an item that is not an event there is a failure of the test
 * `subunit.parser`, with the reason in a file. So there is for bytes that are
 * not CBOR; what follows them is ignored.
 *
 * @example
 * ```ts
 * import { CborDecoderStream, eventToCbor } from "@subunit/codec/cbor";
 *
 * const sequence = new Blob([
 *   eventToCbor({ testId: "a", status: "success" }).slice(),
 *   Uint8Array.of(0xff),
 * ]);
 * const events = sequence.stream().pipeThrough(new CborDecoderStream());
 * for await (const { testId, status } of events) console.log(testId, status);
 * // a success
 * // subunit.parser fail
 * ```
 */
export class CborDecoderStream extends EventDecoderStream {
  constructor() {
    const decoder = new CborDecoder();
    let events: StatusEvent[] = [];
    let count = 0, isBroken = false;
    const take = (item: unknown) => {
      count++;
      try {
        const event = eventFromCbor(item);
        const { fileBytes } = event;
        // Not slice(): that of Node's buffers is a view.
        events.push(
          fileBytes === undefined
            ? event
            : { ...event, fileBytes: new Uint8Array(fileBytes) },
        );
      } catch (error) {
        const { message } = error as Error;
        events.push(parserFailure(`Item ${count - 1}: ${message}`));
      }
    };
    const read = (work: () => void) => {
      events = [];
      if (isBroken) return events;
      try {
        work();
      } catch (error) {
        isBroken = true;
        const { message } = error as Error;
        events.push(parserFailure(`${message}: the rest was not read`));
      }
      return events;
    };
    super({
      push: (chunk) => read(() => decoder.push(chunk, take)),
      end: () => read(() => decoder.end()),
    });
  }
}

/** The major types of CBOR with more than a number (RFC 8949, section 3.1). */
const BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6, SIMPLE = 7;
/** In place of a length: until a break. */
const INDEFINITE = 31;
/** Contents that end with a break, not after so many items. */
const UNTIL_BREAK = Infinity;

/**
 * Finds the end of an item, in as many parts as it comes. The library reports
 * what is wrong in words that depend on the engine, and takes a break for a map.
 */
class ItemScanner {
  /** How many items are missing in each container that is open. */
  readonly #missing: number[] = [];
  /** The major types of those. */
  readonly #types: number[] = [];
  /** Where the next head begins. */
  #at = 0;
  #isWhole = false;
  /** Whether the item is nested too deeply. */
  isDeep = false;
  /** Why the bytes are not CBOR. */
  fault: string | undefined;

  /**
   * Goes on with the bytes of an item, which begin where they began before.
   * Returns its length; undefined when it is not complete.
   */
  scan(bytes: Uint8Array): number | undefined {
    while (!this.#isWhole && this.fault === undefined) {
      if (!this.#scanHead(bytes)) break;
      if (this.#at > MAX_ITEM_BYTES) {
        this.fault = `it is longer than ${MAX_ITEM_BYTES} bytes`;
      }
    }
    return this.#isWhole && this.#at <= bytes.length ? this.#at : undefined;
  }

  /** Returns false when the head is not complete. */
  #scanHead(bytes: Uint8Array): boolean {
    const at = this.#at;
    if (at >= bytes.length) return false;
    const type = bytes[at] >> 5, info = bytes[at] & 0x1f;
    if (type === SIMPLE && info === INDEFINITE) {
      this.#at++;
      this.#break(at);
      return true;
    }
    if (info === INDEFINITE) {
      if (type < BYTES || type === TAG) return this.#isNoHead(bytes[at], at);
      this.#at++;
      this.#open(type, UNTIL_BREAK);
      return true;
    }
    if (info > 27) return this.#isNoHead(bytes[at], at);
    const size = info < 24 ? 0 : 1 << info - 24;
    if (at + 1 + size > bytes.length) return false;
    let value = info;
    if (size > 0) {
      value = 0;
      for (let i = 1; i <= size; i++) value = value * 256 + bytes[at + i];
    }
    this.#at += 1 + size;
    const inside = this.#types.at(-1);
    if (inside !== undefined && inside <= TEXT && inside !== type) {
      this.fault = `a string in parts has a part of another type at byte ${at}`;
    }
    if (type === BYTES || type === TEXT) this.#at += value;
    if (type === ARRAY && value > 0) this.#open(type, value);
    else if (type === MAP && value > 0) this.#open(type, 2 * value);
    else if (type === TAG) this.#open(type, 1);
    else this.#close();
    return true;
  }

  #isNoHead(byte: number, at: number): boolean {
    this.fault = `0x${
      byte.toString(16).padStart(2, "0")
    } begins nothing at byte ${at} of it`;
    return true;
  }

  #open(type: number, missing: number): void {
    this.#types.push(type);
    this.#missing.push(missing);
    if (this.#types.length > MAX_DEPTH) this.isDeep = true;
  }

  /** Ends an item, and the containers that it completes. */
  #close(): void {
    for (let top; (top = this.#missing.length - 1) >= 0;) {
      if (--this.#missing[top] > 0) return;
      this.#missing.pop();
      this.#types.pop();
    }
    this.#isWhole = true;
  }

  #break(at: number): void {
    if (this.#missing.at(-1) !== UNTIL_BREAK) {
      this.fault = `a break ends nothing at byte ${at} of it`;
      return;
    }
    this.#missing.pop();
    this.#types.pop();
    this.#close();
  }
}
