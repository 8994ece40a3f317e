/**
 * The tests that fail in the runs of a question, with what is told of them.
 *
 * @module
 */

import { EventKey } from "@subunit/codec";
import { FailingTests, type Failure } from "../../kit/stream/failing_tests.ts";
import { faultTagIn } from "../../kit/stream/fault_tag.ts";
import { compareText } from "../../kit/text/order.ts";
import type { Cell } from "./columns.ts";
import { outcomeOf, RUN_FLAG, TEST_BIT } from "./digest.ts";
import type { DigestTests, KnownRun } from "./digests.ts";
import {
  type FailingOptions,
  type FailingTest,
  failingTests,
} from "./failing.ts";
import { type Question, type Sought, takeSought } from "./question.ts";
import { MAX_AHEAD_SECONDS } from "./store.ts";
import { type LoadRun, partOf, testsOf, type Unit } from "./units.ts";

/** A test that fails, and the run that says so last. */
export interface FailingFact extends FailingTest, Sought {
  readonly id: string;
  readonly variant: string;
  /** The run since which it fails, and whether one before it is known. */
  readonly sinceId: string;
}

/** What fails, in the order of the ids. */
export interface FailingFacts {
  readonly failing: readonly FailingFact[];
  readonly gone: readonly FailingFact[];
  /** Numbers of tests that were named and not run. */
  readonly unrun: readonly number[];
  /** Those of them that are not runnable. */
  readonly steps: readonly Sought[];
}

/** Finds what fails in the runs of a question. */
export async function findFailing(
  question: Question,
  options: FailingOptions,
): Promise<FailingFacts> {
  const { names, load } = question;
  const failing: FailingFact[] = [], gone: FailingFact[] = [];
  const unrun: number[] = [], steps: Sought[] = [];
  for (const units of question.units.values()) {
    const found = await failingTests(
      units,
      (unit) => testsOf(unit, load),
      options,
    );
    unrun.push(...found.unrun);
    for (const [number, unit] of found.steps) {
      const run = await partOf(unit, number, load) as KnownRun;
      steps.push({ number, run });
    }
    for (const test of found.tests) {
      const { number, since, newest } = test;
      const run = await partOf(newest, number, load) as KnownRun;
      const { id: sinceId } = await partOf(since, number, load);
      const id = names.ids[number], variant = names.variants[number];
      const fact = { ...test, run, sinceId, id, variant };
      (test.isGone ? gone : failing).push(fact);
    }
  }
  const byId = (a: FailingFact, b: FailingFact) =>
    compareText(a.id, b.id) || compareText(a.variant, b.variant);
  unrun.sort((a, b) => compareText(names.ids[a], names.ids[b]));
  return {
    failing: failing.sort(byId),
    gone: gone.sort(byId),
    unrun,
    steps,
  };
}

/** The ids with which tests run again. */
export interface Rerun {
  /** In the order of the tests; of a step that of its test. */
  readonly ids: readonly string[];
  /** The ids of what is not a test: how a command ended, a build, a plan. */
  readonly others: readonly string[];
}

/**
 * Returns the ids with which tests run again. Only runs that have what is not
 * runnable are read.
 *
 * @param facts tests that fail
 * @param unrun numbers of more tests, of which those in `steps` are not runnable
 */
export async function rerunOf(
  question: Question,
  facts: readonly FailingFact[],
  unrun: readonly number[] = [],
  steps: readonly Sought[] = [],
): Promise<Rerun> {
  const { names } = question, named = new Set(unrun);
  const sought: Sought[] = [
    ...facts.filter(({ test }) => (test & TEST_BIT.NOT_RUNNABLE) !== 0),
    ...steps.filter(({ number }) => named.has(number)),
  ];
  const failures = new Map<number, Failure>();
  const numbers = [...facts.map(({ number }) => number), ...unrun];
  for (const number of numbers) {
    const testId = names.ids[number];
    failures.set(number, { testId, runnable: true, parentTestId: undefined });
  }
  await takeSought(question, sought, ({ number }, { packets }) => {
    const { parentTestId } = packets.at(-1)!;
    const testId = names.ids[number];
    failures.set(number, { testId, runnable: false, parentTestId });
  });
  const failing = new FailingTests(), key = new EventKey();
  for (const failure of failures.values()) {
    failing.fail(failure, key.of(failure));
  }
  return failing;
}

/** What to say of runs since the newest wide ones that may lack tests. */
export async function incompleteRuns(
  { units, load }: Question,
): Promise<string[]> {
  const warnings: string[] = [];
  for (const ofVariant of units.values()) {
    warnings.push(...await incomplete(ofVariant, load));
  }
  return warnings;
}

async function incomplete(
  units: readonly Unit[],
  load: LoadRun,
): Promise<string[]> {
  const warnings: string[] = [], torn: string[] = [], damaged: string[] = [];
  const latest = Date.now() / 1000 + MAX_AHEAD_SECONDS;
  const ahead = units.flatMap(({ parts }) =>
    parts.filter(({ seconds }) => seconds > latest).map(({ id }) => id)
  );
  for (const unit of units) {
    if (await unit.isWide()) break;
    if (unit.missing > 0) {
      const [{ group, part }] = unit.parts;
      warnings.push(
        `Of group "${group}", ${unit.missing} of ${
          part?.split("/")[1]
        } parts are missing: it counts as a partial run`,
      );
    }
    for (const part of unit.parts) {
      if (part.isTorn) torn.push(part.id);
      else if ((await load(part)).isDamaged) damaged.push(part.id);
    }
  }
  const add = (ids: readonly string[], state: string, remedy: string) => {
    if (ids.length === 0) return;
    const which = ids.length === 1
      ? `Run ${ids[0]} is ${state}`
      : `${ids.length} new runs are ${state}, the newest is ${ids[0]}`;
    warnings.push(`${which}: ${remedy}`);
  };
  add(ahead, "in the future", "newer ones count as older");
  add(torn, "torn", "see --unrun for what it did not reach");
  add(damaged, "damaged", "see subunit-runs --check");
  return warnings;
}

/** The columns of {@linkcode failingRows}. */
export const FAILING_COLUMNS = [
  "id",
  "outcome",
  "since",
  "since_known",
  "last_good",
  "last_good_commit",
  "runs",
  "fault",
  "variant",
] as const;

/** A row for each test. Only runs that name faults are read. */
export async function failingRows(
  question: Question,
  facts: readonly FailingFact[],
): Promise<Cell[][]> {
  const faults = new Map<FailingFact, string>();
  const named: FailingFact[] = [];
  for (const fact of facts) {
    const { flags } = await question.load(fact.run) as DigestTests;
    if ((flags & RUN_FLAG.FAULTS) !== 0) named.push(fact);
  }
  await takeSought(question, named, (fact, { tags }) => {
    const fault = faultTagIn(tags);
    if (fault !== undefined) faults.set(fact, fault);
  });
  return facts.map((fact) => {
    const good = fact.lastGood?.parts.at(-1);
    return [
      fact.id,
      outcomeOf(fact.test),
      fact.sinceId,
      fact.isSinceKnown,
      good?.id,
      good?.commit,
      fact.runs,
      faults.get(fact),
      fact.variant === "" ? undefined : fact.variant,
    ];
  });
}
