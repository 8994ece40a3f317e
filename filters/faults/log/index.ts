/**
 * An index of a log, in SQLite. It follows from the log and can be thrown away:
 * where it does not fit, it is made again, and queries give what they give
 * without it.
 *
 * @module
 */

import { decodePacket } from "@subunit/codec";
import { reasonOf, ToolError } from "../../kit/errors.ts";
import {
  createPrivateFile,
  isRegularFile,
  lockFile,
  openFile,
  readAt,
  removeFile,
  renameFile,
} from "../../kit/io/files.ts";
import { createHash } from "../../kit/runtime/builtin.ts";
import type { FsFile } from "../../kit/runtime/runtime.ts";
import type {
  SqlDatabase,
  Sqlite,
  SqlValue,
} from "../../kit/runtime/sqlite.ts";
import { FAULT_TAG, RUNS } from "../../kit/stream/fault_tag.ts";
import type { ListedFault } from "./classes.ts";
import { canonicalBytes } from "./event.ts";
import { DAY_SECONDS, later } from "./fold.ts";
import { ftsText, IndexWriter, restored, stored } from "./index_writer.ts";
import { globMatcher, parseAge, tokensOf, type Word } from "./query.ts";
import {
  type Experience,
  type Found,
  NO_EXPERIENCE,
  ordered,
  type QueryPlan,
  rateOf,
  type RunCounts,
} from "./ranking.ts";
import { type FaultPackets, LogReader, type LogSource } from "./reader.ts";

/** Says that a database is an index of ours: "FLog". */
const APPLICATION_ID = 0x464c6f67;
/** Of the tables; another one is made again. */
const SCHEMA_VERSION = 1;
/** How many bytes before the end say that a log is still the same. */
const TAIL_BYTES = 256;

const SCHEMA = `
CREATE TABLE meta(size INTEGER, tail TEXT, file TEXT, latest INTEGER);
CREATE TABLE fault(n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, class INTEGER);
CREATE TABLE event(fault INTEGER, off INTEGER, len INTEGER, PRIMARY KEY(fault, off)) WITHOUT ROWID;
CREATE TABLE pair(a TEXT, b TEXT, PRIMARY KEY(a, b)) WITHOUT ROWID;
CREATE TABLE class(n INTEGER PRIMARY KEY, fault TEXT, state TEXT, list TEXT, s INTEGER, ns INTEGER, conflict INTEGER, unexplained INTEGER);
CREATE TABLE tag(tag TEXT, class INTEGER, PRIMARY KEY(tag, class)) WITHOUT ROWID;
CREATE TABLE kind(kind TEXT, class INTEGER, PRIMARY KEY(kind, class)) WITHOUT ROWID;
CREATE TABLE seen(n INTEGER PRIMARY KEY, class INTEGER, origin INTEGER, s INTEGER, ns INTEGER, runs INTEGER, automated INTEGER);
CREATE TABLE seen_test(test INTEGER, seen INTEGER, PRIMARY KEY(test, seen)) WITHOUT ROWID;
CREATE TABLE origin(n INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE test(n INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE title(n INTEGER PRIMARY KEY, class INTEGER);
CREATE VIRTUAL TABLE words USING fts5(tokens, tokenize = 'ascii');
`;
const INDICES = `
CREATE INDEX IF NOT EXISTS class_order ON class(s DESC, ns DESC, fault);
CREATE INDEX IF NOT EXISTS class_state ON class(state, s DESC, ns DESC, fault);
CREATE INDEX IF NOT EXISTS tag_class ON tag(class);
CREATE INDEX IF NOT EXISTS kind_class ON kind(class);
CREATE INDEX IF NOT EXISTS seen_time ON seen(s, class, origin, automated, ns, runs);
CREATE INDEX IF NOT EXISTS seen_class ON seen(class, s);
CREATE INDEX IF NOT EXISTS seen_origin ON seen(origin, class);
CREATE INDEX IF NOT EXISTS seen_tests ON seen_test(seen, test);
CREATE INDEX IF NOT EXISTS title_class ON title(class);
CREATE INDEX IF NOT EXISTS fault_class ON fault(class);
`;

/** A part of a statement, and the values of its parameters. */
interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/**
 * The index of a log. Its file has a lock, for whoever reads it or alone for
 * whoever writes it: the implementations of SQLite have locks of their own, and
 * do not see each other's.
 */
export class LogIndex implements Disposable {
  readonly #sqlite: Sqlite;
  readonly #path: string;
  readonly #log: string;
  readonly #source: LogSource;
  #lock: FsFile | undefined;
  #db: SqlDatabase | undefined;

  /** @param source of the log, from its beginning */
  constructor(sqlite: Sqlite, path: string, log: string, source: LogSource) {
    this.#sqlite = sqlite;
    this.#path = path;
    this.#log = log;
    this.#source = source;
  }

  [Symbol.dispose](): void {
    // In this order: closing any descriptor of a file ends SQLite's locks on it.
    this.#db?.close();
    this.#db = undefined;
    this.#lock?.close();
    this.#lock = undefined;
  }

  /**
   * Reads on where the log is longer than the index knows, and makes the index
   * again where it is another log.
   *
   * @throws {ToolError} when that fails, or the file is something else
   */
  update(): void {
    try {
      using log = openFile(this.#log);
      const journal = journalOf(this.#path);
      if (this.#sqlite.isShared && !isRegularFile(journal)) {
        this.#open(false);
        if (this.#isCurrent(log)) return;
      }
      this.#open(true);
      const known = this.#knownOf(log);
      if (known === undefined) this.#build(log);
      else if (log.statSync().size > known.size) this.#readOn(log, known);
    } catch (error) {
      this[Symbol.dispose]();
      throw this.#trouble(error);
    }
  }

  #trouble(error: unknown): ToolError {
    if (error instanceof ToolError) return error;
    return new ToolError(
      `Cannot use the index "${this.#path}": ${reasonOf(error)}: remove it`,
    );
  }

  /** Waits for the lock, and opens the database if there is one. */
  #open(isExclusive: boolean): void {
    this[Symbol.dispose]();
    this.#lock = lockFile(this.#path, isExclusive);
    this.#db = this.#openExisting();
  }

  /** What is known of a log; undefined if the index is of another one. */
  #knownOf(log: FsFile): Meta | undefined {
    const known = this.#db && metaOf(this.#db);
    const isSame = known !== undefined && known.file === fileOf(log) &&
      log.statSync().size >= known.size &&
      tailOf(log, known.size) === known.tail;
    return isSame ? known : undefined;
  }

  #isCurrent(log: FsFile): boolean {
    const known = this.#knownOf(log);
    return known !== undefined && log.statSync().size === known.size;
  }

  /** The database; undefined if there is none, or it is of no use. */
  #openExisting(): SqlDatabase | undefined {
    using file = openFile(this.#path);
    const header = readAt(file, 0, HEADER_BYTES);
    if (header.length === 0) return undefined;
    if (!isOurs(header)) {
      throw new ToolError(
        `Cannot use "${this.#path}" as an index: it is something else, or broken: remove it or choose another file`,
      );
    }
    if (wordAt(header, VERSION_AT) !== SCHEMA_VERSION) return undefined;
    // What a killed process left half done is not undone everywhere.
    const isWhole = this.#sqlite.isShared ||
      !isRegularFile(journalOf(this.#path));
    return isWhole ? this.#openSound() : undefined;
  }

  #openSound(): SqlDatabase | undefined {
    let db: SqlDatabase | undefined;
    try {
      db = this.#sqlite.open(this.#path);
      db.exec("PRAGMA trusted_schema = OFF; PRAGMA synchronous = NORMAL;");
      metaOf(db);
      return db;
    } catch {
      db?.close();
      return undefined;
    }
  }

  /**
   * Makes the index beside, and puts it in its place when it is whole. Nobody
   * else does: the lock is exclusive.
   */
  #build(log: FsFile): void {
    this.#db?.close();
    this.#db = undefined;
    const temporary = `${this.#path}.new`;
    // A journal that was left behind would be applied to what it is not of.
    removeFile(journalOf(temporary));
    removeFile(temporary);
    createPrivateFile(temporary).close();
    const db = this.#sqlite.open(temporary);
    let lock: FsFile | undefined;
    try {
      db.exec(
        `PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -65536;
         PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION};
         BEGIN; ${SCHEMA}`,
      );
      const writer = new IndexWriter(db);
      const { size, latest } = writer.addEvents(log);
      for (const group of new LogReader(this.#source).groups()) {
        writer.addClasses(group);
      }
      setMeta(db, { size, tail: tailOf(log, size), file: fileOf(log), latest });
      db.exec(INDICES + "COMMIT;");
      db.close();
      lock = lockFile(temporary, true);
      removeFile(journalOf(this.#path));
      renameFile(temporary, this.#path);
    } catch (error) {
      if (db.isOpen) db.close();
      lock?.close();
      removeFile(temporary);
      throw error;
    }
    this.#lock?.close();
    this.#lock = lock;
    this.#db = this.#openExisting();
  }

  /** Adds what the log has behind what is known. */
  #readOn(log: FsFile, known: Meta): void {
    const db = this.#db!;
    db.exec("BEGIN IMMEDIATE");
    try {
      const writer = new IndexWriter(db);
      const added = writer.addEvents(log, known.size);
      const latest = Math.max(added.latest, known.latest);
      for (const group of this.#groupsOf(log, added.faults())) {
        writer.addClasses(group);
      }
      setMeta(db, {
        size: added.size,
        tail: tailOf(log, added.size),
        file: known.file,
        latest,
      });
      db.exec("COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  }

  /** All events of faults and of those that may be the same, some at a time. */
  *#groupsOf(
    log: FsFile,
    faults: ReadonlySet<string>,
  ): Generator<FaultPackets[]> {
    const db = this.#db!;
    const others = db.prepare(
      "SELECT b AS id FROM pair WHERE a = ?1 UNION SELECT a FROM pair WHERE b = ?1",
    );
    const done = new Set<string>();
    for (const first of faults) {
      if (done.has(first)) continue;
      const group = new Set([first]);
      for (const id of group) {
        done.add(id);
        for (const other of others.all(id)) group.add(other.id as string);
      }
      yield [...group].map((fault) => ({
        fault,
        packets: this.#packetsOf(log, fault),
      })).filter(({ packets }) => packets.length > 0);
    }
  }

  #packetsOf(log: FsFile, fault: string): Uint8Array[] {
    return this.#db!.prepare(
      "SELECT off, len FROM event WHERE fault = (SELECT n FROM fault WHERE id = ?) ORDER BY off",
    ).all(fault).map(({ off, len }) =>
      canonicalBytes(decodePacket(readAt(log, off as number, len as number)))
        .slice()
    );
  }

  /**
   * What a query finds; undefined when the log must be read for it, as it has
   * events of the future. A broken index is made again.
   *
   * @throws {ToolError} when that fails
   */
  find(
    plan: QueryPlan,
    counts: (runs: readonly Uint8Array[]) => RunCounts,
  ): Found[] | undefined {
    try {
      return this.#find(plan, counts);
    } catch (error) {
      // Something else went wrong, as with the list of runs.
      if (error instanceof ToolError) throw error;
    }
    try {
      this.#open(true);
      using log = openFile(this.#log);
      this.#build(log);
      return this.#find(plan, counts);
    } catch (error) {
      throw this.#trouble(error);
    }
  }

  #find(
    plan: QueryPlan,
    counts: (runs: readonly Uint8Array[]) => RunCounts,
  ): Found[] | undefined {
    const db = this.#db!;
    if (metaOf(db)!.latest > plan.now.seconds + DAY_SECONDS) return undefined;
    const conditions = plan.words.map((word) => this.#condition(word, plan));
    if (plan.conflict) conditions.push({ sql: "c.conflict", values: [] });
    if (plan.unexplained) conditions.push({ sql: "c.unexplained", values: [] });
    if (plan.ranks === undefined) return this.#list(plan, conditions);
    using log = openFile(this.#log);
    return this.#rank(plan, conditions, counts(this.#packetsOf(log, RUNS)));
  }

  #list(
    { window, now, top }: QueryPlan,
    conditions: readonly Condition[],
  ): Found[] {
    const all = window === undefined ? conditions : [...conditions, {
      sql: "EXISTS(SELECT 1 FROM seen WHERE class = c.n AND s >= ?)",
      values: [now.seconds - window.seconds],
    }];
    return this.#db!.prepare(
      `SELECT list FROM class c WHERE ${
        whereOf(all)
      } ORDER BY s DESC, ns DESC, fault LIMIT ?`,
    ).all(...valuesOf(all), Number.isFinite(top) ? top : -1)
      .map(({ list }) => ({ it: listOf(list), experience: NO_EXPERIENCE }));
  }

  #rank(
    { window, now, ranks, top }: QueryPlan,
    conditions: readonly Condition[],
    counts: RunCounts,
  ): Found[] {
    const db = this.#db!;
    const since = window === undefined ? [] : [now.seconds - window.seconds];
    const inWindow = window === undefined ? "1" : "s >= ?";
    const chosen = conditions.length === 0
      ? "1"
      : `class IN (SELECT n FROM class c WHERE ${whereOf(conditions)})`;
    const origins = new Map(
      db.prepare("SELECT n, name FROM origin").all()
        .map(({ n, name }) => [n as number, restored(name as string)]),
    );
    const rows = db.prepare(
      `SELECT class, origin, automated, runs, s, ns FROM (
         SELECT class, origin, automated, SUM(runs) AS runs, MAX(s * 1000000000 + ns), s, ns
         FROM seen WHERE ${inWindow} AND ${chosen} GROUP BY class, origin, automated)`,
    ).iterate(...since, ...valuesOf(conditions));
    const drafts = new Map<number, Draft>();
    for (const row of rows) {
      const n = row.class as number, runs = row.runs as number;
      let draft = drafts.get(n);
      if (draft === undefined) {
        drafts.set(n, draft = { ...NO_EXPERIENCE, known: 0 });
      }
      if (row.s !== null) {
        const time = {
          seconds: row.s as number,
          nanoseconds: row.ns as number,
        };
        draft.last = later(draft.last, time);
      }
      if (row.automated) draft.automated += runs;
      else {
        draft.runs += runs;
        draft.origins++;
        draft.known += counts.of(origins.get(row.origin as number)!, window);
      }
    }
    const tests = db.prepare(
      `SELECT COUNT(DISTINCT test) AS tests FROM seen JOIN seen_test ON seen = seen.n WHERE class = ? AND ${inWindow}`,
    );
    const countTests = (n: number) => tests.get(n, ...since)!.tests as number;
    if (ranks!.includes("tests")) {
      for (const [n, draft] of drafts) draft.tests = countTests(n);
    }
    const list = db.prepare("SELECT fault, list FROM class WHERE n = ?");
    const found = [...drafts].map(([n, draft]): Found & { n: number } => ({
      n,
      it: { fault: list.get(n)!.fault } as ListedFault,
      experience: experienceFrom(draft),
    }));
    return (ordered(found, ranks) as typeof found).slice(0, top)
      .map(({ n, experience }) => ({
        it: listOf(list.get(n)!.list),
        experience: { ...experience, tests: countTests(n) },
      }));
  }

  /** A word as a condition on a row of "class". */
  #condition({ name, values, isNot }: Word, { now }: QueryPlan): Condition {
    const condition = this.#positive(name, values, now.seconds);
    return isNot
      ? { sql: `NOT (${condition.sql})`, values: condition.values }
      : condition;
  }

  #positive(
    name: Word["name"],
    values: readonly string[],
    now: number,
  ): Condition {
    const any = `(${values.map(() => "?").join(", ")})`;
    const inSelect = (select: string, values: readonly SqlValue[]) => ({
      sql: `c.n IN (${select})`,
      values,
    });
    if (name === "state") return { sql: `c.state IN ${any}`, values };
    if (name === "tag") {
      return inSelect(`SELECT class FROM tag WHERE tag IN ${any}`, values);
    }
    if (name === "kind") {
      return inSelect(
        `SELECT class FROM kind WHERE kind IN ${any}`,
        values.map(stored),
      );
    }
    if (name === "seen") {
      const seconds = now - Math.max(...values.map(parseAge));
      return inSelect("SELECT class FROM seen WHERE s >= ?", [seconds]);
    }
    if (name === "origin") {
      return inSelect(
        `SELECT class FROM seen WHERE origin IN (SELECT n FROM origin WHERE name IN ${any})`,
        values.map(stored),
      );
    }
    if (name === "title") {
      const phrases = values.map(tokensOf).filter(({ length }) => length > 0)
        .map((tokens) => `"${ftsText(tokens)}"`);
      if (phrases.length === 0) return { sql: "0", values: [] };
      return inSelect(
        "SELECT class FROM title WHERE n IN (SELECT rowid FROM words WHERE words MATCH ?)",
        [phrases.join(" OR ")],
      );
    }
    if (name === "test") {
      const globs = values.map(globMatcher);
      const numbers = this.#db!.prepare("SELECT n, name FROM test").all()
        .filter(({ name }) =>
          globs.some((matches) => matches(restored(name as string)))
        )
        .map(({ n }) => n);
      return inSelect(
        "SELECT class FROM seen JOIN seen_test ON seen = seen.n WHERE test IN (SELECT value FROM json_each(?))",
        [JSON.stringify(numbers)],
      );
    }
    const begins = values.map(() =>
      "(id >= ? AND substr(id, 1, length(?)) = ?)"
    );
    return inSelect(
      `SELECT class FROM fault WHERE class IS NOT NULL AND (${
        begins.join(" OR ")
      })`,
      values.flatMap((value) => Array(3).fill(FAULT_TAG + value)),
    );
  }
}

/** What is known of the log that an index is of. */
interface Meta {
  readonly size: number;
  readonly tail: string;
  readonly file: string;
  readonly latest: number;
}

function metaOf(db: SqlDatabase): Meta | undefined {
  return db.prepare("SELECT size, tail, file, latest FROM meta").get() as
    | Meta
    | undefined;
}

function setMeta(db: SqlDatabase, { size, tail, file, latest }: Meta): void {
  db.exec("DELETE FROM meta");
  db.prepare("INSERT INTO meta VALUES (?, ?, ?, ?)")
    .run(size, tail, file, latest);
}

/** What the bytes before an offset are, in short. */
function tailOf(log: FsFile, size: number): string {
  const from = Math.max(0, size - TAIL_BYTES);
  return createHash("sha256").update(readAt(log, from, size - from))
    .digest("hex");
}

/** Which file a log is: another one may have been put in its place. */
function fileOf(log: FsFile): string {
  const { dev, ino } = log.statSync();
  return `${dev} ${ino}`;
}

/** The header of an SQLite file, and where in it our words are. */
const HEADER_BYTES = 100, VERSION_AT = 60, APPLICATION_AT = 68;
const MAGIC = new TextEncoder().encode("SQLite format 3\0");

function isOurs(header: Uint8Array): boolean {
  return header.length === HEADER_BYTES &&
    MAGIC.every((byte, i) => header[i] === byte) &&
    wordAt(header, APPLICATION_AT) === APPLICATION_ID;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
}

/** Where SQLite keeps what it would undo. */
function journalOf(path: string): string {
  return `${path}-journal`;
}

function whereOf(conditions: readonly Condition[]): string {
  return conditions.length === 0
    ? "1"
    : conditions.map(({ sql }) => sql).join(" AND ");
}

function valuesOf(conditions: readonly Condition[]): SqlValue[] {
  return conditions.flatMap(({ values }) => values);
}

/** The numbers of a fault while its rows are read. */
type Draft = { -readonly [key in keyof Experience]: Experience[key] } & {
  /** The runs that its origins are known to have made. */
  known: number;
};

function experienceFrom({ known, ...numbers }: Draft): Experience {
  return { ...numbers, rate: rateOf(numbers.runs, known) };
}

function listOf(json: unknown): ListedFault {
  return JSON.parse(json as string);
}
