/**
 * The record at the end of a run of all tests: what keeps runs need not guess
 * which tests are gone.
 *
 * @module
 */

import { now, PacketDecoder } from "@subunit/codec";
import { suiteOf } from "../../history/repository/command_records.ts";
import { encodeRecord } from "../../history/repository/record.ts";
import { RunCounter } from "../../history/repository/stats.ts";
import type { RunSummaryWriter } from "./client.ts";

/** Counts the tests of a stream, for the record of a full scope. */
export class FullScope implements RunSummaryWriter {
  readonly #decoder = new PacketDecoder();
  readonly #counter = new RunCounter();
  readonly #worker: readonly string[];

  /** @param worker its command; empty where a server has started it */
  constructor(worker: readonly string[]) {
    this.#worker = worker;
  }

  push(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
    this.#drain();
  }

  #drain(): void {
    this.#decoder.drainRows(this.#counter.takeRows, this.#counter.takeOther);
    this.#counter.endChunk();
  }

  /** With the counts, a reader sees whether a filter has taken tests out. */
  record(exit: number): Uint8Array {
    this.#decoder.end();
    this.#drain();
    const { counts } = this.#counter.end();
    const of = "command", scope = "full", suite = suiteOf(this.#worker);
    return encodeRecord("end", { v: 1, of, exit, scope, suite, counts }, now());
  }
}
