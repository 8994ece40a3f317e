/**
 * Blocking reads and writes of whole chunks.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { StreamItem } from "@subunit/codec";
import { reasonOf, ToolError } from "../errors.ts";
import { visibleLines, visibleText } from "../text/visible.ts";

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
/** What is gathered before it is written. */
const GATHER_BYTES = 64 * 1024;
/** What of text, in UTF-16 units: a call of the encoder costs as much as 1000. */
const GATHER_UNITS = 8 * 1024;

const readBuffer = new Uint8Array(READ_BYTES);
const encoder = new TextEncoder();

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
 * The next chunk of standard input, without keeping signals waiting. The chunk
 * is good until the next read.
 *
 * @throws {ToolError} when reading fails
 */
export async function hearChunk(): Promise<Uint8Array | undefined> {
  try {
    const count = await Deno.stdin.read(readBuffer);
    return count === null ? undefined : readBuffer.subarray(0, count);
  } catch (error) {
    throw cannotRead("standard input", error);
  }
}

/**
 * What a stream delivers, beside others. A chunk is good until the next one
 * is asked for: one buffer goes there and back.
 *
 * @param name what it is called when reading fails
 * @throws {ToolError} when reading fails
 */
export async function* hearStream(
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

/**
 * Writes to standard output, without keeping signals waiting.
 *
 * @throws {ToolError} when writing fails, but for a reader that has left
 */
export async function writeWhileHearing(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    try {
      at += await Deno.stdout.write(bytes.subarray(at));
    } catch (error) {
      throw cannotWrite("standard output", error);
    }
  }
}

function cannotRead(name: string, error: unknown): ToolError {
  return new ToolError(
    `Cannot read ${name}: ${reasonOf(error)}: nothing behind it was read`,
  );
}

/** The error to throw; a reader that has left is no failure of ours. */
function cannotWrite(name: string, error: unknown): unknown {
  return error instanceof Deno.errors.BrokenPipe ? error : new ToolError(
    `Cannot write ${name}: ${reasonOf(error)}: what follows is missing there`,
  );
}

/** The memory an item's bytes lie in. */
function memoryOf(item: StreamItem): ArrayBufferLike {
  return (item.kind === "packet" ? item.source : item.bytes).buffer;
}

/** Where in its memory an item begins; no view is made to tell. */
function startOf(item: StreamItem): number {
  return item.kind === "packet"
    ? item.source.byteOffset + item.start
    : item.bytes.byteOffset;
}

/**
 * The bytes of items, joined: a view where they stand behind one another in
 * memory, as all the items of a chunk do, a copy otherwise.
 */
export function joinItems(items: readonly StreamItem[]): Uint8Array {
  if (items.length === 0) return new Uint8Array(0);
  const length = items.reduce((sum, item) => sum + item.byteLength, 0);
  const first = items[0], last = items[items.length - 1];
  const start = startOf(first);
  const isRun = memoryOf(first) === memoryOf(last) &&
    startOf(last) + last.byteLength - start === length;
  return isRun
    ? new Uint8Array(memoryOf(first), start, length)
    : concat(items.map(({ bytes }) => bytes));
}

/** A descriptor that can be written to. */
interface Sink {
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

/**
 * Gathers small writes and passes large ones straight on. Items that stand
 * behind one another in memory leave as one run, without being copied.
 */
export class Output {
  readonly #sink: Sink;
  readonly #name: string;
  readonly #gathered = new Uint8Array(GATHER_BYTES);
  #count = 0;
  /** The text that is not encoded yet, behind what is gathered. */
  #text = "";
  #isTerminal: boolean | undefined;
  /** The run of items that is not written yet, by places in its memory. */
  #runMemory: ArrayBufferLike | undefined;
  #runStart = 0;
  #runEnd = 0;

  constructor(sink: Sink, name: string) {
    this.#sink = sink;
    this.#name = name;
  }

  /**
   * Writes to a file, made anew.
   *
   * @throws {ToolError} when it cannot be made
   */
  static toFile(path: string): Output {
    try {
      return new Output(
        Deno.openSync(path, { write: true, create: true, truncate: true }),
        `"${path}"`,
      );
    } catch (error) {
      throw new ToolError(
        `Cannot write "${path}": ${reasonOf(error)}: check the path`,
      );
    }
  }

  /** Whether a person is looking: then text from a stream is made harmless. */
  get isTerminal(): boolean {
    return this.#isTerminal ??= this.#sink.isTerminal();
  }

  /** Writes bytes; they are copied or written when this returns. */
  write(bytes: Uint8Array): void {
    this.writeRange(bytes, 0, bytes.length);
  }

  /**
   * Passes an item on as it came. It must stay good until the next write of
   * anything else, or the next flush.
   */
  writeItem(item: StreamItem): void {
    this.#encodeText();
    const memory = memoryOf(item);
    const start = startOf(item);
    if (memory !== this.#runMemory || start !== this.#runEnd) {
      this.#endRun();
      this.#runMemory = memory;
      this.#runStart = start;
    }
    this.#runEnd = start + item.byteLength;
  }

  #endRun(): void {
    if (this.#runMemory === undefined) return;
    const run = new Uint8Array(
      this.#runMemory,
      this.#runStart,
      this.#runEnd - this.#runStart,
    );
    this.#runMemory = undefined;
    this.write(run);
  }

  /** Writes bytes `start` to `end`. */
  writeRange(bytes: Uint8Array, start: number, end: number): void {
    this.#encodeText();
    this.#endRun();
    const length = end - start;
    if (this.#count + length > GATHER_BYTES) {
      this.#writeGathered();
      if (length > GATHER_BYTES) {
        this.#writeAll(bytes.subarray(start, end));
        return;
      }
    }
    // Short ranges by hand: a view and a call cost more than forty bytes do.
    if (length < 48) {
      const to = this.#gathered;
      let at = this.#count;
      for (let i = start; i < end; i++) to[at++] = bytes[i];
    } else {
      const isAll = length === bytes.length;
      this.#gathered.set(
        isAll ? bytes : bytes.subarray(start, end),
        this.#count,
      );
    }
    this.#count += length;
  }

  /** Writes text of our own. */
  writeText(text: string): void {
    this.#endRun();
    this.#text += text;
    if (this.#text.length > GATHER_UNITS) this.#encodeText();
  }

  #encodeText(): void {
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    // A UTF-16 unit takes three bytes of UTF-8 at the most.
    const most = 3 * text.length;
    if (most > GATHER_BYTES) {
      this.write(encoder.encode(text));
      return;
    }
    if (this.#count + most > GATHER_BYTES) this.#writeGathered();
    const { written } = encoder.encodeInto(
      text,
      this.#gathered.subarray(this.#count),
    );
    this.#count += written;
  }

  /** Writes a name from a stream: raw, or harmless on a terminal. */
  writeName(name: string): void {
    this.writeText(this.isTerminal ? visibleText(name) : name);
  }

  /** Writes a line of text from a stream, as {@linkcode writeName} does. */
  writeRow(line: string): void {
    this.writeText((this.isTerminal ? visibleText(line) : line) + "\n");
  }

  /** Writes output found in a stream: raw, or harmless on a terminal. */
  writeForeign(bytes: Uint8Array): void {
    if (this.isTerminal) {
      this.writeText(visibleLines(new TextDecoder().decode(bytes)));
    } else {
      this.write(bytes);
    }
  }

  /** Writes what was gathered. */
  flush(): void {
    this.#encodeText();
    this.#endRun();
    this.#writeGathered();
  }

  #writeGathered(): void {
    if (this.#count === 0) return;
    const count = this.#count;
    // Emptied first: what cannot be written is not tried again at the end.
    this.#count = 0;
    this.#writeAll(this.#gathered.subarray(0, count));
  }

  #writeAll(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      try {
        at += this.#sink.writeSync(bytes.subarray(at));
      } catch (error) {
        if (isNotReady(error)) continue;
        throw cannotWrite(this.#name, error);
      }
    }
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Whether a descriptor that somebody else set not to block was not ready;
 * waits a moment when so.
 */
function isNotReady(error: unknown): boolean {
  if (error instanceof Deno.errors.Interrupted) return true;
  if (!(error instanceof Deno.errors.WouldBlock)) return false;
  Atomics.wait(pause, 0, 0, 1);
  return true;
}
