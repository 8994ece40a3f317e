import { assert, assertEquals } from "@std/assert";
import type { StatusEvent } from "../event.ts";
import { PacketDecoder } from "../v2/decoder.ts";
import { encodePacket } from "../v2/encoder.ts";
import {
  attachmentText,
  byTest,
  oneTestAtATime,
  plainTest,
  testEvents,
} from "./test_sinks.ts";
import type { Test } from "./collator.ts";
import type { EventSink } from "./sinks.ts";

const at = (seconds: number) => ({ seconds, nanoseconds: 0 });
const encode = (text: string) => new TextEncoder().encode(text);

function send(sink: EventSink, ...events: Partial<StatusEvent>[]): void {
  for (const event of events) sink.status({ runnable: true, ...event });
}

const shown = (test: Test) => `${test.testId} ${test.outcome}`;

Deno.test("byTest passes tests on when they end, and lost ones at the stop", () => {
  const seen: string[] = [];
  const sink = byTest((test) => seen.push(shown(test)));
  sink.start();
  send(
    sink,
    { testId: "lost", status: "inprogress" },
    { testId: "a", status: "inprogress" },
    { testId: "listed", status: "exists" },
    { fileName: "stdout", fileBytes: encode("no test's") },
    { testId: "a", status: "success" },
  );
  assertEquals(seen, ["a success"]);
  sink.stop();
  sink.stop();
  assertEquals(seen, ["a success", "lost lost"]);
});

Deno.test("byTest loses no test when a run starts that none has stopped before", () => {
  const seen: string[] = [];
  const sink = byTest((test) => seen.push(shown(test)));
  send(sink, { testId: "a", status: "inprogress" });
  sink.start();
  assertEquals(seen, ["a lost"]);
  send(sink, { testId: "a", status: "success" });
  assertEquals(seen, ["a lost", "a success"]);
});

Deno.test("byTest's tests own their bytes, whatever becomes of the events'", () => {
  const events: Partial<StatusEvent>[] = [
    { testId: "a", fileName: "log", fileBytes: encode("one ") },
    { testId: "a", fileName: "log", fileBytes: encode("two") },
    {
      testId: "a",
      status: "fail",
      tags: ["t"],
      fileName: "traceback",
      fileBytes: encode("boom"),
    },
  ];
  for (const asPackets of [false, true]) {
    const tests: Test[] = [];
    const sink = byTest((test) => tests.push(test));
    const decoder = new PacketDecoder();
    for (const event of events) {
      const chunk = encodePacket({ runnable: true, ...event });
      const fileBytes = event.fileBytes!.slice();
      if (!asPackets) send(sink, { ...event, fileBytes });
      else {
        decoder.push(chunk);
        decoder.drain((item) => item.kind === "packet" && sink.status(item));
      }
      chunk.fill(0);
      fileBytes.fill(0);
    }
    const [test] = tests;
    assertEquals(shown(test), "a fail");
    assertEquals(test.tags, ["t"]);
    assertEquals(attachmentText(test, "log"), "one two");
    assertEquals(attachmentText(test, "traceback"), "boom");
    assertEquals(attachmentText(test, "reason"), undefined);
  }
});

Deno.test("byTest keeps no files when it is told not to", () => {
  const tests: Test[] = [];
  const sink = byTest((test) => tests.push(test), { attachments: false });
  const file = { fileName: "log", fileBytes: encode("one") };
  send(sink, { testId: "a", ...file }, { testId: "a", status: "fail" });
  assertEquals(tests.map((test) => test.attachments), [[]]);
});

const RUN: Partial<StatusEvent>[] = [
  {
    testId: "a",
    status: "inprogress",
    routeCode: "0",
    timestamp: at(1),
    parentTestId: "p",
    runnable: false,
  },
  { testId: "b", status: "inprogress", tags: ["net"] },
  {
    testId: "a",
    routeCode: "0",
    fileName: "log",
    fileBytes: encode("x"),
    mimeType: "text/plain",
    runnable: false,
  },
  { testId: "b", fileName: "log", fileBytes: encode("y") },
  {
    testId: "a",
    status: "skip",
    routeCode: "0",
    tags: ["slow"],
    timestamp: at(3),
    runnable: false,
  },
];

Deno.test("plainTest has all of a test, and can be cloned", () => {
  const tests: Test[] = [];
  const sink = byTest((test) => tests.push(test));
  send(sink, ...RUN);
  sink.stop();
  const [a, b] = tests.map(plainTest);
  assertEquals(structuredClone(a), {
    testId: "a",
    outcome: "skip",
    runnable: false,
    tags: ["slow"],
    attachments: [{ name: "log", mimeType: "text/plain", bytes: encode("x") }],
    started: at(1),
    ended: at(3),
    routeCode: "0",
    parentTestId: "p",
  });
  assertEquals([b.outcome, b.tags, b.ended], ["lost", ["net"], undefined]);
});

Deno.test("testEvents results in the same test again, a lost one too", () => {
  const tests: Test[] = [], again: Test[] = [];
  const sink = byTest((test) => tests.push(test));
  send(sink, ...RUN);
  send(sink, { testId: "c", status: "xfail" });
  sink.stop();
  for (const test of tests) {
    const sink = byTest((test) => again.push(test));
    send(sink, ...testEvents(test));
    sink.stop();
  }
  assert(again.length === 3);
  assertEquals(again.map(plainTest), tests.map(plainTest));
});

Deno.test("oneTestAtATime parts tests that run side by side", () => {
  const log: string[] = [];
  const sink = oneTestAtATime({
    start: () => log.push("start"),
    status: ({ testId, status, fileName }) =>
      log.push([testId, status, fileName].filter(Boolean).join(" ")),
    stop: () => log.push("stop"),
  });
  sink.start();
  send(
    sink,
    ...RUN,
    { fileName: "stdout", fileBytes: encode("text") },
    { testId: "listed", status: "exists" },
  );
  sink.stop();
  assertEquals(log, [
    "start",
    "a inprogress",
    "a log",
    "a skip",
    "stdout",
    "listed exists",
    "b inprogress",
    "b log",
    "stop",
  ]);
});
