/**
 * Two runs compared, test by test.
 *
 * @module
 */

import {
  EventKey,
  isFailure,
  type Packet,
  type Rows,
  type StatusEvent,
  type Test,
  type TestKeyBytes,
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
  if (fails && !failed) return ["new-fail"];
  // A test that is skipped now, or is expected to fail, was not repaired.
  if (failed && now.outcome === "success") return ["fixed"];
  if (old.outcome !== now.outcome) return ["changed"];
  if (fails || slower === Infinity) return [];
  const { seconds: before = Infinity } = old, { seconds: after = 0 } = now;
  return after > before * slower ? ["slower"] : [];
}

/** A test of the older run, as one of the newer run is compared with it. */
export interface OldTest extends TimedOutcome {
  /** Whether {@linkcode NewRun} remembers a test that is compared with it. */
  isRemembered: boolean;
}

/** The last outcome of a test on one route. */
interface Result extends OldTest {
  /** Increases in the order in which tests first end. */
  readonly order: number;
  outcome: Test["outcome"];
  seconds: number | undefined;
  /** Whether the newer run has the test, on this route or in place of it. */
  isFound: boolean;
}

/**
 * The outcomes of the tests of the older run; the last attempt at each counts,
 * unless it was skipped. Tests are found by the bytes of their keys: strings of
 * their ids would take most of the time.
 */
export class OldRun {
  readonly #results = new TestTable<Result>();
  readonly #isTimed: boolean;
  #found = 0;
  /** By test id, in the order of the run; made when it is needed. */
  #byId: ReadonlyMap<string, readonly Result[]> | undefined;

  /** @param isTimed whether it matters how long tests took */
  constructor(isTimed: boolean) {
    this.#isTimed = isTimed;
  }

  /** Adds a test; all are added before the first one is looked up. */
  add(key: TestKeyBytes, test: Test): void {
    const { size } = this.#results;
    const result = this.#results.getOrAdd(key, this.#newResult);
    // It repairs nothing, and breaks nothing.
    if (test.outcome === "skip" && this.#results.size === size) return;
    result.outcome = test.outcome;
    if (this.#isTimed) result.seconds = test.seconds;
  }

  readonly #newResult = (): Result => ({
    order: this.#results.size,
    outcome: "lost",
    seconds: undefined,
    isFound: false,
    isRemembered: false,
  });

  /**
   * The outcome of a test of the newer run on the same route; else, as workers
   * are not the same in each run, the worst there is.
   */
  find(key: TestKeyBytes, test: Test): OldTest | undefined {
    const found = this.#results.get(key) ?? this.#worst(test.testId);
    if (found?.isFound === false) {
      found.isFound = true;
      this.#found++;
    }
    return found;
  }

  #worst(testId: string): Result | undefined {
    const results = this.#resultsById.get(testId);
    return results?.find(({ outcome }) => isFailure(outcome)) ?? results?.[0];
  }

  /** The ids of the tests that were looked up on no route. */
  get vanished(): string[] {
    if (this.#found === this.#results.size) return [];
    return [...this.#resultsById]
      .filter(([, results]) => !results.some(({ isFound }) => isFound))
      .map(([testId]) => testId);
  }

  get #resultsById(): ReadonlyMap<string, readonly Result[]> {
    return this.#byId ??= this.#groupById();
  }

  #groupById(): Map<string, Result[]> {
    const byId = new Map<string, Result[]>();
    const entries = this.#results.entries()
      .sort(([, a], [, b]) => a.order - b.order);
    for (const [{ testId }, result] of entries) {
      const results = byId.get(testId);
      if (results === undefined) byId.set(testId, [result]);
      else results.push(result);
    }
    return byId;
  }
}

/** What the attempts at a test have come to so far. */
interface Attempted {
  fails: boolean;
  /** Whether it is a failure that the older run does not have. */
  isNew: boolean;
  /** Whether attempts failed and others did not. */
  isFlaky: boolean;
}

/**
 * The newer run, while it is read. Attempts are compared when they end; the last
 * one at a test on a route decides, unless it was skipped.
 */
export class NewRun {
  /** Of tests that failed in one of the runs. */
  readonly #attempted = new TestTable<Attempted>();
  readonly #slower: number | undefined;
  /** How many tests fail that did not before. */
  newFailures = 0;

  /** @param slower how many times as long a test may take, if that matters */
  constructor(slower?: number) {
    this.#slower = slower;
  }

  /**
   * Adds an attempt. Returns the tags for how the test has changed, with "flaky"
   * once its attempts disagree; undefined when the attempt decides nothing.
   *
   * @param before what the test was in the older run
   */
  add(
    key: TestKeyBytes,
    test: Test,
    before: OldTest | undefined,
  ): string[] | undefined {
    // Most tests were never remembered: to look for them takes time.
    const earlier = before?.isRemembered === false
      ? undefined
      : this.#attempted.get(key);
    if (earlier !== undefined && test.outcome === "skip") return undefined;
    const tags = changeTags(before, test, this.#slower);
    const fails = isFailure(test.outcome), isNew = tags.includes("new-fail");
    if (isNew) this.newFailures++;
    if (earlier === undefined) {
      const failed = before !== undefined && isFailure(before.outcome);
      if (!fails && !failed) return tags;
      this.#attempted.set(key, { fails, isNew, isFlaky: false });
      if (before !== undefined) before.isRemembered = true;
      return tags;
    }
    if (earlier.isNew) this.newFailures--;
    const isFlaky = earlier.isFlaky || earlier.fails !== fails;
    Object.assign(earlier, { fails, isNew, isFlaky });
    return isFlaky ? [...tags, "flaky"] : tags;
  }
}

/**
 * Takes a test and the key of it, both valid until it returns, and so are the
 * packets of the test.
 */
export type TakeTest = (
  test: Test,
  key: TestKeyBytes,
  packets: () => readonly Packet[],
) => void;

/**
 * Calls `take` with each test of a stream when it ends, lost ones last.
 *
 * @param holdsPackets whether `take` needs the packets of the test
 * @returns how often the stream is damaged
 */
export function forEachTest(
  io: ToolIO,
  file: string,
  holdsPackets: boolean,
  take: TakeTest,
): number {
  const verdict = new Verdict();
  const open = new TestTable<HeldPackets>();
  let fresh: HeldPackets[] = [], damage = 0;
  const end = (test: Test, last: Packet) => {
    const held = open.delete(last);
    take(test, last, () => [...held?.packets ?? [], last]);
    // Otherwise they would be copied at the end of the chunk.
    held?.release(() => {});
  };
  const hold = (packet: Packet) => {
    const held = open.getOrAdd(packet, () => new HeldPackets());
    held.hold(packet);
    fresh.push(held);
  };
  const addRow = (rows: Rows, i: number) => {
    if (rows.idAt(i) < 0 || rows.status(i) === "exists") return;
    if (verdict.addRow(rows, i) !== 0) {
      const test = verdict.endedTest(rows, i);
      end(test, test.last as Packet);
    } else if (holdsPackets) {
      hold(rows.packet(i));
    }
  };
  io.forEachRows([file], (rows) => {
    for (let i = 0; i < rows.count; i++) addRow(rows, i);
  }, (item) => {
    if (item.kind !== "damage") return verdict.add(item);
    io.reportDamage(item);
    damage++;
  }, () => {
    fresh.forEach((held) => held.own());
    fresh = [];
  });
  const held = new Map(
    open.entries().map(([key, held]) => [JSON.stringify(key), held]),
  );
  const lost = verdict.end();
  if (verdict.complaint !== undefined) {
    throw new ToolError(`Cannot compare "${file}": ${verdict.complaint}`);
  }
  const key = new EventKey();
  for (const test of lost) {
    const { testId, routeCode } = test;
    const packets = held.get(JSON.stringify({ testId, routeCode }))?.packets;
    take(test, key.of(test), () => packets ?? []);
  }
  return damage;
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
