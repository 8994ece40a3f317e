import { assertEquals, assertStringIncludes } from "@std/assert";
import { formatTimestamp, type StatusEvent } from "@subunit/codec";
import { callTool, outputOfCall, peerCallTest, test } from "../support/call.ts";
import { assertMissing, assertStatuses } from "../support/checks.ts";
import { fixture, LiveTool, run, TempDir, text } from "../support/run.ts";
import { eventsIn, fileIn, outcomesIn, stream } from "../support/streams.ts";

const SHOP = "example.com/shop/";

/** The events of a recorded run. */
async function convertFixture(name: string): Promise<StatusEvent[]> {
  return eventsIn(
    await outputOfCall("gojson2subunit", [fixture(`gojson/${name}`)]),
  );
}

/** The outcomes of the tests, in the order of their ends. */
function outcomesOf(events: StatusEvent[]): string[] {
  return outcomesIn(events)
    .map(({ testId, status }) => `${testId!.replace(SHOP, "")} ${status}`);
}

/** The content of a test's file. */
function fileOf(events: StatusEvent[], testId: string, name: string): string {
  return fileIn(events, SHOP + testId, name);
}

test("gojson2subunit reads a recorded run: tests, panics, exits, builds", async () => {
  const events = await convertFixture("go1.19.jsonl");
  assertEquals(outcomesOf(events), [
    "basket.TestSum success",
    "basket.TestWrong fail",
    "basket.TestLater skip",
    "basket.TestTable/two_and_one/deep success",
    "basket.TestTable/two_and_one success",
    "basket.TestTable/a/b/deep success",
    "basket.TestTable/a/b fail",
    "basket.TestTable/naïve_✓/deep success",
    "basket.TestTable/naïve_✓ success",
    "basket.TestTable fail",
    "basket.TestParallel/one success",
    "basket.TestParallel/two fail",
    "basket.TestParallel fail",
    "basket.TestLookalikes success",
    "basket.ExampleSum success",
    "bench.TestGood success",
    "broken fail",
    "crash.TestGood success",
    "crash.TestPanics/inner fail",
    "crash.TestPanics fail",
    "crash.TestWaits fail",
    "exits.TestGood success",
    "exits.TestExits fail",
    "noline.TestPromptSkipped skip",
    "noline.TestLast success",
    "noline.TestPrompt success",
    "setup fail",
    "slow.TestSleeps success",
    "vet fail",
  ]);
  const parents = new Set(
    events.filter(({ parentTestId }) => parentTestId).map((event) =>
      `${event.testId} of ${event.parentTestId}`.replaceAll(SHOP, "")
    ),
  );
  assertEquals([...parents], [
    "basket.TestTable/two_and_one of basket.TestTable",
    "basket.TestTable/two_and_one/deep of basket.TestTable/two_and_one",
    "basket.TestTable/a/b of basket.TestTable",
    "basket.TestTable/a/b/deep of basket.TestTable/a/b",
    "basket.TestTable/naïve_✓ of basket.TestTable",
    "basket.TestTable/naïve_✓/deep of basket.TestTable/naïve_✓",
    "basket.TestParallel/one of basket.TestParallel",
    "basket.TestParallel/two of basket.TestParallel",
    "crash.TestPanics/inner of crash.TestPanics",
  ]);
  assertEquals(
    fileOf(events, "basket.TestWrong", "output"),
    `=== RUN   TestWrong
    basket_test.go:23: about to fail
    basket_test.go:24: Sum(2, 2) = 4, want 5
--- FAIL: TestWrong (0.00s)
`,
  );
  assertStringIncludes(
    fileOf(events, "crash.TestPanics/inner", "output"),
    "panic: assignment to entry in nil map",
  );
  assertEquals(
    fileOf(events, "crash.TestWaits", "reason"),
    "no result when the package ended",
  );
  assertStringIncludes(fileOf(events, "setup", "output"), "no database\n");
});

test("gojson2subunit keeps every line of a recorded run, and its times", async () => {
  const recorded = await Deno.readTextFile(fixture("gojson/go1.19.jsonl"));
  const events = await convertFixture("go1.19.jsonl");
  const lines = recorded.trimEnd().split("\n");
  const isJson = (line: string) => line.startsWith("{");
  const printed = lines.map((line) =>
    isJson(line) ? JSON.parse(line).Output ?? "" : line + "\n"
  );
  // Failed packages repeat their output.
  const isTest = (id: string) => /\.(Test|Example)/.test(id);
  const files = events.filter(({ testId, fileName }) =>
    testId === undefined || isTest(testId) && fileName === "output"
  );
  const sorted = (parts: string[]) =>
    parts.join("").split(/(?<=\n)/).sort().join("");
  assertEquals(
    sorted(files.map(({ fileBytes }) => text(fileBytes!))),
    sorted(printed),
  );
  const times = lines
    .filter((line) => line.includes('shop/bench","Test":"TestGood"'))
    .map((line) => JSON.parse(line).Time);
  assertEquals(times.length, 4);
  assertEquals(
    events
      .filter(({ testId }) => testId === `${SHOP}bench.TestGood`)
      .map(({ timestamp }) => formatTimestamp(timestamp!)),
    times,
  );
});

test("gojson2subunit reads recorded benchmarks and a timeout", async () => {
  assertEquals(outcomesOf(await convertFixture("go1.19_bench.jsonl")), [
    "bench.TestGood success",
    "bench.BenchmarkTable/bad fail",
    "bench.BenchmarkTable fail",
  ]);
  const events = await convertFixture("go1.19_timeout.jsonl");
  assertEquals(outcomesOf(events), ["slow.TestSleeps fail"]);
  assertStringIncludes(
    fileOf(events, "slow.TestSleeps", "output"),
    "panic: test timed out after 100ms\n",
  );
});

test("gojson2subunit takes each FILE for a run", async () => {
  using dir = new TempDir();
  const one = dir.file("one", '{"Action":"run","Package":"p","Test":"TestA"}');
  const two = dir.file("two", '{"Action":"pass","Package":"p","Test":"TestA"}');
  const { stdout, status } = await callTool("gojson2subunit", [one, two]);
  assertEquals(outcomesOf(eventsIn(stdout)), [
    "p.TestA fail",
    "p fail",
    "p.TestA success",
    "p fail",
  ]);
  assertEquals(status, 0);
});

test("gojson2subunit --exit-status judges the tests", async () => {
  await assertStatuses("gojson2subunit", ["--exit-status"], [
    // The producer died before its first line.
    ["", 1],
    ["Segmentation fault\n", 1],
    ['{"Action":"pass","Test":"TestA"}\n{"Action":"pass"}\n', 0],
    ['{"Action":"skip","Test":"TestA"}\n{"Action":"pass"}\n', 0],
    ['{"Action":"fail","Test":"TestA"}\n{"Action":"fail"}\n', 1],
    ['{"Action":"run","Test":"TestA"}\n{"Action":"pass"}\n', 1],
    ['{"Action":"pass","Test":"TestA"}\n', 1],
    ['{"Action":"fail"}\n', 1],
    ["FAIL\tp [build failed]\n", 1],
  ]);
});

Deno.test("gojson2subunit names what it cannot open", async () => {
  await assertMissing("/nowhere", "gojson2subunit");
});

Deno.test("gojson2subunit is live: events and text leave when they come", async () => {
  await using tool = new LiveTool("gojson2subunit");
  await tool.write(stream('{"Action":"run","Package":"p","Test":"TestA"}\n'));
  assertStringIncludes(text(await tool.read(16)), "p.TestA");
  await tool.write(stream("a prompt> "));
  assertStringIncludes(text(await tool.read(40)), "a prompt> ");
});

peerCallTest("gojson2subunit --exit-status agrees with go test itself", [
  "go",
], async () => {
  using cache = new TempDir();
  for (
    const name of ["basket", "bench", "broken", "crash", "empty", "exits"]
  ) {
    const go = await run(["go", "test", "-json", `./${name}`], {
      cwd: fixture("gojson/shop"),
      env: { GOCACHE: cache.path },
    });
    const ours = await callTool("gojson2subunit", ["--exit-status"], {
      stdin: go.stdout,
    });
    assertEquals(ours.status, go.status === 0 ? 0 : 1, name);
  }
});
