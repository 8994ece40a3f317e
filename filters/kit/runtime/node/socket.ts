/**
 * Sockets at a path, as Deno's `listen` and `connect`.
 *
 * @module
 */

import type { Server, Socket } from "node:net";
import process from "node:process";
import type {
  Connection,
  Listener as Waiting,
  UnixAddress,
} from "../runtime.ts";
import { denoError } from "./errors.ts";
import { Listener } from "./listener.ts";

/** One end of a connection. */
class NodeConnection implements Connection {
  readonly #socket: Socket;
  readonly #reader: Listener;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = new Listener(socket);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#reader.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#socket.write(
        bytes,
        (error) => error ? reject(denoError(error)) : resolve(bytes.length),
      )
    );
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Waits for connections. */
class NodeServer implements Waiting {
  readonly #server: Server;
  readonly #connections: NodeConnection[] = [];
  #failure: unknown;
  #wake = () => {};

  constructor({ path }: UnixAddress) {
    const { createServer } = process.getBuiltinModule("node:net");
    this.#server = createServer((socket) => {
      this.#connections.push(new NodeConnection(socket));
      this.#wake();
    });
    this.#server.on("error", (error) => this.#fail(denoError(error)));
    // It is bound when this returns; what fails is reported later.
    this.#server.listen(path);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  async accept(): Promise<Connection> {
    for (;;) {
      const connection = this.#connections.shift();
      if (connection !== undefined) return connection;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  close(): void {
    this.#server.close();
    this.#fail(new Error("It is closed"));
  }
}

/** Waits for connections at a path. */
export function listen(address: UnixAddress): Waiting {
  return new NodeServer(address);
}

/** Connects to whoever listens at a path. */
export function connect({ path }: UnixAddress): Promise<Connection> {
  const socket = process.getBuiltinModule("node:net").createConnection(path);
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => reject(denoError(error)));
    socket.once("connect", () => resolve(new NodeConnection(socket)));
  });
}
