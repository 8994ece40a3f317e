/**
 * Sockets that only their user can reach: whoever connects can run code.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { isNotFound, reasonOf, ToolError } from "../errors.ts";
import type { Connection, FileInfo, Listener } from "../runtime/runtime.ts";
import { absolutePath } from "./paths.ts";

/** The end of the names of sockets in the folder of a user. */
const SUFFIX = ".sock";
/** The permissions of anybody but the owner. */
const OTHERS = 0o077;
/** The most that one read returns. */
const READ_BYTES = 64 * 1024;

/** The socket of the server that this process runs in, if it does. */
export function surroundingSocket(): string | undefined {
  return Deno.env.get("SUBUNIT_SOCKET") || undefined;
}

/** The folder for the sockets of this user, which may not be there yet. */
function socketFolder(): string {
  const runtime = Deno.env.get("XDG_RUNTIME_DIR");
  if (runtime !== undefined && runtime !== "") return `${runtime}/subunit`;
  const temporary = Deno.env.get("TMPDIR") || "/tmp";
  return `${temporary}/subunit-${Deno.uid()}`;
}

/**
 * The path for a socket of this process in the folder of the user. Makes the
 * folder, and removes sockets that are left over from processes that were killed.
 *
 * @throws {ToolError} when others can enter it
 */
export async function makeSocketPath(): Promise<string> {
  const folder = socketFolder();
  try {
    Deno.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      throw new ToolError(
        `Cannot make "${folder}": ${reasonOf(error)}: choose another --socket`,
      );
    }
  }
  for (const path of knownSockets()) {
    if (!await isAnswered(path)) removeSocket(path);
  }
  return `${folder}/${Deno.pid}${SUFFIX}`;
}

/**
 * The sockets in the folder of the user, in the order of their names.
 *
 * @throws {ToolError} when others can enter it
 */
export function knownSockets(): string[] {
  const folder = socketFolder();
  if (fileAt(folder) === undefined) return [];
  checkFolder(folder);
  return Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .filter((name) => name.endsWith(SUFFIX))
    .sort().map((name) => `${folder}/${name}`);
}

/** What is at a path; undefined if there is nothing. */
function fileAt(path: string): FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw new ToolError(
      `Cannot look at "${path}": ${reasonOf(error)}: check the path`,
    );
  }
}

/** The folder of a path. */
function folderOf(path: string): string {
  const absolute = absolutePath(path);
  return absolute.slice(0, absolute.lastIndexOf("/")) || "/";
}

/** Refuses a folder in which others could put or find something. */
function checkFolder(folder: string): void {
  const info = fileAt(folder);
  const problem = info === undefined
    ? "it is not there: make it, with mode 700"
    : !info.isDirectory
    ? "it is no directory: choose another"
    : info.uid !== Deno.uid()
    ? "it belongs to another user: choose another"
    : (info.mode! & OTHERS) !== 0
    ? "others can enter it: chmod 700 it"
    : undefined;
  if (problem !== undefined) {
    throw new ToolError(`Cannot have a socket in "${folder}": ${problem}`);
  }
}

/** A socket that waits for connections. */
export class PrivateSocket {
  readonly path: string;
  readonly #listener: Listener;

  private constructor(path: string, listener: Listener) {
    this.path = path;
    this.#listener = listener;
  }

  /**
   * Opens a socket; one that is left over from a process that was killed is
   * replaced.
   *
   * @throws {ToolError} when another process listens there, or others can enter
   * the folder
   */
  static async open(path: string): Promise<PrivateSocket> {
    const folder = folderOf(path);
    checkFolder(folder);
    const before = fileAt(path);
    if (before !== undefined) {
      if (!before.isSocket) {
        throw cannotListen(path, "it is no socket: choose another path");
      }
      if (await isAnswered(path)) {
        throw cannotListen(path, "another server has it: choose another path");
      }
    }
    // It gets its name when it listens: one with a name that refuses
    // connections is dead, and may be replaced.
    const temporary = `${folder}/.${Deno.pid}.${
      crypto.randomUUID().slice(0, 8)
    }`;
    try {
      const listener = Deno.listen({ transport: "unix", path: temporary });
      Deno.chmodSync(temporary, 0o600);
      Deno.renameSync(temporary, path);
      return new PrivateSocket(path, listener);
    } catch (error) {
      throw cannotListen(path, `${reasonOf(error)}: check the path`);
    }
  }

  /** The connections, until the socket is closed. */
  async *connections(): AsyncGenerator<Connection> {
    for (;;) {
      let connection: Connection;
      try {
        connection = await this.#listener.accept();
      } catch {
        return;
      }
      yield connection;
    }
  }

  /** Closes and removes it. */
  close(): void {
    this.#listener.close();
    removeSocket(this.path);
  }
}

function removeSocket(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Somebody has removed it.
  }
}

function cannotListen(path: string, problem: string): ToolError {
  return new ToolError(`Cannot open the socket "${path}": ${problem}`);
}

async function isAnswered(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    return false;
  }
}

/** Connects to a socket; undefined when nobody listens there. */
export async function connectTo(
  path: string,
): Promise<Connection | undefined> {
  const folder = folderOf(path);
  if (fileAt(folder) === undefined) return undefined;
  checkFolder(folder);
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new ToolError(`Cannot connect to "${path}": ${reasonOf(error)}`);
    }
    return undefined;
  }
}

/**
 * The chunks that come over a connection, until its end or its loss. A chunk is
 * good until the next one is asked for.
 */
export async function* readConnection(
  connection: Connection,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(READ_BYTES);
  for (;;) {
    let count: number | null;
    try {
      count = await connection.read(buffer);
    } catch {
      return;
    }
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}

/** Writes to a connection, in order, without anybody waiting for that. */
export class ConnectionWriter {
  readonly #connection: Connection;
  readonly #fail: () => void;
  #parts: Uint8Array[] = [];
  #isWriting = false;
  /** How much is not written yet. */
  byteLength = 0;

  /** @param fail is called when the connection is lost */
  constructor(connection: Connection, fail: () => void) {
    this.#connection = connection;
    this.#fail = fail;
  }

  /** Writes bytes, which are not to change, behind those before. */
  send(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.byteLength += bytes.length;
    if (!this.#isWriting) this.#write();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#parts.length > 0) {
        const bytes = concat(this.#parts.splice(0));
        for (let at = 0; at < bytes.length;) {
          at += await this.#connection.write(bytes.subarray(at));
        }
        this.byteLength -= bytes.length;
      }
    } catch {
      this.#fail();
    }
    this.#isWriting = false;
  }

  /** Closes the connection; what is not written is dropped. */
  close(): void {
    this.#parts = [];
    try {
      this.#connection.close();
    } catch {
      // It is closed.
    }
  }
}
