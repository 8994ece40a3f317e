/**
 * The codec as web streams. Queues are measured in bytes, so that a slow reader
 * stops the source after some kilobytes, whatever the size of the items.
 *
 * @module
 */

import type { StatusEvent } from "./event.ts";
import { PacketDecoder, type StreamItem } from "./v2/decoder.ts";
import { encodePackets } from "./v2/encoder.ts";

/** How many bytes may wait in each queue. */
const QUEUE_BYTES = 64 * 1024;

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
export class PacketDecoderStream
  extends TransformStream<Uint8Array, StreamItem> {
  constructor() {
    const decoder = new PacketDecoder();
    const drain = (
      controller: TransformStreamDefaultController<StreamItem>,
    ) => {
      decoder.drain((item) => {
        controller.enqueue(item.copy());
      });
    };
    super(
      {
        transform(chunk, controller) {
          decoder.push(chunk);
          drain(controller);
        },
        flush(controller) {
          decoder.end();
          drain(controller);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }),
      { highWaterMark: QUEUE_BYTES, size: (item) => item.byteLength },
    );
  }
}

/**
 * Encodes events as packets. Attachments that do not fit in one packet are
 * split.
 */
export class PacketEncoderStream
  extends TransformStream<StatusEvent, Uint8Array> {
  constructor() {
    super(
      {
        transform(event, controller) {
          for (const packet of encodePackets(event)) controller.enqueue(packet);
        },
      },
      {
        highWaterMark: QUEUE_BYTES,
        // Events without a file are small and of similar size.
        size: (event) => 100 + (event?.fileBytes?.length ?? 0),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }),
    );
  }
}
