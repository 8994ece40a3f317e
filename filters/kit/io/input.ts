/**
 * Reading files, standard input and streams in large chunks.
 *
 * @module
 */

import { isNotReady, isNotReadyAsync, reasonOf, ToolError } from "../errors.ts";
import type { FsFile, Stdin } from "../runtime/runtime.ts";

/** Where bytes come from. */
export interface Input {
  /** Its name in error messages. */
  readonly name: string;
  read(buffer: Uint8Array): number | null;
  close(): void;
}

/** The most that one read returns. */
const READ_BYTES = 256 * 1024;
/** The capacity of a pipe. */
const PIPE_BYTES = 64 * 1024;
/**
 * After how many chunks of a command signals and timers have their turn: a chunk
 * that is ready is read without one, up to 8 MiB of them.
 */
const CHUNKS_A_TURN = 16;
/** How soon what is in a pipe is read. */
const DRAIN_MILLISECONDS = 50;

/**
 * How many bytes before a chunk of {@linkcode readChunk} may be overwritten: a
 * decoder puts there what the previous chunk cut off.
 */
export const CHUNK_ROOM = 64 * 1024;

const readBuffer = new Uint8Array(CHUNK_ROOM + READ_BYTES).subarray(CHUNK_ROOM);

/** The other buffer of {@linkcode readStdinAhead}. */
let secondBuffer: Uint8Array | undefined;

/** How many bytes before a chunk of any of our readers may be overwritten. */
export function roomBefore({ buffer }: Uint8Array): number {
  return buffer === readBuffer.buffer || buffer === secondBuffer?.buffer
    ? CHUNK_ROOM
    : 0;
}

/**
 * Opens a file, or standard input for "-".
 *
 * @throws {ToolError} when it cannot be opened
 */
export function openInput(
  path: string,
  stdin: Pick<Stdin, "readSync"> = Deno.stdin,
): Input {
  if (isStdin(path)) {
    return {
      name: "standard input",
      read: (buffer) => stdin.readSync(buffer),
      close() {},
    };
  }
  try {
    const file = Deno.openSync(path);
    return {
      name: `"${path}"`,
      read: (buffer) => file.readSync(buffer),
      close: () => file.close(),
    };
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

/**
 * Whether a path names standard input. The devices are among them: the runtime
 * does not allow a program to open those.
 */
export function isStdin(path: string): boolean {
  return ["-", "/dev/stdin", "/dev/fd/0"].includes(path);
}

/**
 * Whether reads may wait for a writer: those of anything but a regular file.
 * False of a file that cannot be opened.
 */
export function mayWait(path: string): boolean {
  try {
    return isStdin(path) || !Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/**
 * The next chunk of an input, undefined at its end. The chunk is good until
 * the next read of any input into the same buffer.
 *
 * @throws {ToolError} when reading fails
 */
export function readChunk(
  input: Input,
  buffer: Uint8Array = readBuffer,
): Uint8Array | undefined {
  for (;;) {
    try {
      const count = input.read(buffer);
      return count === null ? undefined : buffer.subarray(0, count);
    } catch (error) {
      if (isNotReady(error)) continue;
      throw cannotRead(input.name, error);
    }
  }
}

/**
 * The next chunk of standard input, without blocking signal handlers. The chunk
 * is good until the next read.
 *
 * @throws {ToolError} when reading fails
 */
export async function readChunkAsync(
  buffer: Uint8Array = readBuffer,
): Promise<Uint8Array | undefined> {
  for (;;) {
    try {
      const count = await Deno.stdin.read(buffer);
      return count === null ? undefined : buffer.subarray(0, count);
    } catch (error) {
      if (await isNotReadyAsync(error)) continue;
      throw cannotRead("standard input", error);
    }
  }
}

/**
 * The chunks of a stream, without blocking signal handlers or other streams. A
 * chunk is good until the next one is asked for: all share one buffer.
 *
 * @param name its name in error messages
 * @param released when this resolves, what is in the pipe is the end
 * @throws {ToolError} when reading fails
 */
export async function* readStreamAsync(
  stream: ReadableStream<Uint8Array>,
  name: string,
  released?: Promise<void>,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(PIPE_BYTES), count = 0, chunks = 0;
  released?.then(() => cancelWhenDrained(reader, () => count));
  for (;;) {
    let chunk: Uint8Array<ArrayBuffer> | undefined;
    try {
      ({ value: chunk } = await reader.read(new Uint8Array(buffer)));
    } catch (error) {
      throw cannotRead(name, error);
    }
    if (chunk === undefined || chunk.length === 0) return;
    count += chunk.length;
    yield chunk;
    buffer = chunk.buffer;
    if (released !== undefined && ++chunks % CHUNKS_A_TURN === 0) {
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
}

/**
 * Ends a stream when nothing comes any more, or more than a pipe held at the
 * beginning and a buffer of the runtime's.
 */
async function cancelWhenDrained(
  reader: ReadableStreamBYOBReader,
  count: () => number,
): Promise<void> {
  const last = count() + 2 * PIPE_BYTES;
  for (let before = -1; before < count() && count() < last;) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, DRAIN_MILLISECONDS));
  }
  await reader.cancel();
}

/**
 * The chunks of a file, or of standard input for "-", without blocking signal
 * handlers or other streams. A chunk is good until the next one is asked for.
 *
 * @throws {ToolError} when it cannot be opened or read
 */
export function readInputAsync(path: string): AsyncGenerator<Uint8Array> {
  return isStdin(path) ? readStdinAsync() : readFileAsync(path);
}

/**
 * The chunks of files one after another, as `cat` reads them, or of standard
 * input if there are none, without blocking timers. A chunk is good until the
 * next one is asked for.
 *
 * @throws {ToolError} when one cannot be opened or read
 */
export async function* readFilesAsync(
  paths: readonly string[],
): AsyncGenerator<Uint8Array> {
  for (const path of paths.length > 0 ? paths : ["-"]) {
    yield* isStdin(path) ? readStdinAhead() : readFileAsync(path);
  }
}

/** Reads the next chunk while the one before is worked on. */
async function* readStdinAhead(): AsyncGenerator<Uint8Array> {
  secondBuffer ??= new Uint8Array(CHUNK_ROOM + READ_BYTES).subarray(CHUNK_ROOM);
  let buffer: Uint8Array = readBuffer, other: Uint8Array = secondBuffer;
  for (let next = readChunkAsync(buffer);;) {
    const chunk = await next;
    if (chunk === undefined) return;
    [buffer, other] = [other, buffer];
    next = readChunkAsync(buffer);
    // It is thrown when the chunk is asked for.
    next.catch(() => {});
    yield chunk;
  }
}

/** Not a stream: that would end where the descriptor is not ready. */
async function* readStdinAsync(): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(PIPE_BYTES);
  for (;;) {
    const chunk = await readChunkAsync(buffer);
    if (chunk === undefined) return;
    yield chunk;
  }
}

async function* readFileAsync(path: string): AsyncGenerator<Uint8Array> {
  let file: FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    throw cannotOpen(path, error);
  }
  yield* readStreamAsync(file.readable, `"${path}"`);
}

/** Cancels a pending read, which would keep the tool alive. */
export function closeStdin(): void {
  Deno.stdin.close();
}

/** The error for a file that cannot be opened. */
export function cannotOpen(path: string, error: unknown): ToolError {
  return new ToolError(
    `Cannot open "${path}": ${reasonOf(error)}: check the path`,
  );
}

function cannotRead(name: string, error: unknown): ToolError {
  return new ToolError(
    `Cannot read ${name}: ${reasonOf(error)}: the rest was not read`,
  );
}
