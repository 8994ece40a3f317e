#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit-tee: copies standard input to standard output and to each FILE. A FILE
 * ends with a whole packet, whatever ends the tool.
 *
 * @module
 */

import {
  type Damage,
  type ForeignBytes,
  PacketDecoder,
  type Rows,
} from "@subunit/codec";
import { isReaderGone } from "./kit/errors.ts";
import { AsyncStdout } from "./kit/io/async_stdout.ts";
import { readChunkAsync } from "./kit/io/input.ts";
import { ByteRuns } from "./kit/io/item_bytes.ts";
import { Archive } from "./kit/io/whole_packet_file.ts";
import { exitOnEndingSignal } from "./kit/io/signals.ts";
import {
  defineTool,
  runTool,
  type Tool,
  ToolError,
  type ToolIO,
} from "./kit/tool/tool.ts";

/** The outputs of the stream; one that fails is not written to again. */
class Outputs {
  readonly #io: ToolIO;
  readonly #stdout: AsyncStdout;
  #archives: readonly Archive[];
  #hasReader = true;
  status = 0;

  constructor(
    io: ToolIO,
    stdout: AsyncStdout,
    archives: readonly Archive[],
  ) {
    this.#io = io;
    this.#stdout = stdout;
    this.#archives = archives;
  }

  /**
   * Writes bytes to every output; the slowest sets the pace. Files come first,
   * in one step, so that a signal finds them whole.
   *
   * @param outlivesReader whether to go on when standard output has no reader
   */
  async writeAll(bytes: Uint8Array, outlivesReader: boolean): Promise<void> {
    if (bytes.length === 0) return;
    this.#archives = this.#archives.filter((archive) =>
      this.write(archive, bytes)
    );
    if (!this.#hasReader) return;
    try {
      await this.#stdout.write(bytes);
    } catch (error) {
      if (!isReaderGone(error) || !outlivesReader) throw error;
      this.#hasReader = false;
    }
  }

  /** Writes to an archive; warns and returns false when that fails. */
  write(archive: Archive, bytes: Uint8Array): boolean {
    try {
      if (bytes.length > 0) archive.write(bytes);
      return true;
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      this.#io.warn(error.message);
      this.status = 2;
      return false;
    }
  }
}

export const tool: Tool = defineTool({
  name: "subunit-tee",
  summary: "Copy a subunit stream to standard output and to files",
  operands: "[FILE...]",
  options: {
    append: { short: "a", help: "append to the FILEs" },
    "ignore-interrupts": { short: "i", help: "ignore interrupts (Ctrl-C)" },
    "outlive-reader": {
      short: "p",
      help: "go on when the reader of standard output leaves",
    },
    "packets-only": { help: "leave out the text between the packets" },
    text: { value: "FILE", help: "write the text between the packets to FILE" },
    sync: { help: "wait until each write has reached the disk" },
  },
  notes:
    `The slowest output sets the pace. A FILE ends with a whole packet, whatever ends
the tool. A FILE that cannot be written is reported, and the others go on.`,
  exitStatus: ["everything was copied", "never"],
  examples: [
    "./runner | subunit-tee run.subunit | subunit-ls --failing",
    "make check | subunit-tee --packets-only --text build.log run.subunit",
  ],
  async run(io, options, files) {
    const open = (path: string) => new Archive(path, options);
    using stdout = new AsyncStdout();
    const outputs = new Outputs(io, stdout, files.map(open));
    let text = options.text === undefined ? undefined : open(options.text);
    // The process exits between two writes, so no packet is cut.
    const stopListening = exitOnEndingSignal(
      options["ignore-interrupts"] ? ["SIGINT"] : [],
    );
    const decoder = new PacketDecoder();
    const main = new ByteRuns(), between = new ByteRuns();
    const takeRows = (rows: Rows) => main.addRows(rows);
    const takeOther = (item: ForeignBytes | Damage) => {
      const isText = item.kind === "foreign";
      if (isText && text !== undefined) between.addItem(item);
      if (!isText || !options["packets-only"]) main.addItem(item);
    };
    const drain = async () => {
      decoder.drainRows(takeRows, takeOther);
      if (text !== undefined && !outputs.write(text, between.take())) {
        text = undefined;
      }
      await outputs.writeAll(main.take(), options["outlive-reader"]);
    };
    // Unlike the blocking reads of the other tools, this lets signal handlers run.
    for (let chunk; (chunk = await readChunkAsync()) !== undefined;) {
      decoder.push(chunk);
      await drain();
    }
    decoder.end();
    await drain();
    stopListening();
    return outputs.status;
  },
});

if (import.meta.main) runTool(tool);
