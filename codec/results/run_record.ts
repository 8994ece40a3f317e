/**
 * Packets that describe the run they are in, as repositories of runs write
 * them: they are not about a test.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import type { Rows } from "../v2/rows.ts";

/** The test id of run records. */
export const RUN_RECORD_ID = "subunit.run";

const ID_BYTES = new TextEncoder().encode(RUN_RECORD_ID);

/**
 * Returns whether an event describes its run. Such an event has the status
 * `exists`, so that readers who do not know it count nothing.
 *
 * @example
 * ```ts
 * import { isRunRecord, RUN_RECORD_ID } from "@subunit/codec/results";
 *
 * const event = { testId: RUN_RECORD_ID, status: "exists", runnable: false } as const;
 * console.log(isRunRecord(event)); // true
 * console.log(isRunRecord({ ...event, status: "fail" })); // false
 * ```
 */
export function isRunRecord(
  { testId, status, runnable }: Pick<
    StatusEvent,
    "testId" | "status" | "runnable"
  >,
): boolean {
  return status === "exists" && !runnable && testId === RUN_RECORD_ID;
}

/**
 * The same of the packet of a row, without making an object.
 *
 * @example
 * ```ts
 * import { encodePacket, PacketDecoder } from "@subunit/codec";
 * import { isRunRecordRow, RUN_RECORD_ID } from "@subunit/codec/results";
 *
 * const decoder = new PacketDecoder();
 * const event = { testId: RUN_RECORD_ID, status: "exists", runnable: false } as const;
 * decoder.push(encodePacket(event));
 * decoder.drainRows((rows) => {
 *   console.log(isRunRecordRow(rows, 0)); // true
 * }, () => {});
 * ```
 */
export function isRunRecordRow(rows: Rows, i: number): boolean {
  if (!rows.isExists(i) || rows.isRunnable(i)) return false;
  const at = rows.idAt(i);
  return at >= 0 && rows.idEnd(i) - at === ID_BYTES.length &&
    ID_BYTES.every((byte, offset) => rows.source[at + offset] === byte);
}
