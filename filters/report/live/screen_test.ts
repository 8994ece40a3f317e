import { assertEquals } from "@std/assert";
import { addTo, ended, started } from "../../../tests/support/live.ts";
import { damaged, type EventFields } from "../../../tests/support/streams.ts";
import { widthOf } from "../../kit/text/width.ts";
import { Forecast } from "./forecast.ts";
import { LiveRun } from "./run.ts";
import { blockLines, progressLine, statusLines } from "./screen.ts";
import { Style } from "./spans.ts";

const plain = new Style(false);
const silent = { failed() {}, failedToo() {}, other() {} };

/** A run of so many seconds. */
function runOf(
  seconds: number,
  total: number | undefined,
  ...parts: (EventFields | Uint8Array)[]
): LiveRun {
  const run = new LiveRun(new Forecast({ total }), silent, 0);
  addTo(run, ...parts);
  run.advance(1000 * seconds);
  return run;
}

function block(run: LiveRun, columns: number, rows: number): string[] {
  return blockLines(run, { columns, rows })
    .map((line) => plain.fitted(line, columns - 1).plain);
}

const many = (count: number, status: EventFields["status"]) =>
  Array.from({ length: count }, (_, i) => ended(`${status} ${i}`, status));
const running = Array.from(
  { length: 30 },
  (_, i) => started(`tests.test_${i}`, { routeCode: String(i % 3) }),
);

const busy = () =>
  runOf(
    100,
    200,
    ...many(70, "success"),
    ...many(10, "fail"),
    ...many(10, "skip"),
    ...running,
  );

Deno.test("blockLines has bar, counts, pace, and what runs, on half of a screen", () => {
  assertEquals(block(busy(), 80, 24), [
    "[=====================---###                                 ] 90 of 200  45%",
    "70 passed  10 failed  10 skipped  1:40  0.9 tests/s  2:03 left",
    "    1:40  [0] tests.test_0",
    "    1:40  [1] tests.test_1",
    "    1:40  [2] tests.test_2",
    "    1:40  [0] tests.test_3",
    "    1:40  [1] tests.test_4",
    "    1:40  [2] tests.test_5",
    "    1:40  [0] tests.test_6",
    "    1:40  [1] tests.test_7",
    "    1:40  [2] tests.test_8",
    "  and 21 more",
  ]);
  assertEquals(block(busy(), 40, 10), [
    "[=======-#             ] 90 of 200  45%",
    "70 passed  10 failed  10 skipped  1:40",
    "0.9 tests/s  2:03 left",
    "    1:40  [0] tests.test_0",
    "  and 29 more",
  ]);
});

Deno.test("blockLines fits into any screen", () => {
  const run = busy();
  addTo(run, started("測試".repeat(30)), started("e\u0301👨‍👩‍👧".repeat(30)));
  for (let columns = 1; columns <= 130; columns++) {
    for (const rows of [1, 2, 3, 5, 8, 24, 80]) {
      const size = { columns, rows };
      const lines = blockLines(run, size);
      assertEquals(
        lines.length < Math.max(2, rows),
        true,
        JSON.stringify(size),
      );
      for (const line of lines) {
        const { plain: text } = plain.fitted(line, columns - 1);
        assertEquals(widthOf(text) < Math.max(1, columns), true, text);
      }
    }
  }
});

Deno.test("blockLines leaves out what nobody knows", () => {
  assertEquals(block(runOf(0, undefined), 80, 24), ["0 passed  0:00"]);
  assertEquals(block(runOf(12, undefined, ...many(3, "success")), 80, 24), [
    "3 passed  0:12  0.3 tests/s",
  ]);
  assertEquals(
    block(runOf(12, 3, ...many(3, "uxsuccess"), damaged(ended("a"))), 80, 24),
    [
      "[############################################################] 3 of 3  100%",
      "0 passed  3 unexpectedly passed  1 damaged  0:12  0.3 tests/s",
    ],
  );
  assertEquals(block(runOf(1, 0), 80, 24)[0].endsWith("] 0 of 0  100%"), true);
});

Deno.test("blockLines shows a failure among a million, and never more than all", () => {
  const run = runOf(1, 400, ...many(398, "success"), ...many(1, "fail"));
  const [bar] = block(run, 80, 24);
  assertEquals(bar, `[${"=".repeat(58)}# ] 399 of 400  99%`);
  const first = runOf(1, 1000, ...many(1, "fail"));
  assertEquals(block(first, 80, 24)[0], `[${" ".repeat(60)}] 1 of 1000  0%`);
});

Deno.test("blockLines has the counts in colors", () => {
  const [bar, counts] = blockLines(busy(), { columns: 30, rows: 24 });
  assertEquals(bar.map(([text, meaning]) => [text.trim(), meaning]), [
    ["[", undefined],
    ["===", "good"],
    ["-", "skipped"],
    ["#", "bad"],
    ["", undefined],
    ["]", undefined],
    ["90 of 200  45%", undefined],
  ]);
  assertEquals(counts, [["70 passed", "good"], ["  "], ["10 failed", "bad"]]);
});

Deno.test("progressLine and statusLines say how far it is, and what runs", () => {
  assertEquals(
    plain.text(progressLine(busy())),
    "1:40  90 of 200 tests, 70 passed, 10 failed, 10 skipped, 30 running, for 1:40 [0] tests.test_0, 2:03 left",
  );
  assertEquals(
    plain.text(progressLine(runOf(3, undefined))),
    "0:03  0 tests, 0 passed",
  );
  const status = statusLines(busy()).map((line) => plain.text(line));
  assertEquals(status.length, 31);
  assertEquals(status.at(-1), "    1:40  [2] tests.test_29");
  const crowd = runOf(
    1,
    undefined,
    ...Array.from({ length: 150 }, (_, i) => started(`${i}`)),
  );
  assertEquals(plain.text(statusLines(crowd).at(-1)!), "  and 50 more");
});
