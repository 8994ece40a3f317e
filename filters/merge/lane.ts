/**
 * Merges each source into the stream under its label.
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
import { Labeller } from "./labeller.ts";
import { CommandSource, type Source } from "./sources.ts";
import { onEndingSignal } from "../kit/io/signals.ts";
import { commandEnding, writeEnding } from "../kit/stream/failures.ts";
import { Verdict } from "../kit/stream/verdict.ts";
import { ToolError, type ToolIO } from "../kit/tool/tool.ts";

/** Options that hold for all sources. */
export interface LaneOptions {
  /** Whether the label is also put before test ids. */
  readonly prefixesIds: boolean;
  /** Whether the streams are judged, which takes time. */
  readonly judges: boolean;
}

/** Merges one source, item by item. */
export class Lane {
  readonly source: Source;
  /** Whether a packet has arrived. */
  hasDelivered = false;
  /** Whether all of the source could be read and labelled. */
  isWhole = true;
  /** Whether nothing failed; true if the stream is not judged. */
  isGood = true;
  readonly #io: ToolIO;
  readonly #labeller: Labeller;
  readonly #verdict: Verdict | undefined;
  readonly #decoder = new PacketDecoder();

  constructor(
    source: Source,
    io: ToolIO,
    { prefixesIds, judges }: LaneOptions,
  ) {
    this.source = source;
    this.#io = io;
    this.#labeller = new Labeller(io.out, source.label, prefixesIds);
    // The ending of a command depends on its tests.
    const isJudged = judges || source instanceof CommandSource;
    this.#verdict = isJudged ? new Verdict() : undefined;
  }

  /** Merges the source until it ends or fails. */
  async run(): Promise<void> {
    for await (const chunk of this.#chunks()) {
      this.#decoder.push(chunk);
      this.#drain();
    }
    this.#decoder.end();
    this.#drain();
    this.#verdict?.end();
    if (this.#verdict?.exitStatus === 1) this.isGood = false;
    if (this.source instanceof CommandSource) await this.#end(this.source);
  }

  /** Yields the chunks of the source. Reports its failure: the others go on. */
  async *#chunks(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.source.chunks();
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      this.#fail(error.message);
    }
  }

  /** Writes how the command ended. */
  async #end(command: CommandSource): Promise<void> {
    const status = await command.status();
    if (status === undefined) return;
    this.isGood &&= status.success;
    const ending = {
      testId: `${command.label}: exit status`,
      routeCode: command.label,
    };
    const isExplained = this.#verdict?.exitStatus === 1;
    writeEnding(this.#io.out, commandEnding(ending, status, isExplained));
  }

  /** Writes all decoded items in one step: no other source can write between. */
  #drain(): void {
    this.#decoder.drainRows(this.#takeRows, this.#take);
    this.#io.out.flush();
  }

  readonly #takeRows = (rows: Rows): void => {
    this.hasDelivered = true;
    if (this.#verdict !== undefined) {
      for (let i = 0; i < rows.count; i++) this.#verdict.addRow(rows, i);
    }
    this.#labeller.writeRows(rows, this.#write);
  };

  readonly #take = (item: ForeignBytes | Damage): void => {
    this.#verdict?.add(item);
    this.#write(item);
    if (item.kind === "damage") this.#io.reportDamage(item, this.source.name);
  };

  readonly #write = (item: StreamItem): void => {
    try {
      this.#labeller.write(item);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#io.out.writeItem(item);
      this.#fail(`${error.message}: it passes on without a label`);
    }
  };

  #fail(message: string): void {
    this.isWhole = false;
    this.#io.warn(message);
  }
}

/**
 * Merges all lanes until they end, or until a signal, which is passed on to the
 * commands, has ended these.
 *
 * @returns the exit status after the signal; 0 without one
 */
export async function mergeLanes(lanes: readonly Lane[]): Promise<number> {
  const commands = lanes.map(({ source }) => source)
    .filter((source) => source instanceof CommandSource);
  const interruption = Promise.withResolvers<void>();
  let status = 0;
  onEndingSignal((signal, exitStatus) => {
    status = exitStatus;
    commands.forEach((command) => command.kill(signal));
    interruption.resolve();
  });
  const runs = new Map(lanes.map((lane) => [lane.source, lane.run()]));
  try {
    await Promise.race([
      Promise.all(runs.values()),
      interruption.promise.then(() =>
        Promise.all(commands.map((command) => runs.get(command)))
      ),
    ]);
  } finally {
    // No command keeps running after the reader has left.
    commands.forEach((command) => command.kill("SIGTERM"));
  }
  return status;
}
