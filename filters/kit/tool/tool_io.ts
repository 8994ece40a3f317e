/**
 * A tool's input, output and messages.
 *
 * @module
 */

import { type Damage, PacketDecoder, type StreamItem } from "@subunit/codec";
import { type Input, openInput, readChunk } from "../io/input.ts";
import { textOf } from "../io/item_bytes.ts";
import { Output } from "../io/output.ts";
import { stdoutSink } from "../io/stdout.ts";
import { visibleText } from "../text/visible.ts";
import type { OptionValues } from "./options.ts";
import type { OUTPUT_OPTIONS, PASSTHROUGH_OPTION } from "./table.ts";

/** Which parts of a stream pass on beside a report. */
type Passthrough =
  & OptionValues<typeof PASSTHROUGH_OPTION>
  & Partial<Pick<OptionValues<typeof OUTPUT_OPTIONS>, "forward">>;

/** What a tool reads and writes. */
export class ToolIO {
  readonly #name: string;
  /** Standard output; flushed before each read that may wait. */
  readonly out: Output = new Output(stdoutSink(), "standard output");
  /** Standard error, for text from the stream that must not go to stdout. */
  readonly err: Output = new Output(Deno.stderr, "standard error");

  constructor(name: string) {
    this.#name = name;
  }

  /** Writes a message to standard error: one line, behind the tool's name. */
  warn(message: string): void {
    try {
      this.err.writeText(`${this.#name}: ${visibleText(message)}\n`);
      this.err.flush();
    } catch {
      // With standard error closed, nobody can read it.
    }
  }

  /**
   * Warns of damage, after the output of everything in front of it.
   *
   * @param source which of several streams is damaged
   */
  reportDamage({ reason, byteLength }: Damage, source?: string): void {
    this.out.flush();
    const where = source === undefined ? "" : `${source}: `;
    this.warn(`${where}${reason} (${byteLength} bytes are no packet)`);
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
   * Opens the output for a report: the file of --output-to. Without one it is
   * standard output, or with --forward standard error.
   *
   * @throws {ToolError} when the file cannot be made
   */
  openReport(
    { "output-to": path, forward }: OptionValues<typeof OUTPUT_OPTIONS>,
  ): Output {
    if (path !== undefined) return Output.toFile(path);
    return forward ? this.err : this.out;
  }

  /**
   * Returns a function that passes items on beside a report: whole, to standard
   * output, with --forward; else only text, to `out`, unless --no-passthrough.
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
      if (text !== undefined) out.writeForeign(change(text));
    };
  }

  /**
   * The chunks of `files`, one after another as `cat` would; of standard input
   * when there are none. A chunk is good until the next one.
   */
  *chunks(files: readonly string[]): Generator<Uint8Array> {
    for (const file of files.length > 0 ? files : ["-"]) {
      const input: Input = openInput(file);
      try {
        for (;;) {
          this.out.flush();
          this.err.flush();
          const chunk = readChunk(input);
          if (chunk === undefined) break;
          yield chunk;
        }
      } finally {
        input.close();
      }
    }
  }

  /**
   * Calls `take` with each item of the stream in `files`, and `endChunk` after
   * all items of a chunk. An item is good until then.
   *
   * A callback, not an iterator: V8 compiles a function that is called for each
   * item well; one long loop over all items takes half as long again.
   */
  forEachItem(
    files: readonly string[],
    take: (item: StreamItem) => void,
    endChunk: () => void = () => {},
  ): void {
    const decoder = new PacketDecoder();
    for (const chunk of this.chunks(files)) {
      decoder.push(chunk);
      drain(decoder, take);
      endChunk();
    }
    decoder.end();
    drain(decoder, take);
    endChunk();
  }
}

function drain(decoder: PacketDecoder, take: (item: StreamItem) => void): void {
  for (let item; (item = decoder.next()) !== undefined;) take(item);
}
