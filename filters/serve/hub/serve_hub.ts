/**
 * Connects a hub to processes, to the standard streams, to a socket and to the
 * clock.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { now, PacketDecoder, type StreamItem } from "@subunit/codec";
import { AsyncStdout } from "../../kit/io/async_stdout.ts";
import { readInputAsync } from "../../kit/io/input.ts";
import { absolutePath } from "../../kit/io/paths.ts";
import { ownPid } from "../../kit/io/environment.ts";
import { onEndingSignal } from "../../kit/io/signals.ts";
import {
  ConnectionWriter,
  type PrivateSocket,
  readConnection,
} from "../../kit/io/sockets.ts";
import type { Connection } from "../../kit/runtime/runtime.ts";
import { Hub, type HubOptions } from "./hub.ts";
import type { Client } from "./watchers.ts";
import { Workers } from "./workers.ts";

/** How long workers have to end once there are no commands any more. */
const END_SECONDS = 10;
/** A client that is further behind than this is disconnected. */
const MAX_BEHIND_BYTES = 16 * 1024 * 1024;

/** What is served. */
export interface ServeOptions
  extends Pick<HubOptions, "names" | "maxRestarts" | "backlogBytes" | "warn"> {
  /** A command of the shell for each name. */
  readonly commands: readonly string[];
  readonly socket: PrivateSocket | undefined;
  /** Variables for the commands. */
  readonly env: Record<string, string>;
}

/** Standard output: what is written waits for what was written before. */
class Upwards {
  readonly #stdout = new AsyncStdout();
  #parts: Uint8Array[] = [];
  #written: Promise<void> = Promise.resolve();

  add(bytes: Uint8Array): void {
    this.#parts.push(bytes.slice());
  }

  /** Resolves when all is written. */
  flush(): Promise<void> {
    const parts = this.#parts;
    if (parts.length > 0) {
      this.#parts = [];
      const bytes = parts.length === 1 ? parts[0] : concat(parts);
      this.#written = this.#written.then(() => this.#stdout.write(bytes));
    }
    return this.#written;
  }
}

/** A client over a connection. */
class ConnectedClient implements Client {
  readonly #writer: ConnectionWriter;

  constructor(connection: Connection) {
    this.#writer = new ConnectionWriter(connection, () => this.close());
  }

  send(bytes: Uint8Array): void {
    this.#writer.send(bytes);
    // It must not hold up the run.
    if (this.#writer.byteLength > MAX_BEHIND_BYTES) this.close();
  }

  close(): void {
    this.#writer.close();
  }
}

/**
 * Serves until the commands end, or no worker is left.
 *
 * @returns the exit status
 * @throws what a standard stream throws
 */
export async function serveHub(options: ServeOptions): Promise<number> {
  const { names, maxRestarts, backlogBytes, warn, socket } = options;
  const upwards = new Upwards();
  const failure = Promise.withResolvers<never>();
  let hasFailed = false;
  /** When nobody reads, the workers are read to their end all the same. */
  const flush = () => upwards.flush().catch(failure.reject);
  const workers = new Workers(options.commands, options.env, {
    decoded: (worker, decoder) => {
      decoder.drainRows(
        (rows) => hub.takeRows(worker, rows),
        (item) => hub.takeOther(worker, item),
      );
      return flush();
    },
    ended: (worker, reason, isGood) => {
      hub.ended(worker, reason, isGood);
      flush();
    },
    failed: failure.reject,
  });
  const hub: Hub = new Hub({
    names,
    maxRestarts,
    backlogBytes,
    // When it fails itself, how its workers end is its own doing.
    warn: (message) => hasFailed || warn(message),
    now,
    pid: ownPid(),
    socket: socket && absolutePath(socket.path),
    start: (worker) => workers.start(worker),
    send: (worker, bytes) => workers.send(worker, bytes),
    endInput: (worker) => workers.endInput(worker),
    kill: (worker) => workers.kill(worker),
    write: (bytes) => upwards.add(bytes),
    after(seconds, work) {
      const timer = setTimeout(() => {
        work();
        flush();
      }, seconds * 1000);
      return () => clearTimeout(timer);
    },
    clock: () => performance.now(),
  });
  const warnOf = (item: StreamItem) => {
    if (item.kind === "packet") return;
    warn(`Ignored ${item.byteLength} bytes that are no command`);
  };
  const obey = async (decoder: PacketDecoder, client?: Client) => {
    decoder.drainRows((rows) => hub.command(rows, client), warnOf);
    await flush();
    await workers.caughtUp();
  };
  const takeCommands = async () => {
    const decoder = new PacketDecoder();
    for await (const chunk of readInputAsync("-")) {
      decoder.push(chunk);
      await obey(decoder);
    }
    decoder.end();
    await obey(decoder);
    hub.endInput();
    await flush();
    setTimeout(() => workers.terminate(), END_SECONDS * 1000);
  };
  const takeClient = async (connection: Connection) => {
    const client = new ConnectedClient(connection);
    const decoder = new PacketDecoder();
    for await (const chunk of readConnection(connection)) {
      decoder.push(chunk);
      await obey(decoder, client);
    }
    hub.leave(client);
    client.close();
  };
  const takeClients = async () => {
    if (socket === undefined) return;
    for await (const connection of socket.connections()) {
      takeClient(connection).catch(failure.reject);
    }
  };
  let signalStatus = 0;
  const stopListening = onEndingSignal((_, status) => {
    signalStatus ||= status;
    hub.endInput();
    workers.terminate();
  });
  hub.begin();
  takeCommands().catch(failure.reject);
  takeClients().catch(failure.reject);
  try {
    await Promise.race([hub.over, failure.promise]);
    await flush();
    return signalStatus || (hub.hasDead ? 1 : 0);
  } catch (error) {
    // The reader has left, or cannot be written to.
    hasFailed = true;
    hub.endInput();
    workers.terminate();
    await hub.over;
    throw error;
  } finally {
    stopListening();
    socket?.close();
    await workers.close();
  }
}
