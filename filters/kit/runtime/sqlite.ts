/**
 * SQLite: of the runtime where it has one, and else of the npm package
 * `node-sqlite3-wasm`, which Node 20 needs. Both read the same files.
 *
 * @module
 */

import type {
  Database as WasmDatabase,
  Statement as WasmStatement,
} from "node-sqlite3-wasm";

/** A value in a database. */
export type SqlValue = null | number | bigint | string | Uint8Array;
/** A row: its values by the names of their columns. */
export type SqlRow = Record<string, SqlValue>;

/** A prepared statement, as `node:sqlite` has it. */
export interface SqlStatement {
  run(...values: SqlValue[]): { lastInsertRowid: number | bigint };
  get(...values: SqlValue[]): SqlRow | undefined;
  all(...values: SqlValue[]): SqlRow[];
  iterate(...values: SqlValue[]): Iterable<SqlRow>;
}

/** An open database, as `node:sqlite` has it. */
export interface SqlDatabase {
  readonly isOpen: boolean;
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

/** A way to open databases. */
export interface Sqlite {
  /** @throws what the implementation throws */
  open(path: string): SqlDatabase;
  /**
   * Whether processes can read one database at a time, and whether it undoes
   * what another process was killed at. If not, the caller keeps others away,
   * and a journal that was left behind makes the database useless.
   */
  readonly isShared: boolean;
}

const { process } = globalThis as unknown as {
  process: {
    emitWarning: (...words: unknown[]) => void;
    getBuiltinModule(name: string): unknown;
  };
};

/** The runtime's SQLite: Deno has one, and Node since 22.13. */
export function builtinSqlite(): Sqlite | undefined {
  const { emitWarning } = process;
  // Node calls it experimental, on the standard error of whoever loads it.
  process.emitWarning = () => {};
  try {
    const module = process.getBuiltinModule("node:sqlite") as
      | typeof import("node:sqlite")
      | undefined;
    if (module === undefined) return undefined;
    return {
      open: (path) => new module.DatabaseSync(path),
      isShared: true,
    };
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** The SQLite of the package; undefined where it is not installed. */
export async function packagedSqlite(): Promise<Sqlite | undefined> {
  try {
    const { default: { Database } } = await import("node-sqlite3-wasm");
    return {
      open(path) {
        removeLock(path);
        return new PackagedDatabase(new Database(path));
      },
      isShared: false,
    };
  } catch {
    return undefined;
  }
}

/** It locks by a folder, which stays when the process is killed. */
function removeLock(path: string): void {
  try {
    Deno.removeSync(`${path}.lock`);
  } catch {
    // There is none.
  }
}

/** A database of the package; its statements end with it. */
class PackagedDatabase implements SqlDatabase {
  readonly #db: WasmDatabase;
  readonly #statements: WasmStatement[] = [];

  constructor(db: WasmDatabase) {
    this.#db = db;
  }

  get isOpen(): boolean {
    return this.#db.isOpen;
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  prepare(sql: string): SqlStatement {
    const statement = this.#db.prepare(sql);
    this.#statements.push(statement);
    return {
      run: (...values) => statement.run(values),
      // To its end: otherwise the database stays locked.
      get: (...values) => statement.all(values)[0] as SqlRow | undefined,
      all: (...values) => statement.all(values) as SqlRow[],
      iterate: (...values) => statement.iterate(values) as Iterable<SqlRow>,
    };
  }

  close(): void {
    for (const statement of this.#statements) {
      try {
        statement.finalize();
      } catch {
        // It repeats the error of its last run.
      }
    }
    this.#db.close();
  }
}
