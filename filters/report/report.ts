/**
 * Reports on the tests of a stream: their options, and how they are run.
 *
 * @module
 */

import {
  type Damage,
  Interned,
  type Outcome,
  PARSER_TEST_ID,
  type Rows,
  type StreamItem,
  type Test,
  TEXT_TYPE,
} from "@subunit/codec";
import type { OptionTable, OptionValues } from "../kit/tool/options.ts";
import { Verdict } from "../kit/stream/verdict.ts";
import {
  type Output,
  OUTPUT_OPTIONS,
  PASSTHROUGH_OPTION,
  type ToolIO,
} from "../kit/tool/tool.ts";

/** The options every tool with a report has. */
export const REPORT_OPTIONS = {
  ...PASSTHROUGH_OPTION,
  ...OUTPUT_OPTIONS,
} as const satisfies OptionTable;

/** What {@linkcode REPORT_OPTIONS} do, for `--help`. */
export const REPORT_NOTES =
  `Text between the packets goes to standard error, with -o to standard output;
with --forward and no --output-to the report goes to standard error.`;

/** A test as a report has it; a finished test of the collator is one. */
export type ReportedTest =
  & Pick<
    Test,
    | "testId"
    | "outcome"
    | "tags"
    | "routeCode"
    | "started"
    | "ended"
    | "seconds"
    | "parentTestId"
    | "attachments"
  >
  & Partial<Pick<Test, "runnable">>;

/** Makes a report of tests, one after another. */
export interface Report {
  /** Takes a test; it is good until this returns. */
  add(test: ReportedTest): void;
  /**
   * Takes the test that a row has ended, in place of {@linkcode add}.
   *
   * @param tests has the test and the time at which it started
   */
  addRow?(rows: Rows, i: number, tests: Verdict): void;
  /** Is called after many rows, before anything else is added. */
  endRows?(): void;
  /** Is called when all of a chunk was added. */
  endChunk?(): void;
  /** Is called after the last test. */
  end?(): void;
}

/** Damage as a test of a report. */
function damagedTest({ reason }: Damage): ReportedTest {
  return {
    testId: PARSER_TEST_ID,
    outcome: "fail" satisfies Outcome,
    tags: [],
    routeCode: undefined,
    started: undefined,
    ended: undefined,
    seconds: undefined,
    parentTestId: undefined,
    attachments: [{
      name: "Parser Error",
      mimeType: TEXT_TYPE,
      bytes: new TextEncoder().encode(reason),
    }],
  };
}

/** Changes text that passes by the report. */
export interface TextChange {
  /** The text that can be shown by now. */
  push(bytes: Uint8Array): Uint8Array;
  /** The rest. */
  end(): Uint8Array;
}

/** What a report needs beside the tests. */
export interface ReportNeeds {
  /**
   * Whether it looks at attachments, or at both ends of them: those of tests in
   * progress are kept.
   */
  readonly attachments?: boolean | { readonly endBytes: number };
  /** Changes the text between the packets. */
  readonly text?: TextChange;
  /**
   * Takes what is not part of a test: text, damage, packets without a test, and
   * those with the status `exists`. An item is good until this returns.
   */
  readonly other?: (item: StreamItem) => void;
}

/**
 * Reads the streams in `files` and makes a report of their tests, each as it
 * ends, lost ones at the end. Text never gets into the report.
 *
 * @param begin makes the report, given where it goes and the tests in progress
 * @returns the exit status
 */
export function runReport(
  io: ToolIO,
  options: OptionValues<typeof REPORT_OPTIONS>,
  files: readonly string[],
  begin: (out: Output, tests: Verdict) => Report,
  needs: ReportNeeds = {},
): number {
  const out = io.openReport(options, files);
  const text = out === io.out ? io.err : io.out;
  const verdict = new Verdict(needs);
  // Begun when there is something to read: a usage error leaves no report.
  let begun: Report | undefined;
  const report = () => begun ??= begin(out, verdict);
  const pass = io.passthrough(
    options,
    text,
    (bytes) => needs.text?.push(bytes) ?? bytes,
  );
  const addRows = (rows: Rows) => {
    io.passRows(rows, options, pass);
    for (let i = 0; i < rows.count; i++) {
      if (verdict.addRow(rows, i) === 0) {
        if (needs.other !== undefined && isOther(rows, i)) {
          needs.other(rows.packet(i));
        }
        continue;
      }
      const to = report();
      if (to.addRow !== undefined) to.addRow(rows, i, verdict);
      else to.add(verdict.endedTest(rows, i));
    }
    begun?.endRows?.();
  };
  let isRead = false;
  try {
    io.forEachRows(files, addRows, (item) => {
      pass(item);
      needs.other?.(item);
      verdict.add(item);
      if (item.kind === "damage") {
        io.reportDamage(item);
        report().add(damagedTest(item));
      }
    }, () => {
      verdict.endChunk();
      begun?.endChunk?.();
    });
    isRead = true;
  } finally {
    if (needs.text !== undefined) text.write(needs.text.end());
    text.flush();
    // A report that breaks off is closed too.
    if (isRead || begun !== undefined) {
      begun?.endRows?.();
      for (const test of verdict.end()) report().add(test);
      report().end?.();
      out.flush();
    }
  }
  return io.conclude(verdict);
}

/** Whether a packet is not part of a test. */
function isOther(rows: Rows, i: number): boolean {
  return rows.idAt(i) < 0 || rows.isExists(i);
}

/** Durations in floating point are exact to the nanosecond below this. */
const MAX_NANOSECONDS = 1e14;
/** The result of {@linkcode durationOf} for a negative or very long time. */
export const UNUSUAL = -1;

/**
 * How many nanoseconds the test took that a row has ended; NaN if unknown, or
 * {@linkcode UNUSUAL}.
 */
export function durationOf(rows: Rows, i: number, tests: Verdict): number {
  if (rows.timeAt(i) < 0) return NaN;
  const nanoseconds = (rows.seconds(i) - tests.startSeconds) * 1e9 +
    (rows.nanoseconds(i) - tests.startNanoseconds);
  return nanoseconds < 0 || nanoseconds >= MAX_NANOSECONDS
    ? UNUSUAL
    : nanoseconds;
}

const HAS_TAGS = 1, HAS_ROUTE = 2;

/**
 * Remembers what was made of tags and a route code: a stream has few sets of
 * them, and most rows that end a test have one.
 */
export class Labels<Value> {
  readonly #made: readonly Interned<Value>[];
  #rows: Rows | undefined;
  #i = 0;

  constructor(
    make: (tags: readonly string[], routeCode: string | undefined) => Value,
  ) {
    const makeForRow = () => {
      const { tags = [], routeCode } = this.#rows!.packet(this.#i);
      return make(tags, routeCode);
    };
    // Bytes that are tags in one row may be a route code in another.
    this.#made = Array.from({ length: 4 }, () => new Interned(makeForRow));
  }

  /** What was made for a row of {@linkcode Verdict.isWhole}. */
  of(rows: Rows, i: number): Value {
    this.#rows = rows;
    this.#i = i;
    const tagsAt = rows.tagsAt(i), routeAt = rows.routeAt(i);
    const kind = (tagsAt < 0 ? 0 : HAS_TAGS) | (routeAt < 0 ? 0 : HAS_ROUTE);
    // With neither a type nor a file, the route code follows the tags.
    const start = tagsAt >= 0 ? tagsAt : Math.max(0, routeAt);
    const end = routeAt >= 0 ? rows.routeEnd(i) : Math.max(0, rows.tagsEnd(i));
    return this.#made[kind].get(rows.source, rows.view, start, end);
  }
}
