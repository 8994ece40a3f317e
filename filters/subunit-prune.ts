#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write --allow-env=SUBUNIT_REPO
/**
 * subunit-prune: removes old runs from a repository, or their attachments.
 *
 * @module
 */

import {
  canBeThinned,
  doomedRuns,
  type Limits,
  removeComputed,
  removeLeftovers,
  removeRun,
  thinRun,
} from "./history/repository/pruning.ts";
import {
  dateSeconds,
  durationSeconds,
} from "./history/repository/selection.ts";
import {
  findRepository,
  REPO_OPTION,
  type Run,
} from "./history/repository/store.ts";
import {
  defineTool,
  parseBytes,
  parseChoice,
  parseCount,
  runTool,
  type Tool,
  ToolError,
  UsageError,
} from "./kit/tool/tool.ts";

const DAY = 86400;
const EACH = { day: DAY, week: 7 * DAY } as const;

/** Returns the time that an option names, by its age or its date. */
function parseAge(name: string, value: string, now: number): number {
  const age = durationSeconds(value);
  const time = age === undefined ? dateSeconds(value) : now - age;
  if (time !== undefined) return time;
  throw new UsageError(
    `Option --${name} is "${value}": expected an age such as 90d, or a date`,
  );
}

export const tool: Tool = defineTool({
  name: "subunit-prune",
  summary: "Remove old runs from a repository",
  operands: "",
  options: {
    ...REPO_OPTION,
    keep: { value: "N", help: "remove all but the newest N runs" },
    older: { value: "AGE", help: "remove runs older than AGE, 90d or a date" },
    "one-a": { value: "TIME", help: "of older runs, keep one a day or week" },
    "max-size": {
      value: "BYTES",
      help: "remove the oldest until BYTES are left",
    },
    torn: { help: "remove torn runs, whose writers were killed" },
    thin: {
      value: "AGE",
      help: "in runs older than AGE, remove the files of tests that passed",
    },
    "dry-run": { help: "remove nothing, and print what would be" },
  },
  notes:
    `What is removed is printed, with the option that asks for it. These always stay: runs
that are being written; of each variant the newest run of all tests and those after
it; of each failing test the last run in which it passed and the first in which it
failed.`,
  exitStatus: ["what was asked for is gone", "never"],
  examples: [
    "subunit-prune --older 90d --one-a week --thin 14d",
    "subunit-prune --max-size 2G --dry-run",
  ],
  async run(io, options, operands) {
    if (operands.length > 0) throw new UsageError("Expected options only");
    const now = Math.floor(Date.now() / 1000);
    const { keep, older, thin, torn } = options;
    const limits: Limits = {
      keep: keep === undefined ? undefined : parseCount("keep", keep),
      before: older === undefined ? undefined : parseAge("older", older, now),
      oneEach: options["one-a"] === undefined
        ? undefined
        : EACH[parseChoice("one-a", options["one-a"], ["day", "week"])],
      maxBytes: options["max-size"] === undefined
        ? undefined
        : parseBytes("max-size", options["max-size"]),
      torn,
    };
    if (limits.oneEach !== undefined && older === undefined) {
      throw new UsageError("Option --one-a is about older runs: give --older");
    }
    const thinBefore = thin === undefined
      ? undefined
      : parseAge("thin", thin, now);
    const asksForSomething = torn || thin !== undefined ||
      [keep, older, options["max-size"]].some((value) => value !== undefined);
    if (!asksForSomething) {
      throw new UsageError(
        "Expected --keep, --older, --max-size, --torn or --thin",
      );
    }
    const repository = findRepository(options.repo);
    if (!repository?.isOurs) {
      throw new ToolError(
        "Cannot find a repository of subunit-load: name it with --repo",
      );
    }
    const isReal = !options["dry-run"];
    const runs = repository.runs();
    const doomed = await doomedRuns(runs, limits);
    for (const { run, why } of doomed) {
      io.out.writeText(`${run.id}\t${why}\n`);
      if (isReal) removeRun(repository, run);
    }
    const gone = new Set(doomed.map(({ run }) => run));
    const thinned = new Set<Run>();
    let status = 0;
    for (const run of runs) {
      const isThinned = thinBefore !== undefined && run.seconds < thinBefore &&
        !gone.has(run) && canBeThinned(run);
      if (!isThinned) continue;
      try {
        if (isReal) await thinRun(repository, run);
      } catch (error) {
        // One that is damaged stays as it is, and the others are thinned.
        if (!(error instanceof ToolError)) throw error;
        io.warn(error.message);
        status = 2;
        continue;
      }
      thinned.add(run);
      io.out.writeText(`${run.id}\tthin\n`);
    }
    if (isReal) {
      const isKept = (run: Run) => !gone.has(run) && !thinned.has(run);
      removeComputed(repository, runs.filter(isKept));
      removeLeftovers(repository);
    }
    return status;
  },
});

if (import.meta.main) runTool(tool);
