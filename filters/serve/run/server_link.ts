/**
 * A server that runs, commanded over its socket. It goes on when the run is over.
 *
 * @module
 */

import {
  type ControlInput,
  encodeControl,
  encodeStdin,
} from "@subunit/codec/control";
import type { ServerConnection } from "../attach/connection.ts";
import { encodeMessage } from "../hub/messages.ts";
import type { Reported } from "./session.ts";
import {
  type Peer,
  type StreamSurroundings,
  WorkerStream,
} from "./worker_stream.ts";

/** A server; its routes are those of the run. */
export class ServerLink implements Peer {
  readonly #server: ServerConnection;
  readonly #around: StreamSurroundings;
  readonly #stream: WorkerStream;
  readonly #gaveUp: (reason: string) => void;
  #isOver = false;

  /** @param gaveUp is called when the server has ended */
  constructor(
    server: ServerConnection,
    around: StreamSurroundings & { gaveUp(reason: string): void },
  ) {
    this.#server = server;
    this.#around = around;
    this.#gaveUp = around.gaveUp;
    // It belongs to others, too: what it is unfit for, they may want.
    this.#stream = new WorkerStream("", around, () => {}, () => {});
  }

  get exitStatus(): number {
    return this.#stream.exitStatus;
  }

  async run(): Promise<void> {
    const options = ["lines=0", "ready"];
    this.#server.send(encodeMessage({ word: "attach", options }));
    await this.#server.read(
      (packet) => this.#stream.take(packet),
      () => this.#stream.endChunk(),
    );
    const reason = "the server has ended";
    if (!this.#isOver) {
      this.#around.session.gone("", reason);
      this.#gaveUp(reason);
    }
    this.#stream.end();
    this.#around.flush();
  }

  send(route: string, command: ControlInput): void {
    const routeCode = this.#stream.below(route);
    this.#server.send(encodeControl({ ...command, routeCode }));
  }

  input(route: string, bytes: Uint8Array, isEnd: boolean): void {
    const routeCode = this.#stream.below(route);
    this.#server.send(encodeStdin(bytes, { routeCode, eof: isEnd }));
  }

  report(test: Reported): void {
    this.#stream.report(test);
  }

  quit(): void {
    this.kill();
  }

  kill(): void {
    this.#isOver = true;
    this.#server.close();
  }
}
