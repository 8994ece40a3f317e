/**
 * Decoders and encoders as web streams.
 *
 * The classes contain a `TransformStream` and do not extend it, like
 * `TextDecoderStream`: defining a subclass loads the web streams of Node, which
 * tools that read and write synchronously do not use.
 *
 * @module
 */

import {
  checkEvent,
  type EventInput,
  PARSER_TEST_ID,
  type StatusEvent,
  textFile,
} from "./event.ts";

/** How many bytes may wait in each queue. */
const QUEUE_BYTES = 64 * 1024;
/** About what an event takes without its file. */
const EVENT_BYTES = 100;

/** The test that an event is reported as when it cannot be encoded. */
export const ENCODER_TEST_ID = "subunit.encoder";

const BYTES: QueuingStrategy<Uint8Array> = {
  highWaterMark: QUEUE_BYTES,
  size: (chunk) => chunk?.byteLength ?? 0,
};

/** A decoder or encoder: called with chunks, and then with their end. */
export interface Converter<In, Out> {
  /** Converts a chunk and passes the results to `take`. */
  push(chunk: In, take: (out: Out) => void): void;
  /** Passes the rest to `take`. */
  end(take: (out: Out) => void): void;
}

/**
 * A readable and a writable stream for `pipeThrough`. Queues are measured in
 * bytes, so that a slow reader stops the source after some kilobytes, whatever
 * the size of the chunks.
 */
class StreamPair<In, Out> {
  readonly readable: ReadableStream<Out>;
  readonly writable: WritableStream<In>;

  constructor(
    { push, end }: Converter<In, Out>,
    written: QueuingStrategy<In>,
    read: QueuingStrategy<Out>,
  ) {
    const { readable, writable } = new TransformStream<In, Out>(
      {
        transform: (chunk, controller) =>
          push(chunk, (out) => controller.enqueue(out)),
        flush: (controller) => end((out) => controller.enqueue(out)),
      },
      written,
      read,
    );
    this.readable = readable;
    this.writable = writable;
  }
}

/** A decoder as web streams: bytes in. What comes out owns its bytes. */
export class DecoderStream<Out> extends StreamPair<Uint8Array, Out> {
  constructor(
    { push, end }: Converter<Uint8Array, Out>,
    size: (out: Out) => number,
  ) {
    super(
      {
        push(chunk, take) {
          if (!ArrayBuffer.isView(chunk)) {
            throw new TypeError("Cannot decode chunk: expected a Uint8Array");
          }
          push(chunk, take);
        },
        end,
      },
      BYTES,
      { highWaterMark: QUEUE_BYTES, size },
    );
  }
}

/** Decodes chunks into events. */
export interface EventDecoder {
  /** Returns the events that a chunk completes; they own their bytes. */
  push(chunk: Uint8Array): readonly StatusEvent[];
  /** Ends the input and returns the rest. */
  end(): readonly StatusEvent[];
}

/** The decoder of a foreign format as web streams: bytes in, events out. */
export class EventDecoderStream extends DecoderStream<StatusEvent> {
  constructor(decoder: EventDecoder) {
    super({
      push: (chunk, take) =>
        decoder.push(chunk).forEach((event) => take(event)),
      end: (take) => decoder.end().forEach((event) => take(event)),
    }, eventBytes);
  }
}

/** Options of streams that encode events. */
export interface EncoderStreamOptions {
  /**
   * Called with an event that cannot be encoded, and why, in place of writing a
   * failure. If it throws, the stream fails.
   */
  readonly onError?: (error: Error, event: unknown) => void;
}

/**
 * An encoder as web streams: events in, bytes out.
 *
 * An event that cannot be encoded does not end the stream. In its place there
 * is a failure of the test `subunit.encoder`, with the reason in a file.
 */
export class EventEncoderStream extends StreamPair<EventInput, Uint8Array> {
  /** @param encoder passes on bytes that it does not use again */
  constructor(
    { push, end }: Converter<EventInput, Uint8Array>,
    { onError }: EncoderStreamOptions = {},
  ) {
    super(
      {
        push(event, take) {
          try {
            checkEvent("write event", event);
            push(event, take);
          } catch (error) {
            const isBadEvent = error instanceof TypeError ||
              error instanceof RangeError;
            if (!isBadEvent) throw error;
            if (onError === undefined) push(refusal(error, event), take);
            else onError(error, event);
          }
        },
        end,
      },
      { highWaterMark: QUEUE_BYTES, size: eventBytes },
      BYTES,
    );
  }
}

/** About how many bytes an event takes, if it is one. */
function eventBytes(event: EventInput): number {
  const bytes = event?.fileBytes;
  return EVENT_BYTES + (ArrayBuffer.isView(bytes) ? bytes.byteLength : 0);
}

/** The failure in place of an event that cannot be encoded. */
function refusal({ message }: Error, event: EventInput): StatusEvent {
  const { testId, status, fileName } = Object(event);
  const facts = Object.entries({ testId, status, fileName })
    .filter(([, value]) => typeof value === "string")
    .map(([name, value]) =>
      `${name}: ${JSON.stringify(value).slice(0, 1000)}\n`
    );
  return {
    testId: ENCODER_TEST_ID,
    status: "fail",
    runnable: false,
    ...textFile("Encoder Error", `${message}\n${facts.join("")}`),
  };
}

/** The failure in place of input that is not an event. */
export function parserFailure(reason: string): StatusEvent {
  return {
    testId: PARSER_TEST_ID,
    status: "fail",
    runnable: true,
    ...textFile("Parser Error", reason),
  };
}
