/**
 * Logs as files and as standard input.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  type Damage,
  type ForeignBytes,
  PacketDecoder,
  type Rows,
} from "@subunit/codec";
import { isRegularFile } from "../../kit/io/files.ts";
import { CHUNK_ROOM } from "../../kit/io/input.ts";
import type { ToolIO } from "../../kit/tool/tool_io.ts";
import type { LogReader, LogSource } from "./reader.ts";

/** The stream in files one after another; a pipe is read once and held. */
export class LogFiles implements LogSource {
  readonly #io: ToolIO;
  readonly #files: readonly string[];
  readonly #held = new Map<string, Uint8Array>();

  constructor(io: ToolIO, files: readonly string[]) {
    this.#io = io;
    this.#files = files.length > 0 ? files : ["-"];
  }

  forEachRows(
    takeRows: (rows: Rows) => void,
    takeOther: (item: ForeignBytes | Damage) => void,
  ): void {
    const decoder = new PacketDecoder();
    for (const file of this.#files) {
      if (isRegularFile(file)) {
        for (const chunk of this.#io.chunks([file])) {
          decoder.push(chunk, CHUNK_ROOM);
          decoder.drainRows(takeRows, takeOther);
        }
      } else {
        decoder.push(this.#hold(file));
        decoder.drainRows(takeRows, takeOther);
      }
    }
    decoder.end();
    decoder.drainRows(takeRows, takeOther);
  }

  #hold(file: string): Uint8Array {
    let bytes = this.#held.get(file);
    if (bytes === undefined) {
      // A chunk is valid until the next one.
      const chunks = Array.from(
        this.#io.chunks([file]),
        (chunk) => chunk.slice(),
      );
      this.#held.set(file, bytes = concat(chunks));
    }
    return bytes;
  }
}

/** Warns of what in a log is not an event. */
export function reportStrange(io: ToolIO, { strange }: LogReader): void {
  for (const { reason, byteLength } of strange.damage) {
    io.warn(`${reason} (${byteLength} bytes are damaged)`);
  }
  if (strange.foreignBytes > 0) {
    io.warn(`${strange.foreignBytes} bytes of other text are not in the log`);
  }
  if (strange.packets > 0) {
    io.warn(`${strange.packets} packets are not events of a fault log`);
  }
}
