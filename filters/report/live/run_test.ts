import { assertEquals } from "@std/assert";
import type { StreamItem } from "@subunit/codec";
import {
  addTo,
  ended,
  started,
  TRACEBACK,
} from "../../../tests/support/live.ts";
import {
  at,
  damaged,
  type EventFields,
  textFile,
} from "../../../tests/support/streams.ts";
import type { Failure } from "./failure.ts";
import { endSections } from "./ending.ts";
import { Forecast } from "./forecast.ts";
import { type Ended, LiveRun } from "./run.ts";

/** Notes everything that a run shows. */
class Notes {
  readonly failures: Failure[] = [];
  readonly more: string[] = [];
  readonly others: StreamItem["kind"][] = [];
  readonly names: string[] = [];
  readonly ended?: (test: Ended) => void;

  constructor(takesAll = true) {
    if (!takesAll) return;
    this.ended = ({ testId, outcome }) => {
      this.names.push(`${outcome} ${testId}`);
    };
  }

  failed(failure: Failure): void {
    this.failures.push(failure);
  }

  failedToo(outcome: string, test: () => Ended): void {
    this.more.push(`${outcome} ${test().testId}`);
  }

  other({ kind }: StreamItem): void {
    this.others.push(kind);
  }
}

function begin(notes = new Notes(), now = 0): [LiveRun, Notes] {
  return [new LiveRun(new Forecast(), notes, now), notes];
}

Deno.test("LiveRun counts tests while they run", () => {
  const [run, notes] = begin();
  addTo(
    run,
    "text\n",
    started("a"),
    started("b"),
    ended("a"),
    ended("c", "skip"),
    ended("d", "fail"),
    ended("e", "uxsuccess"),
    ended("f", "xfail"),
    { fileName: "stdout", fileBytes: new Uint8Array(3) },
    damaged(ended("g")),
  );
  assertEquals(run.summary.outcomes, {
    success: 1,
    uxsuccess: 1,
    skip: 1,
    fail: 1,
    xfail: 1,
    lost: 0,
  });
  assertEquals(
    [run.summary.damage, run.done, run.size, run.total, run.secondsLeft],
    [1, 5, 1, undefined, undefined],
  );
  assertEquals(notes.names, ["success a", "skip c", "xfail f"]);
  assertEquals(notes.others, ["foreign", "packet", "damage"]);
  assertEquals(notes.failures.map(({ testId }) => testId), ["d", "e"]);
  assertEquals([...run.end()].map(({ testId }) => testId), ["b"]);
  assertEquals(run.verdict.exitStatus, 1);
  assertEquals(run.verdict.summary.total, 7);
});

Deno.test("LiveRun measures with the clock that it is handed", () => {
  const [run] = begin(new Notes(), 5000);
  run.advance(6000);
  addTo(run, started("first", { routeCode: "0/1" }));
  run.advance(8500);
  addTo(run, started("second"));
  run.advance(9000);
  assertEquals(run.elapsed, 4);
  assertEquals(
    run.running(9).map((test) => [
      test.testId,
      test.routeCode,
      run.secondsOf(test),
    ]),
    [["first", "0/1", 3], ["second", undefined, 0.5]],
  );
  // A clock that goes back is not believed.
  run.advance(1000);
  assertEquals(run.elapsed, 4);
});

Deno.test("LiveRun gives the first lines of the reason of a failure", () => {
  const [run, notes] = begin();
  const file = { testId: "t", ...textFile("traceback", TRACEBACK) };
  addTo(
    run,
    started("t", { timestamp: at("01:00:00"), routeCode: "1" }),
    { ...file, routeCode: "1" },
    ended("t", "fail", { timestamp: at("01:00:02.5"), routeCode: "1" }),
  );
  assertEquals(notes.failures, [{
    testId: "t",
    routeCode: "1",
    outcome: "fail",
    seconds: 2.5,
    headline: "AssertionError: 4 != 3",
    lines: [
      "Traceback (most recent call last):",
      '  File "tests/test_cart.py", line 12, in test_total',
      "\tself.assertEqual(cart.total(), 3)",
    ],
  }]);
  assertEquals(run.span, 2.5);
});

Deno.test("LiveRun lists failures once each, and those that passed later as flaky", () => {
  const [run] = begin(new Notes(false));
  addTo(
    run,
    ended("bad", "fail"),
    ended("bad", "fail"),
    ended("retried", "fail"),
    ended("retried"),
    ended("retried again", "fail"),
    ended("retried again"),
    ended("retried again", "fail"),
    // On another route it is another test.
    ended("elsewhere", "fail", { routeCode: "0" }),
    ended("elsewhere"),
    ended("tagged", "success", { tags: ["a", "flaky", "z"] }),
    started("tagged early", { tags: ["flaky"] }),
    ended("tagged early"),
    ended("others", "success", { tags: ["flakes", "fluky", "flak", "fla"] }),
    ended("long", "success", { tags: ["x".repeat(70), "flaky"] }),
    ended("many", "success", {
      tags: [...Array.from({ length: 64 }, (_, i) => `tag ${i}`), "flaky"],
    }),
    ended("skipped", "skip", { tags: ["flaky"] }),
  );
  assertEquals(
    run.failures.map(({ testId, routeCode }) => [testId, routeCode]),
    [["bad", undefined], ["retried again", undefined], ["elsewhere", "0"]],
  );
  assertEquals(
    run.flaky.map(({ testId, hasFailed }) => [testId, hasFailed]),
    [
      ["retried", true],
      ["tagged", false],
      ["tagged early", false],
      ["long", false],
      ["many", false],
    ],
  );
  assertEquals(run.unlisted, 0);
});

Deno.test("LiveRun names the slowest tests, slowest first", () => {
  const [run] = begin();
  const events: EventFields[] = [];
  for (const seconds of [3, 1, 9, 2, 8, 4, 7, 0]) {
    const testId = `${seconds} s`;
    events.push(
      started(testId, { timestamp: at("01:00:00") }),
      ended(testId, "success", { timestamp: at(`01:00:0${seconds}`) }),
    );
  }
  addTo(run, ...events, ended("unknown"));
  assertEquals(run.slowest.map(({ testId, seconds }) => [testId, seconds]), [
    ["9 s", 9],
    ["8 s", 8],
    ["7 s", 7],
    ["4 s", 4],
    ["3 s", 3],
  ]);
});

Deno.test("LiveRun looks for 1000 reasons at once, then for 500 in a second", () => {
  const [run, notes] = begin();
  const fails = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ended(`test ${from + i}`, "fail"));
  addTo(run, ...fails(0, 1003));
  assertEquals([notes.failures.length, notes.more.length], [1000, 3]);
  assertEquals(notes.more[0], "fail test 1000");
  run.advance(100);
  addTo(run, ...fails(2000, 60));
  assertEquals([notes.failures.length, notes.more.length], [1050, 13]);
  // All are listed, with a reason or without.
  assertEquals(run.failures.length, 1063);
});

Deno.test("LiveRun keeps the names of 10,000 failures, and counts the others", () => {
  const [run] = begin();
  for (let from = 0; from < 12_000; from += 1000) {
    addTo(
      run,
      ...Array.from({ length: 1000 }, (_, i) => ended(`${from + i}`, "fail")),
    );
  }
  addTo(run, ended("5", "fail"), ended("11000", "fail"));
  assertEquals([run.failures.length, run.unlisted], [10_000, 2001]);
});

Deno.test("LiveRun keeps the names of 10,000 flaky tests, and counts the others", () => {
  const [run] = begin();
  for (let from = 0; from < 12_000; from += 1000) {
    addTo(
      run,
      ...Array.from(
        { length: 1000 },
        (_, i) => ended(`${from + i}`, "success", { tags: ["flaky"] }),
      ),
    );
  }
  assertEquals([run.flaky.length, run.unlistedFlaky], [10_000, 2000]);
  const flaky = endSections(run, [], true).find(({ title }) =>
    title[0][0].startsWith("Flaky")
  )!;
  assertEquals(flaky.lines.length, 10_001);
  assertEquals(flaky.lines.at(-1), [['  and 2000 more tagged "flaky"']]);
});
