/**
 * Tools at the end of a pipe: a report on the tests of a stream.
 *
 * @module
 */

import {
  type Damage,
  type Outcome,
  PARSER_TEST_ID,
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
export const SINK_OPTIONS = {
  ...PASSTHROUGH_OPTION,
  ...OUTPUT_OPTIONS,
} as const satisfies OptionTable;

/** What {@linkcode SINK_OPTIONS} do, for `--help`. */
export const SINK_NOTES =
  `Text between the packets goes to standard error, with -o to standard output;
with --forward and no --output-to the report goes to standard error.`;

/** What a report tells of a test; a finished test of the collator is one. */
export type Reported = Pick<
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
>;

/** Makes a report of tests, one after another. */
export interface Report {
  /** Takes a test; it is good until this returns. */
  add(test: Reported): void;
  /** Says that no more tests come. */
  end?(): void;
}

/** Damage, as it stands in a report. */
function damagedTest({ reason }: Damage): Reported {
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

/** Changes text on its way past the report. */
export interface TextChange {
  /** What there is to show now. */
  push(bytes: Uint8Array): Uint8Array;
  /** The rest. */
  end(): Uint8Array;
}

/** What a report needs beside the tests. */
export interface ReportNeeds {
  /** Whether it looks at attachments: those of tests in progress are kept. */
  readonly attachments?: boolean;
  /** What becomes of the text between the packets. */
  readonly text?: TextChange;
}

/**
 * Reads the streams in `files` and makes a report of their tests, each as it
 * ends, lost ones at the end. Text never gets into the report.
 *
 * @param begin makes the report, given where it goes
 * @returns the exit status
 */
export function runReport(
  io: ToolIO,
  options: OptionValues<typeof SINK_OPTIONS>,
  files: readonly string[],
  begin: (out: Output) => Report,
  needs: ReportNeeds = {},
): number {
  const out = io.openReport(options);
  const text = out === io.out ? io.err : io.out;
  // Not before there is something to read: a wrong call makes no report.
  let begun: Report | undefined;
  const report = () => begun ??= begin(out);
  const verdict = new Verdict(needs);
  const pass = io.passthrough(
    options,
    text,
    (bytes) => needs.text?.push(bytes) ?? bytes,
  );
  let isRead = false;
  try {
    io.forEachItem(files, (item) => {
      pass(item);
      const test = verdict.add(item);
      if (test !== undefined) report().add(test);
      if (item.kind === "damage") {
        io.reportDamage(item);
        report().add(damagedTest(item));
      }
    }, () => verdict.endChunk());
    isRead = true;
  } finally {
    if (needs.text !== undefined) text.writeForeign(needs.text.end());
    text.flush();
    // What breaks off, too, is to have an end.
    if (isRead || begun !== undefined) {
      for (const test of verdict.end()) report().add(test);
      report().end?.();
      out.flush();
    }
  }
  return verdict.exitStatus;
}
