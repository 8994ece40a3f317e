import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { StatusEvent } from "../event.ts";
import { encodePacket } from "../v2/encoder.ts";
import { decodePacket } from "../v2/packet.ts";
import { isFailure, OUTCOMES, type Test, TestCollator } from "./collator.ts";
import { Router } from "./router.ts";
import { copyTo, failFast, tagger, timestamper } from "./sinks.ts";
import { Summary } from "./summary.ts";
import { parentKey, TestTable } from "./test_table.ts";

const SEED = 20130814;

const at = (seconds: number) => ({ seconds, nanoseconds: 0 });

function packet(event: Partial<StatusEvent>) {
  return decodePacket(encodePacket({ runnable: true, ...event }));
}

/** The tests of events, the lost ones at the end. */
function collate(
  events: Partial<StatusEvent>[],
  collator = new TestCollator({ attachments: true }),
): Test[] {
  const ended = events.map((event) => collator.add(packet(event)));
  return [...ended.filter((test) => test !== undefined), ...collator.end()];
}

Deno.test("TestCollator folds the events of a test, by route code and id", () => {
  const tests = collate([
    { testId: "a", status: "inprogress", timestamp: at(1), tags: ["x"] },
    { testId: "a", status: "inprogress", routeCode: "0", timestamp: at(5) },
    { testId: "b", status: "exists" },
    { testId: "a", status: "success", timestamp: at(3) },
    {
      testId: "a",
      status: "fail",
      routeCode: "0",
      timestamp: at(6),
      tags: ["y"],
    },
    { testId: "c", status: "skip", timestamp: at(7) },
  ]);
  assertEquals(
    tests.map((test) => [
      test.testId,
      test.routeCode,
      test.outcome,
      test.seconds,
      test.tags,
    ]),
    [
      ["a", undefined, "success", 2, ["x"]],
      ["a", "0", "fail", 1, ["y"]],
      ["c", undefined, "skip", undefined, []],
    ],
  );
});

Deno.test("TestCollator gives lost tests at the end, first started first", () => {
  const ids = Array.from({ length: 300 }, (_, i) => `test ${i}`);
  const tests = collate([
    ...ids.map((testId) => ({ testId, status: "inprogress" as const })),
    { testId: "test 7", status: "success" },
    { testId: "files only", fileName: "f", runnable: false },
  ]);
  assertEquals(tests.map((test) => `${test.testId} ${test.outcome}`), [
    "test 7 success",
    ...ids.filter((id) => id !== "test 7").map((id) => `${id} lost`),
    "files only lost",
  ]);
  assertEquals(tests.at(-1)!.runnable, false);
});

Deno.test("TestCollator takes events after a test's last for a new test", () => {
  const tests = collate([
    { testId: "a", status: "success" },
    { testId: "a", fileName: "late" },
  ]);
  assertEquals(tests.map((test) => test.outcome), ["success", "lost"]);
});

Deno.test("TestCollator joins attachments, and keeps the parent", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const [test] = collate([
    {
      testId: "a",
      fileName: "log",
      fileBytes: bytes("one "),
      mimeType: "text/plain",
    },
    { testId: "a", fileName: "other", fileBytes: bytes("") },
    { testId: "a", status: "inprogress", parentTestId: "p" },
    { testId: "a", status: "fail", fileName: "log", fileBytes: bytes("two") },
  ]);
  assertEquals(test.attachments, [
    { name: "log", mimeType: "text/plain", bytes: bytes("one two") },
    { name: "other", mimeType: undefined, bytes: bytes("") },
  ]);
  assertEquals(test.parentTestId, "p");
  assertEquals(
    collate(
      [{ testId: "a", status: "fail", fileName: "log" }],
      new TestCollator(),
    )[0]
      .attachments,
    [],
  );
});

Deno.test("TestCollator owns the files of tests in progress when told to", () => {
  const collator = new TestCollator({ attachments: true });
  /** A packet in memory that is used for something else after `own`. */
  const lent: Uint8Array[] = [];
  const lend = (event: Partial<StatusEvent>) => {
    const bytes = encodePacket({ runnable: true, ...event });
    lent.push(bytes);
    return collator.add(decodePacket(bytes));
  };
  const own = () => {
    collator.own();
    for (const bytes of lent.splice(0)) bytes.fill(0x21);
  };
  const textsOf = (test: Test | undefined) =>
    test!.attachments.map(({ bytes }) => new TextDecoder().decode(bytes));
  for (let round = 0; round < 50; round++) {
    for (const size of [0, 1, 7, 300, 9000]) {
      const testId = `${size}`, fileName = "log";
      const content = (letter: string) => letter.repeat(size + round);
      const part = (letter: string) => ({
        testId,
        fileName,
        fileBytes: new TextEncoder().encode(content(letter)),
      });
      lend(part("a"));
      lend({ testId: "stays", fileName: "log", fileBytes: new Uint8Array(2) });
      own();
      lend(part("b"));
      own();
      const ended = lend({ ...part("c"), status: "fail" });
      assertEquals(textsOf(ended), [["a", "b", "c"].map(content).join("")]);
      own();
    }
  }
  assertEquals(textsOf(collator.end()[0]), ["\0".repeat(500)]);
});

Deno.test("TestCollator keeps tests apart from files of the run", () => {
  assertEquals(collate([{ fileName: "stdout" }, { status: "fail" }]), []);
});

Deno.test("Summary counts unexpected successes, lost tests and damage as failures", () => {
  const summary = new Summary();
  for (
    const test of collate([
      { testId: "a", status: "success" },
      { testId: "b", status: "xfail" },
      { testId: "c", status: "skip" },
      { testId: "d", status: "uxsuccess" },
      { testId: "e", status: "fail" },
      { testId: "f", status: "inprogress" },
    ])
  ) summary.add(test);
  summary.damage++;
  const { total, passed, failed, skipped, isGood } = summary;
  assertEquals(
    { total, passed, failed, skipped, isGood },
    { total: 7, passed: 2, failed: 4, skipped: 1, isGood: false },
  );
  assertEquals(OUTCOMES.filter(isFailure), ["uxsuccess", "fail", "lost"]);
});

Deno.test(`TestTable does what a Map of strings does (seed ${SEED})`, () => {
  const step = fc.record({
    verb: fc.constantFrom("add", "set", "get", "delete"),
    id: fc.nat(40),
    route: fc.option(fc.constantFrom("", "0", "0/1"), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new TestTable<number>();
      const map = new Map<string, number>();
      steps.forEach(({ verb, id, route }, i) => {
        const testId = "t".repeat(id);
        const key = JSON.stringify([testId, route]);
        // The same test, as the parent of another.
        const child = packet({ parentTestId: testId, routeCode: route });
        const event = i % 2 === 0
          ? packet({ testId, routeCode: route })
          : parentKey(child);
        if (verb === "add") {
          const value = table.getOrAdd(event, () => i);
          assertEquals(value, map.get(key) ?? i);
          map.set(key, value);
        } else if (verb === "set") {
          table.set(event, i);
          map.set(key, i);
        } else if (verb === "get") {
          assertEquals(table.get(event), map.get(key));
        } else {
          assertEquals(table.delete(event), map.get(key));
          map.delete(key);
        }
        assertEquals(table.size, map.size);
      });
      const entries = table.entries().map(([{ testId, routeCode }, value]) =>
        [JSON.stringify([testId, routeCode]), value] as [string, number]
      );
      assertEquals(new Map(entries), map);
    }),
    { seed: SEED },
  );
});

Deno.test("TestTable forgets the ids of tests that ended", () => {
  const table = new TestTable<number>();
  const open = packet({ testId: "open" });
  table.getOrAdd(open, () => 0);
  for (let i = 0; i < 10000; i++) {
    const event = packet({ testId: `a test id of some length ${i}` });
    table.getOrAdd(event, () => i);
    table.delete(event);
  }
  assertEquals(table.entries(), [[
    { testId: "open", routeCode: undefined },
    0,
  ]]);
});

Deno.test("copyTo, tagger, timestamper and failFast pass events on", () => {
  const seen: StatusEvent[] = [];
  const failures: string[] = [];
  const sink = copyTo(
    timestamper(
      tagger((event) => seen.push(event), { add: ["new"], discard: ["old"] }),
      () => at(9),
    ),
    failFast((event) => failures.push(event.testId!)),
  );
  sink({ testId: "a", status: "fail", tags: ["old", "kept"], runnable: true });
  // A packet's fields are getters: they must come along too.
  sink(packet({ testId: "b", status: "success", timestamp: at(1) }));
  sink({ testId: "c", status: "uxsuccess", runnable: true });
  assertEquals(
    seen.map(({ testId, tags, timestamp }) => [testId, tags, timestamp]),
    [
      ["a", ["kept", "new"], at(9)],
      ["b", ["new"], at(1)],
      ["c", ["new"], at(9)],
    ],
  );
  assertEquals(failures, ["a", "c"]);
});

Deno.test("tagger leaves no empty set of tags", () => {
  const seen: StatusEvent[] = [];
  tagger((event) => seen.push(event), { discard: ["a"] })(
    { tags: ["a"], runnable: true },
  );
  assertEquals(seen[0].tags, undefined);
});

Deno.test("Router routes by route code, then test id, then fallback", () => {
  const log: string[] = [];
  const to = (name: string) => (event: StatusEvent) => {
    log.push(`${name} ${event.testId} ${event.routeCode}`);
  };
  const router = new Router(to("fallback"));
  router.onRoute("0", to("zero"), { consume: true });
  router.onRoute("1", to("one"));
  router.onTest("t", to("test"));
  router.onTest(undefined, to("none"));
  for (
    const [testId, routeCode] of [
      ["a", "0"],
      ["a", "0/3/4"],
      ["t", "1/2"],
      ["t", "00"],
      [undefined, undefined],
      ["a", undefined],
    ]
  ) {
    router.status({ testId, routeCode, runnable: true });
  }
  assertEquals(log, [
    "zero a undefined",
    "zero a 3/4",
    "one t 1/2",
    "test t 00",
    "none undefined undefined",
    "fallback a undefined",
  ]);
});

Deno.test("Router refuses routes of more than one step, and events nobody wants", () => {
  const router = new Router();
  assertThrows(() => router.onRoute("0/1", () => {}), RangeError, "one step");
  assertThrows(
    () => router.status({ testId: "a", runnable: true }),
    RangeError,
    "no rule matches",
  );
});
