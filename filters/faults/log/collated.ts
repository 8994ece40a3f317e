/**
 * The events that follow from a run alone. Nothing in them depends on who writes
 * them, where or when: a run that is collated twice gives the same bytes, which
 * logs keep once.
 *
 * @module
 */

import type { Timestamp } from "@subunit/codec";
import { RUNS } from "../../kit/stream/fault_tag.ts";
import { encodeEvent, MAX_TESTS } from "./event.ts";

/** A run in which tests failed or did not. */
export interface CollatedRun {
  /** Where it was made: a machine, a job. */
  readonly origin?: string;
  /** Its name, different from that of every other run of the origin. */
  readonly run: string;
  /** From the stream, not from a clock. */
  readonly time?: Timestamp;
}

/** A fault in such a run. */
export interface Sighting extends CollatedRun {
  /** The test id of the fault: "fault:1-…". */
  readonly fault: string;
  /** How many tests ended with it. */
  readonly count: number;
  /** Those tests; the first few in order of their names are kept. */
  readonly tests: readonly string[];
  readonly versions?: ReadonlyMap<string, string>;
  /** Whether no person uses the origin: its runs are counted apart. */
  readonly isAutomated?: boolean;
}

/** What the id of a fault was computed from. */
export interface Description {
  /** The id of the kind: the type and message without a place. */
  readonly kind: string;
  readonly type: string;
  readonly message: string;
  readonly frame?: string;
  readonly source?: string;
}

/** The tag of a "seen" event from an origin that no person uses. */
export const AUTOMATED = "automated";

/** The packet for a fault in a run: kind "seen". */
export function encodeSighting(sighting: Sighting): Uint8Array {
  const { fault, origin, run, time, count, tests, versions } = sighting;
  return encodeEvent({
    fault,
    kind: "seen",
    time,
    tags: sighting.isAutomated ? [AUTOMATED] : undefined,
    author: origin,
    run,
    count,
    tests: tests.toSorted().slice(0, MAX_TESTS),
    versions: versions?.size ? versions : undefined,
  });
}

/**
 * The packet that describes a fault: kind "fact", without author and time, so
 * that there is one of them however often a fault is seen.
 */
export function encodeDescription(
  fault: string,
  description: Description,
): Uint8Array {
  const facts = Object.entries(description)
    .filter(([, value]) => value !== undefined);
  return encodeEvent({ fault, kind: "fact", value: new Map(facts) });
}

/** The packet with a message as a test printed it; like the description, once. */
export function encodeSample(fault: string, sample: string): Uint8Array {
  const value = new Map([["sample", sample]]);
  return encodeEvent({ fault, kind: "fact", value });
}

/**
 * The packet that says that a run was made, with faults or without: rates are
 * relative to these.
 */
export function encodeRun({ origin, run, time }: CollatedRun): Uint8Array {
  return encodeEvent({ fault: RUNS, kind: "fact", time, author: origin, run });
}
