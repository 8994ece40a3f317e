/**
 * Writes the rows of an index.
 *
 * @module
 */

import { grown, TestNumbers } from "@subunit/codec";
import { seek } from "../../kit/io/files.ts";
import type { FsFile } from "../../kit/runtime/runtime.ts";
import type { SqlDatabase, SqlStatement } from "../../kit/runtime/sqlite.ts";
import { isReserved } from "../../kit/stream/fault_tag.ts";
import { forEachItem } from "./append.ts";
import {
  classesOf,
  factsOf,
  type FaultClass,
  isConflict,
  isEmpty,
  isUnexplained,
  listed,
  titlesOf,
} from "./classes.ts";
import { canonicalBytes, decodeEvent, isEvent } from "./event.ts";
import { tokensOf } from "./query.ts";
import { type FaultPackets, keyOf, placesBy } from "./reader.ts";

/** What was read of a log. */
export interface Added {
  /** Where the last event ends: what follows may be half of one. */
  readonly size: number;
  /** The latest time of an event, in seconds. */
  readonly latest: number;
  /** The faults of the events. */
  faults(): ReadonlySet<string>;
}

/**
 * Tokens as SQLite's "ascii" tokenizer splits them again: "_" would separate, and
 * whatever is not ASCII does not.
 */
export function ftsText(tokens: readonly string[]): string {
  return tokens.join(" ").replaceAll("_", "\u2017");
}

/**
 * A text as columns have it. Not every SQLite passes on what stands behind a NUL,
 * or a byte order mark at the beginning.
 */
export function stored(text: string): string {
  return text.replace(/[%\0\ufeff]/g, (it) => `%${ESCAPED.indexOf(it)}`);
}

/** Undoes {@linkcode stored}. */
export function restored(text: string): string {
  return text.replace(/%(\d)/g, (_, index) => ESCAPED[index]);
}

const ESCAPED = "%\0\ufeff";

/** Writes rows, with statements that are prepared once. */
export class IndexWriter {
  readonly #db: SqlDatabase;
  readonly #statements = new Map<string, SqlStatement>();
  readonly #origins = new Map<string, number>();
  readonly #tests = new Map<string, number>();

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  #run(sql: string): SqlStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      this.#statements.set(sql, statement = this.#db.prepare(sql));
    }
    return statement;
  }

  /** Adds the places of the events from an offset on. */
  addEvents(log: FsFile, from: number = 0): Added {
    const numbers = new TestNumbers();
    let faults: Int32Array = new Int32Array(1024);
    let offsets: Float64Array = new Float64Array(1024);
    let lengths: Int32Array = new Int32Array(1024);
    let count = 0, offset = from, size = from, latest = -1;
    const pair = this.#run("INSERT OR IGNORE INTO pair VALUES (?, ?)");
    seek(log, from);
    forEachItem(log, (item) => {
      const at = offset;
      offset += item.byteLength;
      if (item.kind !== "packet") return;
      size = offset;
      if (!isEvent(item)) return;
      if (count === offsets.length) {
        faults = grown(faults, 2 * count);
        offsets = grown(offsets, 2 * count);
        lengths = grown(lengths, 2 * count);
      }
      faults[count] = numbers.add(keyOf(item));
      offsets[count] = at;
      lengths[count++] = item.byteLength;
      if (item.timeAt >= 0) {
        latest = Math.max(latest, item.timestamp!.seconds + 1);
      }
      if (item.fileName !== "same") return;
      const { fault, value } = decodeEvent(canonicalBytes(item));
      if (typeof value === "string" && !/^-|\0/.test(value)) {
        pair.run(fault, value);
      }
    });

    const insertFault = this.#run("INSERT OR IGNORE INTO fault(id) VALUES (?)");
    const selectFault = this.#run("SELECT n FROM fault WHERE id = ?");
    const rows = Int32Array.from({ length: numbers.size }, (_, number) => {
      const { testId } = numbers.key(number);
      insertFault.run(testId);
      return selectFault.get(testId)!.n as number;
    });
    const insert = this.#run("INSERT OR REPLACE INTO event VALUES (?, ?, ?)");
    // In the order of the table: a tree grows fastest at its end.
    const { order } = placesBy(faults.subarray(0, count), numbers.size);
    for (const i of order) {
      insert.run(rows[faults[i]], offsets[i], lengths[i]);
    }
    return {
      size,
      latest,
      faults: () =>
        new Set(
          Array.from(rows, (_, number) => numbers.key(number).testId),
        ),
    };
  }

  /** Replaces what the index has of faults that may be the same. */
  addClasses(group: readonly FaultPackets[]): void {
    const old = this.#run("SELECT class FROM fault WHERE id = ?");
    for (const { fault } of group) {
      const known = old.get(fault)?.class;
      if (typeof known === "number") this.#remove(known);
    }
    const faults = group.filter(({ fault }) => !isReserved(fault));
    if (faults.length === 0) return;
    for (const it of classesOf(faults, {})) {
      if (!isEmpty(it)) this.#add(it);
    }
  }

  #remove(n: number): void {
    this.#run(
      "DELETE FROM words WHERE rowid IN (SELECT n FROM title WHERE class = ?)",
    ).run(n);
    this.#run(
      "DELETE FROM seen_test WHERE seen IN (SELECT n FROM seen WHERE class = ?)",
    ).run(n);
    for (const table of ["title", "seen", "tag", "kind"]) {
      this.#run(`DELETE FROM ${table} WHERE class = ?`).run(n);
    }
    this.#run("DELETE FROM class WHERE n = ?").run(n);
    this.#run("UPDATE fault SET class = NULL WHERE class = ?").run(n);
  }

  #add(it: FaultClass): void {
    const row = listed(it), { last } = row;
    const n = this.#run(
      "INSERT INTO class(fault, state, list, s, ns, conflict, unexplained) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ).run(
      it.fault,
      row.state,
      JSON.stringify(row),
      last?.seconds ?? -1,
      last?.nanoseconds ?? 0,
      Number(isConflict(it)),
      Number(isUnexplained(it)),
    ).lastInsertRowid as number;
    for (const { fault } of it.members) {
      this.#run("UPDATE fault SET class = ? WHERE id = ?").run(n, fault);
    }
    for (const tag of it.tags) {
      this.#run("INSERT OR IGNORE INTO tag VALUES (?, ?)").run(tag, n);
    }
    for (const [key, value] of factsOf(it)) {
      if (key !== "kind") continue;
      this.#run("INSERT OR IGNORE INTO kind VALUES (?, ?)")
        .run(stored(value), n);
    }
    for (const title of titlesOf(it)) {
      const tokens = tokensOf(title);
      if (tokens.length === 0) continue;
      const id = this.#run("INSERT INTO title(class) VALUES (?)").run(n)
        .lastInsertRowid;
      this.#run("INSERT INTO words(rowid, tokens) VALUES (?, ?)")
        .run(id, ftsText(tokens));
    }
    for (const { origin, time, runs, isAutomated, tests } of it.seen) {
      const seen = this.#run(
        "INSERT INTO seen(class, origin, s, ns, runs, automated) VALUES (?, ?, ?, ?, ?, ?)",
      ).run(
        n,
        this.#numberOf("origin", this.#origins, origin),
        time?.seconds ?? null,
        time?.nanoseconds ?? null,
        runs,
        Number(isAutomated),
      ).lastInsertRowid;
      for (const test of tests) {
        this.#run("INSERT OR IGNORE INTO seen_test VALUES (?, ?)")
          .run(this.#numberOf("test", this.#tests, test), seen);
      }
    }
  }

  #numberOf(
    table: "origin" | "test",
    known: Map<string, number>,
    name: string,
  ): number {
    let number = known.get(name);
    if (number !== undefined) return number;
    const text = stored(name);
    this.#run(`INSERT OR IGNORE INTO ${table}(name) VALUES (?)`).run(text);
    number = this.#run(`SELECT n FROM ${table} WHERE name = ?`).get(text)!
      .n as number;
    known.set(name, number);
    return number;
  }
}
