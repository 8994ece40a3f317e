/**
 * The older runs that `--history` names, one by one.
 *
 * @module
 */

import type { Damage, ForeignBytes, Rows } from "@subunit/codec";
import { ToolError } from "../kit/errors.ts";
import { isDirectory } from "../kit/io/files.ts";
import { ForeignFormat } from "../kit/stream/foreign_format.ts";
import type { ToolIO } from "../kit/tool/tool.ts";

/** Takes the items of one run, as `ToolIO.forEachRows` has them. */
export interface RunTaker {
  takeRows(rows: Rows): void;
  takeOther?(item: ForeignBytes | Damage): void;
  endChunk?(): void;
  /** Is called after the last item. */
  end(): void;
}

/**
 * Reads the runs of each path, the oldest first: a file is one run, and a folder
 * is a repository, or has a run per file. Runs may be compressed. Damage is
 * reported, and so is a path without any test that ended. Runs that are being
 * written are left out.
 *
 * @param begin returns what takes the next run
 * @throws {ToolError} when a file has results in another format, or cannot be read
 */
export async function forEachEarlierRun(
  io: ToolIO,
  paths: readonly string[],
  begin: () => RunTaker,
): Promise<void> {
  for (const path of paths) {
    if (!isDirectory(path) && !path.endsWith(".gz")) {
      const { complaint, ended } = readRun(io, [path], begin(), path);
      if (complaint !== undefined) {
        throw new ToolError(`Cannot read "${path}": ${complaint}`);
      }
      if (ended === 0) warnOfNone(io, path);
      continue;
    }
    // Loaded only here: every module adds to the start-up time.
    const { runsAt } = await import("./repository/store.ts");
    let ended = 0;
    for (const run of runsAt(path)) {
      if (run.state === "running") continue;
      const reader = new RunReader(io, run.path, begin());
      const { takeRows, takeOther, endChunk } = reader;
      try {
        await run.forEachRows(takeRows, takeOther, endChunk);
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        io.warn(error.message);
      }
      reader.end();
      // One bad run does not take away what the others have.
      if (reader.complaint !== undefined) {
        io.warn(`${run.path}: ${reader.complaint}`);
      }
      ended += reader.ended;
    }
    if (ended === 0) warnOfNone(io, path);
  }
}

function warnOfNone(io: ToolIO, path: string): void {
  io.warn(`${path} has no test that ended`);
}

/** What was seen of a run while it was read. */
export interface SeenRun {
  /** How many results of tests it had. */
  readonly ended: number;
  /** Why it is no stream at all, if it is results in another format. */
  readonly complaint: string | undefined;
}

/**
 * Reads one run from files, one after another.
 *
 * @param name is put before reports of damage
 */
export function readRun(
  io: ToolIO,
  files: readonly string[],
  taker: RunTaker,
  name?: string,
): SeenRun {
  const reader = new RunReader(io, name, taker);
  const { takeRows, takeOther, endChunk } = reader;
  io.forEachRows(files, takeRows, takeOther, endChunk);
  reader.end();
  return reader;
}

/** Passes a run on, and looks at what it is. */
class RunReader implements SeenRun {
  readonly #io: ToolIO;
  readonly #name: string | undefined;
  readonly #taker: RunTaker;
  readonly #text = new ForeignFormat();
  #hasPackets = false;
  ended = 0;

  constructor(io: ToolIO, name: string | undefined, taker: RunTaker) {
    this.#io = io;
    this.#name = name;
    this.#taker = taker;
  }

  readonly takeRows = (rows: Rows): void => {
    this.#hasPackets = true;
    for (let i = 0; i < rows.count; i++) {
      if (rows.idAt(i) >= 0 && rows.isFinal(i)) this.ended++;
    }
    this.#taker.takeRows(rows);
  };

  readonly takeOther = (item: ForeignBytes | Damage): void => {
    if (item.kind === "damage") this.#io.reportDamage(item, this.#name);
    else if (!this.#hasPackets) this.#text.add(item.bytes);
    this.#taker.takeOther?.(item);
  };

  readonly endChunk = (): void => this.#taker.endChunk?.();

  end(): void {
    this.#taker.end();
  }

  get complaint(): string | undefined {
    return this.#hasPackets ? undefined : this.#text.complaint;
  }
}
