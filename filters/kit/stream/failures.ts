/**
 * Tests that a tool adds to a stream: a failure for each test that never
 * finished, and how commands ended.
 *
 * @module
 */

import {
  encodePackets,
  now,
  type StatusEvent,
  type Test,
  TEXT_TYPE,
  textFile,
  type Timestamp,
} from "@subunit/codec";
import type { Output } from "../io/output.ts";
import type { CommandStatus } from "../runtime/runtime.ts";

/** What is known, when a stream ends, of a test that must fail. */
export interface Missing {
  readonly testId: string;
  readonly routeCode?: string;
  readonly tags?: readonly string[];
  readonly runnable: boolean;
  readonly parentTestId?: string;
  /** Why it fails. */
  readonly reason: string;
}

/** The events of a missing test's failure. */
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
 * @param output the last output, which may show why
 */
export function writeFailure(
  out: Pick<Output, "write">,
  test: Missing,
  output: Uint8Array | undefined,
  timestamp: Timestamp | undefined,
): void {
  for (const event of failureEvents(test, output, timestamp)) {
    for (const packet of encodePackets(event)) out.write(packet);
  }
}

/** The failure of a test that started and never ended. */
export function lostTest(test: Test): Missing {
  const { testId, routeCode, tags, runnable, parentTestId } = test;
  const reason = "The test started and never ended.";
  return { testId, routeCode, tags, runnable, parentTestId, reason };
}

/** How a command ended, or that a shard is missing. */
export interface Ending {
  readonly testId: string;
  readonly status: "fail" | "exists";
  readonly reason: string;
  readonly routeCode?: string;
}

/** The test id of the ending of a program. */
export function endingId(program: string): string {
  return `${program.split("/").at(-1)}: exit status`;
}

/** Writes an ending as a test that cannot be run. */
export function writeEnding(out: Output, { reason, ...event }: Ending): void {
  const packets = encodePackets({
    ...event,
    runnable: false,
    timestamp: now(),
    ...textFile("reason", reason),
  });
  for (const packet of packets) out.write(packet);
  out.flush();
}

/**
 * The ending of a command. It counts as a test only where it is a failure that
 * nothing else shows; an event with the status `exists` counts nowhere.
 *
 * @param isExplained whether a test failed, or was lost
 */
export function commandEnding(
  ending: Pick<Ending, "testId" | "routeCode">,
  status: CommandStatus,
  isExplained: boolean,
): Ending {
  const isShown = status.success || isExplained && status.signal === null;
  return {
    ...ending,
    status: isShown ? "exists" : "fail",
    reason: describeEnding(status),
  };
}

/** How a command ended, in words. */
export function describeEnding({ code, signal }: CommandStatus): string {
  return signal === null ? `exit status ${code}` : `killed by ${signal}`;
}
