/**
 * A tool's input, output and messages.
 *
 * @module
 */

import {
  type Damage,
  type ForeignBytes,
  PacketDecoder,
  type Rows,
  type StreamItem,
} from "@subunit/codec";
import { ToolError } from "../errors.ts";
import { isSameFile } from "../io/files.ts";
import {
  CHUNK_ROOM,
  type Input,
  isStdin,
  openInput,
  readChunk,
} from "../io/input.ts";
import { textOf } from "../io/item_bytes.ts";
import { Output, type Sink } from "../io/output.ts";
import { stdoutSink } from "../io/stdout.ts";
import type { Stdin } from "../runtime/runtime.ts";
import { visibleText } from "../text/visible.ts";
import type { OptionValues } from "./options.ts";
import type { OUTPUT_OPTIONS, PASSTHROUGH_OPTION } from "./table.ts";

/** The options for the parts of a stream that pass on beside a report. */
type Passthrough =
  & OptionValues<typeof PASSTHROUGH_OPTION>
  & Partial<Pick<OptionValues<typeof OUTPUT_OPTIONS>, "forward">>;

/** The standard streams of a tool, which reads and writes them synchronously. */
export interface StandardStreams {
  readonly stdin: Pick<Stdin, "readSync">;
  readonly stdout: Sink;
  readonly stderr: Sink;
}

/** The input, output and messages of a tool. */
export class ToolIO {
  readonly #name: string;
  readonly #stdin: Pick<Stdin, "readSync">;
  #isStdinRead = false;
  /** Standard output; flushed before each read that may block. */
  readonly out: Output;
  /** Standard error, for text from the stream that must not go to stdout. */
  readonly err: Output;

  /** Takes the streams of the process unless others are given. */
  constructor(
    name: string,
    { stdin, stdout, stderr }: StandardStreams = {
      stdin: Deno.stdin,
      stdout: stdoutSink(),
      stderr: Deno.stderr,
    },
  ) {
    this.#name = name;
    this.#stdin = stdin;
    this.out = new Output(stdout, "standard output");
    this.err = new Output(stderr, "standard error");
  }

  /** Writes a message to standard error: one line that begins with the tool's name. */
  warn(message: string): void {
    try {
      this.err.writeText(`${this.#name}: ${visibleText(message)}\n`);
      this.err.flush();
    } catch {
      // Standard error is closed.
    }
  }

  /**
   * Warns of damage, after all output from before it.
   *
   * @param source the name of the stream, if there are several
   */
  reportDamage({ reason, byteLength }: Damage, source?: string): void {
    this.out.flush();
    const where = source === undefined ? "" : `${source}: `;
    this.warn(`${where}${reason} (${byteLength} bytes are damaged)`);
  }

  /**
   * Returns the exit status of a verdict, and warns if the input is not a
   * stream of packets at all.
   */
  conclude(
    { exitStatus, complaint }: {
      readonly exitStatus: number;
      readonly complaint: string | undefined;
    },
  ): number {
    if (complaint !== undefined) this.warn(complaint);
    return exitStatus;
  }

  /**
   * Opens the output for a report: the file of --output-to; without one,
   * standard output, or standard error with --forward.
   *
   * @param files the inputs: a report would replace one before it is read
   * @throws {ToolError} if the file cannot be created, or is an input
   */
  openReport(
    { "output-to": path, forward }: OptionValues<typeof OUTPUT_OPTIONS>,
    files: readonly string[],
  ): Output {
    const input = path && files.find((file) => isSameFile(file, path));
    if (input) {
      throw new ToolError(
        `Cannot write "${path}": it is read as well: choose another file`,
      );
    }
    if (path !== undefined) return Output.toFile(path);
    return forward ? this.err : this.out;
  }

  /**
   * Returns a function that passes items on beside a report. With --forward it
   * writes all items to standard output, otherwise only text, to `out`, and with
   * --no-passthrough nothing.
   *
   * @param change is applied to the text
   */
  passthrough(
    options: Passthrough,
    out: Output,
    change: (text: Uint8Array) => Uint8Array = (text) => text,
  ): (item: StreamItem) => void {
    if (options.forward) return (item) => this.out.writeItem(item);
    if (options["no-passthrough"]) return () => {};
    return (item) => {
      const text = textOf(item);
      if (text !== undefined) out.write(change(text));
    };
  }

  /**
   * Passes the packets of rows on, with a function from
   * {@linkcode passthrough} and its options. With --forward no packet becomes an
   * object.
   */
  passRows(
    rows: Rows,
    { forward }: Passthrough,
    pass: (item: StreamItem) => void,
  ): void {
    if (forward) return this.out.writeRows(rows);
    for (let i = 0; i < rows.count; i++) {
      if (rows.idAt(i) < 0) pass(rows.packet(i));
    }
  }

  /**
   * Yields the chunks of `files` one after another, as `cat` does, or of standard
   * input if there are none. A chunk is valid until the next one.
   *
   * @throws {ToolError} when standard input was read to its end by another call:
   * a list from there leaves an empty stream
   */
  *chunks(files: readonly string[]): Generator<Uint8Array> {
    const isStdinRead = this.#isStdinRead;
    for (const file of files.length > 0 ? files : ["-"]) {
      if (isStdinRead && isStdin(file)) {
        throw new ToolError("Cannot read standard input twice: name a file");
      }
      const input: Input = openInput(file, this.#stdin);
      try {
        for (;;) {
          this.out.flush();
          this.err.flush();
          const chunk = readChunk(input);
          if (chunk === undefined) break;
          yield chunk;
        }
        this.#isStdinRead ||= isStdin(file);
      } finally {
        input.close();
      }
    }
  }

  /**
   * Calls `take` with each item of the stream in `files`, and `endChunk` after
   * all items of a chunk. An item is valid until then.
   *
   * This takes callbacks because V8 optimizes a function that is called for each
   * item; a long loop over an iterator takes half as long again.
   */
  forEachItem(
    files: readonly string[],
    take: (item: StreamItem) => void,
    endChunk: () => void = () => {},
  ): void {
    this.#decode(files, (decoder) => decoder.drain(take), endChunk);
  }

  /**
   * Like {@linkcode forEachItem}, for tools that need no object for a packet:
   * calls `takeRows` with packets, many at a time, and `takeOther` with all other
   * items. Rows are valid until it returns, their bytes until `endChunk`.
   */
  forEachRows(
    files: readonly string[],
    takeRows: (rows: Rows) => void,
    takeOther: (item: ForeignBytes | Damage) => void,
    endChunk: () => void = () => {},
  ): void {
    const drain = (decoder: PacketDecoder) =>
      decoder.drainRows(takeRows, takeOther);
    this.#decode(files, drain, endChunk);
  }

  #decode(
    files: readonly string[],
    drain: (decoder: PacketDecoder) => void,
    endChunk: () => void,
  ): void {
    const decoder = new PacketDecoder();
    for (const chunk of this.chunks(files)) {
      decoder.push(chunk, CHUNK_ROOM);
      drain(decoder);
      endChunk();
    }
    decoder.end();
    drain(decoder);
    endChunk();
  }
}
