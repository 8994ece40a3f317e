/**
 * A connection to a server that runs.
 *
 * @module
 */

import { type Packet, PacketDecoder } from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import {
  ConnectionWriter,
  connectTo,
  knownSockets,
  readConnection,
  surroundingSocket,
} from "../../kit/io/sockets.ts";
import type { Connection } from "../../kit/runtime/runtime.ts";

/**
 * Connects to the server at a path, or to the only one of the user.
 *
 * @throws {ToolError} when there is none, or are several
 */
export async function connectToServer(
  path: string | undefined = surroundingSocket(),
): Promise<ServerConnection> {
  if (path !== undefined) {
    const connection = await connectTo(path);
    if (connection !== undefined) return new ServerConnection(connection);
    throw new ToolError(`No server is at "${path}": start subunit-serve`);
  }
  const found: [path: string, connection: Connection][] = [];
  for (const known of knownSockets()) {
    const connection = await connectTo(known);
    if (connection !== undefined) found.push([known, connection]);
  }
  if (found.length === 1) return new ServerConnection(found[0][1]);
  for (const [, connection] of found) connection.close();
  if (found.length === 0) {
    throw new ToolError("No server runs: start subunit-serve");
  }
  const paths = found.map(([path]) => path).join(", ");
  throw new ToolError(`Several servers run: choose a --socket: ${paths}`);
}

/** A connection to a server. */
export class ServerConnection {
  readonly #connection: Connection;
  readonly #writer: ConnectionWriter;

  constructor(connection: Connection) {
    this.#connection = connection;
    // The reader notices that it is lost.
    this.#writer = new ConnectionWriter(connection, () => {});
  }

  /** Sends packets, behind those before. */
  send(packets: Uint8Array): void {
    this.#writer.send(packets);
  }

  /**
   * Calls `take` with each packet, and `endChunk` after those of a chunk; they
   * are valid until then.
   */
  async read(
    take: (packet: Packet) => void,
    endChunk: () => void = () => {},
  ): Promise<void> {
    const decoder = new PacketDecoder();
    for await (const chunk of readConnection(this.#connection)) {
      decoder.push(chunk);
      decoder.drain((item) => {
        if (item.kind === "packet") take(item);
      });
      endChunk();
    }
  }

  close(): void {
    this.#writer.close();
  }
}
