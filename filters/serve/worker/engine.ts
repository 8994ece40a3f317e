/**
 * What a leaf asks of an engine, and what an engine reports.
 *
 * @module
 */

import type { StatusEvent } from "@subunit/codec";

/** A piece of work that one generation does. */
export interface Unit {
  readonly kind: "list" | "run";
  /**
   * The ids to run, or the prefixes of ids to list; undefined stands for all
   * tests.
   */
  readonly names: readonly string[] | undefined;
  /** Files that are left out: loading them ended a generation. */
  readonly excluded: readonly string[];
  /**
   * Whether each file is announced before it is loaded, so that the one that
   * ends the generation is known.
   */
  readonly isCareful: boolean;
  /** Whether its tests are debugged. */
  readonly isDebugged?: boolean;
  /** Whether edits of the files that it loads are reported from now on. */
  readonly isWatched?: boolean;
}

/** Runs units, one after the other, each in a generation of its own. */
export interface Engine {
  /** Its name in `ready`. */
  readonly name: string;
  /** The words that it understands, for `ready`. */
  readonly can: readonly string[];
  /** Starts a unit, which ends with {@linkcode EngineReports.ended}. */
  start(unit: Unit): void;
  /** Writes to the standard input of the generation. */
  input(bytes: Uint8Array, isEnd: boolean): void;
  /** Starts no further test. */
  stop(): void;
  /** Ends the generation at once. */
  kill(): void;
  /** Sends a signal to the generation; returns whether it has such a signal. */
  signal(name: string): boolean;
  /** Makes the next unit start from fresh code. */
  reload(): void;
}

/** What an engine reports about the unit that it was given last. */
export interface EngineReports {
  /** A file is about to be loaded; only where the unit is careful. */
  loading(file: string): void;
  /** The tests are loaded. Of a run of all tests, `ids` are these. */
  loaded(ids?: readonly string[]): void;
  /** An event of a test or of its output. */
  event(event: StatusEvent): void;
  /** Files were edited, which a unit with {@linkcode Unit.isWatched} loaded. */
  changed(files: readonly string[]): void;
  /** The test waits for its standard input. */
  asks(prompt: string): void;
  /**
   * The generation is gone.
   *
   * @param reason how it ended, unless it ended by itself, in order
   */
  ended(reason?: string): void;
}
