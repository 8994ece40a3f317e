/**
 * Two runs compared, test by test.
 *
 * @module
 */

import {
  isFailure,
  type Packet,
  type StatusEvent,
  type Test,
  TestTable,
  textFile,
} from "@subunit/codec";
import { ToolError } from "../kit/errors.ts";
import { HeldPackets } from "../kit/stream/held_packets.ts";
import { Verdict } from "../kit/stream/verdict.ts";
import type { ToolIO } from "../kit/tool/tool.ts";

/** The outcome of a test, and how long it took. */
export type TimedOutcome = Pick<Test, "outcome" | "seconds">;

/**
 * The tags for how a test has changed; none when it has not.
 *
 * @param slower how many times as long it may take, if that matters
 */
export function changeTags(
  old: TimedOutcome | undefined,
  now: TimedOutcome,
  slower = Infinity,
): string[] {
  const fails = isFailure(now.outcome);
  if (old === undefined) return fails ? ["appeared", "new-fail"] : ["appeared"];
  const failed = isFailure(old.outcome);
  if (fails !== failed) return [fails ? "new-fail" : "fixed"];
  if (old.outcome !== now.outcome) return ["changed"];
  const { seconds: before = Infinity } = old, { seconds: after = 0 } = now;
  return !fails && after > before * slower ? ["slower"] : [];
}

/** The outcomes of the tests of a run. */
export class Run {
  /** By test id, then by route code; the last of each counts. */
  readonly #outcomes = new Map<
    string,
    Map<string | undefined, TimedOutcome>
  >();

  add({ testId, routeCode, outcome, seconds }: Test): void {
    let routes = this.#outcomes.get(testId);
    if (routes === undefined) this.#outcomes.set(testId, routes = new Map());
    routes.set(routeCode, { outcome, seconds });
  }

  /**
   * The outcome on the same route; else, as workers are not the same in each
   * run, the worst there is.
   */
  find({ testId, routeCode }: Test): TimedOutcome | undefined {
    const routes = this.#outcomes.get(testId);
    const onRoute = routes?.get(routeCode);
    if (routes === undefined || onRoute !== undefined) return onRoute;
    const outcomes = [...routes.values()];
    return outcomes.find(({ outcome }) => isFailure(outcome)) ?? outcomes[0];
  }

  has(testId: string): boolean {
    return this.#outcomes.has(testId);
  }

  get testIds(): Iterable<string> {
    return this.#outcomes.keys();
  }
}

/**
 * Calls `take` with each test of a stream when it ends, lost ones last.
 *
 * @param holdsPackets whether `take` needs the packets of the test
 */
export function forEachTest(
  io: ToolIO,
  file: string,
  holdsPackets: boolean,
  take: (test: Test, packets: readonly Packet[]) => void,
): void {
  const verdict = new Verdict();
  const open = new TestTable<HeldPackets>();
  let fresh: HeldPackets[] = [];
  io.forEachItem([file], (item) => {
    if (item.kind === "damage") io.reportDamage(item);
    if (item.kind === "foreign") verdict.add(item);
    if (item.kind !== "packet" || item.idAt < 0 || item.status === "exists") {
      return;
    }
    const test = verdict.add(item);
    if (test !== undefined) {
      take(test, [...open.delete(item)?.packets ?? [], item]);
    } else if (holdsPackets) {
      const held = open.getOrAdd(item, () => new HeldPackets());
      held.hold(item);
      fresh.push(held);
    }
  }, () => {
    fresh.forEach((held) => held.own());
    fresh = [];
  });
  const held = new Map(
    open.entries().map(([key, { packets }]) => [JSON.stringify(key), packets]),
  );
  const lost = verdict.end();
  if (verdict.complaint !== undefined) {
    throw new ToolError(`Cannot compare "${file}": ${verdict.complaint}`);
  }
  for (const test of lost) {
    const { testId, routeCode } = test;
    take(test, held.get(JSON.stringify({ testId, routeCode })) ?? []);
  }
}

/** The event of a test that only the older run has. */
export function vanishedEvent(testId: string): StatusEvent {
  return {
    testId,
    status: "skip",
    tags: ["vanished"],
    runnable: true,
    ...textFile("reason", "The test is in the older run only."),
  };
}
