/**
 * The runs that a question is about, and their tests.
 *
 * @module
 */

import { ToolError, UsageError } from "../../kit/errors.ts";
import { readText } from "../../kit/io/stored_files.ts";
import type { OptionTable, OptionValues } from "../../kit/tool/options.ts";
import { TEST_BIT } from "./digest.ts";
import { COLUMNS, type Columns } from "./digest_columns.ts";
import { Digests, type KnownRun, knownRun } from "./digests.ts";
import { type Attempt, takeAttempts, type Wanted } from "./kept_packets.ts";
import { RunIndex } from "./run_index.ts";
import {
  dateSeconds,
  RUN_OPTIONS,
  type RunOptionValues,
  selectRuns,
} from "./selection.ts";
import { parentOf, type Run, runsOf } from "./store.ts";
import {
  type LoadRun,
  type Rename,
  TestNames,
  type Unit,
  unitsOf,
} from "./units.ts";

/** The options of questions about tests. */
export const QUESTION_OPTIONS = {
  ...RUN_OPTIONS,
  "by-route": { help: "take tests of different workers as different tests" },
  renames: {
    value: "FILE",
    help: "lines of OLD id, NEW id and DATE, with tabs between them",
  },
} as const satisfies OptionTable;

/** A file with lists of renames is not longer. */
const MAX_RENAMES_BYTES = 16 * 1024 ** 2;

/** The runs of a question. */
export interface Question {
  /** Oldest first. */
  readonly runs: readonly KnownRun[];
  /** By variant, newest first. */
  readonly units: ReadonlyMap<string, readonly Unit[]>;
  readonly names: TestNames;
  readonly load: LoadRun;
}

/**
 * Selects the runs that options and operands name; those that are being written
 * are left out.
 *
 * @param only the ids that matter, if not all do
 */
export async function askAbout(
  options: RunOptionValues & OptionValues<typeof QUESTION_OPTIONS>,
  files: readonly string[],
  only?: ReadonlySet<string>,
): Promise<Question> {
  const stored = runsOf(options, files);
  const index = new RunIndex(stored);
  const { repo: _, meta, ...selecting } = pickSelecting(options);
  const isSelected = meta.length > 0 ||
    Object.values(selecting).some((value) => value !== undefined);
  const selected = isSelected
    ? await selectRuns(stored, options, Date.now() / 1000)
    : stored;
  const runs = endedRuns(selected, index);
  const renames = options.renames === undefined
    ? renamesBeside(stored)
    : readRenames(options.renames);
  if (runs.length === 0) {
    throw new ToolError(
      isSelected && stored.length > 0
        ? "Cannot answer: none of the runs is selected"
        : "Cannot answer: there are no runs yet, write some with subunit-load",
    );
  }
  return questionOf(runs, renames, options["by-route"], only, COLUMNS);
}

/** A question about all runs, perhaps none, without options. */
export function ask(stored: readonly Run[]): Question {
  const runs = endedRuns(stored, new RunIndex(stored));
  return questionOf(runs, renamesBeside(stored), false, undefined);
}

function endedRuns(runs: readonly Run[], index: RunIndex): KnownRun[] {
  const ended = runs.filter((run) => run.state !== "running");
  index.add(ended);
  return ended.map(knownRun);
}

function renamesBeside(runs: readonly Run[]): Rename[] {
  const ours = runs.find((run) => run.isOurs);
  return ours === undefined
    ? []
    : readRenames(`${parentOf(parentOf(ours.path))}/renames`, true);
}

function questionOf(
  runs: readonly KnownRun[],
  renames: readonly Rename[],
  byRoute: boolean,
  only: ReadonlySet<string> | undefined,
  columns?: Columns,
): Question {
  const names = new TestNames(renames, only);
  const digests = new Digests(names, byRoute, columns);
  // All rows are of known runs.
  const load: LoadRun = (row) => digests.load(row as KnownRun);
  return { runs, units: unitsOf(runs, load), names, load };
}

/**
 * The part of a question whose runs are of commits: where files were changed
 * since, the commit is not what was tested.
 */
export function ofCommits({ runs, names, load }: Question): Question {
  const kept = runs.filter(({ commit, dirty }) =>
    commit !== undefined && !dirty
  );
  return { runs: kept, units: unitsOf(kept, load), names, load };
}

function pickSelecting(options: RunOptionValues) {
  const { repo, runs, since, branch, variant, commit, meta, status } = options;
  return { repo, runs, since, branch, variant, commit, meta, status };
}

/**
 * Reads a list of renames.
 *
 * @param isOptional whether there need be no such file
 */
function readRenames(path: string, isOptional = false): Rename[] {
  const text = readText(path, MAX_RENAMES_BYTES);
  if (text === undefined) {
    if (isOptional) return [];
    throw new UsageError(`Cannot read "${path}": check the path`);
  }
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line === "" || line.startsWith("#")) return [];
    const [from, to, date, ...rest] = line.split("\t");
    const before = dateSeconds(date ?? "");
    if (before !== undefined && rest.length === 0 && from !== "") {
      return [{ from, to, before }];
    }
    throw new UsageError(
      `Cannot read "${path}": line ${
        i + 1
      } is not OLD, NEW and DATE with tabs between them`,
    );
  });
}

/** A test whose packets are looked for in one of its runs. */
export interface Sought {
  readonly number: number;
  readonly run: KnownRun;
}

/**
 * Calls `take` with the packets of tests, run by run from the oldest on.
 */
export async function takeSought<One extends Sought>(
  { names, runs, load }: Question,
  sought: readonly One[],
  take: (one: One, attempt: Attempt) => void,
): Promise<void> {
  const byRun = new Map<KnownRun, One[]>();
  for (const one of sought) {
    const ones = byRun.get(one.run);
    if (ones === undefined) byRun.set(one.run, [one]);
    else ones.push(one);
  }
  for (const run of runs) {
    const ones = byRun.get(run);
    if (ones === undefined) continue;
    const { numbers, tests } = await load(run);
    const several = new Set(
      numbers.filter((_, i) => (tests[i] & TEST_BIT.SEVERAL) !== 0),
    );
    const wanted = new Map<string, Wanted & { one: One }>();
    for (const one of ones) {
      const { number } = one, isSeveral = several.has(number);
      const route = names.routes[number];
      for (const id of names.idsIn(run, names.ids[number])) {
        const key = JSON.stringify([id, route]);
        const isItself = id === names.ids[number];
        if (isItself || !wanted.has(key)) {
          wanted.set(key, { id, route, isSeveral, one });
        }
      }
    }
    await takeAttempts(
      run.run,
      [...wanted.values()],
      ({ one }, attempt) => take(one, attempt),
    );
  }
}
