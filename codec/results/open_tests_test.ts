import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { meetingEvent } from "../_testing/arbitrary.ts";
import { type StatusEvent, TEST_STATUSES } from "../event.ts";
import { PacketDecoder } from "../v2/decoder.ts";
import { encodePacket } from "../v2/encoder.ts";
import { type Test, TestCollator } from "./collator.ts";
import type { Attachment } from "./test_files.ts";
import { OpenTests } from "./open_tests.ts";
import { EventKey } from "./test_table.ts";

const SEED = 20130814;

/** All fields of a test. */
function facts(test: Test): unknown[] {
  return [
    test.testId,
    test.routeCode,
    test.outcome,
    test.runnable,
    test.tags,
    test.parentTestId,
    test.started,
    test.ended,
    test.attachments.map(fileFacts),
  ];
}

function fileFacts({ name, mimeType, bytes, omitted }: Attachment): unknown[] {
  return [name, mimeType, bytes.toHex(), omitted];
}

/** All that is known of the tests in progress, and of their files. */
function runningFacts(collator: TestCollator): unknown[] {
  return collator.running(9).map(({ testId, routeCode, files }) => [
    testId,
    routeCode,
    files().map(fileFacts),
  ]);
}

/** The bytes of packets, cut into chunks. */
function* chunksOf(events: readonly StatusEvent[], size: number) {
  const bytes = concat(events.map(encodePacket));
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.slice(at, at + size);
  }
}

for (
  const [files, attachments] of [
    ["without files", false],
    ["with files", true],
    ["with both ends of files", { endBytes: 1 }],
  ] as const
) {
  Deno.test(`TestCollator makes the same tests of rows and of packets, ${files} (seed ${SEED})`, () => {
    const events = fc.array(meetingEvent, { maxLength: 40 });
    const size = fc.integer({ min: 20, max: 4000 });
    const most = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(events, size, fc.boolean(), most, (
        ...[
          events,
          size,
          mixes,
          asked,
        ]
      ) => {
        const plain = new TestCollator({ attachments });
        const fast = new TestCollator({ attachments });
        const expected: unknown[] = [], found: unknown[] = [];
        const decoder = new PacketDecoder();
        let count = 0;
        for (const chunk of chunksOf(events, size)) {
          decoder.push(chunk);
          decoder.drainRows((rows) => {
            for (let i = 0; i < rows.count; i++) {
              // Rows are kept until somebody asks.
              if (i % 7 === 3) {
                assertEquals(runningFacts(fast), runningFacts(plain));
              }
              const test = plain.add(rows.packet(i));
              if (test !== undefined) expected.push(facts(test));
              if (mixes && count++ % 3 === 0) {
                const test = fast.add(rows.packet(i).toEvent());
                if (test !== undefined) found.push(facts(test));
                continue;
              }
              const code = fast.addRow(rows, i);
              assertEquals(
                TEST_STATUSES[code - 1],
                test?.outcome as typeof TEST_STATUSES[number] | undefined,
              );
              if (code === 0) continue;
              assertEquals(
                [fast.startSeconds, fast.startNanoseconds],
                [
                  test!.started?.seconds ?? NaN,
                  test!.started?.nanoseconds ?? NaN,
                ],
              );
              assertEquals(fast.endedTags(rows, i), test!.tags);
              if (i % asked > 0) expected.pop();
              else found.push(facts(fast.endedTest(rows, i)));
            }
          }, () => assert(false));
          plain.own();
          fast.own();
          assertEquals(fast.size, plain.size);
        }
        assertEquals(found, expected);
        assertEquals(fast.end().map(facts), plain.end().map(facts));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
}

Deno.test("TestCollator joins the parts of a file from rows of several decoders", () => {
  const collator = new TestCollator({ attachments: true });
  const part = (text: string, status?: "fail") => ({
    testId: "a",
    runnable: true,
    fileName: "log",
    fileBytes: new TextEncoder().encode(text),
    status,
  });
  const found: string[] = [];
  // All end at once: a copy made late would have the bytes of another decoder.
  for (const event of [part("one "), part("two "), part("three", "fail")]) {
    const decoder = new PacketDecoder();
    decoder.push(encodePacket(event));
    decoder.drainRows((rows) => {
      if (collator.addRow(rows, 0) === 0) return;
      const [{ bytes }] = collator.endedTest(rows, 0).attachments;
      found.push(new TextDecoder().decode(bytes));
    }, () => assert(false));
  }
  assertEquals(found, ["one two three"]);
});

Deno.test("OpenTests takes at most 150 bytes for a lost test", () => {
  const tests = new OpenTests();
  const key = new EventKey();
  for (let i = 1; i <= 300_000; i++) {
    const testId = `package.module.TestCase.test_with_a_name_${i}`.padEnd(50);
    tests.add(key.of({ testId }), true);
    if (i % 1000 !== 0) continue;
    const { byteLength } = tests;
    assert(i < 3000 || byteLength <= 150 * i, `${byteLength} for ${i} tests`);
  }
});

Deno.test("OpenTests does not grow while tests end", () => {
  const tests = new OpenTests();
  const key = new EventKey();
  let highest = 0;
  for (let i = 0; i < 100_000; i++) {
    tests.add(key.of({ testId: `a test with a name ${i}` }), true);
    if (i < 100) highest = Math.max(highest, tests.byteLength);
    else tests.delete(key.of({ testId: `a test with a name ${i - 100}` }));
  }
  assertEquals(tests.size, 100);
  assert(tests.byteLength <= 2 * highest);
});

Deno.test("OpenTests keeps no more than one removed test's tags and files", () => {
  const tests = new OpenTests();
  const key = new EventKey();
  for (let i = 0; i < 10; i++) {
    const number = tests.add(key.of({ testId: `${i}` }), true);
    tests.extrasOf(number).parentTestId = "p";
  }
  const removed = Array.from(
    { length: 10 },
    (_, i) => tests.delete(key.of({ testId: `${i}` })),
  );
  assertEquals(
    removed.map((test) => tests.extras(test)?.parentTestId),
    [...Array(9).fill(undefined), "p"],
  );
  assertEquals(tests.beginning(removed[9]).parentTestId, "p");
  const next = tests.add(key.of({ testId: "next" }), false);
  assertEquals(tests.beginning(next).parentTestId, undefined);
});
