/**
 * Records a command as a stream: its results, its other output, and how it
 * ended.
 *
 * @module
 */

import { now, Packet, PacketEncoder, type StatusEvent } from "@subunit/codec";
import { readStreamAsync } from "../kit/io/input.ts";
import { lostTest, writeFailure } from "../kit/stream/failures.ts";
import { TextTails } from "../kit/stream/text_tails.ts";
import { Verdict } from "../kit/stream/verdict.ts";
import type { Output } from "../kit/tool/tool.ts";
import { type Format, ResultsReader, textEvent } from "./results_reader.ts";

/** Writes the output of a command to the stream, and judges it. */
export class Recorder {
  readonly #out: Output;
  readonly #encoder = new PacketEncoder();
  readonly #verdict = new Verdict();
  readonly #tails = new TextTails();

  constructor(out: Output) {
    this.#out = out;
  }

  /**
   * Records everything from a pipe with results.
   *
   * @param released when this resolves, what is in the pipe is the end
   */
  async recordResults(
    results: ReadableStream<Uint8Array>,
    format: Format,
    released: Promise<void>,
  ): Promise<void> {
    const reader = new ResultsReader(format);
    const name = "the command's results";
    for await (const chunk of readStreamAsync(results, name, released)) {
      this.#write(reader.push(chunk));
    }
    this.#write(reader.end());
  }

  /** Records everything from a pipe with text, as parts of a file. */
  async recordText(
    text: ReadableStream<Uint8Array>,
    fileName: string,
    released: Promise<void>,
  ): Promise<void> {
    const name = `the command's ${fileName}`;
    for await (const chunk of readStreamAsync(text, name, released)) {
      this.#write([textEvent(fileName, chunk)]);
    }
  }

  /**
   * Appends a failure for every test that never finished. Returns whether the
   * stream is good.
   */
  end(): boolean {
    for (const test of this.#verdict.end()) {
      const output = this.#tails.get(test.routeCode);
      writeFailure(this.#out, lostTest(test), output, now());
    }
    return this.#verdict.exitStatus === 0;
  }

  #write(events: readonly StatusEvent[]): void {
    for (const event of events) {
      if (event.testId === undefined && event.fileBytes !== undefined) {
        this.#tails.add(event.routeCode, event.fileBytes);
      }
      this.#verdict.add(event);
      if (event instanceof Packet) this.#out.writeItem(event);
      else this.#encoder.encodeEach(event, this.#writePacket);
    }
    this.#out.flush();
  }

  readonly #writePacket = (packet: Uint8Array): void => this.#out.write(packet);
}

/**
 * The words that run a command whose results come from a descriptor; its
 * standard output then goes to its standard error.
 */
export function redirected(words: readonly string[], fd: number): string[] {
  return ["sh", "-c", `exec "$@" ${fd}>&1 >&2`, "sh", ...words];
}
