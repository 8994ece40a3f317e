/**
 * Arbitrary events of a fault log, about few faults, so that they meet.
 *
 * @module
 */

import fc from "fast-check";
import {
  encodeDescription,
  encodeRun,
  encodeSighting,
} from "../../filters/faults/log/collated.ts";
import { encodeEvent, eventId } from "../../filters/faults/log/event.ts";

/** The time that it is in tests: 2026-09-21T14:13:20Z. */
export const NOW = 1_790_000_000;
export const DAY = 86400;

const WORDS = [
  "shop",
  "Connection",
  "refused",
  "naïve",
  "г_1",
  "!",
  "a-b",
  "x\0y",
  "\u212a",
];
const title = fc.array(fc.constantFrom(...WORDS), { maxLength: 4 })
  .map((words) => words.join(" "));
const number = fc.nat(5);
const time = fc.oneof(
  fc.constant(undefined),
  fc.integer({ min: 0, max: 80 * DAY }).map((ago) => ({
    seconds: NOW - ago,
    nanoseconds: ago % 2 * 500_000_000,
  })),
);

/** One event of any kind; ids of earlier ones are drawn from the others. */
export const packet = fc.record({
  kind: fc.constantFrom(
    "seen",
    "seen",
    "seen",
    "title",
    "state",
    "tag",
    "same",
    "describe",
    "run",
    "comment",
    "redact",
    "compacted",
  ),
  fault: number,
  other: number,
  title,
  time,
  value: fc.nat(9),
  isAutomated: fc.boolean(),
}).map(({ kind, fault, other, title, time, value, isAutomated }) => {
  const name = `fault:f${fault}`;
  const supersedes = (of: Uint8Array[]) =>
    value < 5 && of.length > 0 ? [eventId(of[value % of.length])] : undefined;
  return (before: Uint8Array[]): Uint8Array => {
    if (kind === "seen") {
      return encodeSighting({
        fault: name,
        origin: `ci-${other}`,
        run: `r${value}\0`,
        time,
        count: value === 9 ? Number.MAX_SAFE_INTEGER : value,
        tests: [
          `pkg/test ${value}`,
          `other ${other}`,
          `nul \0${other}`,
          `\ufeffmarked with 100% and more ${other}`,
        ],
        isAutomated,
      });
    }
    if (kind === "describe") {
      return encodeDescription(name, {
        kind: `k${other}`,
        type: "E",
        message: title,
      });
    }
    if (kind === "run") {
      return encodeRun({ origin: `ci-${other}`, run: `r${value}`, time });
    }
    if (kind === "redact") {
      const redacts = supersedes(before);
      return encodeEvent({ fault: name, kind, time, redacts: redacts ?? [] });
    }
    if (kind === "compacted") {
      return encodeEvent({
        fault: name,
        kind: "seen",
        author: `ci-${other}`,
        run: "2026-08",
        time,
        value: value === 9 ? Number.MAX_SAFE_INTEGER : value,
        supersedes: before.map(eventId),
      });
    }
    return encodeEvent({
      fault: name,
      kind,
      time,
      value: kind === "same"
        ? `${isAutomated ? "-" : ""}fault:f${other}${value === 9 ? "\0" : ""}`
        : kind === "tag"
        ? undefined
        : title,
      state: kind === "state"
        ? (["fail", "success", "skip"] as const)[value % 3]
        : undefined,
      tags: kind === "tag"
        ? [`${isAutomated ? "-" : "+"}t${other}`]
        : undefined,
      supersedes: supersedes(before),
    });
  };
});
