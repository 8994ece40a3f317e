import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { meetingEvent } from "../_testing/arbitrary.ts";
import { at, packet } from "../_testing/events.ts";
import type { StatusEvent } from "../event.ts";
import { encodePacket, encodePackets } from "../v2/encoder.ts";
import { decodePacket } from "../v2/packet.ts";
import { type Test, TestCollator } from "./collator.ts";

const SEED = 20130814;

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

Deno.test("TestCollator returns lost tests at the end, in the order in which they started", () => {
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

Deno.test("TestCollator keeps both ends of long files with endBytes", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const parts = (...texts: string[]) =>
    texts.map((text) => ({
      testId: "a",
      fileName: "log",
      fileBytes: bytes(text),
    }));
  const [test] = collate(
    [...parts("on", "e é two", " three"), { testId: "a", status: "fail" }],
    new TestCollator({ attachments: { endBytes: 4 } }),
  );
  assertEquals(test.attachments, [{
    name: "log",
    mimeType: undefined,
    bytes: bytes("one hree"),
    omitted: { at: 4, byteLength: 8, characters: 15, hasNul: false },
  }]);
  const [whole] = collate(
    [...parts("one ", "two ")],
    new TestCollator({ attachments: { endBytes: 4 } }),
  );
  assertEquals(whole.attachments, [
    { name: "log", mimeType: undefined, bytes: bytes("one two ") },
  ]);
  const [broken] = collate(
    [...parts("one é".slice(0, 4), "\0two", "é"), {
      testId: "a",
      fileName: "log",
      fileBytes: bytes("é").subarray(0, 1),
    }],
    new TestCollator({ attachments: { endBytes: 2 } }),
  );
  assertEquals(broken.attachments[0].omitted, {
    at: 2,
    byteLength: 7,
    characters: undefined,
    hasNul: true,
  });
  const [none] = collate(
    parts("one", " two"),
    new TestCollator({ attachments: { endBytes: 0 } }),
  );
  assertEquals(none.attachments[0].bytes, bytes(""));
  assertEquals(none.attachments[0].omitted, {
    at: 0,
    byteLength: 7,
    characters: 7,
    hasNul: false,
  });
});

/** How many items `work` takes from arrays, maps and sets, with `for` or spread. */
function stepsOf(work: () => void): number {
  let steps = 0;
  const restore = [[], new Map(), new Set()].map((container) => {
    const prototype = Object.getPrototypeOf(container[Symbol.iterator]());
    const { next } = prototype;
    prototype.next = function () {
      steps++;
      return next.call(this);
    };
    return () => prototype.next = next;
  });
  try {
    work();
  } finally {
    for (let i = 0; i < restore.length; i++) restore[i]();
  }
  return steps;
}

Deno.test("TestCollator.own looks only at files that got bytes since it was last called", () => {
  const fileBytes = Uint8Array.of(0x61);
  for (const count of [100, 400, 1600]) {
    const collator = new TestCollator({ attachments: true });
    // Two tests take turns, and each chunk has two files of one of them.
    const steps = stepsOf(() => {
      for (let i = 0; i < count; i++) {
        const testId = `${(i >> 1) % 2}`, fileName = `${i}`;
        collator.add({ testId, fileName, fileBytes, runnable: true });
        if (i % 2 === 1) collator.own();
      }
    });
    const counts = collator.end().map(({ attachments }) => attachments.length);
    assertEquals(counts, [count / 2, count / 2]);
    assert(steps >= count, `${steps} steps count nothing of ${count} files`);
    assert(steps <= 4 * count, `${steps} steps for ${count} files`);
  }
});

Deno.test("TestCollator.own looks once at the files of a test that has ended", () => {
  const count = 1000;
  const collator = new TestCollator({ attachments: true });
  const event = { testId: "a", runnable: true } as const;
  const fileBytes = Uint8Array.of(0x61);
  for (let i = 0; i < count; i++) {
    collator.add({ ...event, fileName: `${i}`, fileBytes });
  }
  collator.own();
  collator.add({ ...event, status: "fail" });
  assert(stepsOf(() => collator.own()) <= count + 4);
  assert(stepsOf(() => collator.own()) <= 4);
});

Deno.test("TestCollator takes tests side by side with many files, owned one by one", () => {
  // Were all files of a test looked at each time, this would take minutes.
  const collator = new TestCollator({ attachments: true });
  const count = 200_000;
  const fileBytes = Uint8Array.of(0x61);
  for (let i = 0; i < count; i++) {
    collator.add({
      testId: `${i % 2}`,
      fileName: `${i}`,
      fileBytes,
      runnable: true,
    });
    collator.own();
  }
  const counts = collator.end().map(({ attachments }) => attachments.length);
  assertEquals(counts, [count / 2, count / 2]);
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

// --- Events that are no packets

/** All fields of a test, to be compared after its bytes are gone. */
function facts(test: Test): unknown {
  return {
    testId: test.testId,
    routeCode: test.routeCode,
    outcome: test.outcome,
    runnable: test.runnable,
    tags: [...test.tags],
    parentTestId: test.parentTestId,
    started: test.started,
    ended: test.ended,
    seconds: test.seconds,
    attachments: test.attachments.map((
      { name, mimeType, bytes },
    ) => [name, mimeType, bytes.toHex()]),
  };
}

/** How an event is added, and whether the collator owns its bytes after it. */
interface Step {
  readonly event: StatusEvent;
  readonly isPacket: boolean;
  readonly owns: boolean;
}

/** The tests of events. What is lent is overwritten as a decoder would. */
function collateSteps(steps: Iterable<Step>): unknown[] {
  const collator = new TestCollator({ attachments: true });
  const found: unknown[] = [];
  let lent: Uint8Array[] = [];
  for (const { event, isPacket, owns } of steps) {
    let added = event;
    if (isPacket) {
      const bytes = encodePacket(event);
      lent.push(bytes);
      added = decodePacket(bytes);
    } else if (event.fileBytes !== undefined) {
      const fileBytes = event.fileBytes.slice();
      lent.push(fileBytes);
      added = { ...event, fileBytes };
    }
    const test = collator.add(added);
    if (test !== undefined) found.push(facts(test));
    if (!owns) continue;
    collator.own();
    for (const bytes of lent) bytes.fill(0x21);
    lent = [];
  }
  return [...found, ...collator.end().map(facts)];
}

/** Events of few tests, with files, or files of no bytes. */
const eventWithFile: fc.Arbitrary<StatusEvent> = fc.tuple(
  meetingEvent,
  fc.constantFrom("f", "g", "", undefined),
  fc.boolean(),
).map(([event, fileName, hasBytes]) => {
  const { fileBytes = new Uint8Array(0) } = event;
  return {
    ...event,
    fileName,
    fileBytes: fileName !== undefined && hasBytes ? fileBytes : undefined,
  };
});

Deno.test(`TestCollator makes the same tests of events and of their packets (seed ${SEED})`, () => {
  const step = fc.record({
    event: eventWithFile,
    isPacket: fc.boolean(),
    owns: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const all = (isPacket: boolean) => steps.map((s) => ({ ...s, isPacket }));
      const expected = collateSteps(all(true));
      assertEquals(collateSteps(all(false)), expected);
      assertEquals(collateSteps(steps), expected);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("TestCollator knows a test by its event and by its packet", () => {
  const ids = ["a", "тест €", "x".repeat(129), "y".repeat(3000), ""];
  for (const testId of ids) {
    for (const routeCode of [undefined, "", "0/1"]) {
      const test = { testId, routeCode, runnable: true };
      const started = {
        ...test,
        status: "inprogress",
        timestamp: at(1),
      } as const;
      const ended = { ...test, status: "success", timestamp: at(4) } as const;
      for (
        const [first, last] of [[started, packet(ended)], [
          packet(started),
          ended,
        ]]
      ) {
        const collator = new TestCollator();
        assertEquals(collator.add(first), undefined);
        assertEquals(collator.size, 1);
        const found = collator.add(last)!;
        assertEquals([found.testId, found.routeCode, found.seconds], [
          testId,
          routeCode,
          3,
        ]);
        assertEquals(found.last, last);
        assertEquals(collator.end(), []);
      }
    }
  }
});

Deno.test("TestCollator refuses an unknown status, which would be no failure", () => {
  for (const status of ["failed", "", null]) {
    const event = { testId: "a", status, runnable: true };
    assertThrows(
      () => new TestCollator().add(event as unknown as StatusEvent),
      TypeError,
      "Cannot collate event: status is ",
    );
  }
});

Deno.test("TestCollator takes events that no packet can hold", () => {
  const before1970 = { seconds: -10, nanoseconds: 0 };
  const cases: Partial<StatusEvent>[] = [
    { testId: "x".repeat(5_000_000) },
    { testId: "a\0b" },
    { testId: "a", routeCode: "0\0" },
    { testId: "a", tags: ["\ud800"] },
    { testId: "a", timestamp: before1970 },
    { testId: "a", timestamp: { seconds: 2 ** 33, nanoseconds: 0 } },
    { testId: "a", fileName: "f", fileBytes: new Uint8Array(5_000_000) },
  ];
  for (const fields of cases) {
    const event = { runnable: true, ...fields };
    assertThrows(() => encodePacket(event), RangeError);
    const collator = new TestCollator({ attachments: true });
    collator.add({ ...event, status: "inprogress" });
    const [lost] = collator.end();
    assertEquals([lost.testId, lost.routeCode], [
      event.testId,
      event.routeCode,
    ]);
    const test = collator.add({ ...event, status: "fail" })!;
    assertEquals(test.testId, event.testId);
    assertEquals(test.started, event.timestamp);
    assertEquals(test.tags, event.tags ?? []);
    assertEquals(collator.size, 0);
  }
});

Deno.test("TestCollator leaves out files without a name, which no packet can hold", () => {
  const fileBytes = Uint8Array.of(1);
  const [test] = collateSteps([
    {
      event: { testId: "a", status: "fail", runnable: true, fileBytes },
      isPacket: false,
      owns: false,
    },
  ]) as { attachments: unknown }[];
  assertEquals(test.attachments, []);
});

Deno.test("TestCollator makes the same test of a long attachment and of its packets, except for times", () => {
  const bytes = new Uint8Array(9_000_000).map((_, i) => i);
  const event: StatusEvent = {
    testId: "a",
    status: "fail",
    tags: ["t"],
    runnable: false,
    fileName: "f",
    fileBytes: bytes,
    mimeType: "text/plain",
    eof: true,
    routeCode: "0",
    timestamp: at(5),
    parentTestId: "p",
  };
  const whole = new TestCollator({ attachments: true }).add(event)!;
  const collator = new TestCollator({ attachments: true });
  const packets = encodePackets(event).map(decodePacket);
  assertEquals(packets.length, 3);
  const split = packets.map((packet) => collator.add(packet)).at(-1)!;
  // The first packet has the time, the last the status.
  assertEquals([whole.started, whole.ended], [undefined, at(5)]);
  assertEquals([split.started, split.ended], [at(5), undefined]);
  const timeless = (test: Test) => ({
    ...facts(test) as object,
    started: undefined,
    ended: undefined,
  });
  assertEquals(timeless(split), timeless(whole));
});

Deno.test("TestCollator names the tests in progress, the oldest first, with when their events arrived", () => {
  const collator = new TestCollator({ attachments: { endBytes: 4 } });
  const file = (testId: string, text: string): StatusEvent => ({
    testId,
    routeCode: testId === "late" ? "0/1" : undefined,
    runnable: true,
    fileName: "log",
    mimeType: "text/plain",
    fileBytes: new TextEncoder().encode(text),
  });
  const start = (testId: string, routeCode?: string): StatusEvent => ({
    testId,
    routeCode,
    status: "inprogress",
    runnable: true,
  });
  assertEquals(collator.running(9), []);
  collator.arriveAt(1000);
  // More than there is room for at the beginning.
  for (let i = 0; i < 100; i++) collator.add(start(`early ${i}`));
  collator.arriveAt(2000);
  collator.add(start("late", "0/1"));
  collator.add(file("early 5", "abcdef"));
  for (let i = 0; i < 100; i++) {
    if (i !== 5 && i !== 7) {
      collator.add({ ...start(`early ${i}`), status: "success" });
    }
  }
  collator.arriveAt(3000);
  collator.add(file("late", "x"));
  // It takes the number of one that has ended.
  collator.add(start("last"));
  const facts = (...[most, until, after]: [number, number?, number?]) =>
    collator.running(most, until, after).map((
      { testId, routeCode, first, last, files },
    ) => [
      testId,
      routeCode,
      first,
      last,
      files().map(({ bytes }) => new TextDecoder().decode(bytes)).join(),
    ]);
  const early = ["early 5", undefined, 1000, 2000, "abcdef"];
  const silent = ["early 7", undefined, 1000, 1000, ""];
  const late = ["late", "0/1", 2000, 3000, "x"];
  const last = ["last", undefined, 3000, 3000, ""];
  assertEquals(facts(9), [early, silent, late, last]);
  assertEquals(facts(2), [early, silent]);
  assertEquals(facts(9, 2000), [early, silent]);
  assertEquals(facts(9, 1999), [silent]);
  assertEquals(facts(9, 2000, 1000), [early]);
  // To look at a file in the middle of a character does not change it.
  collator.add(file("late", "12\u00e9\u00e9\u00e9"));
  assertEquals(collator.running(3)[2].files()[0].bytes.length, 8);
  collator.add({ ...file("late", "z"), eof: true });
  const test = collator.add({ ...start("late", "0/1"), status: "fail" })!;
  assertEquals(test.outcome, "fail");
  assertEquals(collator.size, 3);
});
