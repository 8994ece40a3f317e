/**
 * Records a command as a stream: its results, its other output, and how it
 * ended.
 *
 * @module
 */

import {
  change,
  isFailure,
  isRunRecord,
  now,
  Packet,
  PacketEncoder,
  type RunningTest,
  type StatusEvent,
  type Test,
} from "@subunit/codec";
import { readStreamAsync } from "../kit/io/input.ts";
import { lostTest, writeFailure } from "../kit/stream/failures.ts";
import { ForeignFormat } from "../kit/stream/foreign_format.ts";
import type { FailingTests } from "../kit/stream/failing_tests.ts";
import { Retagger } from "../kit/stream/retagger.ts";
import { TextTails } from "../kit/stream/text_tails.ts";
import { Verdict } from "../kit/stream/verdict.ts";
import type { Output } from "../kit/tool/tool.ts";
import { type Format, ResultsReader, textEvent } from "./results_reader.ts";

/** How much is kept of each end of the files of tests in progress. */
const END_BYTES = 4096;

/** How a command is recorded. */
export interface RecorderOptions {
  /** Takes the results of tests. */
  readonly failing?: FailingTests;
  /**
   * Which attempt at its tests it is: results get a tag with the number, and those
   * that are good the tag "flaky". Undefined for the first.
   */
  readonly attempt?: number;
  /** Whether {@linkcode Recorder.running} will be asked for. */
  readonly isLimited?: boolean;
}

/** Writes the output of a command to the stream, and judges it. */
export class Recorder {
  readonly #out: Output;
  readonly #encoder = new PacketEncoder();
  readonly #verdict: Verdict;
  readonly #tails = new TextTails();
  readonly #failing: FailingTests | undefined;
  readonly #attempt: number | undefined;
  readonly #isLimited: boolean;
  #retagger: Retagger | undefined;
  /** Looks at standard output while it has no test. */
  #foreign: ForeignFormat | undefined;
  /** The last packet that describes a run. */
  record: Packet | undefined;
  /** Whether a test never ended. */
  hasLost = false;
  /** Is called when output has been written. */
  onOutput: () => void = () => {};

  constructor(
    out: Output,
    { failing, attempt, isLimited = false }: RecorderOptions = {},
  ) {
    this.#out = out;
    this.#failing = failing;
    this.#attempt = attempt;
    this.#isLimited = isLimited;
    this.#verdict = new Verdict(
      isLimited ? { attachments: { endBytes: END_BYTES } } : {},
    );
  }

  /** Whether the stream is damaged. */
  get isDamaged(): boolean {
    return this.#verdict.summary.damage > 0;
  }

  /** The tool that converts the results, where they are in no format read here. */
  get converter(): string | undefined {
    return this.#foreign?.converter;
  }

  /** The tests in progress. */
  running(): RunningTest[] {
    return this.#verdict.running(Infinity);
  }

  /** The last output of a route. */
  lastOutput(routeCode: string | undefined): Uint8Array | undefined {
    return this.#tails.get(routeCode);
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
    this.#foreign = new ForeignFormat();
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
   *
   * @param reason why they did not, if it is known
   */
  end(reason?: string): boolean {
    for (const test of this.#verdict.end()) {
      this.hasLost = true;
      const output = this.#tails.get(test.routeCode);
      const lost = lostTest(test);
      const missing = { ...lost, reason: reason ?? lost.reason };
      writeFailure(this.#out, missing, output, now());
      this.#failing?.add(test);
    }
    return this.#verdict.exitStatus === 0;
  }

  #write(events: readonly StatusEvent[]): void {
    if (this.#isLimited) this.#verdict.arriveAt(performance.now());
    for (const event of events) {
      if (event.testId !== undefined) this.#foreign = undefined;
      else if (event.fileBytes !== undefined) {
        this.#tails.add(event.routeCode, event.fileBytes);
        if (event.fileName === "stdout") this.#foreign?.add(event.fileBytes);
      }
      if (event instanceof Packet && isRunRecord(event)) {
        this.record = event.copy();
      }
      const test = this.#verdict.add(event);
      if (test !== undefined) this.#failing?.add(test);
      if (test !== undefined && this.#attempt !== undefined) {
        this.#writeAttempt(event, test, this.#attempt);
      } else if (event instanceof Packet) this.#out.writeItem(event);
      else this.#encoder.encodeEach(event, this.#writePacket);
    }
    if (this.#isLimited) this.#verdict.endChunk();
    this.#out.flush();
    if (events.length > 0) this.onOutput();
  }

  /** Writes the last event of a test that had failed before. */
  #writeAttempt(event: StatusEvent, test: Test, attempt: number): void {
    const { outcome } = test;
    const isGood = !isFailure(outcome) && outcome !== "skip";
    const added = isGood ? ["flaky"] : [];
    const all = [...test.tags, `attempt-${attempt}`, ...added];
    const tags = [...new Set(all)].sort();
    if (event instanceof Packet) {
      (this.#retagger ??= new Retagger(this.#out)).write(event, tags);
    } else {
      this.#encoder.encodeEach(change(event, { tags }), this.#writePacket);
    }
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
