/**
 * Packets and JSON lines as web streams. Those of the other formats are in the
 * modules of the formats.
 *
 * @module
 */

import type { EventInput, StatusEvent } from "./event.ts";
import { eventFromJson, eventToJson } from "./record/json.ts";
import {
  DecoderStream,
  type EncoderStreamOptions,
  EventDecoderStream,
  EventEncoderStream,
  parserFailure,
} from "./stream_pair.ts";
import { ReadBuffer } from "./text/read_buffer.ts";
import { PacketDecoder, type StreamItem } from "./v2/decoder.ts";
import { encodePackets } from "./v2/encoder.ts";

/**
 * Decodes chunks into items: a {@linkcode PacketDecoder} as a stream. Items own
 * their bytes.
 *
 * @example
 * ```ts
 * import { PacketDecoderStream } from "@subunit/codec";
 *
 * const items = new Blob([Uint8Array.fromHex("b329010c03666f6f08555f1b")])
 *   .stream().pipeThrough(new PacketDecoderStream());
 * for await (const item of items) {
 *   if (item.kind === "packet") console.log(item.testId, item.status); // foo exists
 * }
 * ```
 */
export class PacketDecoderStream extends DecoderStream<StreamItem> {
  constructor() {
    const decoder = new PacketDecoder();
    const drain = (take: (item: StreamItem) => void) =>
      decoder.drain((item) => take(item.copy()));
    super({
      push(chunk, take) {
        decoder.push(chunk);
        drain(take);
      },
      end(take) {
        decoder.end();
        drain(take);
      },
    }, (item) => item.byteLength);
  }
}

/**
 * Encodes events as packets. Attachments that do not fit in one packet are
 * split.
 *
 * An event that no packet can hold does not end the stream. In its place there
 * is a failure of the test `subunit.encoder`, with the reason in a file; with
 * `onError` there is what you make of it.
 *
 * @example
 * ```ts
 * import { PacketDecoderStream, PacketEncoderStream } from "@subunit/codec";
 *
 * const events = [
 *   { testId: "a", status: "success" },
 *   { testId: "b", status: "success", timestamp: new Date("1969-12-31") },
 *   { testId: "c", status: "success" },
 * ] as const;
 * const items = ReadableStream.from(events)
 *   .pipeThrough(new PacketEncoderStream())
 *   .pipeThrough(new PacketDecoderStream());
 * for await (const item of items) {
 *   if (item.kind === "packet") console.log(item.testId, item.status);
 *   // a success
 *   // subunit.encoder fail
 *   // c success
 * }
 * ```
 * @example Another thing to do with such events
 * ```ts
 * import { PacketEncoderStream } from "@subunit/codec";
 *
 * const encoder = new PacketEncoderStream({
 *   onError: (error) => console.error(error.message),
 * });
 * ```
 */
export class PacketEncoderStream extends EventEncoderStream {
  constructor(options: EncoderStreamOptions = {}) {
    super({
      push: (event, take) =>
        encodePackets(event).forEach((packet) => take(packet)),
      end() {},
    }, options);
  }
}

/**
 * Encodes events as JSON lines: {@linkcode eventToJson} as a stream. Events that
 * JSON cannot hold are treated as in {@linkcode PacketEncoderStream}.
 *
 * @example
 * ```ts
 * import { JsonEncoderStream } from "@subunit/codec";
 *
 * const lines = ReadableStream.from([{ testId: "a", status: "skip" } as const])
 *   .pipeThrough(new JsonEncoderStream());
 * console.log(await new Response(lines).text());
 * // {"test_id":"a","test_status":"skip","runnable":true}
 * ```
 */
export class JsonEncoderStream extends EventEncoderStream {
  constructor(options: EncoderStreamOptions = {}) {
    const encoder = new TextEncoder();
    const encode = (event: EventInput) =>
      encoder.encode(`${eventToJson(event)}\n`);
    super({ push: (event, take) => take(encode(event)), end() {} }, options);
  }
}

/**
 * Decodes JSON lines in UTF-8 into events: {@linkcode eventFromJson} as a
 * stream. In place of a line that is not an event there is a failure of the test
 * `subunit.parser`, with the reason in a file. Blank lines are skipped.
 *
 * @example
 * ```ts
 * import { JsonDecoderStream } from "@subunit/codec";
 *
 * const lines = '{"test_id":"a","test_status":"skip"}\n{"test_id":"b"\n';
 * const events = new Blob([lines]).stream().pipeThrough(new JsonDecoderStream());
 * for await (const { testId, status } of events) console.log(testId, status);
 * // a skip
 * // subunit.parser fail
 * ```
 */
export class JsonDecoderStream extends EventDecoderStream {
  constructor() {
    super(new JsonLines());
  }
}

const LINE_FEED = 0x0a;
/** No event's line is nearly as long: its packets have at most 4 MiB. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** Decodes JSON lines, chunk by chunk. */
class JsonLines {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #buffer = new ReadBuffer();
  #events: StatusEvent[] = [];
  /** How many lines came before. */
  #count = 0;
  /** Whether the rest of the line is left out, because it is too long. */
  #isSkipping = false;

  push(chunk: Uint8Array): StatusEvent[] {
    const buffer = this.#buffer;
    const searched = buffer.end;
    let end = searched - buffer.push(chunk);
    while ((end = buffer.source.indexOf(LINE_FEED, end) + 1) > 0) {
      this.#readLine(end);
    }
    if (buffer.end - buffer.at > MAX_LINE_BYTES) {
      if (!this.#isSkipping) {
        this.#fail(`it is longer than ${MAX_LINE_BYTES} bytes`);
      }
      this.#isSkipping = true;
    }
    if (this.#isSkipping) buffer.at = buffer.end;
    buffer.release();
    return this.#takeEvents();
  }

  end(): StatusEvent[] {
    const { at, end } = this.#buffer;
    if (at < end) this.#readLine(end);
    return this.#takeEvents();
  }

  #readLine(end: number): void {
    const { source, at } = this.#buffer;
    this.#buffer.at = end;
    if (this.#isSkipping) this.#isSkipping = false;
    else this.#readEvent(source.subarray(at, end));
    this.#count++;
  }

  #readEvent(line: Uint8Array): void {
    let text: string;
    try {
      text = this.#decoder.decode(line);
    } catch {
      return this.#fail("it is not UTF-8");
    }
    if (text.trim() === "") return;
    try {
      this.#events.push(eventFromJson(text));
    } catch (error) {
      this.#fail((error as Error).message);
    }
  }

  #fail(reason: string): void {
    this.#events.push(parserFailure(`Line ${this.#count + 1}: ${reason}`));
  }

  #takeEvents(): StatusEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
