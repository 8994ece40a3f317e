import { assertEquals } from "@std/assert";
import type { StatusEvent } from "../event.ts";
import { encodePacket } from "../v2/encoder.ts";
import { decodePacket } from "../v2/packet.ts";
import { type Test, TestCollator } from "./collator.ts";

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
