/**
 * What is no test but has come to something: commands, shards.
 *
 * @module
 */

import { encodePackets, now, textFile } from "@subunit/codec";
import type { Output } from "../io/output.ts";
import type { CommandStatus } from "../runtime/runtime.ts";

/** Something that has come to a status, and why. */
export interface Outcome {
  readonly testId: string;
  readonly status: "success" | "fail" | "xfail";
  readonly reason: string;
  readonly routeCode?: string;
}

/** Writes an outcome as the event of a test that cannot be run. */
export function writeOutcome(out: Output, { reason, ...event }: Outcome): void {
  const packets = encodePackets({
    ...event,
    runnable: false,
    timestamp: now(),
    ...textFile("reason", reason),
  });
  for (const packet of packets) out.write(packet);
  out.flush();
}

/** How a command ended, in words. */
export function endOf({ code, signal }: CommandStatus): string {
  return signal === null ? `exit status ${code}` : `killed by ${signal}`;
}
