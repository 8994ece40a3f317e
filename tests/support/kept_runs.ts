/** Runs that are put into a repository as a few words. */

import { encodePacket, type EventInput, parseTimestamp } from "@subunit/codec";
import { concat } from "@std/bytes/concat";
import {
  encodeRecord,
  runName,
  type StartRecord,
} from "../../filters/history/repository/record.ts";
import { gzipSync } from "../../filters/kit/runtime/builtin.ts";
import type { TempRepository } from "./runs.ts";

/** A run as it is kept. */
export interface KeptRun {
  /**
   * Its tests, each an id, a letter and perhaps its seconds: "a P1.5 b F". The
   * letters are P pass, F fail, U uxsuccess, S skip, X xfail, L lost and E
   * exists.
   */
  readonly tests: string;
  readonly start?: StartRecord;
  readonly isTorn?: boolean;
  readonly isPlain?: boolean;
  /** By which signal its command ended. */
  readonly signal?: string;
  /** The route of its packets. */
  readonly routeCode?: string;
  /** The tags of the last packet of each test. */
  readonly tags?: readonly string[];
}

const STATUSES = {
  P: "success",
  F: "fail",
  U: "uxsuccess",
  S: "skip",
  X: "xfail",
} as const;

/** The seconds since 1970 at which the first run begins. */
const FIRST = parseTimestamp("2026-11-01T12:00:00Z").seconds;
const HOUR = 3600;

/** The packets of a run, without records. */
export function packetsOf(
  { tests, routeCode, tags }: KeptRun,
  hour: number,
): Uint8Array {
  const events: EventInput[] = [];
  const start = FIRST + hour * HOUR;
  const at = (seconds: number) => ({
    seconds: start + Math.floor(seconds),
    nanoseconds: Math.round(seconds % 1 * 1e9),
  });
  for (
    const [, testId, letter, seconds] of tests.matchAll(/(\S+) ([A-Z])(\S*)/g)
  ) {
    if (letter === "E") {
      events.push({ testId, status: "exists", routeCode });
      continue;
    }
    const status = STATUSES[letter as keyof typeof STATUSES];
    events.push({
      testId,
      status: "inprogress",
      routeCode,
      timestamp: at(1),
    });
    if (status === undefined) continue;
    const file = letter === "F"
      ? {
        fileName: "reason",
        fileBytes: new TextEncoder().encode(`hour ${hour}`),
      }
      : {};
    events.push({
      testId,
      status,
      tags,
      routeCode,
      timestamp: at(1 + Number(seconds || 1)),
      ...file,
    });
  }
  return concat(events.map((event) => encodePacket(event)));
}

/** The name of the run of an hour; hours are the order of runs. */
export function runId(hour: number): string {
  return runName({ seconds: FIRST + hour * HOUR, nanoseconds: 0 }, hour);
}

/** Puts a run into a repository, as `subunit-load` does. */
export function keepRun(
  { path }: TempRepository,
  hour: number,
  run: KeptRun,
): void {
  Deno.mkdirSync(`${path}/runs`, { recursive: true });
  Deno.writeTextFileSync(`${path}/format`, "subunit-runs 1\n");
  const id = runId(hour);
  const before = concat([
    encodeRecord("start", { v: 1, id, ...run.start }),
    packetsOf(run, hour),
  ]);
  const after = encodeRecord("end", { v: 1, signal: run.signal });
  const name = `${path}/runs/${id}`;
  if (run.isTorn) Deno.writeFileSync(`${name}.part`, before);
  else if (run.isPlain) {
    Deno.writeFileSync(`${name}.subunit`, concat([before, after]));
  } else {
    const packed = concat([gzipSync(before), gzipSync(after)]);
    Deno.writeFileSync(`${name}.subunit.gz`, packed);
  }
}

/** Puts runs into a repository, an hour after one another. */
export function keepRuns(
  repository: TempRepository,
  ...runs: readonly (string | KeptRun)[]
): void {
  for (const [hour, run] of runs.entries()) {
    keepRun(repository, hour, typeof run === "string" ? { tests: run } : run);
  }
}
