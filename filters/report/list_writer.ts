/**
 * Writes a list of tests: each row as it comes, or all of them at the end.
 *
 * @module
 */

import { Packet, type Rows } from "@subunit/codec";
import type { Output } from "../kit/io/output.ts";
import type { Top } from "./first_few.ts";
import {
  type FaultRows,
  type Format,
  formatRow,
  heldRows,
  holdRow,
  type ListedOutcome,
  type Order,
  type Row,
  rowsByFault,
  treeOf,
} from "./listing.ts";

/** What a list shows, and how. */
export interface ListOptions {
  readonly outcomes: ReadonlySet<ListedOutcome>;
  readonly order: Order;
  /** The most rows to write. */
  readonly limit: number;
  readonly format: Format;
  /** Whether the plain form has the seconds. */
  readonly times: boolean;
  /** Whether subtests stand under their parents. */
  readonly tree: boolean;
  /** Whether tests stand under their faults. */
  readonly isByFault?: boolean;
  /** Whether rows end with NUL. */
  readonly null: boolean;
  /** Whether only the number of rows is written. */
  readonly count: boolean;
  /** What else to say of a test, as tags; it may be nothing. */
  readonly notesOf?: (row: Row) => readonly string[];
}

/** Writes a list of tests. */
export class ListWriter {
  readonly #out: Output;
  readonly #options: ListOptions;
  readonly #rowEnd: Uint8Array;
  /** Whether a row is an id and no more. */
  readonly #isPlain: boolean;
  /** The rows, where the last to come may be the first to be written. */
  readonly #held: Top<Row> | undefined;
  /**
   * Whether a row of the list is the id of a row as it came, or only counted:
   * {@linkcode addRow} is for those.
   */
  readonly takesRows: boolean;
  #count = 0;

  constructor(out: Output, options: ListOptions) {
    const { order, limit, tree, isByFault } = options;
    this.#out = out;
    this.#options = options;
    this.#rowEnd = Uint8Array.of(options.null ? 0x00 : 0x0a);
    this.#isPlain = options.format === "plain" && !options.times &&
      options.notesOf === undefined;
    if (tree || isByFault || order !== "stream") {
      this.#held = heldRows(order, limit);
    }
    this.takesRows = this.#held === undefined &&
      (options.count || this.#isPlain && !out.isTerminal);
  }

  /**
   * Lists the test that the packet of a row ended, if {@linkcode takesRows}.
   *
   * `deno task bench` measures it as `subunit-ls`; the oracle in the tests is
   * {@linkcode add}.
   */
  addRow(rows: Rows, i: number): void {
    const { outcomes, count, limit } = this.#options;
    const at = rows.idAt(i), end = rows.idEnd(i);
    if (at === end || !outcomes.has(rows.status(i) as ListedOutcome)) return;
    this.#count++;
    if (count || this.#count > limit) return;
    this.#out.writeRange(rows.source, at, end);
    this.#out.write(this.#rowEnd);
  }

  /** Lists a test if its outcome is one of those asked for. */
  add(row: Row): void {
    const { outcomes, count, limit } = this.#options;
    if (!outcomes.has(row.outcome) || isNameless(row)) return;
    this.#count++;
    if (count) return;
    if (this.#held !== undefined) this.#held.add(holdRow(row));
    else if (this.#count <= limit) this.#write(row);
  }

  /** Writes what is held, after the last row. */
  end(): void {
    const { tree, isByFault, count } = this.#options;
    const rows = this.#held?.values() ?? [];
    if (isByFault) {
      rowsByFault(rows).forEach((group) => this.#writeGroup(group));
    } else if (tree) {
      treeOf(rows).forEach(({ row, depth }) => this.#write(row, depth));
    } else rows.forEach((row) => this.#write(row));
    if (count) this.#out.writeText(`${this.#count}\n`);
  }

  #writeGroup({ fault, rows }: FaultRows): void {
    const isPlain = this.#options.format === "plain";
    if (isPlain) {
      const tests = `${rows.length} test${rows.length === 1 ? "" : "s"}`;
      this.#out.writeRow(`${fault ?? "no fault"} (${tests})`);
    }
    rows.forEach((row) => this.#write(row, isPlain ? 1 : 0));
  }

  #write(row: Row, depth = 0): void {
    const out = this.#out;
    const { format, times, notesOf, isByFault } = this.#options;
    if (depth > 0 && format === "plain") out.writeText("  ".repeat(depth));
    if (this.#isPlain) writeId(out, row);
    else {
      out.writeName(formatRow(row, format, times, notesOf?.(row), isByFault));
    }
    out.write(this.#rowEnd);
  }
}

/** The Python tool lists no test without a name; it counts all the same. */
function isNameless(row: Row): boolean {
  const { last } = row;
  return last instanceof Packet ? last.idAt === last.idEnd : row.testId === "";
}

/** Writes the id as the bytes it came in where that is safe. */
function writeId(out: Output, row: Row): void {
  const { last } = row;
  if (last instanceof Packet && !out.isTerminal) {
    out.writeRange(last.source, last.idAt, last.idEnd);
  } else out.writeName(row.testId);
}
