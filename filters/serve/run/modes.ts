/**
 * What a run does: each test once, again and again, fewer and fewer, or after each
 * edit.
 *
 * @module
 */

import type { Client } from "./client.ts";
import type { ScheduleOptions } from "./schedule.ts";
import { shuffled } from "./shuffle.ts";

/** What to run, and in which order. */
export interface Plan
  extends
    Pick<ScheduleOptions, "secondsOf" | "groupOf" | "first" | "keepsOrder"> {
  /** Undefined stands for all tests. */
  readonly ids: readonly string[] | undefined;
  /** Shuffles by this seed. */
  readonly seed?: number;
  /** How often, at most. */
  readonly repeats: number;
  /** Whether it ends with the first failure. */
  readonly untilFailure: boolean;
}

/** The tests of a plan; where there are none, that is a failure. */
async function idsOf(
  client: Client,
  plan: Plan,
  isWatched = false,
): Promise<string[]> {
  const listed = plan.ids === undefined || isWatched
    ? await client.session.list(plan.ids ?? [], { isWatched })
    : undefined;
  const ids = plan.ids ?? listed;
  if (ids?.length === 0) reportNone(client);
  return [...new Set(ids)];
}

function reportNone(client: Client, prefixes: readonly string[] = []): void {
  reportMissing(
    client,
    prefixes.length === 0
      ? "There are no tests"
      : `No test begins with ${
        prefixes.map((prefix) => JSON.stringify(prefix)).join(" or ")
      }`,
  );
}

function reportMissing(client: Client, what: string): void {
  if (client.isInterrupted) return;
  client.fail("(list)", `${what}.`);
  client.warn(`${what}: check the worker and its paths`);
}

/** Lists tests; that there are none is a failure. */
export async function listPlan(client: Client, { ids }: Plan): Promise<void> {
  const listed = await client.session.list(ids ?? []);
  if (listed?.length === 0) reportNone(client, ids);
}

/**
 * Runs the tests as often as the plan has it. Returns whether these are all that
 * there are, and each was run.
 */
export async function runPlan(client: Client, plan: Plan): Promise<boolean> {
  const ids = await idsOf(client, plan);
  if (ids.length === 0) return false;
  const { secondsOf, groupOf, first } = plan;
  for (let attempt = 1; attempt <= plan.repeats; attempt++) {
    client.attempt = attempt;
    const order = plan.seed === undefined
      ? ids
      : shuffled(ids, plan.seed + attempt - 1);
    const keepsOrder = plan.keepsOrder || plan.seed !== undefined;
    const result = await client.session.run({
      ids: order,
      secondsOf,
      groupOf,
      first,
      keepsOrder,
    });
    if (result.isCut || client.isInterrupted) return false;
    if (plan.untilFailure && result.failed.size > 0) break;
  }
  return plan.ids === undefined;
}

/**
 * Finds the shortest beginning of the order after which a test fails. Each probe
 * is one unit, and one attempt.
 */
export async function bisect(
  client: Client,
  plan: Plan,
  suspect: string,
): Promise<void> {
  const all = await idsOf(client, plan);
  if (all.length === 0) return;
  if (plan.ids === undefined && !all.includes(suspect)) {
    const what = `There is no test ${JSON.stringify(suspect)}`;
    return reportMissing(client, what);
  }
  const ids = (plan.seed === undefined ? all : shuffled(all, plan.seed))
    .filter((id) => id !== suspect);
  const order = all.includes(suspect) && plan.seed === undefined
    ? ids.slice(0, all.indexOf(suspect))
    : ids;
  let probes = 0;
  const failsAfter = async (before: readonly string[]) => {
    client.attempt = ++probes;
    const { failed } = await client.session.run({
      ids: [...before, suspect],
      groupOf: () => "",
      keepsOrder: true,
    });
    return failed.has(suspect);
  };
  if (await failsAfter([])) {
    return client.warn(`${suspect} fails alone`);
  }
  if (!client.isInterrupted && !await failsAfter(order)) {
    return client.warn(`${suspect} does not fail after the other tests`);
  }
  // It passes after `passes` tests, and fails after `fails`.
  let passes = 0, fails = order.length;
  while (fails - passes > 1 && !client.isInterrupted) {
    const middle = (passes + fails) >> 1;
    if (await failsAfter(order.slice(0, middle))) fails = middle;
    else passes = middle;
  }
  if (client.isInterrupted) return;
  const culprit = order[fails - 1];
  const isAlone = fails === 1 || await failsAfter([culprit]);
  client.warn(
    isAlone
      ? `${suspect} fails after ${culprit}`
      : `${suspect} fails after the first ${fails} tests, the last of them ${culprit}`,
  );
}

/**
 * Runs the tests, and after each edit those that failed, then those of the files
 * that were edited or that import these.
 */
export async function watch(client: Client, plan: Plan): Promise<void> {
  const { session } = client;
  const { secondsOf, groupOf } = plan;
  const isWatched = true;
  const wanted = plan.ids && new Set(plan.ids);
  let ids = await idsOf(client, plan, isWatched);
  let failing: string[] = [];
  while (!client.isInterrupted) {
    if (ids.length > 0) {
      const again = new Set(ids);
      const keepsOrder = client.attempt > 1;
      const { failed } = await session.run({
        ids,
        secondsOf,
        groupOf,
        keepsOrder,
      });
      failing = [...failing.filter((id) => !again.has(id)), ...failed];
    }
    client.attempt++;
    const files = await session.changes();
    if (files === undefined) return;
    // Some that failed may be gone; none at all would stand for all tests.
    const names = files.length === 0 ? [] : [...files, ...failing];
    const found = new Set(await session.list(names, { isWatched }));
    failing = failing.filter((id) => found.has(id) || wanted?.has(id));
    const edited = files.length === 0 ? [] : found;
    ids = [...new Set([...failing, ...edited])]
      .filter((id) => wanted?.has(id) ?? true);
  }
}
