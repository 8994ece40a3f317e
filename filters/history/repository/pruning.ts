/**
 * Which runs of a repository may go, and what stays of those that are kept.
 *
 * @module
 */

import {
  isRunRecordRow,
  NO_FILE,
  type Packet,
  PacketChange,
  PacketEditor,
} from "@subunit/codec";
import { listCached, removeCached } from "../../kit/io/cache_files.ts";
import {
  infoOf,
  isHeld,
  isTaken,
  listFolder,
  remove,
} from "../../kit/io/stored_files.ts";
import { Verdict } from "../../kit/stream/verdict.ts";
import { type KnownRun, readHead } from "./digests.ts";
import { removeColumns } from "./digest_columns.ts";
import { findFailing } from "./failing_report.ts";
import { ask, ofCommits, type Question } from "./question.ts";
import type { Repository, Run } from "./store.ts";
import { newestWide, partOf } from "./units.ts";
import { type BeforeStep, replaceRun } from "./writer.ts";

const DIGEST_NAME = /^(\d{8}T\d{6}-[0-9a-f]{8})\.digest$/;
const NAMES_NAME = /^names-[0-9a-f]{32}\.gz$/;
/** What a writer that was killed has left of them. */
const LEFT_NAME = /\.(digest|gz|jsonl)\.[0-9a-f]{8}\.tmp$/;

/** What cannot be held is left alone for so long after it was written to. */
const REST_MS = 3600_000;

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
  if (limits.torn) {
    const torn = mayGo.filter(({ state }) => state === "torn");
    add("torn", torn.filter(({ path }) => !mayBeAtWork(path)));
  }
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
    const { variant = "" } = run.labels;
    // Weeks begin on Monday: 1970 began on a Thursday.
    const number = Math.floor((run.seconds + 3 * 86400) / seconds);
    newest.set(`${number} ${variant}`, run);
  }
  const kept = new Set(newest.values());
  return runs.filter((run) => !kept.has(run));
}

async function protectedRuns(runs: readonly Run[]): Promise<Set<Run>> {
  const question = ask(runs);
  const kept = new Set<Run>();
  for (const [variant, units] of question.units) {
    const wide = await newestWide(units);
    if (wide === undefined) continue;
    const [oldest] = wide.parts.map((part) => (part as KnownRun).run);
    const ofVariant = runs.filter(({ labels }) =>
      (labels.variant ?? "") === variant
    );
    for (const run of ofVariant.slice(ofVariant.indexOf(oldest))) kept.add(run);
  }
  // `subunit-history --bisect` leaves the runs of changed files out.
  for (const one of [question, ofCommits(question)]) {
    for (const run of await turningPoints(one)) kept.add(run);
  }
  return kept;
}

/** The runs in which today's failing tests passed last and failed first. */
async function turningPoints(question: Question): Promise<Run[]> {
  const { failing } = await findFailing(question, {
    skipClears: false,
    needsSince: true,
  });
  const points = new Set<Run>();
  for (const { number, since, lastGood } of failing) {
    for (const unit of [since, lastGood]) {
      if (unit === undefined) continue;
      const part = await partOf(unit, number, question.load);
      points.add((part as KnownRun).run);
    }
  }
  return [...points];
}

/**
 * Removes a run, but not what was computed from it. If it has several files, the
 * one that is read goes last: until then the run is as it was.
 */
export function removeRun(
  { path }: Repository,
  { id, path: read }: Run,
  beforeStep: BeforeStep = () => {},
): void {
  const others = ["part", "subunit.gz", "subunit"]
    .map((ending) => `${path}/runs/${id}.${ending}`)
    .filter((file) => file !== read && isTaken(file));
  for (const file of [...others, read]) {
    beforeStep(`remove ${file.slice(file.lastIndexOf("/") + id.length + 2)}`);
    remove(file);
  }
}

/**
 * Removes what was computed from several runs, unless all of them are kept, and
 * what no run needs any more.
 */
export function removeComputed(
  repository: Repository,
  kept: readonly Run[],
): void {
  const folder = `${repository.path}/cache`;
  removeColumns(folder, new Set(kept.map(({ id }) => id)));
  const names = listCached(folder);
  // Listed later: a run is there before its digest.
  const runs = new Set(repository.unordered().map(({ id }) => id));
  const needed = new Set<string>();
  const isLeft = (name: string) => {
    const [, id] = DIGEST_NAME.exec(name) ?? [];
    if (id === undefined) return LEFT_NAME.test(name);
    if (!runs.has(id)) return true;
    needed.add(`names-${readHead(`${folder}/${name}`)?.namesId}.gz`);
    return false;
  };
  const left = names.filter(isLeft);
  left.push(
    ...names.filter((name) => NAMES_NAME.test(name) && !needed.has(name)),
  );
  for (const name of left) removeCached(`${folder}/${name}`);
}

/** Removes the files that dead writers have left beside their runs. */
export function removeLeftovers({ path }: Repository): void {
  for (const name of listFolder(`${path}/runs`).names) {
    const file = `${path}/runs/${name}`;
    if (/\.(new|tmp)$/.test(name) && !mayBeAtWork(file)) remove(file);
  }
}

/** Whether the writer of a file may be alive. */
function mayBeAtWork(path: string): boolean {
  const written = infoOf(path)?.mtime?.getTime() ?? 0;
  return isHeld(path) ?? Date.now() - written < REST_MS;
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
