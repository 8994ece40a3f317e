/**
 * Names of runs on command lines.
 *
 * @module
 */

import { UsageError } from "../../kit/errors.ts";
import { isOfCommit, names } from "./selection.ts";
import { isGood } from "./stats.ts";
import type { KnownRun } from "./digests.ts";
import type { Run } from "./store.ts";
import type { Unit } from "./units.ts";

/** What a term after "@" selects. */
type Term = (run: Run) => boolean | Promise<boolean>;

/**
 * Returns the runs that a REF names: one, or the parts of a group, oldest
 * first; none when there is no such run.
 *
 * - nothing: the newest run that has ended
 * - `-2`: the one before that
 * - `20261127T125335-9f3c21aa`, or the beginning of it or of `9f3c21aa`
 * - `@WORD,WORD…`: the newest for which every word holds: `pass`, `fail`,
 *   `full`, `-2`, `group:NAME`, `variant:NAME`, `branch:NAME`, `commit:HASH`, or
 *   the name of a branch, or the beginning of a commit
 *
 * @param runs oldest first
 * @param isCandidate which runs may be found without their names
 */
export async function findRuns(
  runs: readonly Run[],
  ref: string | undefined,
  isCandidate: (run: Run) => boolean,
): Promise<readonly Run[]> {
  if (ref === undefined) return newest(runs, 1, isCandidate);
  if (/^-\d+$/.test(ref)) return newest(runs, -Number(ref), isCandidate);
  if (ref.startsWith("@")) return await findByWords(runs, ref, isCandidate);
  if (ref.startsWith("-")) {
    throw new UsageError(`"${ref}" is no name of a run: expected a number`);
  }
  const exact = runs.filter(({ id }) => id === ref);
  const found = exact.length > 0
    ? exact
    : runs.filter((run) => names(ref, run));
  if (found.length <= 1) return found;
  throw new UsageError(
    `"${ref}" names ${found.length} runs: ${
      found.slice(0, 3).map(({ id }) => id).join(", ")
    }${found.length > 3 ? ", …" : ""}: write more of the name`,
  );
}

async function newest(
  runs: readonly Run[],
  number: number,
  term: Term,
): Promise<readonly Run[]> {
  let count = 0;
  for (const run of runs.toReversed()) {
    if (await term(run) && ++count === number) return [run];
  }
  return [];
}

async function findByWords(
  runs: readonly Run[],
  ref: string,
  isCandidate: (run: Run) => boolean,
): Promise<readonly Run[]> {
  const words = ref.slice(1).split(",");
  if (words.includes("")) {
    throw new UsageError(`"${ref}" is no name of a run: expected @WORD,WORD`);
  }
  const number = words.find((word) => /^-\d+$/.test(word));
  const isWide = words.includes("full") ? await wideTerm(runs) : () => false;
  const terms = words.filter((word) => word !== number)
    .map((word) => termOf(word, isWide));
  const holds: Term = async (run) => {
    for (const term of terms) if (!await term(run)) return false;
    return true;
  };
  const group = words.find((word) => word.startsWith("group:"));
  if (group !== undefined) {
    const parts: Run[] = [];
    for (const run of runs) {
      if (isCandidate(run) && await holds(run)) parts.push(run);
    }
    return parts;
  }
  return newest(
    runs,
    number === undefined ? 1 : -Number(number),
    async (run) => isCandidate(run) && await holds(run),
  );
}

/** Whether runs are of about all tests, the parts of a group as one. */
async function wideTerm(runs: readonly Run[]): Promise<Term> {
  // Loaded only here: every module adds to the start-up time.
  const { ask } = await import("./question.ts");
  const unitOf = new Map<Run, Unit>();
  for (const units of ask(runs).units.values()) {
    for (const unit of units) {
      for (const part of unit.parts) unitOf.set((part as KnownRun).run, unit);
    }
  }
  return async (run) => await unitOf.get(run)?.isWide() ?? false;
}

function termOf(word: string, isWide: Term): Term {
  const [, kind, name] = /^(group|variant|branch|commit):(.+)$/.exec(word) ??
    [];
  switch (kind) {
    case "group":
      return ({ labels }) => labels.group === name;
    case "variant":
      return ({ labels }) => labels.variant === name;
    case "branch":
      return ({ labels }) => labels.branch === name;
    case "commit":
      return (run) => isOfCommit(run, name);
  }
  switch (word) {
    case "pass":
      return isGood;
    case "fail":
      return async (run) => !await isGood(run);
    case "full":
      return isWide;
  }
  return (run) => run.labels.branch === word || isOfCommit(run, word);
}
