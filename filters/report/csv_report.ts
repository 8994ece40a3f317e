/**
 * Tests as rows of comma-separated values.
 *
 * @module
 */

import { decodeText, type Rows, TEST_STATUSES } from "@subunit/codec";
import { ByteWriter, Constant, decimalsOf } from "../kit/io/byte_writer.ts";
import type { Verdict } from "../kit/stream/verdict.ts";
import { visibleText } from "../kit/text/visible.ts";
import type { Output } from "../kit/tool/tool.ts";
import { type Column, COLUMNS, csvField, statusWord } from "./csv_row.ts";
import type { Report, ReportedTest } from "./report.ts";

/** Longer packets are written the plain way: their bytes cost most. */
const LONGEST_ROW_BYTES = 4096;
/** A quote becomes two; no other character takes more bytes than in a packet. */
const MAX_FIELD_RATIO = 2;
/** What a column takes beside text: a time, quotes. */
const COLUMN_BYTES = 64;
const COMMA = 0x2c, SPACE = 0x20;
const ZONE = Constant.of("+00:00"), LINE_END = Constant.of("\r\n");

/** ASCII characters for which a field is its text. */
function plainBytes(fieldWith: (character: string) => string): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => {
    const text = fieldWith(String.fromCharCode(code));
    return code < 0x80 && csvField(text) === text ? 1 : 0;
  });
}

/** Writes a row for each test, with these columns. */
export class CsvReport implements Report {
  readonly #out: Output;
  readonly #columns: readonly Column[];
  #rows: CsvRows | undefined;

  constructor(out: Output, columns: readonly Column[]) {
    this.#out = out;
    this.#columns = columns;
    this.#write(columns.join(","));
  }

  add(test: ReportedTest): void {
    this.#write(this.#columns.map((name) => COLUMNS[name](test)).join(","));
  }

  #write(row: string): void {
    const { isTerminal } = this.#out;
    this.#out.writeText((isTerminal ? visibleText(row) : row) + "\r\n");
  }

  addRow(rows: Rows, i: number, tests: Verdict): void {
    const fast = this.#rows ??= new CsvRows(this.#out, this.#columns);
    if (!this.#out.isTerminal && fast.write(rows, i, tests)) return;
    fast.flush();
    this.add(tests.endedTest(rows, i));
  }

  endRows(): void {
    this.#rows?.flush();
  }
}

// #region Hot: `deno task bench subunit2csv` takes 1.4 times as long as
// `subunit-stats`, and 3 times by way of `CsvReport.add`, which is the oracle in
// csv_report_test.ts.

/**
 * Writes the tests that rows have ended. Make it when the first row comes: an
 * empty stream starts sooner.
 */
class CsvRows {
  readonly #columns: readonly Column[];
  readonly #to: ByteWriter;
  /** The words for statuses, by code. */
  readonly #statuses = ["", ...TEST_STATUSES].map((status) =>
    Constant.of(statusWord(status))
  );
  /** The bytes that need no quotes at the beginning of a field. */
  readonly #plainFirst = plainBytes((character) => character);
  /** Those that need none elsewhere. */
  readonly #plain = plainBytes((character) => `x${character}`);

  constructor(out: Output, columns: readonly Column[]) {
    this.#to = new ByteWriter(out);
    this.#columns = columns;
  }

  flush(): void {
    this.#to.flush();
  }

  /** Writes a row; returns false, and writes nothing, for a long packet. */
  write(rows: Rows, i: number, tests: Verdict): boolean {
    const length = rows.end(i) - rows.start(i);
    if (length > LONGEST_ROW_BYTES) return false;
    const to = this.#to, columns = this.#columns;
    const room = MAX_FIELD_RATIO * length + COLUMN_BYTES * columns.length;
    to.reserve(room);
    for (let column = 0; column < columns.length; column++) {
      if (column > 0) to.byte(COMMA);
      switch (columns[column]) {
        case "test":
          this.#writeField(rows, rows.idAt(i), rows.idEnd(i));
          break;
        case "status":
          to.constant(this.#statuses[rows.statusCode(i)]);
          break;
        case "route":
          if (rows.routeAt(i) >= 0) {
            this.#writeField(rows, rows.routeAt(i), rows.routeEnd(i));
          }
          break;
        case "start_time": {
          const seconds = tests.startSeconds;
          if (Number.isNaN(seconds)) writeRowTime(to, rows, i);
          else writeTime(to, seconds, tests.startNanoseconds);
          break;
        }
        case "stop_time":
          writeRowTime(to, rows, i);
          break;
        default: {
          const field = COLUMNS[columns[column]](tests.endedTest(rows, i));
          to.reserve(3 * field.length + room);
          to.text(field);
        }
      }
    }
    to.constant(LINE_END);
    return true;
  }

  /** Writes text as {@linkcode csvField} does. */
  #writeField({ source, view }: Rows, start: number, end: number): void {
    const to = this.#to, isPlain = this.#plain;
    let plain = start < end ? this.#plainFirst[source[start]] : 1;
    for (let at = start + 1; at < end; at++) plain &= isPlain[source[at]];
    if (plain !== 0) to.copy(source, view, start, end);
    else to.text(csvField(decodeText(source, start, end)));
  }
}

function writeRowTime(to: ByteWriter, rows: Rows, i: number): void {
  if (rows.timeAt(i) >= 0) writeTime(to, rows.seconds(i), rows.nanoseconds(i));
}

/** Writes a time as `formatTime` does. */
function writeTime(to: ByteWriter, seconds: number, nanoseconds: number): void {
  const decimals = decimalsOf(nanoseconds);
  to.dateTime(seconds, SPACE);
  to.fraction(nanoseconds, decimals === 0 ? 0 : decimals <= 6 ? 6 : 9);
  to.constant(ZONE);
}

// #endregion
