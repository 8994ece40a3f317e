#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-ls: list the tests of a stream, each when it ends, lost ones at the
 * end. Text between the packets passes through.
 *
 * @module
 */

import {
  isFailure,
  OUTCOMES,
  type Packet,
  PARSER_TEST_ID,
  secondsBetween,
  type Timestamp,
} from "@subunit/codec";
import {
  formatRow,
  FORMATS,
  heldRows,
  holdRow,
  ORDERS,
  type Row,
  treeOf,
} from "./report/listing.ts";
import { Verdict } from "./kit/stream/verdict.ts";
import {
  defineTool,
  type Output,
  parseChoice,
  parseCount,
  PASSTHROUGH_OPTION,
  REPORT_STATUS,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";

type ListedStatus = Row["outcome"];

/** The statuses to list, from the options that choose them. */
export function chosenStatuses(
  options: { failing: boolean; exists: boolean; status?: string },
): ReadonlySet<ListedStatus> {
  const chosen = new Set<ListedStatus>();
  if (options.failing) OUTCOMES.filter(isFailure).forEach((o) => chosen.add(o));
  for (const name of options.status?.split(",") ?? []) {
    chosen.add(parseChoice("status", name, [...OUTCOMES, "exists"]));
  }
  if (chosen.size === 0) OUTCOMES.forEach((outcome) => chosen.add(outcome));
  if (options.exists) chosen.add("exists");
  return chosen;
}

/** The row of a test that is said to exist. */
function existingRow(packet: Packet): Row {
  return {
    testId: packet.testId!,
    outcome: "exists",
    routeCode: packet.routeCode,
    seconds: undefined,
    tags: packet.tags ?? [],
    parentTestId: packet.parentTestId,
  };
}

const DAMAGE_ROW: Row = {
  testId: PARSER_TEST_ID,
  outcome: "fail",
  routeCode: undefined,
  seconds: undefined,
  tags: [],
  parentTestId: undefined,
};

export const tool: Tool = defineTool({
  name: "subunit-ls",
  summary: "List the tests of a subunit stream, each when it ends",
  operands: "[FILE...]",
  options: {
    times: { help: "add the seconds each test took, - when it does not say" },
    exists: { help: "list tests that are reported to exist as well" },
    ...PASSTHROUGH_OPTION,
    failing: { help: "list only fail, uxsuccess and lost tests" },
    status: {
      value: "LIST",
      help: "list only these: success,uxsuccess,skip,fail,xfail,lost,exists",
    },
    sort: { value: "ORDER", help: "stream (default), time (slowest) or id" },
    top: { short: "n", value: "N", help: "list only the first N" },
    tree: { help: "list subtests under their parents" },
    format: { value: "FORM", help: "plain (default), tsv or json" },
    null: { short: "0", help: "end rows with NUL, for xargs -0" },
    count: { short: "c", help: "print only how many there are" },
  },
  notes:
    `A lost test has started and never ended. Damage is listed as ${PARSER_TEST_ID}.
The columns of tsv are id, status, seconds, route code. Text between the packets
goes to standard error when the list is for programs (--format, -0, --count).`,
  exitStatus: REPORT_STATUS,
  examples: [
    "subunit-ls --failing run.subunit",
    "subunit-ls --sort time --top 10 --times < run.subunit",
  ],
  run(io, options, files) {
    const order = parseChoice("sort", options.sort ?? "stream", ORDERS);
    const format = parseChoice("format", options.format ?? "plain", FORMATS);
    const limit = options.top === undefined
      ? Infinity
      : parseCount("top", options.top);
    if (options.count && options.top !== undefined) {
      throw new UsageError("Options --count and --top do not go together");
    }
    const isForPrograms = format !== "plain" || options.null || options.count;
    const end = Uint8Array.of(options.null ? 0x00 : 0x0a);
    const pass = io.passthrough(options, isForPrograms ? io.err : io.out);
    const showsTimes = options.times || order === "time" || format !== "plain";
    const isHeld = order !== "stream" || options.tree;
    const held = heldRows(order, limit);
    let count = 0;

    const write = (row: Row, depth = 0) => {
      if (format === "plain" && depth > 0) io.out.writeText("  ".repeat(depth));
      if (format === "plain" && !options.times) writeId(io.out, row);
      else io.out.writeName(formatRow(row, format, options.times));
      io.out.write(end);
    };
    const statuses = chosenStatuses(options);
    const listsExisting = statuses.has("exists");
    const list = (row: Row) => {
      if (!statuses.has(row.outcome) || isNameless(row)) return;
      count++;
      if (options.count) return;
      if (isHeld) held.add(holdRow(row));
      else if (count <= limit) write(row);
    };

    const verdict = new Verdict();
    /** The time of the last event of a test. */
    let latest: Timestamp | undefined;
    io.forEachItem(files, (item) => {
      if (item.kind === "damage") io.reportDamage(item);
      pass(item);
      if (showsTimes && item.kind === "packet" && item.idAt >= 0) {
        latest = item.timestamp ?? latest;
      }
      const ended = verdict.add(item);
      if (ended !== undefined) list(ended);
      else if (item.kind === "damage") list(DAMAGE_ROW);
      else if (item.kind === "packet" && item.status === "exists") {
        if (listsExisting && item.idAt >= 0) list(existingRow(item));
      }
    });
    // How long a lost test has run is told by the others' last event.
    for (const test of verdict.end()) {
      const { started } = test;
      const seconds = started && latest && secondsBetween(started, latest);
      list({ ...holdRow(test), seconds });
    }
    if (options.tree) {
      treeOf(held.values()).forEach(({ row, depth }) => write(row, depth));
    } else {
      held.values().forEach((row) => write(row));
    }
    if (options.count) io.out.writeText(`${count}\n`);
    return verdict.exitStatus;
  },
});

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

if (import.meta.main) runTool(tool);
