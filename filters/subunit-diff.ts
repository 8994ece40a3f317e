#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-diff: of the tests of a run, those that came to something else than
 * in an older run, tagged with what changed.
 *
 * @module
 */

import {
  encodePackets,
  isFailure,
  type Outcome,
  type Packet,
  type StatusEvent,
  type Test,
  TestTable,
  textFile,
} from "@subunit/codec";
import { HeldPackets } from "./kit/stream/held_packets.ts";
import { Retagger } from "./kit/stream/retagger.ts";
import { Verdict } from "./kit/stream/verdict.ts";
import {
  defineTool,
  runTool,
  type Tool,
  type ToolIO,
  UsageError,
} from "./kit/tool/tool.ts";

/** What a test came to. */
export interface Result {
  readonly outcome: Outcome;
  readonly seconds: number | undefined;
}

/**
 * The tags that say how a test has changed; none when it has not.
 *
 * @param slower how many times as long it may take, if that matters
 */
export function changeTags(
  old: Result | undefined,
  now: Result,
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

/** What the tests of a run came to. */
export class Run {
  /** By test id, then by route code; the last of each counts. */
  readonly #results = new Map<string, Map<string | undefined, Result>>();

  add({ testId, routeCode, outcome, seconds }: Test): void {
    let routes = this.#results.get(testId);
    if (routes === undefined) this.#results.set(testId, routes = new Map());
    routes.set(routeCode, { outcome, seconds });
  }

  /**
   * The result on the same route; else, as workers are not the same in each
   * run, the worst there is.
   */
  find({ testId, routeCode }: Test): Result | undefined {
    const routes = this.#results.get(testId);
    const onRoute = routes?.get(routeCode);
    if (routes === undefined || onRoute !== undefined) return onRoute;
    const results = [...routes.values()];
    return results.find(({ outcome }) => isFailure(outcome)) ?? results[0];
  }

  has(testId: string): boolean {
    return this.#results.has(testId);
  }

  get testIds(): Iterable<string> {
    return this.#results.keys();
  }
}

/** Calls `take` with each test of a stream, and the packets it consists of. */
function forEachTest(
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
  for (const test of verdict.end()) {
    const { testId, routeCode } = test;
    take(test, held.get(JSON.stringify({ testId, routeCode })) ?? []);
  }
}

/** The event of a test that is in the older run only. */
export function vanishedEvent(testId: string): StatusEvent {
  return {
    testId,
    status: "skip",
    tags: ["vanished"],
    runnable: true,
    ...textFile("reason", "The test is in the older run only."),
  };
}

export const tool: Tool = defineTool({
  name: "subunit-diff",
  summary: "Show the tests that came to something else than in an older run",
  operands: "OLD NEW",
  options: {
    slower: { value: "PCT", help: "show tests that take PCT percent longer" },
  },
  notes:
    `The tests of NEW come out as a stream, with a tag: new-fail, fixed, appeared,
changed (otherwise) or slower; those of OLD alone are skipped and vanished. Tests
are matched by id, and by route code where both runs have it.`,
  exitStatus: [
    "nothing fails that did not fail before",
    "a test fails or is lost that was not before",
  ],
  examples: [
    "subunit-diff yesterday.subunit today.subunit | subunit-stats --by tag",
    "subunit-diff --slower 50 main.subunit - < branch.subunit | subunit-ls",
  ],
  run(io, options, operands) {
    if (operands.length !== 2) {
      throw new UsageError("Expected two streams: OLD NEW");
    }
    const slower = options.slower === undefined
      ? undefined
      : 1 + parsePercent(options.slower) / 100;
    const [oldFile, newFile] = operands;
    const old = new Run();
    forEachTest(io, oldFile, false, (test) => old.add(test));
    const now = new Run();
    const retagger = new Retagger(io.out);
    let newFailures = 0;
    forEachTest(io, newFile, true, (test, packets) => {
      now.add(test);
      const tags = changeTags(old.find(test), test, slower);
      if (tags.length === 0) return;
      if (tags.includes("new-fail")) newFailures++;
      const last = packets.at(-1)!;
      for (const packet of packets.slice(0, -1)) io.out.write(packet.bytes);
      const all = [...new Set([...test.tags, ...tags])].sort();
      retagger.write(last, all);
    });
    for (const testId of old.testIds) {
      if (now.has(testId)) continue;
      encodePackets(vanishedEvent(testId)).forEach((p) => io.out.write(p));
    }
    if (newFailures > 0) {
      io.warn(`${newFailures} tests fail that did not before`);
    }
    return newFailures > 0 ? 1 : 0;
  },
});

function parsePercent(value: string): number {
  const percent = Number(value);
  if (value.trim() !== "" && percent >= 0 && percent < Infinity) return percent;
  throw new UsageError(`Option --slower is "${value}": expected a percentage`);
}

if (import.meta.main) runTool(tool);
