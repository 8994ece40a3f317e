/**
 * What a fault log learns from a run: which faults were seen, and what they look
 * like. Nothing depends on who collates the run, where or when.
 *
 * @module
 */

import { formatTimestamp, type Timestamp } from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import { createHmac } from "../../kit/runtime/builtin.ts";
import { FAULT_TAG } from "../../kit/stream/fault_tag.ts";
import type { Fingerprint } from "../fingerprint/fingerprint.ts";
import { appendEvents } from "../log/append.ts";
import {
  type CollatedRun,
  encodeDescription,
  encodeRun,
  encodeSample,
  encodeSighting,
} from "../log/collated.ts";
import type { RunFault } from "./report.ts";

/** Longer names of tests are left out of a log. */
const MAX_NAME = 1000;

/** The first event of a stream that has a time: which run it is. */
export interface Beginning {
  readonly time: Timestamp;
  readonly routeCode: string | undefined;
}

/**
 * The run of a stream.
 *
 * @param name its name; by default that of its beginning
 * @throws {ToolError} when neither is there
 */
export function collatedRun(
  beginning: Beginning | undefined,
  name: string | undefined,
  origin: string | undefined,
): CollatedRun {
  if (name !== undefined) return { run: name, origin, time: beginning?.time };
  if (beginning === undefined) {
    throw new ToolError(
      "Cannot log the run: the stream has no time: name it with --run",
    );
  }
  const { time, routeCode } = beginning;
  const start = formatTimestamp(time);
  return {
    run: routeCode === undefined ? start : `${start} ${routeCode}`,
    origin,
    time,
  };
}

/**
 * The name of an origin that nobody can read back without the salt: the same for
 * whoever has that, so that origins still count.
 */
export function hashedOrigin(origin: string, salt: Uint8Array): string {
  return createHmac("sha256", salt).update(origin).digest("hex")
    .slice(0, ORIGIN_DIGITS);
}

const ORIGIN_DIGITS = 32;

/** Appends the faults of a run to a log, unless it has them. */
export function logFaults(
  path: string,
  run: CollatedRun,
  faults: readonly RunFault[],
  kindIdOf: (fingerprint: Fingerprint) => string,
): void {
  const packets = [encodeRun(run)];
  for (const { tag, count, tests, samples, found } of faults) {
    const { fingerprint } = found;
    // A test may have brought its own tag.
    if (tag === FAULT_TAG + fingerprint.id) {
      packets.push(encodeDescription(tag, {
        kind: kindIdOf(fingerprint),
        type: fingerprint.types,
        message: fingerprint.message,
        frame: fingerprint.path[0],
        source: fingerprint.source || undefined,
      }));
    }
    for (const sample of samples) packets.push(encodeSample(tag, sample));
    packets.push(encodeSighting({
      ...run,
      fault: tag,
      count,
      tests: tests.filter((name) => name.length <= MAX_NAME),
    }));
  }
  appendEvents(path, packets);
}
