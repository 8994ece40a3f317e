/**
 * A list of tests on its way out: each row as it comes, or sorted at the end.
 *
 * @module
 */

import type { Output } from "../kit/io/input.ts";
import type { Top } from "./first_few.ts";
import {
  type Format,
  formatRow,
  heldRows,
  holdRow,
  type ListedOutcome,
  type Order,
  type Row,
  treeOf,
} from "./listing.ts";

/** How a list is to be. */
export interface ListOptions {
  readonly outcomes: ReadonlySet<ListedOutcome>;
  readonly order: Order;
  /** How many rows to write at the most. */
  readonly limit: number;
  readonly format: Format;
  /** Whether the plain form has the seconds. */
  readonly times: boolean;
  /** Whether subtests stand under their parents. */
  readonly tree: boolean;
  /** Whether rows end with NUL. */
  readonly null: boolean;
  /** Whether the list is nothing but how many rows it would have. */
  readonly count: boolean;
}

/** Writes a list of tests. */
export class ListWriter {
  readonly #out: Output;
  readonly #options: ListOptions;
  readonly #rowEnd: Uint8Array;
  /** Whether a row is an id and no more. */
  readonly #isPlain: boolean;
  /** The rows, where the first is not known before the last has come. */
  readonly #held: Top<Row> | undefined;
  #count = 0;

  constructor(out: Output, options: ListOptions) {
    const { order, limit, tree } = options;
    this.#out = out;
    this.#options = options;
    this.#rowEnd = Uint8Array.of(options.null ? 0x00 : 0x0a);
    this.#isPlain = options.format === "plain" && !options.times;
    if (tree || order !== "stream") this.#held = heldRows(order, limit);
  }

  /** Lists a row, if it is one of those to list. */
  add(row: Row): void {
    const { outcomes, count, limit } = this.#options;
    if (!outcomes.has(row.outcome) || isNameless(row)) return;
    this.#count++;
    if (count) return;
    if (this.#held !== undefined) this.#held.add(holdRow(row));
    else if (this.#count <= limit) this.#write(row);
  }

  /** Writes what is held; no more rows come. */
  end(): void {
    const { tree, count } = this.#options;
    const rows = this.#held?.values() ?? [];
    if (tree) treeOf(rows).forEach(({ row, depth }) => this.#write(row, depth));
    else rows.forEach((row) => this.#write(row));
    if (count) this.#out.writeText(`${this.#count}\n`);
  }

  #write(row: Row, depth = 0): void {
    const out = this.#out;
    const { format, times } = this.#options;
    if (depth > 0 && format === "plain") out.writeText("  ".repeat(depth));
    if (this.#isPlain) writeId(out, row);
    else out.writeName(formatRow(row, format, times));
    out.write(this.#rowEnd);
  }
}

/** The Python tool lists no test without a name; it counts all the same. */
function isNameless(row: Row): boolean {
  const { last } = row;
  return last === undefined ? row.testId === "" : last.idAt === last.idEnd;
}

/** Writes the id as the bytes it came in where that is safe. */
function writeId(out: Output, row: Row): void {
  const { last } = row;
  if (last === undefined || out.isTerminal) out.writeName(row.testId);
  else out.writeRange(last.source, last.idAt, last.idEnd);
}
