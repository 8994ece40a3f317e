/**
 * A reporter for `node --test` that writes a stream of subunit:
 *
 *     node --test --test-reporter=subunit-tools/reporter/node
 *
 * Packets leave as events arrive. When the process dies, what it has written is
 * a stream, in which the tests in progress are lost.
 *
 * @module
 */

import { type EventInput, PacketEncoder } from "@subunit/codec";
import { Buffer } from "node:buffer";
import process from "node:process";
import { Transform } from "node:stream";
import { type NodeEvent, NodeEvents } from "./node_events.ts";

/**
 * How long nothing must come for {@linkcode NodeEvents.pause}: what belongs
 * together arrives at once, or in a few reads of a pipe.
 */
const PAUSE_MILLISECONDS = 10;

/** Node makes one of these, and writes the events of the run to it. */
export default class NodeReporter extends Transform {
  readonly #encoder = new PacketEncoder();
  readonly #events: NodeEvents = new NodeEvents({
    cwd: process.cwd(),
    now: () => performance.timeOrigin + performance.now(),
    write: (event) => this.#encode(event),
  });
  /** Packets of events that arrived together. */
  #packets: Uint8Array[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super({ writableObjectMode: true });
  }

  override _transform(event: NodeEvent, _: unknown, done: () => void): void {
    this.#events.add(event);
    if (this.#events.isWaiting) {
      this.#timer ??= setTimeout(() => this.#pause(), PAUSE_MILLISECONDS);
    }
    // This event is still counted.
    if (this.writableLength <= 1) this.#write();
    done();
  }

  override _flush(done: () => void): void {
    clearTimeout(this.#timer);
    this.#events.end(Number(process.exitCode ?? 0));
    this.#write();
    done();
  }

  #pause(): void {
    this.#timer = undefined;
    // A slow reader: more events are there.
    if (this.writableLength > 0) return;
    this.#events.pause();
    this.#write();
  }

  #encode(event: EventInput): void {
    this.#encoder.encodeEach(event, (packet) => {
      this.#packets.push(packet.slice());
    });
  }

  #write(): void {
    if (this.#packets.length === 0) return;
    this.push(Buffer.concat(this.#packets));
    this.#packets = [];
  }
}
