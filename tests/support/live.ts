/**
 * Runs for tests of the live view: rows handed over at times of the test's own.
 *
 * @module
 */

import { PacketDecoder } from "@subunit/codec";
import type { LiveRun } from "../../filters/report/live/run.ts";
import { type EventFields, stream } from "./streams.ts";

/** Adds parts of a stream to a run, as one chunk that arrives at a time. */
export function addTo(
  run: Pick<LiveRun, "addRows" | "addOther" | "endChunk">,
  ...parts: (EventFields | string | Uint8Array)[]
): void {
  const decoder = new PacketDecoder();
  decoder.push(stream(...parts));
  decoder.end();
  decoder.drainRows((rows) => run.addRows(rows), (item) => run.addOther(item));
  run.endChunk();
}

/** The start of a test. */
export function started(testId: string, more: EventFields = {}): EventFields {
  return { testId, status: "inprogress", ...more };
}

/** The end of a test. */
export function ended(
  testId: string,
  status: EventFields["status"] = "success",
  more: EventFields = {},
): EventFields {
  return { testId, status, ...more };
}

/** A traceback of Python's. */
export const TRACEBACK = `Traceback (most recent call last):
  File "tests/test_cart.py", line 12, in test_total
\tself.assertEqual(cart.total(), 3)
AssertionError: 4 != 3
`;
