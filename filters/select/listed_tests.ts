/**
 * The tests of a list: ids, or the failing tests of a stream.
 *
 * @module
 */

import {
  type Damage,
  type ForeignBytes,
  isFailureStatus,
  type Packet,
  PARSER_TEST_ID,
  type Rows,
  type Test,
  TestTable,
} from "@subunit/codec";
import { toUtf8 } from "@subunit/codec/text";
import { concat } from "@std/bytes/concat";
import { Verdict } from "../kit/stream/verdict.ts";
import type { ToolIO } from "../kit/tool/tool.ts";

/** The tests of a list. */
export interface ListedTests {
  /** Ids in order; those of a stream by their first failure. */
  readonly ids: readonly string[];
  /** Failures that are not tests: how commands ended, and damage. */
  readonly others: readonly string[];
  /** Why the input is neither ids nor a stream, if so. */
  readonly complaint: string | undefined;
}

/** A failing test. */
interface Failure {
  readonly order: number;
  readonly testId: string;
  readonly runnable: boolean;
  readonly parentTestId: string | undefined;
}

/** How a command ended, or what a converter adds. */
const NOT_A_TEST = /: exit status$|^tap plan$|::\(\w+\)$|^\(build\)$/;

/**
 * Reads ids, on lines or each with NUL behind it; or a stream, whose text does
 * not count. The last result of a test counts.
 */
export function readListedTests(
  io: ToolIO,
  files: readonly string[],
): ListedTests {
  const verdict = new Verdict();
  const failures = new TestTable<Failure>();
  const others: string[] = [];
  let text: Uint8Array[] = [], hasPackets = false, count = 0;
  const fail = (test: Test, last: Packet) => {
    const { testId, runnable, parentTestId } = test;
    const order = count++;
    failures.getOrAdd(last, () => ({ order, testId, runnable, parentTestId }));
  };
  const addRow = (rows: Rows, i: number) => {
    if (rows.idAt(i) < 0 || verdict.addRow(rows, i) === 0) return;
    if (isFailureStatus(rows.status(i))) {
      const test = verdict.endedTest(rows, i);
      fail(test, test.last as Packet);
    } else if (failures.size > 0) {
      failures.delete(rows.packet(i));
    }
  };
  const addOther = (item: ForeignBytes | Damage) => {
    verdict.add(item);
    if (item.kind === "damage") {
      io.reportDamage(item);
      if (!others.includes(PARSER_TEST_ID)) others.push(PARSER_TEST_ID);
    } else if (!hasPackets) {
      text.push(item.bytes.slice());
    }
  };
  io.forEachRows(files, (rows) => {
    hasPackets = true;
    text = [];
    for (let i = 0; i < rows.count; i++) addRow(rows, i);
  }, addOther);
  const lost = [...verdict.end()].map(({ testId, runnable, parentTestId }) => ({
    order: count++,
    testId,
    runnable,
    parentTestId,
  }));
  const { complaint } = verdict;
  if (!hasPackets) return { ids: idsIn(concat(text)), others, complaint };
  const failing = [...failures.entries().map(([, failure]) => failure), ...lost]
    .sort((a, b) => a.order - b.order);
  const isTest = ({ runnable, testId }: Failure) =>
    runnable || testId !== PARSER_TEST_ID && !NOT_A_TEST.test(testId);
  others.push(
    ...failing.filter((one) => !isTest(one)).map((one) => one.testId),
  );
  const ids = failing.filter(isTest).map(runnableIdOf(failing));
  return { ids: [...new Set(ids)], others: [...new Set(others)], complaint };
}

/**
 * Returns a function for the id with which a test can be run: part of a test,
 * such as a step, runs with it.
 */
function runnableIdOf(
  failing: readonly Failure[],
): (test: Failure) => string {
  const byId = new Map(failing.map((test) => [test.testId, test]));
  return (test) => {
    const seen = new Set<string>();
    let { testId, runnable, parentTestId } = test;
    while (!runnable && parentTestId !== undefined && !seen.has(testId)) {
      seen.add(testId);
      testId = parentTestId;
      ({ runnable, parentTestId } = byId.get(testId) ??
        { runnable: true, parentTestId: undefined });
    }
    return testId;
  };
}

/** The ids in a list. */
function idsIn(list: Uint8Array): string[] {
  const utf8 = concat([...toUtf8([list])]);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(utf8);
  const ids = text.includes("\0")
    ? text.split("\0").map((id) => id.replace(/^\n$/, ""))
    : text.split("\n").map((line) => line.replace(/\r$/, ""));
  return [...new Set(ids.filter((id) => id !== ""))];
}
