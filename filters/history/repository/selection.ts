/**
 * The options that select runs, wherever several are read.
 *
 * @module
 */

import { parseTimestamp } from "@subunit/codec";
import { UsageError } from "../../kit/errors.ts";
import {
  type OptionTable,
  type OptionValues,
  parseChoice,
  parseCount,
} from "../../kit/tool/options.ts";
import { isGood } from "./stats.ts";
import { REPO_OPTION, type Run } from "./store.ts";

/** The options of tools that read several runs. */
export const RUN_OPTIONS = {
  ...REPO_OPTION,
  runs: { short: "n", value: "N", help: "only the newest N runs" },
  since: { value: "WHEN", help: "only runs since 30d, a date or a run" },
  branch: { value: "NAME", help: "only runs of this branch" },
  variant: { value: "NAME", help: "only runs of this variant" },
  commit: { value: "HASH", help: "only runs of this commit" },
  meta: { value: "K=V", list: true, help: "only runs with this metadata" },
  status: { value: "WORD", help: "only runs that are pass, fail or torn" },
} as const satisfies OptionTable;

/** The values of {@linkcode RUN_OPTIONS}. */
export type RunOptionValues = OptionValues<typeof RUN_OPTIONS>;

const STATUSES = ["pass", "fail", "torn"] as const;

const SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86400,
  w: 7 * 86400,
};

/** Returns a duration in seconds: "90d"; undefined for anything else. */
export function durationSeconds(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * SECONDS[unit];
}

/** Returns a date, or a date and a time, in seconds since 1970. */
export function dateSeconds(text: string): number | undefined {
  try {
    return parseTimestamp(
      /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text,
    ).seconds;
  } catch {
    return undefined;
  }
}

/**
 * Whether a text names a run: its name or the beginning of it, or the beginning
 * of its hexadecimal part.
 */
export function names(text: string, { id }: Run): boolean {
  return id === text ||
    text.length >= 3 &&
      (id.startsWith(text) || id.slice(id.indexOf("-") + 1).startsWith(text));
}

/** Whether the commit of a run is the one that a text is or begins. */
export function isOfCommit({ labels: { commit } }: Run, text: string): boolean {
  return commit !== undefined && text.length >= 4 && commit.startsWith(text);
}

/**
 * Selects runs, and keeps their order.
 *
 * @param runs oldest first
 * @param now in seconds since 1970
 */
export async function selectRuns(
  runs: readonly Run[],
  options: RunOptionValues,
  now: number,
): Promise<Run[]> {
  const { branch, variant, commit, since } = options;
  const status = options.status === undefined
    ? undefined
    : parseChoice("status", options.status, STATUSES);
  const most = options.runs === undefined
    ? Infinity
    : parseCount("runs", options.runs);
  const meta = options.meta.map(parseMeta);
  const from = since === undefined ? undefined : sinceRun(since, runs, now);
  const selected: Run[] = [];
  // From the newest on: no more than are needed are read.
  for (const run of runs.toReversed()) {
    if (selected.length >= most) break;
    const { labels } = run;
    const isSelected = (from === undefined || from(run)) &&
      (branch === undefined || labels.branch === branch) &&
      (variant === undefined || (labels.variant ?? "") === variant) &&
      (commit === undefined || isOfCommit(run, commit)) &&
      meta.every(([key, value]) => labels.meta?.[key] === value) &&
      (status === undefined || await hasStatus(run, status));
    if (isSelected) selected.push(run);
  }
  return selected.reverse();
}

async function hasStatus(
  run: Run,
  status: typeof STATUSES[number],
): Promise<boolean> {
  if (status === "torn") return run.state === "torn";
  if (run.state === "running") return false;
  return await isGood(run) === (status === "pass");
}

/** Splits "KEY=VALUE". */
export function parseMeta(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`Option --meta is "${text}": expected KEY=VALUE`);
}

function sinceRun(
  since: string,
  runs: readonly Run[],
  now: number,
): (run: Run) => boolean {
  const duration = durationSeconds(since);
  const time = duration === undefined ? dateSeconds(since) : now - duration;
  if (time !== undefined) return (run) => run.seconds >= time;
  const first = runs.findIndex((run) => names(since, run));
  if (first >= 0) {
    const later = new Set(runs.slice(first));
    return (run) => later.has(run);
  }
  throw new UsageError(
    `Option --since is "${since}": expected a duration such as 30d, a date, or the name of a run`,
  );
}
