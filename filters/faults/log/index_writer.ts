/**
 * Writes the rows of an index.
 *
 * @module
 */

import { seek } from "../../kit/io/files.ts";
import { createHash } from "../../kit/runtime/builtin.ts";
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
  type ListedFault,
  titlesOf,
} from "./classes.ts";
import { type Counts, DayWriter } from "./day_counts.ts";
import { canonicalBytes, decodeEvent, isEvent } from "./event.ts";
import { DAY_SECONDS } from "./fold.ts";
import { tokensOf } from "./query.ts";
import type { FaultPackets } from "./reader.ts";

/** What was read of a log. */
export interface Added {
  /** Where the last event ends: what follows may be half of one. */
  readonly size: number;
  /** The latest time of an event, in seconds. */
  readonly latest: number;
  readonly faults: ReadonlySet<string>;
}

/** A sighting in a row: its origin and tests by their numbers. */
export type SeenRow = readonly [
  origin: number,
  seconds: number | null,
  nanoseconds: number,
  runs: number,
  automated: 0 | 1,
  tests: readonly number[],
];

/** What else than words a fault is found by, and the letters for that. */
const LABELS = { origin: "o", test: "t", tag: "g", kind: "k" } as const;
/** Longer ones would be cut off. */
const MAX_LABEL_BYTES = 1000;

const encoder = new TextEncoder();

/** The token for a number, or for a text; of letters and digits only. */
export function labelOf(
  what: keyof typeof LABELS,
  value: number | string,
): string {
  const letter = LABELS[what];
  if (typeof value === "number") return `${letter}${value}`;
  const bytes = encoder.encode(value);
  return bytes.length <= MAX_LABEL_BYTES
    ? letter + bytes.toHex()
    : `${letter}x${createHash("sha256").update(bytes).digest("hex")}`;
}

function labelsOf(it: FaultClass, seen: readonly SeenRow[]): string {
  const labels = it.tags.map((tag) => labelOf("tag", tag));
  for (const [key, value] of factsOf(it)) {
    if (key === "kind") labels.push(labelOf("kind", value));
  }
  for (const [origin, , , , , tests] of seen) {
    labels.push(labelOf("origin", origin));
    for (const test of tests) labels.push(labelOf("test", test));
  }
  return labels.join(" ");
}

/** The day of a time. */
export function dayOf(seconds: number): number {
  return Math.floor(seconds / DAY_SECONDS);
}

/** Between titles: not part of any token. */
const BETWEEN_TITLES = " \u2016 ";
/** Between two tokens that are one. */
const BETWEEN_PAIR = "\u2025";

/**
 * Tokens as SQLite's "ascii" tokenizer splits them again: "_" would separate, and
 * whatever is not ASCII does not.
 */
export function ftsText(tokens: readonly string[]): string {
  return tokens.join(" ").replaceAll("_", "\u2017");
}

/**
 * Two tokens that follow one another, as one: SQLite would have to compare the
 * places of both, of which there may be many.
 */
export function pairText(first: string, second: string): string {
  return ftsText([first + BETWEEN_PAIR + second]);
}

/** What full text has of titles. */
function titlesText(titles: readonly (readonly string[])[]): string {
  const texts = titles.map(ftsText), pairs = new Set<string>();
  for (const text of texts) {
    const tokens = text.split(" ");
    for (let i = 1; i < tokens.length; i++) {
      pairs.add(tokens[i - 1] + BETWEEN_PAIR + tokens[i]);
    }
  }
  return [...texts, ...pairs].join(BETWEEN_TITLES);
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

/** After so many classes it is written when they were seen last. */
const MARK_CLASSES = 256;

/**
 * Writes rows, with statements that are prepared once. A new index gets each
 * fault once, and has no index of them while it grows.
 */
export class IndexWriter {
  readonly #db: SqlDatabase;
  readonly #isNew: boolean;
  readonly #days: DayWriter;
  readonly #statements = new Map<string, SqlStatement>();
  readonly #origins = new Map<string, number>();
  readonly #tests = new Map<string, number>();
  /** When any class was seen last, in seconds. */
  #latest = -1;

  constructor(db: SqlDatabase, { isNew }: { readonly isNew: boolean }) {
    this.#db = db;
    this.#isNew = isNew;
    this.#days = new DayWriter(db, { isNew });
    if (isNew) return;
    const { latest } = db.prepare("SELECT MAX(s) AS latest FROM class").get()!;
    this.#latest = (latest ?? -1) as number;
  }

  /** Writes what is held. */
  finish(): void {
    this.#days.flush();
  }

  #run(sql: string): SqlStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      this.#statements.set(sql, statement = this.#db.prepare(sql));
    }
    return statement;
  }

  /** Adds that two faults may be the same. */
  addPair(fault: string, other: string): void {
    this.#run("INSERT OR IGNORE INTO pair VALUES (?, ?)").run(fault, other);
  }

  /** Adds the places of the events from an offset on. */
  addEvents(log: FsFile, from: number): Added {
    let offset = from, size = from, latest = -1;
    const places = new Map<string, number[]>();
    seek(log, from);
    forEachItem(log, (item) => {
      const at = offset;
      offset += item.byteLength;
      if (item.kind !== "packet") return;
      size = offset;
      if (!isEvent(item)) return;
      const fault = item.testId!, known = places.get(fault);
      if (known === undefined) places.set(fault, [at, item.byteLength]);
      else known.push(at, item.byteLength);
      if (item.timeAt >= 0) {
        latest = Math.max(latest, item.timestamp!.seconds + 1);
      }
      if (item.fileName !== "same") return;
      const { value } = decodeEvent(canonicalBytes(item));
      if (typeof value === "string" && !/^-|\0/.test(value)) {
        this.addPair(fault, value);
      }
    });
    for (const [fault, added] of places) {
      const row = this.#run("SELECT places FROM fault WHERE id = ?").get(fault);
      const all = row === undefined
        ? added
        : [...JSON.parse(row.places as string), ...added];
      this.#run(
        "INSERT INTO fault(id, places) VALUES (?1, ?2) ON CONFLICT(id) DO UPDATE SET places = ?2",
      ).run(fault, JSON.stringify(all));
    }
    return { size, latest, faults: new Set(places.keys()) };
  }

  /** Replaces what the index has of faults that may be the same. */
  addClasses(group: readonly FaultPackets[]): void {
    if (!this.#isNew) {
      const old = this.#run("SELECT class FROM fault WHERE id = ?");
      for (const { fault } of group) {
        const known = old.get(fault)?.class;
        if (typeof known === "number") this.#remove(known);
      }
    }
    const faults = group.filter(({ fault }) => !isReserved(fault));
    const classes = new Map<string, number>();
    for (const it of faults.length === 0 ? [] : classesOf(faults, {})) {
      if (isEmpty(it)) continue;
      const n = this.#add(it);
      for (const { fault } of it.members) classes.set(fault, n);
    }
    for (const { fault, places } of group) {
      const n = classes.get(fault) ?? null;
      if (this.#isNew) {
        this.#run("INSERT INTO fault(id, class, places) VALUES (?, ?, ?)")
          .run(fault, n, JSON.stringify(places));
      } else if (n !== null) {
        this.#run("UPDATE fault SET class = ? WHERE id = ?").run(n, fault);
      }
    }
  }

  #remove(n: number): void {
    const row = this.#run("SELECT list, seen FROM class WHERE n = ?").get(n)!;
    const { fault, same }: ListedFault = JSON.parse(row.list as string);
    for (const [day, counts] of daysOf(JSON.parse(row.seen as string))) {
      this.#days.remove(day, n, counts);
    }
    this.#run("DELETE FROM words WHERE rowid = ?").run(n);
    this.#run("DELETE FROM class WHERE n = ?").run(n);
    for (const member of [fault, ...same]) {
      this.#run("UPDATE fault SET class = NULL WHERE id = ?").run(member);
    }
  }

  /** Adds a class, and returns its number. */
  #add(it: FaultClass): number {
    const row = listed(it), { last } = row;
    const seen = it.seen.map((one): SeenRow => [
      this.#numberOf("origin", this.#origins, one.origin),
      one.time?.seconds ?? null,
      one.time?.nanoseconds ?? 0,
      one.runs,
      one.isAutomated ? 1 : 0,
      one.tests.map((test) => this.#numberOf("test", this.#tests, test)),
    ]);
    const all = countsOf(seen);
    const n = this.#run(
      "INSERT INTO class(fault, state, list, s, ns, conflict, unexplained, runs, tests, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ).run(
      it.fault,
      row.state,
      JSON.stringify(row),
      last?.seconds ?? -1,
      last?.nanoseconds ?? 0,
      Number(isConflict(it)),
      Number(isUnexplained(it)),
      seen.length === 0 ? null : all.runs,
      all.tests,
      JSON.stringify(seen),
    ).lastInsertRowid as number;
    this.#mark(n, last?.seconds ?? -1);
    for (const [day, counts] of daysOf(seen)) this.#days.add(day, n, counts);
    const titles = titlesOf(it).map(tokensOf)
      .filter(({ length }) => length > 0);
    this.#run("INSERT INTO words(rowid, titles, labels) VALUES (?, ?, ?)")
      .run(n, titlesText(titles), labelsOf(it, seen));
    return n;
  }

  /** Limits when the classes up to a number were seen last. */
  #mark(n: number, seconds: number): void {
    this.#latest = Math.max(this.#latest, seconds);
    // The largest number is given again when its class was removed.
    if (!this.#isNew) this.#run("DELETE FROM mark WHERE n >= ?").run(n);
    if (n % MARK_CLASSES !== 0) return;
    this.#run("INSERT INTO mark VALUES (?, ?)").run(n, this.#latest);
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

/** The most that a ranking can count in sightings. */
function countsOf(seen: readonly SeenRow[]): Counts {
  const counts = { runs: 0, tests: 0 };
  for (const [, , , runs, automated, tests] of seen) {
    if (!automated) counts.runs += runs;
    counts.tests += tests.length;
  }
  return counts;
}

/** The same for each day; what has no time is of none. */
function daysOf(seen: readonly SeenRow[]): Map<number, Counts> {
  const days = new Map<number, SeenRow[]>();
  for (const row of seen) {
    if (row[1] === null) continue;
    const day = dayOf(row[1]), rows = days.get(day);
    if (rows === undefined) days.set(day, [row]);
    else rows.push(row);
  }
  return new Map(
    Array.from(days, ([day, rows]) => [day, countsOf(rows)]),
  );
}
