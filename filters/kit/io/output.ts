/**
 * Writing, gathered into large blocking writes.
 *
 * @module
 */

import type { Rows, StreamItem } from "@subunit/codec";
import { isNotReady, isReaderGone, reasonOf, ToolError } from "../errors.ts";
import { visibleLines, visibleText } from "../text/visible.ts";
import { memoryOf, startOf } from "./item_bytes.ts";

/** How many bytes are gathered before they are written. */
const GATHER_BYTES = 64 * 1024;
/**
 * How much text is gathered before it is encoded, in UTF-16 units: a call of the
 * encoder costs as much as 1000 of them.
 */
const GATHER_UNITS = 8 * 1024;

const encoder = new TextEncoder();

/** The error to throw: the runtime's own when the reader has left. */
export function cannotWrite(name: string, error: unknown): unknown {
  return isReaderGone(error) ? error : new ToolError(
    `Cannot write ${name}: ${reasonOf(error)}: what follows is missing there`,
  );
}

/** Where output goes: a file, a standard stream, or memory. */
export interface Sink {
  /** Returns how many bytes were written. */
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
  /** Tells the reader that nothing follows. */
  close?(): void;
}

/**
 * Writes all of `bytes`, in as many writes as that takes. Waits while a
 * descriptor is not ready.
 *
 * @throws what the runtime throws
 */
export function writeAll(
  sink: Pick<Sink, "writeSync">,
  bytes: Uint8Array,
): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += sink.writeSync(bytes.subarray(at));
    } catch (error) {
      if (!isNotReady(error)) throw error;
    }
  }
}

/**
 * Gathers small writes; writes large ones at once. Items that are adjacent in
 * memory are written as one run, without being copied.
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
   * Opens a file for writing, and truncates it.
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

  /**
   * Whether it is a terminal. Then control characters are escaped, except those
   * of {@linkcode Output.writeText}.
   */
  get isTerminal(): boolean {
    return this.#isTerminal ??= this.#sink.isTerminal();
  }

  /**
   * Writes bytes: as they are, or on a terminal as text with control characters
   * escaped. The caller may reuse them when this returns.
   */
  write(bytes: Uint8Array): void {
    this.writeRange(bytes, 0, bytes.length);
  }

  /**
   * Passes an item on as it came. It must stay good until the next write of
   * anything else, or the next flush.
   */
  writeItem(item: StreamItem): void {
    this.#extendRun(memoryOf(item), startOf(item), item.byteLength);
  }

  /** The same for the packets of rows, one or all. */
  writeRows(rows: Rows, first = 0, last: number = rows.count - 1): void {
    this.writeRun(rows.source, rows.start(first), rows.end(last));
  }

  /** The same for items from `start` to `end`. */
  writeRun(source: Uint8Array, start: number, end: number): void {
    this.#extendRun(source.buffer, source.byteOffset + start, end - start);
  }

  #extendRun(memory: ArrayBufferLike, start: number, length: number): void {
    if (this.#text !== "") this.#encodeText();
    if (memory !== this.#runMemory || start !== this.#runEnd) {
      this.#endRun();
      this.#runMemory = memory;
      this.#runStart = start;
    }
    this.#runEnd = start + length;
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

  /** Writes bytes `start` to `end`, as {@linkcode Output.write} does. */
  writeRange(bytes: Uint8Array, start: number, end: number): void {
    this.#endRun();
    if (this.isTerminal) {
      const text = new TextDecoder().decode(bytes.subarray(start, end));
      this.writeText(visibleLines(text));
    } else {
      this.#writeBytes(bytes, start, end);
    }
  }

  #writeBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#encodeText();
    const length = end - start;
    if (this.#count + length > GATHER_BYTES) {
      this.#writeGathered();
      if (length > GATHER_BYTES) {
        this.#writeAll(bytes.subarray(start, end));
        return;
      }
    }
    // Copied by hand when short: a view and a call cost more than 40 bytes do.
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

  /** Writes text as it is. */
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
      const bytes = encoder.encode(text);
      this.#writeBytes(bytes, 0, bytes.length);
      return;
    }
    if (this.#count + most > GATHER_BYTES) this.#writeGathered();
    const { written } = encoder.encodeInto(
      text,
      this.#gathered.subarray(this.#count),
    );
    this.#count += written;
  }

  /** Writes a name from a stream: as it is, or escaped on a terminal. */
  writeName(name: string): void {
    this.writeText(this.isTerminal ? visibleText(name) : name);
  }

  /** Writes a line of text from a stream, as {@linkcode writeName} does. */
  writeRow(line: string): void {
    this.writeText((this.isTerminal ? visibleText(line) : line) + "\n");
  }

  /** Writes the rest; the reader is at the end, although the tool goes on. */
  close(): void {
    this.flush();
    this.#sink.close?.();
  }

  /** Writes what was gathered. */
  flush(): void {
    // On a terminal a run becomes text.
    this.#endRun();
    this.#encodeText();
    this.#writeGathered();
  }

  #writeGathered(): void {
    if (this.#count === 0) return;
    const count = this.#count;
    // Emptied first: a later flush must not try again what failed.
    this.#count = 0;
    this.#writeAll(this.#gathered.subarray(0, count));
  }

  #writeAll(bytes: Uint8Array): void {
    try {
      writeAll(this.#sink, bytes);
    } catch (error) {
      throw cannotWrite(this.#name, error);
    }
  }
}
