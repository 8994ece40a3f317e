/**
 * The outcomes of the tests in the runs of a question, for people and programs.
 *
 * @module
 */

import { formatTimestamp } from "@subunit/codec";
import type { Output } from "../../kit/io/output.ts";
import { faultTagIn } from "../../kit/stream/fault_tag.ts";
import { Retagger } from "../../kit/stream/retagger.ts";
import { compareText } from "../../kit/text/order.ts";
import type { Cell } from "./columns.ts";
import { hasOutcome, outcomeOf, RUN_FLAG, TEST_BIT } from "./digest.ts";
import type { DigestTests, KnownRun } from "./digests.ts";
import {
  ofCommits,
  type Question,
  type Sought,
  takeSought,
} from "./question.ts";
import {
  Histories,
  type RunFactor,
  SLOWER_RULE,
  type SlowerRule,
  type TestHistory,
} from "./test_history.ts";
import { partOf, testsOf, type Unit } from "./units.ts";

/** The orders of histories; each but `id` leaves out what it is not about. */
export const HISTORY_ORDERS = [
  "id",
  "flaky",
  "failing",
  "slowest",
  "slower",
  "new",
] as const;
export type HistoryOrder = typeof HISTORY_ORDERS[number];

/** A test of a question, and its outcomes. */
export interface NamedHistory extends TestHistory {
  readonly id: string;
  readonly variant: string;
  readonly route: string | undefined;
  /** Whether the oldest run does not have it. */
  readonly isNew: boolean;
}

/** Finds the histories of all tests that matter. */
export async function findHistories(
  { units, names, load }: Question,
  rule: SlowerRule,
): Promise<{
  readonly histories: NamedHistory[];
  /** The newest run of each variant, and whether it is slow as a whole. */
  readonly newest: RunFactor[];
}> {
  const found: NamedHistory[] = [], newest: RunFactor[] = [];
  for (const ofVariant of units.values()) {
    const histories = new Histories(rule);
    for (const unit of ofVariant) {
      histories.add(unit, await testsOf(unit, load));
    }
    for (const history of histories.end()) {
      const { number, first } = history;
      found.push({
        ...history,
        id: names.ids[number],
        variant: names.variants[number],
        route: names.routes[number],
        isNew: first !== ofVariant.at(-1),
      });
    }
    newest.push(histories.factors()[0]);
  }
  return { histories: found, newest };
}

/** Returns the histories that an order is about, in that order. */
export function orderHistories(
  histories: readonly NamedHistory[],
  order: HistoryOrder,
  minRuns: number,
): NamedHistory[] {
  const byId = (a: NamedHistory, b: NamedHistory) =>
    compareText(a.id, b.id) || compareText(a.variant, b.variant) ||
    compareText(a.route ?? "", b.route ?? "");
  const chosen = (
    is: (one: NamedHistory) => boolean,
    value: (one: NamedHistory) => number,
  ) => histories.filter(is).sort((a, b) => value(b) - value(a) || byId(a, b));
  switch (order) {
    case "id":
      return [...histories].sort(byId);
    case "flaky":
      return chosen((one) => isFlaky(one, minRuns), ({ low }) => low);
    case "failing":
      return chosen(({ isFailing }) => isFailing, ({ streak }) => streak);
    case "slowest":
      return chosen((one) => !Number.isNaN(timeOf(one)), timeOf);
    case "slower":
      return chosen(
        ({ isSlower, runs }) => isSlower && runs >= minRuns,
        ({ ratio }) => ratio,
      );
    case "new":
      return chosen(({ isNew }) => isNew, ({ first }) => startOf(first));
  }
}

/** Whether there is evidence, of enough runs, that a test is flaky. */
export function isFlaky(
  { blips, runs }: TestHistory,
  minRuns: number,
): boolean {
  return blips > 0 && runs >= minRuns;
}

/** How long a test takes mostly; NaN where that is unknown. */
export function timeOf({ median, last }: TestHistory): number {
  return Number.isNaN(median) ? last : median;
}

function startOf({ parts }: Unit): number {
  return parts[0].seconds;
}

/** A run is reported as slow when it takes so many times as long. */
const SLOW_RUN = 1.25;

/** A line for each run that is slow as a whole. */
export function slowRuns(runs: readonly RunFactor[]): string[] {
  return runs.filter(({ factor }) => factor >= SLOW_RUN).map(
    ({ unit, factor }) =>
      `Run ${idOf(unit)} is ${factor.toFixed(1)}x slower as a whole`,
  );
}

/** The columns of {@linkcode historyRow}. */
export const HISTORY_COLUMNS = [
  "id",
  "runs",
  "fails",
  "blips",
  "rate",
  "low",
  "since",
  "first_bad",
  "last_good",
  "median",
  "last",
  "ratio",
  "variant",
  "route",
] as const;

/** The row of a test. */
export function historyRow(history: NamedHistory): Cell[] {
  const { firstBad, lastGood, variant } = history;
  return [
    history.id,
    history.runs,
    history.fails,
    history.blips,
    history.rate,
    history.low,
    history.isFailing && lastGood !== undefined ? idOf(firstBad) : undefined,
    idOf(firstBad),
    idOf(lastGood),
    history.median,
    history.last,
    history.ratio,
    variant === "" ? undefined : variant,
    history.route,
  ];
}

/** The name of a run, of several parts the newest one's. */
function idOf(unit: Unit | undefined): string | undefined {
  return unit?.parts.at(-1)?.id;
}

/**
 * Writes the newest packets of tests, with tags that say what is wrong with
 * them.
 */
export async function writeStream(
  out: Output,
  question: Question,
  histories: readonly NamedHistory[],
  minRuns: number,
): Promise<void> {
  const { load } = question, sought: (NamedHistory & Sought)[] = [];
  for (const history of histories) {
    const run = await partOf(history.newest, history.number, load) as KnownRun;
    sought.push({ ...history, run });
  }
  const retagger = new Retagger(out);
  await takeSought(question, sought, (history, { packets, tags }) => {
    const { isFailing, firstBad, isSlower, runs } = history;
    const added = [
      ...isFlaky(history, minRuns) ? ["flaky"] : [],
      ...isSlower && runs >= minRuns ? ["slower"] : [],
      ...isFailing ? [`since:${idOf(firstBad)}`] : [],
    ];
    const last = packets.at(-1)!;
    for (const packet of packets.slice(0, -1)) out.write(packet.bytes);
    if (added.length === 0) out.write(last.bytes);
    else retagger.write(last, [...new Set([...tags, ...added])].sort());
  });
}

/** The columns of {@linkcode runRows}. */
export const RUN_COLUMNS = [
  "id",
  "run",
  "when",
  "outcome",
  "seconds",
  "commit",
  "branch",
  "variant",
  "fault",
  "attempts",
  "route",
] as const;

/** A row for each test and each run that has it, oldest first. */
export async function runRows(question: Question): Promise<Cell[][]> {
  const { runs, load, names } = question;
  interface Place extends Sought {
    readonly row: Cell[];
  }
  const named: Place[] = [], places: { number: number; row: Cell[] }[] = [];
  for (const run of runs) {
    const { numbers, tests, flags, ...loaded } = await load(run) as DigestTests;
    if (numbers.length === 0) continue;
    const seconds = loaded.seconds();
    for (const [i, number] of numbers.entries()) {
      const test = tests[i];
      const row: Cell[] = [
        names.ids[number],
        run.id,
        formatTimestamp({ seconds: run.seconds, nanoseconds: 0 }),
        outcomeOf(test),
        seconds[i],
        run.commit,
        run.branch,
        run.variant === "" ? undefined : run.variant,
        undefined,
        hasOutcome(test) ? attemptsOf(test) : undefined,
        names.routes[number],
      ];
      places.push({ number, row });
      const mayHaveFault = (flags & RUN_FLAG.FAULTS) !== 0 && hasOutcome(test);
      if (mayHaveFault) named.push({ number, run, row });
    }
  }
  const at = RUN_COLUMNS.indexOf("fault");
  await takeSought(question, named, ({ row }, { tags }) => {
    row[at] = faultTagIn(tags);
  });
  // All runs of a test together; the sort keeps their order.
  return places.sort((a, b) => a.number - b.number).map(({ row }) => row);
}

/** Digests know only whether there are several, and whether they agree. */
function attemptsOf(test: number): string {
  if ((test & TEST_BIT.SEVERAL) === 0) return "1";
  return (test & TEST_BIT.DISAGREE) === 0 ? "several" : "differ";
}

/** A commit's name: others could be options of git. */
const COMMIT = /^[0-9a-f]{4,64}$/i;

/**
 * The command that looks for the commit since which a test fails, or why there
 * is none.
 */
export async function bisectCommand(
  question: Question,
  id: string,
): Promise<string | { readonly problem: string }> {
  const known = ofCommits(question);
  const { histories } = await findHistories(known, SLOWER_RULE);
  const failing = histories.filter(({ isFailing }) => isFailing);
  const others = question.runs.length - known.runs.length;
  const left = others === 0
    ? ""
    : `; left out: ${others} runs without a commit or of changed files`;
  const cannot = (reason: string) => ({
    problem: `Cannot bisect "${id}": ${reason}${left}`,
  });
  if (histories.length === 0) {
    return cannot(others === 0 ? "no run has it" : "no run of a commit has it");
  }
  if (failing.length === 0) return cannot("it does not fail");
  if (failing.length > 1) {
    return cannot(
      failing.some(({ route }) => route !== undefined)
        ? "it fails on several routes: leave --by-route out"
        : "it fails in several variants: choose one with --variant",
    );
  }
  const [{ firstBad, lastGood }] = failing;
  if (lastGood === undefined) {
    return cannot("no run is known where it was good");
  }
  const bad = firstBad!.parts[0].commit!, good = lastGood.parts[0].commit!;
  if (!COMMIT.test(bad) || !COMMIT.test(good)) {
    return cannot("its runs have names that are not those of commits");
  }
  return bad === good
    ? cannot(`commit ${bad} is both good and bad: it may be flaky`)
    : `git bisect start ${bad} ${good}`;
}
