import { assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { type Packet, PacketChange, PacketEditor } from "@subunit/codec";
import fc from "fast-check";
import { callTool, test } from "../support/call.ts";
import { assertRefused } from "../support/checks.ts";
import { keepRuns } from "../support/kept_runs.ts";
import { shell, TempDir, text } from "../support/run.ts";
import { TempRepository } from "../support/runs.ts";
import {
  anyRun,
  at,
  ended,
  type EventFields,
  eventsIn,
  fileIn,
  itemsIn,
  outcomesIn,
  stream,
  taggedOutcomesIn,
  textFile,
} from "../support/streams.ts";

const SEED = 20261128;

type Status = EventFields["status"];

const started = (testId: string, routeCode?: string): EventFields => ({
  testId,
  status: "inprogress",
  ...(routeCode === undefined ? {} : { routeCode }),
});

/** Id, status and tags of each outcome. */
function marked(bytes: Uint8Array): string[] {
  return taggedOutcomesIn(eventsIn(bytes));
}

const RUN = stream(
  ended("steady", "success"),
  ended("flaky", "fail", { tags: ["net"] }),
  ended("flaky", "success"),
  ended("broken", "fail"),
  ended("broken", "fail"),
  ended("surprise", "success"),
  ended("surprise", "uxsuccess"),
  ended("skipped", "fail"),
  ended("skipped", "skip"),
);

test("subunit-attempts marks what decides by each policy, and what is flaky", async () => {
  const decisive: Record<string, string[]> = {
    last: ["steady 1", "flaky 2", "broken 2", "surprise 2", "skipped 1"],
    any: ["steady 1", "flaky 2", "broken 2", "surprise 1", "skipped 1"],
    all: ["steady 1", "flaky 1", "broken 2", "surprise 2", "skipped 1"],
    first: ["steady 1", "flaky 1", "broken 1", "surprise 1", "skipped 1"],
  };
  for (const [policy, expected] of Object.entries(decisive)) {
    const { stdout, stderr, status } = await callTool("subunit-attempts", [
      `--policy=${policy}`,
    ], { stdin: RUN });
    assertEquals(stderr, "");
    assertEquals(status, 0);
    const found = eventsIn(stdout)
      .filter(({ tags }) => tags?.includes("decisive"))
      .map(({ testId, tags }) =>
        `${testId} ${tags!.find((tag) => tag.startsWith("attempt-"))!.slice(8)}`
      );
    assertEquals(found.toSorted(), expected.toSorted(), policy);
  }
  const { stdout } = await callTool("subunit-attempts", [], { stdin: RUN });
  assertEquals(marked(stdout), [
    "steady success attempt-1,decisive",
    "flaky fail net,attempt-1,flaky",
    "flaky success attempt-2,decisive,flaky",
    "broken fail attempt-1",
    "broken fail attempt-2,decisive",
    "surprise success attempt-1,flaky",
    "surprise uxsuccess attempt-2,decisive,flaky",
    "skipped fail attempt-1,decisive",
    "skipped skip attempt-2",
  ]);
});

test("subunit-attempts judges by what decides", async () => {
  const flaky = stream(ended("a", "fail"), ended("a", "success"));
  const cases: [args: string[], stdin: Uint8Array, status: number][] = [
    [[], RUN, 0],
    [["--exit-status"], RUN, 1],
    [["--exit-status"], flaky, 0],
    [["--exit-status", "--policy=all"], flaky, 1],
    [["--fail-on-flaky"], flaky, 1],
    [["--fail-on-flaky"], stream(ended("a", "fail")), 0],
    [["--exit-status"], stream(started("lost")), 1],
    [
      ["--exit-status", "--policy=any"],
      stream(started("a", "1"), ended("a", "success")),
      0,
    ],
    [["--report"], stream(ended("a", "fail")), 1],
    [["--report"], stream("1..1\nok 1\n"), 1],
    [["--exit-status"], stream(), 0],
  ];
  for (const [args, stdin, expected] of cases) {
    const { status } = await callTool("subunit-attempts", args, { stdin });
    assertEquals(status, expected, args.join(" "));
  }
});

test("subunit-attempts numbers attempts on several routes by their starts", async () => {
  const { stdout } = await callTool("subunit-attempts", [], {
    stdin: stream(
      started("a", "1"),
      started("a", "2"),
      ended("a", "fail", { routeCode: "2" }),
      ended("a", "success", { routeCode: "1" }),
      started("b", "1"),
      ended("b", "success", { routeCode: "2" }),
    ),
  });
  assertEquals(
    eventsIn(stdout).map(({ testId, routeCode, status, tags = [] }) =>
      `${testId} ${routeCode} ${status} ${tags}`
    ),
    [
      "a 1 inprogress ",
      "a 2 inprogress ",
      "a 2 fail attempt-2,decisive,flaky",
      "a 1 success attempt-1,flaky",
      "b 1 inprogress attempt-1,flaky",
      "b 2 success attempt-2,decisive,flaky",
    ],
  );
  const apart = await callTool("subunit-attempts", ["--by-route"], {
    stdin: stream(
      ended("a", "fail", { routeCode: "1" }),
      ended("a", "success", { routeCode: "2" }),
    ),
  });
  assertEquals(marked(apart.stdout), [
    "a fail attempt-1,decisive",
    "a success attempt-1,decisive",
  ]);
});

test("subunit-attempts tags a test whose failures are all one fault", async () => {
  const fail = (testId: string, fault?: string) =>
    ended(testId, "fail", fault === undefined ? {} : { tags: [fault] });
  const { stdout } = await callTool("subunit-attempts", [], {
    stdin: stream(
      fail("one", "fault:1-a"),
      fail("one", "fault:1-a"),
      ended("one", "success"),
      fail("two", "fault:1-a"),
      fail("two", "fault:1-b"),
      ended("two", "success"),
      fail("none"),
      ended("none", "success"),
      fail("broken", "fault:1-a"),
      fail("broken", "fault:1-a"),
    ),
  });
  const same = eventsIn(stdout)
    .filter(({ tags }) => tags!.includes("flaky-same"))
    .map(({ testId }) => testId);
  assertEquals(same, ["one", "one", "one"]);
});

test("subunit-attempts --collapse writes one outcome, and keeps the rest as files", async () => {
  const timestamp = at("10:00:00");
  const { stdout } = await callTool("subunit-attempts", ["--collapse"], {
    stdin: stream(
      "text\n",
      started("a", "0"),
      { testId: "a", routeCode: "0", ...textFile("traceback", "boom") },
      ended("a", "fail", { routeCode: "0" }),
      ended("other", "success"),
      { ...started("a", "1"), timestamp },
      { testId: "a", routeCode: "1", ...textFile("log", "fine") },
      ended("a", "success", { routeCode: "1", tags: ["net"] }),
    ),
  });
  const [words, ...packets] = itemsIn(stdout);
  assertEquals(words.kind, "foreign");
  const events = packets.map((item) => (item as Packet).toEvent());
  assertEquals(
    outcomesIn(events).map(({ testId, routeCode, status, tags }) =>
      `${testId} ${routeCode} ${status} ${tags}`
    ),
    [
      "other undefined success attempt-1,decisive",
      "a 1 success net,attempt-2,decisive,flaky",
    ],
  );
  assertEquals(fileIn(events, "a", "log"), "fine");
  assertEquals(fileIn(events, "a", "attempt-1/traceback"), "boom");
  assertEquals(fileIn(events, "a", "attempt-1"), "fail on route 0\n");
  const [first] = events.filter(({ testId }) => testId === "a");
  assertEquals([first.status, first.timestamp], ["inprogress", timestamp]);
  // One test for every reader, whatever its policy.
  const collapsed = await callTool("subunit-ls", [], { stdin: stdout });
  assertEquals(text(collapsed.stdout), "text\nother\na\n");
});

test("subunit-attempts --report ranks by what is certain", async () => {
  using dir = new TempDir();
  const run = (...statuses: Status[]) =>
    stream(...statuses.map((status, i) => ended(`test ${i}`, status)));
  const files = [
    run("success", "success", "fail"),
    run("fail", "success", "fail"),
    run("success", "success", "fail"),
  ].map((bytes, i) => dir.file(`run ${i}`, bytes));
  const history = files.flatMap((file) => ["--history", file]);
  const { stdout, status } = await callTool("subunit-attempts", [
    "--report",
    ...history,
  ], {
    stdin: concat([
      run("success", "fail", "success"),
      run("success", "success", "success"),
    ]),
  });
  assertEquals(
    text(stdout),
    "0.05\t1/4\tsuccess,success\ttest 0\n0.05\t1/4\tfail,success\ttest 1\n",
  );
  assertEquals(status, 0);
});

test("subunit-attempts --history takes repositories, and names what is no history", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P b P", "a F b P", {
    tests: "a P b P",
    isPlain: true,
  });
  const stdin = stream(ended("a", "success"), ended("b", "success"));
  const report = (history: string) =>
    callTool("subunit-attempts", ["--report", "--history", history], { stdin });
  const { stdout, stderr } = await report(repository.path);
  assertEquals([text(stdout), stderr], ["0.05\t1/4\tsuccess\ta\n", ""]);
  // One run of it, as it is kept.
  const [, second] = repository.runs;
  assertEquals(text((await report(second.path)).stdout), "");
  assertEquals((await report(second.path)).stderr, "");

  using dir = new TempDir();
  const xml = dir.file("old.xml", "<testsuites></testsuites>\n");
  assertRefused(
    await report(xml),
    "subunit-attempts",
    `Cannot read "${xml}": The input has no packets, but results in another format: put junitxml2subunit in front`,
  );
  const inFolder = await report(dir.path);
  assertEquals(
    inFolder.stderr,
    `subunit-attempts: ${xml}: The input has no packets, but results in another format: put junitxml2subunit in front
subunit-attempts: ${dir.path} has no test that ended
`,
  );
  const empty = dir.file("empty", "");
  assertEquals(
    (await report(empty)).stderr,
    `subunit-attempts: ${empty} has no test that ended\n`,
  );
  const torn = dir.file("torn", stdin.subarray(0, stdin.length - 3));
  assertMatch(
    (await report(torn)).stderr,
    /^subunit-attempts: .*\/torn: .* bytes are damaged\)\n$/,
  );
});

test(`subunit-attempts changes nothing but tags, and not on a second call (seed ${SEED})`, async () => {
  const editor = new PacketEditor();
  const untagged = new PacketChange({ tags: undefined });
  const bare = (bytes: Uint8Array) =>
    concat(
      itemsIn(bytes).map((item) =>
        item.kind === "packet"
          ? editor.edit(item, untagged).slice()
          : item.bytes.slice()
      ),
    );
  const repeated = fc.array(
    anyRun({ maxTests: 4, routes: [undefined, "0"] }),
    { maxLength: 3 },
  );
  await fc.assert(
    fc.asyncProperty(
      repeated,
      fc.integer({ min: 1, max: 300 }),
      async (runs, chunkBytes) => {
        const stdin = stream(
          "text г\n",
          ...runs.flat(),
          new Uint8Array([0xb3]),
        );
        const call = (stdin: Uint8Array, chunkBytes?: number) =>
          callTool("subunit-attempts", [], { stdin, chunkBytes });
        const { stdout } = await call(stdin, chunkBytes);
        assertEquals(bare(stdout).toHex(), bare(stdin).toHex());
        const again = await call(stdout);
        assertEquals(again.stdout.toHex(), stdout.toHex());
      },
    ),
    { seed: SEED, numRuns: 40 },
  );
});

Deno.test("subunit-attempts reads a pipe and files to the same end", async () => {
  using dir = new TempDir();
  const [a, b] = [
    dir.file("a", stream(ended("x", "fail"))),
    dir.file("b", stream(ended("x", "success"))),
  ];
  const { stdout, stderr, status } = await shell(
    "cmp <(subunit-attempts $1 $2) <(cat $1 $2 | subunit-attempts) && subunit-attempts $1 $2 | subunit-filter -s --with-tag decisive | subunit-ls --format tsv | cut -f 1,2",
    [a, b],
  );
  assertEquals(stderr, "");
  assertEquals(text(stdout), "x\tsuccess\n");
  assertEquals(status, 0);
});

test("subunit-attempts refuses what it cannot do", async () => {
  const cases: [args: string[], ...words: string[]][] = [
    [["--policy=most"], 'Option --policy is "most"', "last, any, all, first"],
    [["--history=x"], "Option --history needs --report"],
    [["--report", "--collapse"], "exclude each other"],
  ];
  for (const [args, ...words] of cases) {
    assertRefused(
      await callTool("subunit-attempts", args),
      "subunit-attempts",
      ...words,
    );
  }
});
