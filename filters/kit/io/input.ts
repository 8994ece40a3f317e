/**
 * Reading whole chunks.
 *
 * @module
 */

import { isNotReady, reasonOf, ToolError } from "../errors.ts";

/** Where bytes come from. */
export interface Input {
  /** What it is called when reading fails. */
  readonly name: string;
  read(buffer: Uint8Array): number | null;
  close(): void;
}

/** What one read takes in at the most. */
const READ_BYTES = 256 * 1024;
/** What a pipe gives at a time. */
const PIPE_BYTES = 64 * 1024;

const readBuffer = new Uint8Array(READ_BYTES);

/**
 * Opens a file, or standard input for "-".
 *
 * @throws {ToolError} when it cannot be opened
 */
export function openInput(path: string): Input {
  // The runtime lets nobody open the devices by name.
  if (["-", "/dev/stdin", "/dev/fd/0"].includes(path)) {
    return {
      name: "standard input",
      read: (buffer) => Deno.stdin.readSync(buffer),
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
    throw new ToolError(
      `Cannot open "${path}": ${reasonOf(error)}: check the path`,
    );
  }
}

/**
 * The next chunk of an input, undefined at its end. The chunk is good until
 * the next read of any input.
 *
 * @throws {ToolError} when reading fails
 */
export function readChunk(input: Input): Uint8Array | undefined {
  for (;;) {
    try {
      const count = input.read(readBuffer);
      return count === null ? undefined : readBuffer.subarray(0, count);
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
export async function readChunkAsync(): Promise<Uint8Array | undefined> {
  try {
    const count = await Deno.stdin.read(readBuffer);
    return count === null ? undefined : readBuffer.subarray(0, count);
  } catch (error) {
    throw cannotRead("standard input", error);
  }
}

/**
 * The chunks of a stream, without blocking signal handlers or other streams. A
 * chunk is good until the next one is asked for: one buffer goes there and back.
 *
 * @param name what it is called when reading fails
 * @throws {ToolError} when reading fails
 */
export async function* readStreamAsync(
  stream: ReadableStream<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(PIPE_BYTES);
  for (;;) {
    let chunk: Uint8Array<ArrayBuffer> | undefined;
    try {
      ({ value: chunk } = await reader.read(new Uint8Array(buffer)));
    } catch (error) {
      throw cannotRead(name, error);
    }
    if (chunk === undefined || chunk.length === 0) return;
    yield chunk;
    buffer = chunk.buffer;
  }
}

function cannotRead(name: string, error: unknown): ToolError {
  return new ToolError(
    `Cannot read ${name}: ${reasonOf(error)}: nothing behind it was read`,
  );
}
