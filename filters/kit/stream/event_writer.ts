/**
 * Converts events to packets and packets to events, and judges them on request.
 *
 * @module
 */

import {
  itemEvents,
  PacketEncoder,
  type StatusEvent,
  type StreamItem,
} from "@subunit/codec";
import { Verdict } from "./verdict.ts";
import type { ToolIO } from "../tool/tool.ts";

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

/**
 * Calls `take` with the contents of the streams in `files`, including text and
 * damage, as events.
 *
 * @param pass is called with each item before its events
 * @returns the exit status
 */
export function forEachEvent(
  io: ToolIO,
  options: ConverterOptions,
  files: readonly string[],
  take: (event: StatusEvent) => void,
  pass: (item: StreamItem) => void = () => {},
): number {
  const verdict = new Verdict();
  io.forEachItem(files, (item) => {
    pass(item);
    if (item.kind === "damage") io.reportDamage(item);
    for (const event of itemEvents(item)) take(event);
    if (options["exit-status"]) verdict.add(item);
  });
  verdict.end();
  return io.conclude(verdict);
}
