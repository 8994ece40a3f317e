/**
 * Which runs of a repository may go, and what stays of those that are kept.
 *
 * @module
 */

import {
  isFailure,
  isRunRecordRow,
  NO_FILE,
  type Packet,
  PacketChange,
  PacketEditor,
  type Rows,
  type Test,
} from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import { isHeld, isTaken, namesIn, remove } from "../../kit/io/stored_files.ts";
import { Verdict } from "../../kit/stream/verdict.ts";
import type { Repository, Run } from "./store.ts";
import { wholeRuns } from "./wide.ts";
import { type BeforeStep, replaceRun } from "./writer.ts";

/** The limits; a run that exceeds one of them goes. */
export interface Limits {
  /** How many runs are kept, the newest. */
  readonly keep?: number;
  /** Runs that began before this go; in seconds since 1970. */
  readonly before?: number;
  /** Of those, one a day or week is kept, by the seconds of that. */
  readonly oneEach?: number;
  /** How many bytes all files may have. */
  readonly maxBytes?: number;
  /** Whether torn runs go. */
  readonly torn: boolean;
}

/** A run that goes, and the limit that it exceeds. */
export interface Doomed {
  readonly run: Run;
  readonly why: "keep" | "older" | "max-size" | "torn";
}

/**
 * Returns the runs that exceed a limit, oldest first. Runs that are being
 * written never do, nor do those that today's failures are known from: of each
 * variant the newest run of all tests and those after it, and of each failing
 * test the first run in which it failed and the last before that in which it
 * passed.
 */
export async function doomedRuns(
  runs: readonly Run[],
  limits: Limits,
): Promise<Doomed[]> {
  const kept = await protectedRuns(runs);
  const mayGo = runs.filter((run) => run.state !== "running" && !kept.has(run));
  const doomed = new Map<Run, Doomed["why"]>();
  const add = (why: Doomed["why"], some: readonly Run[]) => {
    for (const run of some) if (!doomed.has(run)) doomed.set(run, why);
  };
  if (limits.torn) add("torn", mayGo.filter(({ state }) => state === "torn"));
  const { before, keep, maxBytes } = limits;
  if (before !== undefined) {
    const old = mayGo.filter((run) => run.seconds < before);
    add("older", withoutOneEach(old, limits.oneEach));
  }
  if (keep !== undefined) {
    const surplus = new Set(keep === 0 ? runs : runs.slice(0, -keep));
    add("keep", mayGo.filter((run) => surplus.has(run)));
  }
  if (maxBytes !== undefined) {
    let bytes = 0;
    for (const run of runs) if (!doomed.has(run)) bytes += run.fileBytes;
    for (const run of mayGo) {
      if (bytes <= maxBytes) break;
      if (doomed.has(run)) continue;
      bytes -= run.fileBytes;
      add("max-size", [run]);
    }
  }
  return runs.flatMap((run) => {
    const why = doomed.get(run);
    return why === undefined ? [] : [{ run, why }];
  });
}

/** Leaves out the newest run of each day or week, by variant. */
function withoutOneEach(
  runs: readonly Run[],
  seconds: number | undefined,
): readonly Run[] {
  if (seconds === undefined) return runs;
  const newest = new Map<string, Run>();
  for (const run of runs) {
    const { variant = "" } = run.start;
    // Weeks begin on Monday: 1970 began on a Thursday.
    const number = Math.floor((run.seconds + 3 * 86400) / seconds);
    newest.set(`${number} ${variant}`, run);
  }
  const kept = new Set(newest.values());
  return runs.filter((run) => !kept.has(run));
}

async function protectedRuns(runs: readonly Run[]): Promise<Set<Run>> {
  const kept = new Set<Run>();
  const whole = await wholeRuns(runs);
  for (const variant of new Set(whole.map(({ variant }) => variant))) {
    const wide = whole.findLast((one) => one.isWide && one.variant === variant);
    if (wide === undefined) continue;
    const ofVariant = runs.filter(({ start }) =>
      (start.variant ?? "") === variant
    );
    const from = ofVariant.indexOf(wide.runs[0]);
    const newer = ofVariant.slice(from);
    for (const run of newer) kept.add(run);
    for (const run of await turningPoints(ofVariant, from)) kept.add(run);
  }
  return kept;
}

/**
 * The runs in which today's failing tests passed last and failed first.
 *
 * @param from the index of the newest run of all tests
 */
async function turningPoints(
  runs: readonly Run[],
  from: number,
): Promise<Run[]> {
  const failing = new Set<string>();
  for (const run of runs.slice(from)) {
    for (const [testId, isGood] of await outcomesOf(run)) {
      if (isGood === false) failing.add(testId);
      else if (isGood) failing.delete(testId);
    }
  }
  const points = new Set<Run>();
  const firstBad = new Map<string, Run>();
  for (const run of runs.toReversed()) {
    if (failing.size === 0) break;
    for (const [testId, isGood] of await outcomesOf(run)) {
      if (!failing.has(testId)) continue;
      if (isGood === false) firstBad.set(testId, run);
      if (!isGood) continue;
      points.add(run);
      failing.delete(testId);
    }
  }
  for (const run of firstBad.values()) points.add(run);
  return [...points];
}

/**
 * The last outcome of each test: whether it passed; undefined when it neither
 * passed nor failed, as a skipped one.
 */
async function outcomesOf(
  run: Run,
): Promise<Map<string, boolean | undefined>> {
  const outcomes = new Map<string, boolean | undefined>();
  const add = ({ testId, outcome }: Test) => {
    const isGood = outcome === "success" ? true : undefined;
    outcomes.set(testId, isFailure(outcome) ? false : isGood);
  };
  const verdict = new Verdict();
  const takeRows = (rows: Rows) => {
    for (let i = 0; i < rows.count; i++) {
      if (verdict.addRow(rows, i) !== 0) add(verdict.endedTest(rows, i));
    }
  };
  try {
    await run.forEachRows(takeRows, () => {}, () => verdict.endChunk());
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
  }
  for (const test of verdict.end()) add(test);
  return outcomes;
}

/** Removes a run, and what was computed from it. */
export function removeRun(
  { path }: Repository,
  { id }: Run,
  beforeStep: BeforeStep = () => {},
): void {
  for (const ending of ["part", "subunit.gz", "subunit"]) {
    const file = `${path}/runs/${id}.${ending}`;
    if (!isTaken(file)) continue;
    beforeStep(`remove ${ending}`);
    remove(file);
  }
  remove(`${path}/cache/${id}.digest`);
}

/** Removes the files that dead writers have left beside their runs. */
export function removeLeftovers({ path }: Repository): void {
  for (const name of namesIn(`${path}/runs`).names) {
    const file = `${path}/runs/${name}`;
    if (/\.(new|tmp)$/.test(name) && !isHeld(file)) remove(file);
  }
}

/** Whether a run can lose attachments: it has ended, and has not lost them. */
export function canBeThinned({ state, start }: Run): boolean {
  return state === "ended" && start.thinned !== true;
}

/**
 * Removes the attachments of tests that only passed. Everything else stays byte
 * for byte, and the records say that the run is thinned.
 *
 * @throws {ToolError} when the run cannot be read or written
 */
export async function thinRun(
  repository: Repository,
  run: Run,
  beforeStep?: BeforeStep,
): Promise<void> {
  const passed = await passedTests(run);
  const editor = new PacketEditor();
  const change = new PacketChange(NO_FILE);
  await replaceRun(repository, run, { thinned: true }, (packet, write) => {
    if (packet.fileAt < 0 || !passed.has(keyOf(packet))) write(packet.bytes);
    else if (packet.status !== undefined) {
      editor.editEach(packet, change, write);
    }
  }, beforeStep);
}

const keyOf = ({ testId, routeCode }: Pick<Packet, "testId" | "routeCode">) =>
  `${routeCode ?? ""}\0${testId ?? ""}`;

async function passedTests(run: Run): Promise<Set<string>> {
  const passed = new Set<string>(), others = new Set<string>();
  const verdict = new Verdict();
  await run.forEachRows(
    (rows) => {
      for (let i = 0; i < rows.count; i++) {
        if (verdict.addRow(rows, i) === 0) {
          // A file of what only exists is not of a test that passed.
          const isListed = rows.isExists(i) && !isRunRecordRow(rows, i);
          if (isListed) others.add(keyOf(rows.packet(i)));
          continue;
        }
        const test = verdict.endedTest(rows, i);
        (test.outcome === "success" ? passed : others).add(keyOf(test));
      }
    },
    () => {},
    () => verdict.endChunk(),
  );
  for (const test of verdict.end()) others.add(keyOf(test));
  for (const key of others) passed.delete(key);
  return passed;
}
