/**
 * Failures for tests that did not make one themselves.
 *
 * @module
 */

import {
  encodePackets,
  type StatusEvent,
  type Test,
  TEXT_TYPE,
  textFile,
  type Timestamp,
} from "@subunit/codec";
import type { Output } from "../io/output.ts";

/** What is known at the end of a stream of a test that must fail. */
export interface Missing {
  readonly testId: string;
  readonly routeCode?: string;
  readonly tags?: readonly string[];
  readonly runnable: boolean;
  readonly parentTestId?: string;
  /** Why it fails, in words. */
  readonly reason: string;
}

/** The events that make a failure of a missing test. */
function failureEvents(
  { reason, tags = [], ...test }: Missing,
  output: Uint8Array | undefined,
  timestamp: Timestamp | undefined,
): StatusEvent[] {
  return [
    ...(output === undefined ? [] : [{
      ...test,
      fileName: "last output",
      fileBytes: output,
      mimeType: TEXT_TYPE,
      eof: true,
      timestamp,
    }]),
    {
      ...test,
      ...textFile("reason", reason),
      status: "fail",
      tags: [...new Set([...tags, "lost"])].sort(),
      timestamp,
    },
  ];
}

/**
 * Writes the failure of a missing test.
 *
 * @param output the last output that may tell why
 */
export function writeFailure(
  out: Output,
  test: Missing,
  output: Uint8Array | undefined,
  timestamp: Timestamp | undefined,
): void {
  for (const event of failureEvents(test, output, timestamp)) {
    for (const packet of encodePackets(event)) out.write(packet);
  }
}

/** What must fail of a test that started and never ended. */
export function lostTest(test: Test): Missing {
  const { testId, routeCode, tags, runnable, parentTestId } = test;
  const reason = "The test started and never ended.";
  return { testId, routeCode, tags, runnable, parentTestId, reason };
}
