/**
 * Converts events to packets, and judges them on request.
 *
 * @module
 */

import { PacketEncoder, type StatusEvent } from "@subunit/codec";
import { Verdict } from "./verdict.ts";
import type { ToolIO } from "../tool/tool.ts";

/** The events of so many bytes are in memory together. */
const PART_BYTES = 16 * 1024;

/**
 * Chunks in parts for a decoder that returns the events of each. The garbage of
 * longer ones outlives two collections of the young generation, and is then
 * kept until there are tens of megabytes of it.
 */
export function* partsOf(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PART_BYTES) {
      yield chunk.subarray(at, at + PART_BYTES);
    }
  }
}

/** The options of a converter. */
interface ConverterOptions {
  /** Whether the events are judged, for the exit status. */
  readonly "exit-status": boolean;
}

/** Writes events as packets. */
export class EventWriter {
  readonly #io: ToolIO;
  readonly #judges: boolean;
  readonly #encoder = new PacketEncoder();
  readonly #verdict = new Verdict();

  constructor(io: ToolIO, options: ConverterOptions) {
    this.#io = io;
    this.#judges = options["exit-status"];
  }

  write(events: readonly StatusEvent[]): void {
    for (const event of events) {
      this.#encoder.encodeEach(event, this.#writePacket);
      if (this.#judges) this.#verdict.add(event);
    }
  }

  readonly #writePacket = (packet: Uint8Array): void => {
    this.#io.out.write(packet);
  };

  /** Ends the stream and returns the exit status. */
  end(): number {
    this.#verdict.end();
    return this.#verdict.exitStatus;
  }
}
