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
  isForeign,
  isRegularFile,
  lockFile,
  openFile,
  readAt,
  removeFile,
  renameFile,
} from "../../kit/io/files.ts";
import { cannotOpen } from "../../kit/io/input.ts";
import { createHash } from "../../kit/runtime/builtin.ts";
import type { FsFile } from "../../kit/runtime/runtime.ts";
import type {
  SqlDatabase,
  Sqlite,
  SqlRow,
  SqlStatement,
  SqlValue,
} from "../../kit/runtime/sqlite.ts";
import { FAULT_TAG, RUNS } from "../../kit/stream/fault_tag.ts";
import { compareText } from "../../kit/text/order.ts";
import type { ListedFault } from "./classes.ts";
import {
  type Bounded,
  DAY_INDEX,
  DAY_SCHEMA,
  DaySums,
  lastSeen,
} from "./day_counts.ts";
import { canonicalBytes } from "./event.ts";
import { DAY_SECONDS } from "./fold.ts";
import {
  dayOf,
  ftsText,
  IndexWriter,
  labelOf,
  pairText,
  restored,
  type SeenRow,
} from "./index_writer.ts";
import { globMatcher, parseAge, tokensOf, type Word } from "./query.ts";
import {
  experienceOf,
  type FirstRank,
  firstRank,
  type Found,
  NO_EXPERIENCE,
  ordered,
  type QueryPlan,
  type RunCounts,
} from "./ranking.ts";
import { type FaultPackets, LogReader, type LogSource } from "./reader.ts";

/** Says that a database is an index of ours: "FLog". */
const APPLICATION_ID = 0x464c6f67;
/** Of the tables; another one is made again. */
const SCHEMA_VERSION = 6;
/** How much of the database is held in memory. */
const CACHE_KB = 16 * 1024;
/** How many bytes before the end say that a log is still the same. */
const TAIL_BYTES = 256;

const SCHEMA = `
CREATE TABLE meta(size INTEGER, tail TEXT, file TEXT, latest INTEGER);
CREATE TABLE fault(n INTEGER PRIMARY KEY, id TEXT NOT NULL, class INTEGER, places TEXT NOT NULL);
CREATE TABLE pair(a TEXT, b TEXT, PRIMARY KEY(a, b)) WITHOUT ROWID;
CREATE TABLE class(n INTEGER PRIMARY KEY, fault TEXT, state TEXT, s INTEGER, ns INTEGER, conflict INTEGER, unexplained INTEGER, runs INTEGER, tests INTEGER, list TEXT, seen TEXT);
${DAY_SCHEMA}
CREATE TABLE mark(n INTEGER PRIMARY KEY, s INTEGER);
CREATE TABLE origin(n INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE test(n INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE VIRTUAL TABLE words USING fts5(titles, labels, content = '', contentless_delete = 1, tokenize = 'ascii');
INSERT INTO words(words, rank) VALUES ('hashsize', 8388608);
INSERT INTO words(words, rank) VALUES ('automerge', 0);
`;
/**
 * Made when the tables are full: that takes half as long as growing with them.
 * Full text joins its parts again, as little by little as is usual.
 */
const INDICES = `
INSERT INTO words(words, rank) VALUES ('automerge', 4);
CREATE UNIQUE INDEX fault_id ON fault(id);
CREATE INDEX class_order ON class(s DESC, ns DESC, fault);
CREATE INDEX class_state ON class(state, s DESC, ns DESC);
CREATE INDEX class_runs ON class(runs DESC);
${DAY_INDEX}
CREATE INDEX class_conflict ON class(s DESC, ns DESC) WHERE conflict;
`;

/** A part of a statement, and the values of its parameters. */
interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** Selects the numbers of the classes, if these are found without them. */
  readonly select?: string;
  /** What full text must match, if that is the condition. */
  readonly match?: string;
  /** Whether those are already in the order of a list, however many. */
  readonly isOrdered?: boolean;
  /** The earliest second in which a class was seen last. */
  readonly since?: number;
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
    this.#closeDatabase();
    this.#lock?.close();
    this.#lock = undefined;
  }

  #closeDatabase(): void {
    this.#db?.close();
    this.#db = undefined;
  }

  /**
   * Reads on where the log is longer than the index knows, and makes the index
   * again where it is another log.
   *
   * @returns how many bytes of the log are behind its last event: what is left of
   * one that was cut off
   * @throws {ToolError} when that fails, or the file is something else
   */
  update(): number {
    // Before all else: no index is made of a log that is not there.
    using log = openLog(this.#log);
    try {
      const journal = journalOf(this.#path);
      if (this.#sqlite.isShared && !isRegularFile(journal)) {
        this.#open(false);
        if (this.#isCurrent(log)) return 0;
      }
      this.#open(true);
      const known = this.#knownOf(log);
      if (known === undefined) this.#build(log);
      else if (log.statSync().size > known.size) this.#readOn(log, known);
      return log.statSync().size - metaOf(this.#db!)!.size;
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
    // Twice: others could keep us waiting, and put a file there meanwhile.
    this.#refuseForeign();
    this.#lock = lockFile(this.#path, isExclusive);
    this.#refuseForeign();
    this.#db = this.#openExisting();
  }

  /**
   * Refuses what another user may have made up: an index, or a journal, which
   * SQLite would apply to ours.
   */
  #refuseForeign(): void {
    for (const path of [this.#path, journalOf(this.#path)]) {
      if (!isForeign(path)) continue;
      throw new ToolError(
        `Cannot use the index "${this.#path}": "${path}" belongs to another user: remove it or choose another file`,
      );
    }
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
      db = preparingOnce(this.#sqlite.open(this.#path));
      db.exec(
        `PRAGMA trusted_schema = OFF; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -${CACHE_KB};`,
      );
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
    this.#closeDatabase();
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
      const writer = new IndexWriter(db, { isNew: true });
      const reader = new LogReader(this.#source, { file: log });
      for (const group of reader.groups()) writer.addClasses(group);
      for (const [a, b] of reader.pairs()) writer.addPair(a, b);
      writer.finish();
      const { packetsEnd: size, latest } = reader;
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
      const writer = new IndexWriter(db, { isNew: false });
      const added = writer.addEvents(log, known.size);
      const latest = Math.max(added.latest, known.latest);
      for (const group of this.#groupsOf(log, added.faults)) {
        writer.addClasses(group);
      }
      writer.finish();
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
    const row = this.#db!.prepare("SELECT places FROM fault WHERE id = ?")
      .get(fault);
    const places: number[] = row === undefined
      ? []
      : JSON.parse(row.places as string);
    return Array.from({ length: places.length / 2 }, (_, i) => {
      const bytes = readAt(log, places[2 * i], places[2 * i + 1]);
      return canonicalBytes(decodePacket(bytes)).slice();
    });
  }

  /**
   * What a query finds; undefined when the log must be read for it, as it has
   * events of the future.
   *
   * @param counts the runs that are known, from those that the log names
   * @throws {ToolError} when the index is broken and cannot be made again
   */
  find(
    plan: QueryPlan,
    counts: (runs: readonly Uint8Array[]) => RunCounts,
  ): Found[] | undefined {
    if (plan.ranks === undefined) return this.#try(() => this.#list(plan));
    const known = counts(this.#try(() => {
      using log = openFile(this.#log);
      return this.#packetsOf(log, RUNS);
    }));
    return this.#try(() => this.#rank(plan, known));
  }

  /** Does something with the index, which is made again if it is broken. */
  #try<T>(work: () => T): T {
    try {
      return work();
    } catch {
      // The pages behind its header are not what they were.
    }
    try {
      this.#open(true);
      using log = openFile(this.#log);
      this.#build(log);
      return work();
    } catch (error) {
      throw this.#trouble(error);
    }
  }

  /** The words of a query as conditions; undefined if it must read the log. */
  #conditions(plan: QueryPlan): Condition[] | undefined {
    const { latest } = metaOf(this.#db!)!;
    if (latest > plan.now.seconds + DAY_SECONDS) return undefined;
    const conditions = plan.words.map((word) => this.#condition(word, plan));
    if (plan.conflict) {
      const select = "SELECT n FROM class WHERE conflict";
      conditions.push({
        sql: "c.conflict",
        values: [],
        select,
        isOrdered: true,
      });
    }
    if (plan.unexplained) conditions.push({ sql: "c.unexplained", values: [] });
    return conditions;
  }

  #list(plan: QueryPlan): Found[] | undefined {
    const conditions = this.#conditions(plan);
    if (conditions === undefined) return undefined;
    const { window, now, top } = plan;
    if (window !== undefined) {
      conditions.push(seenSince(now.seconds - window.seconds));
    }
    const newest = Number.isFinite(top)
      ? this.#newestOf(conditions, top)
      : undefined;
    const lists = newest ?? this.#db!.prepare(
      `SELECT list FROM class c WHERE ${
        whereOf(conditions)
      } ORDER BY s DESC, ns DESC, fault LIMIT ?`,
    ).all(...valuesOf(conditions), Number.isFinite(top) ? top : -1);
    return lists.map(({ list }) => ({
      it: listOf(list),
      experience: NO_EXPERIENCE,
    }));
  }

  /**
   * The first rows of a list; undefined if they are best found in its order. Else
   * few classes are looked up and sorted; of many, those first that were seen on
   * the last days.
   */
  #newestOf(
    conditions: readonly Condition[],
    top: number,
  ): SqlRow[] | undefined {
    if (conditions.every(({ select, isOrdered }) => !select || isOrdered)) {
      return undefined;
    }
    const latest = this.#latestOf(conditions, top);
    if (latest !== undefined) return latest;
    const { numbers = [], others } = this.#selected(conditions);
    const select = this.#db!.prepare(
      `SELECT list FROM json_each(?) CROSS JOIN class c ON n = value WHERE ${
        whereOf(others)
      } ORDER BY s DESC, ns DESC, fault LIMIT ?`,
    );
    const found: SqlRow[] = [], values = valuesOf(others);
    let some: number[] = [], count = top;
    const look = () => {
      const rows = select.all(
        JSON.stringify(some),
        ...values,
        top - found.length,
      );
      found.push(...rows);
      some = [];
      count *= 2;
    };
    const size = this.#size,
      since = Math.max(
        ...conditions.map(({ since = -Infinity }) => since),
      );
    const isFew = 2 * numbers.length < Math.sqrt(size);
    const days = isFew
      ? [numbers]
      : lastSeen(this.#db!, numbers, { since: dayOf(since), size });
    for (const day of days) {
      for (const number of day) some.push(number);
      if (some.length >= count) look();
      if (found.length >= top) return found;
    }
    look();
    return found;
  }

  /**
   * The first rows of a list among those classes of a full text that have the
   * largest numbers. Most classes were numbered in the order in which they were
   * seen last; undefined if these were not.
   */
  #latestOf(
    conditions: readonly Condition[],
    top: number,
  ): SqlRow[] | undefined {
    const [text, ...more] = conditions.filter(({ select, isOrdered }) =>
      select !== undefined && !isOrdered
    );
    if (text.match === undefined || more.length > 0) return undefined;
    const others = conditions.filter((condition) => condition !== text);
    const select = this.#db!.prepare(
      `SELECT n, s, ns, fault, list, ${whereOf(others)} AS isFound FROM (
         SELECT rowid AS at FROM words WHERE words MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?
       ) CROSS JOIN class c ON n = at`,
    );
    const limit = this.#db!.prepare(
      "SELECT s FROM mark WHERE n >= ? ORDER BY n LIMIT 1",
    );
    let found: SqlRow[] = [], before = this.#size;
    for (let count = top + FEW_MORE; count <= MOST_LATEST; count *= 2) {
      const rows = select.all(...valuesOf(others), text.match, before, count);
      found.push(...rows.filter(({ isFound }) => isFound === 1));
      found = found.sort(byLast).slice(0, top);
      if (rows.length < count) return found;
      before = Math.min(...rows.map(({ n }) => n as number));
      const most = limit.get(before - 1)?.s ?? Infinity;
      if (found.length === top && top > 0 && found[top - 1].s! > most) {
        return found;
      }
    }
    return undefined;
  }

  /**
   * The classes that all conditions select which do, and the other conditions.
   * Those that select many in the order of a list are among the latter.
   */
  #selected(conditions: readonly Condition[]): {
    readonly numbers: readonly number[] | undefined;
    readonly others: readonly Condition[];
  } {
    let numbers: readonly number[] | undefined;
    const others: Condition[] = [];
    const inTurn = conditions.toSorted((a, b) =>
      Number(a.isOrdered ?? false) - Number(b.isOrdered ?? false)
    );
    for (const condition of inTurn) {
      const { select, isOrdered } = condition;
      const isEnough = isOrdered && numbers !== undefined &&
        numbers.length < FEW;
      const more = select === undefined || isEnough
        ? undefined
        : this.#numbersOf(condition);
      if (more === undefined) others.push(condition);
      else {
        numbers = numbers === undefined
          ? more
          : common(numbers, more, this.#size);
      }
    }
    return { numbers, others };
  }

  /** The classes that a condition selects; undefined if those are too many. */
  #numbersOf({ select, values, isOrdered }: Condition): number[] | undefined {
    const limit = isOrdered ? ` LIMIT ${FEW}` : "";
    // One text: rows of one number would take three times as long.
    const { json } = this.#db!.prepare(
      `SELECT json_group_array(n) AS json FROM (${select}${limit})`,
    ).get(...values)!;
    const numbers: number[] = JSON.parse(json as string);
    return isOrdered && numbers.length === FEW ? undefined : numbers;
  }

  /** One more than the largest number of a class. */
  get #size(): number {
    const { size } = this.#db!.prepare("SELECT MAX(n) + 1 AS size FROM class")
      .get()!;
    return Number(size);
  }

  /** The first faults by what was seen of them. */
  #rank(plan: QueryPlan, counts: RunCounts): Found[] | undefined {
    const conditions = this.#conditions(plan);
    if (conditions === undefined) return undefined;
    const { window, now } = plan, db = this.#db!;
    const first = firstRank(plan.ranks, counts, window);
    const what = first?.rank === "tests" ? "tests" : "runs";
    if (window === undefined) {
      const rows = db.prepare(
        `SELECT n, ${what} AS most FROM class c WHERE runs IS NOT NULL AND ${
          whereOf(conditions)
        } ORDER BY most DESC`,
      ).iterate(...valuesOf(conditions));
      return this.#firstOf(boundedOf(rows), { plan, counts, first });
    }
    const since = dayOf(now.seconds - window.seconds);
    const sums = new DaySums(db, { since, size: this.#size, what });
    const { numbers, others } = this.#selected(conditions);
    const candidates = numbers === undefined
      ? sums.inOrder()
      : numbers.map((n): Bounded => [n, sums.of(n)])
        .filter(([, most]) => most >= 0).sort(([, a], [, b]) => b - a);
    return this.#firstOf(candidates, {
      plan,
      counts,
      first,
      conditions: others,
    });
  }

  /**
   * Looks at the sightings of faults in the order of what they can have at most,
   * until no other can be among the first.
   */
  #firstOf(
    candidates: Iterable<Bounded>,
    { plan: { window, top, ranks }, counts, first, conditions = [] }: {
      readonly plan: QueryPlan;
      readonly counts: RunCounts;
      readonly first: FirstRank | undefined;
      /** What else they must meet. */
      readonly conditions?: readonly Condition[];
    },
  ): Found[] {
    const db = this.#db!, values = valuesOf(conditions);
    // A CROSS JOIN keeps the planner from beginning with all of a state.
    const select = db.prepare(
      `SELECT n, fault, seen FROM json_each(?) CROSS JOIN class c ON n = value WHERE ${
        whereOf(conditions)
      }`,
    );
    const origins = new Map(
      db.prepare("SELECT n, name FROM origin").all()
        .map(({ n, name }) => [n as number, restored(name as string)]),
    );
    let found: Candidate[] = [], least = -1;
    const look = (numbers: readonly number[]) => {
      const rows = select.all(JSON.stringify(numbers), ...values);
      for (const { n, fault, seen } of rows) {
        const sightings: SeenRow[] = JSON.parse(seen as string);
        const experience = experienceOf(
          { seen: sightings.map((row) => sightingOf(row, origins)) },
          window,
          counts,
        );
        if (experience.runs + experience.automated === 0) continue;
        const it = { fault: fault as string } as ListedFault;
        found.push({ n: n as number, it, experience });
      }
      found = ordered(found, ranks).slice(0, top);
      if (found.length === top && top > 0 && first !== undefined) {
        least = found[top - 1].experience[first.rank] ?? -1;
      }
    };
    let some: number[] = [], count = FIRST_LOOK;
    for (const [n, most] of candidates) {
      if (first !== undefined && first.limit(most) < least) break;
      some.push(n);
      if (some.length < count) continue;
      look(some);
      some = [];
      count = Math.min(2 * count, MOST_AT_ONCE);
    }
    if (some.length > 0) look(some);
    const list = db.prepare("SELECT list FROM class WHERE n = ?");
    return found.map(({ n, experience }) => ({
      it: listOf(list.get(n)!.list),
      experience,
    }));
  }

  /** A word as a condition on a row of "class". */
  #condition({ name, values, isNot }: Word, { now }: QueryPlan): Condition {
    const condition = this.#positive(name, values, now.seconds);
    return isNot
      ? { sql: `NOT (${condition.sql})`, values: condition.values }
      : condition;
  }

  #labelsFor(
    name: "origin" | "test" | "tag" | "kind",
    values: readonly string[],
  ): string[] {
    if (name === "tag" || name === "kind") {
      return values.map((value) => labelOf(name, value));
    }
    const matchers = name === "test"
      ? values.map(globMatcher)
      : values.map((value) => (text: string) => text === value);
    return this.#db!.prepare(`SELECT n, name FROM ${name}`).all()
      .filter((row) =>
        matchers.some((matches) => matches(restored(row.name as string)))
      )
      .map(({ n }) => labelOf(name, n as number));
  }

  /** That any of the phrases is in a column of the full text. */
  #matching(
    column: "titles" | "labels",
    phrases: readonly string[],
  ): Condition {
    const select = "SELECT rowid AS n FROM words WHERE words MATCH ?";
    const match = (some: readonly string[]) =>
      `${column} : (${some.join(" OR ")})`;
    if (phrases.length === 0) return { sql: "0", values: [] };
    if (phrases.length <= MOST_PHRASES) {
      const text = match(phrases);
      return { ...inSelect(select, [text]), match: text };
    }
    // A glob may stand for any number of tests.
    const statement = this.#db!.prepare(select), found = new Set<SqlValue>();
    for (let i = 0; i < phrases.length; i += MOST_PHRASES) {
      const some = phrases.slice(i, i + MOST_PHRASES);
      for (const { n } of statement.all(match(some))) found.add(n);
    }
    return amongNumbers([...found]);
  }

  #positive(
    name: Word["name"],
    values: readonly string[],
    now: number,
  ): Condition {
    if (name === "state") {
      const among = `IN (${values.map(() => "?")})`;
      return {
        sql: `c.state ${among}`,
        values,
        select: `SELECT n FROM class WHERE state ${among}`,
        isOrdered: true,
      };
    }
    if (name === "seen") {
      return seenSince(now - Math.max(...values.map(parseAge)));
    }
    if (name === "title") {
      return this.#matching(
        "titles",
        values.map(tokensOf).filter(({ length }) => length > 0)
          .map((tokens) =>
            tokens.length === 2
              ? `"${pairText(tokens[0], tokens[1])}"`
              : `"${ftsText(tokens)}"`
          ),
      );
    }
    if (name !== "id") {
      return this.#matching("labels", this.#labelsFor(name, values));
    }
    const begins = values.map((value) => FAULT_TAG + value);
    return inSelect(
      `SELECT DISTINCT class AS n FROM fault WHERE class IS NOT NULL AND (${
        begins.map((text) =>
          `(id >= ? AND substr(id, 1, length(?)) = ?${
            afterAll(text) === undefined ? "" : " AND id < ?"
          })`
        ).join(" OR ")
      })`,
      begins.flatMap((text) =>
        [text, text, text, afterAll(text)].filter((it) => it !== undefined)
      ),
    );
  }
}

/** That the number of a class is among those that a statement selects. */
function inSelect(select: string, values: readonly SqlValue[]): Condition {
  return { sql: `c.n IN (${select})`, values, select };
}

function amongNumbers(numbers: readonly SqlValue[]): Condition {
  return inSelect("SELECT value AS n FROM json_each(?)", [
    JSON.stringify(numbers),
  ]);
}

/** A text behind all that begin with one; undefined if it is not easy to find. */
function afterAll(begin: string): string | undefined {
  const code = begin.charCodeAt(begin.length - 1);
  if (code >= 0x7f) return undefined;
  return begin.slice(0, -1) + String.fromCharCode(code + 1);
}

/** That a fault was seen since a time, in seconds. */
function seenSince(seconds: number): Condition {
  // What was never seen is there as seen before 1970.
  const since = Math.max(0, seconds);
  return { sql: "c.s >= ?", values: [since], since };
}

/** Of this many faults it takes little time to look at all. */
const FEW = 4096;
/** How many more than asked for are looked at first, and how many at most. */
const FEW_MORE = 16, MOST_LATEST = 1024;
/** How many faults are looked at first, and at a time later. */
const FIRST_LOOK = 256, MOST_AT_ONCE = 8192;

/** How many phrases are looked for at a time. */
const MOST_PHRASES = 200;

/** A fault that may be among the first. */
type Candidate = Found & { readonly n: number };

function* boundedOf(rows: Iterable<SqlRow>): Generator<Bounded> {
  for (const { n, most } of rows) yield [n as number, most as number];
}

function sightingOf(
  [origin, seconds, nanoseconds, runs, automated, tests]: SeenRow,
  origins: ReadonlyMap<number, string>,
) {
  return {
    origin: origins.get(origin)!,
    time: seconds === null ? undefined : { seconds, nanoseconds },
    runs,
    isAutomated: automated === 1,
    tests,
  };
}

/** @throws {ToolError} when there is none */
function openLog(path: string): FsFile {
  try {
    return openFile(path);
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

/** A database that prepares each statement once. */
function preparingOnce(db: SqlDatabase): SqlDatabase {
  const statements = new Map<string, SqlStatement>();
  return {
    get isOpen() {
      return db.isOpen;
    },
    exec: (sql) => db.exec(sql),
    prepare(sql) {
      let statement = statements.get(sql);
      if (statement === undefined) {
        statements.set(sql, statement = db.prepare(sql));
      }
      return statement;
    },
    close: () => db.close(),
  };
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

/** The order of a list, for rows of "class". */
function byLast(a: SqlRow, b: SqlRow): number {
  return Number(b.s) - Number(a.s) || Number(b.ns) - Number(a.ns) ||
    compareText(a.fault as string, b.fault as string);
}

/** The numbers that two lists have, in the order of the second. */
function common(
  numbers: readonly number[],
  others: readonly number[],
  size: number,
): number[] {
  const isThere = new Uint8Array(size);
  for (const number of numbers) isThere[number] = 1;
  return others.filter((number) => isThere[number] === 1);
}

function whereOf(conditions: readonly Condition[]): string {
  return conditions.length === 0
    ? "1"
    : conditions.map(({ sql }) => sql).join(" AND ");
}

function valuesOf(conditions: readonly Condition[]): SqlValue[] {
  return conditions.flatMap(({ values }) => values);
}

function listOf(json: unknown): ListedFault {
  return JSON.parse(json as string);
}
