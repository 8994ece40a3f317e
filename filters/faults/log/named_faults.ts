/**
 * Reads of a log the faults with certain names, and those that may be the same.
 * One pass finds which these are and has their events, unless some of the latter
 * have other names; no other fault gets a number.
 *
 * @module
 */

import { RowKey, type Rows, TestNumbers } from "@subunit/codec";
import { RUNS, SIGNATURES } from "../../kit/stream/fault_tag.ts";
import { idTest, isSame } from "./evidence.ts";
import {
  type FaultSet,
  keyNamed,
  LogReader,
  type LogSource,
} from "./reader.ts";

/** Names of faults. */
export interface Names extends FaultSet {
  /** Whether it is one of them. */
  hasName(name: string): boolean;
}

/** All names that begin with any of some texts. */
export function beginningWith(begins: readonly string[]): Names {
  return {
    has: idTest(begins),
    hasName: (name) => begins.some((begin) => name.startsWith(begin)),
  };
}

/** These very names. */
export function among(names: ReadonlySet<string>): Names {
  const numbers = new TestNumbers(), key = new RowKey();
  for (const name of names) numbers.add(keyNamed(name));
  return {
    has: (rows, i) => numbers.get(key.anywhere(rows, i)) >= 0,
    hasName: (name) => names.has(name),
  };
}

const reserved = among(new Set([RUNS, SIGNATURES]));

/** The faults of a log that have some of the names. */
export class NamedFaults {
  readonly #source: LogSource;
  readonly #names: Names;
  readonly #reader: LogReader;

  constructor(source: LogSource, names: Names) {
    this.#source = source;
    this.#names = names;
    this.#reader = new LogReader(source, {
      only: {
        has: (rows: Rows, i: number) =>
          names.has(rows, i) || isSame(rows, i) || reserved.has(rows, i),
      },
    }).scan();
  }

  /** Whether their events fit into memory. */
  get isHeld(): boolean {
    return this.#reader.isHeld;
  }

  /** The names that the log has. */
  found(): string[] {
    return this.#reader.names().filter((name) => this.#names.hasName(name));
  }

  /**
   * A reader of some of them, and of all that may be the same. What else it has
   * are parts of other faults, and what belongs to none.
   */
  readerOf(faults: readonly string[]): LogReader {
    const names = this.#classesOf(faults);
    if ([...names].every((name) => this.#names.hasName(name))) {
      return this.#reader;
    }
    const all = among(new Set([...names, RUNS, SIGNATURES]));
    return new LogReader(this.#source, { only: all });
  }

  #classesOf(faults: readonly string[]): Set<string> {
    const others = new Map<string, string[]>();
    for (const [a, b] of this.#reader.pairs()) {
      for (const [from, to] of [[a, b], [b, a]]) {
        const known = others.get(from);
        if (known === undefined) others.set(from, [to]);
        else known.push(to);
      }
    }
    const names = new Set(faults);
    for (const name of names) {
      for (const other of others.get(name) ?? []) names.add(other);
    }
    return names;
  }
}
