/**
 * The tests of a list: ids, or the failing tests of a stream.
 *
 * @module
 */

import {
  type Damage,
  type ForeignBytes,
  isFailureStatus,
  PARSER_TEST_ID,
  type Rows,
} from "@subunit/codec";
import { FailingTests } from "../kit/stream/failing_tests.ts";
import { Verdict } from "../kit/stream/verdict.ts";
import { idsIn } from "../kit/tool/list_file.ts";
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

/**
 * Reads ids, as `readIds` does; or a stream, whose text does not count. The last
 * result of a test counts, unless it was skipped.
 *
 * @throws {ToolError} when a line of a list has a NUL
 */
export function readListedTests(
  io: ToolIO,
  files: readonly string[],
): ListedTests {
  const verdict = new Verdict();
  const failing = new FailingTests();
  let text: Uint8Array[] = [], hasPackets = false;
  const addRow = (rows: Rows, i: number) => {
    if (rows.idAt(i) < 0 || verdict.addRow(rows, i) === 0) return;
    if (isFailureStatus(rows.status(i))) {
      failing.fail(verdict.endedTest(rows, i), rows.packet(i));
    } else if (failing.size > 0 && rows.status(i) !== "skip") {
      failing.pass(rows.packet(i));
    }
  };
  const addOther = (item: ForeignBytes | Damage) => {
    verdict.add(item);
    if (item.kind === "damage") io.reportDamage(item);
    else if (!hasPackets) text.push(item.bytes.slice());
  };
  io.forEachRows(files, (rows) => {
    hasPackets = true;
    text = [];
    for (let i = 0; i < rows.count; i++) addRow(rows, i);
  }, addOther);
  for (const test of verdict.end()) failing.add(test);
  const damage = verdict.summary.damage > 0 ? [PARSER_TEST_ID] : [];
  return {
    ids: hasPackets
      ? failing.ids
      : [...new Set(idsIn(text, files.join(" ") || "-"))],
    others: [...new Set([...damage, ...failing.others])],
    complaint: verdict.complaint,
  };
}
