import { assertEquals } from "@std/assert";
import { callTool, test } from "../support/call.ts";
import { type Row, testRows } from "../support/checks.ts";
import { keepRuns, runId } from "../support/kept_runs.ts";
import { TempDir, text } from "../support/run.ts";
import { TempRepository } from "../support/runs.ts";
import {
  at,
  damaged,
  type EventFields,
  PASSED,
  stream,
} from "../support/streams.ts";

/** A run with every status, times, tags, routes, and text between packets. */
const RUN = stream(
  "compiling\n",
  { testId: "slow", status: "inprogress", timestamp: at("10:00:00") },
  { testId: "quick", status: "inprogress", timestamp: at("10:00:01") },
  {
    testId: "quick",
    status: "success",
    tags: ["fast"],
    timestamp: at("10:00:01.25"),
  },
  { testId: "untimed", status: "skip", routeCode: "1/2" },
  { fileName: "stdout", fileBytes: new TextEncoder().encode("linking\n") },
  { testId: "slow", status: "fail", timestamp: at("10:01:30.5") },
  { testId: "listed", status: "exists", routeCode: "9", tags: ["big"] },
  { testId: "known", status: "xfail" },
  { testId: "surprise", status: "uxsuccess" },
  { testId: "hangs", status: "inprogress" },
  "no line end",
);

const LISTED = ["quick", "untimed", "slow", "known", "surprise"];
const lines = (...lines: string[]) => lines.map((line) => line + "\n").join("");

const subtests: EventFields[] = [
  { testId: "suite > a > i", status: "success", parentTestId: "suite > a" },
  { testId: "suite > a > j", status: "fail", parentTestId: "suite > a" },
  { testId: "suite > a", status: "fail", parentTestId: "suite" },
  { testId: "alone", status: "success" },
  { testId: "suite > b", status: "success", parentTestId: "suite" },
  { testId: "suite", status: "fail" },
  { testId: "orphan", status: "success", parentTestId: "elsewhere" },
  {
    testId: "suite > c",
    status: "success",
    parentTestId: "suite",
    routeCode: "1",
  },
];

const SUBTESTS = stream(...subtests);

const rows: Row[] = [
  {
    name: "lists tests as they end, lost ones last, and passes text on",
    status: 1,
    stdout: "compiling\n" + lines("quick", "untimed") + "linking\n" +
      lines("slow", "known", "surprise") + "no line end" + lines("hangs"),
  },
  {
    name: "--no-passthrough hides text and files of no test",
    args: ["--no-passthrough"],
    status: 1,
    stdout: lines(...LISTED, "hangs"),
  },
  {
    name: "--times adds seconds, - when the stream does not say",
    args: ["--times", "--no-passthrough"],
    status: 1,
    stdout: lines(
      "quick 0.250",
      "untimed -",
      "slow 90.500",
      "known -",
      "surprise -",
      "hangs -",
    ),
  },
  {
    name: "--times measures from the first event of a test",
    args: ["--times"],
    stream: stream(
      { testId: "a", status: "inprogress", timestamp: at("10:00:00") },
      { testId: "a", status: "inprogress", timestamp: at("10:00:02") },
      { testId: "a", status: "success", timestamp: at("10:00:03") },
    ),
    stdout: "a 3.000\n",
  },
  {
    name: "--exists lists tests that exist as well",
    args: ["--exists", "--no-passthrough"],
    status: 1,
    stdout: lines(
      "quick",
      "untimed",
      "slow",
      "listed",
      "known",
      "surprise",
      "hangs",
    ),
  },
  {
    name: "--failing lists fail, uxsuccess and lost tests",
    args: ["--failing", "--no-passthrough"],
    status: 1,
    stdout: lines("slow", "surprise", "hangs"),
  },
  {
    name: "--failing --exists adds tests that exist",
    args: ["--failing", "--exists", "--no-passthrough"],
    status: 1,
    stdout: lines("slow", "listed", "surprise", "hangs"),
  },
  ...[
    ["success", "quick"],
    ["uxsuccess", "surprise"],
    ["skip", "untimed"],
    ["fail", "slow"],
    ["xfail", "known"],
    ["lost", "hangs"],
    ["exists", "listed"],
    ["skip,xfail,lost", "untimed", "known", "hangs"],
  ].map(([status, ...listed]) => ({
    name: `--status ${status} lists those`,
    args: [`--status=${status}`, "--no-passthrough"],
    status: 1,
    stdout: lines(...listed),
  })),
  {
    name: "--failing and --status add up",
    args: ["--failing", "--status", "skip", "--no-passthrough"],
    status: 1,
    stdout: lines("untimed", "slow", "surprise", "hangs"),
  },
  {
    name: "--sort time puts the slowest first, those without times last",
    args: ["--sort", "time", "--no-passthrough"],
    status: 1,
    stdout: lines("slow", "quick", "untimed", "known", "surprise", "hangs"),
  },
  {
    name: "--sort id sorts by test id",
    args: ["--sort=id", "--no-passthrough"],
    status: 1,
    stdout: lines("hangs", "known", "quick", "slow", "surprise", "untimed"),
  },
  {
    name: "--sort id sorts one id by route code",
    args: ["--sort=id", "--format=tsv"],
    stream: stream(
      { testId: "a", status: "success", routeCode: "2" },
      { testId: "a", status: "success", routeCode: "1" },
      { testId: "a", status: "success" },
    ),
    stdout: lines("a\tsuccess\t\t", "a\tsuccess\t\t1", "a\tsuccess\t\t2"),
  },
  {
    name: "--sort stream is the default",
    args: ["--sort=stream", "--no-passthrough"],
    status: 1,
    stdout: lines(...LISTED, "hangs"),
  },
  {
    name: "--top lists the first tests and judges them all",
    args: ["--top", "2", "--no-passthrough"],
    status: 1,
    stdout: lines("quick", "untimed"),
  },
  {
    name: "-n with --sort lists the slowest",
    args: ["-n1", "--sort=time", "--times", "--no-passthrough"],
    status: 1,
    stdout: lines("slow 90.500"),
  },
  {
    name: "--top 0 lists none",
    args: ["--top=0", "--no-passthrough"],
    status: 1,
    stdout: "",
  },
  {
    name: "--tree lists subtests under their parents",
    args: ["--tree"],
    stream: SUBTESTS,
    status: 1,
    stdout: lines(
      "alone",
      "suite",
      "  suite > a",
      "    suite > a > i",
      "    suite > a > j",
      "  suite > b",
      "orphan",
      "suite > c",
    ),
  },
  {
    name: "--tree --sort id sorts within each parent",
    args: ["--tree", "--sort=id", "--failing"],
    stream: SUBTESTS,
    status: 1,
    stdout: lines("suite", "  suite > a", "    suite > a > j"),
  },
  {
    name: "--tree lists tests that are their own ancestors",
    args: ["--tree"],
    stream: stream(
      { testId: "a", status: "success", parentTestId: "b" },
      { testId: "b", status: "success", parentTestId: "a" },
      { testId: "c", status: "success", parentTestId: "c" },
    ),
    stdout: lines("a", "  b", "c"),
  },
  {
    name: "--format plain is the default",
    args: ["--format=plain", "--no-passthrough"],
    status: 1,
    stdout: lines(...LISTED, "hangs"),
  },
  {
    name: "--format tsv lists id, status, seconds, route code",
    args: ["--format=tsv", "--no-passthrough"],
    status: 1,
    stdout: lines(
      "quick\tsuccess\t0.250\t",
      "untimed\tskip\t\t1/2",
      "slow\tfail\t90.500\t",
      "known\txfail\t\t",
      "surprise\tuxsuccess\t\t",
      "hangs\tlost\t\t",
    ),
  },
  {
    name: "--format tsv escapes what would make columns and rows",
    args: ["--format", "tsv"],
    stream: stream({
      testId: "a\tb\nc\\d\re",
      status: "success",
      routeCode: "\t",
    }),
    stdout: "a\\tb\\nc\\\\d\\re\tsuccess\t\t\\t\n",
  },
  {
    name: "--format json lists what is known; text goes to standard error",
    args: ["--format=json", "--exists"],
    status: 1,
    stdout: lines(
      '{"test_id":"quick","outcome":"success","seconds":0.25,"tags":["fast"]}',
      '{"test_id":"untimed","outcome":"skip","route_code":"1/2"}',
      '{"test_id":"slow","outcome":"fail","seconds":90.5}',
      '{"test_id":"listed","outcome":"exists","tags":["big"],"route_code":"9"}',
      '{"test_id":"known","outcome":"xfail"}',
      '{"test_id":"surprise","outcome":"uxsuccess"}',
      '{"test_id":"hangs","outcome":"lost"}',
    ),
    stderr: "compiling\nlinking\nno line end",
  },
  {
    name: "--format json names the parent",
    args: ["--format=json", "--status=success", "--top=1"],
    stream: SUBTESTS,
    status: 1,
    stdout: lines(
      '{"test_id":"suite > a > i","outcome":"success","parent_test_id":"suite > a"}',
    ),
  },
  {
    name: "-0 ends rows with NUL; text goes to standard error",
    args: ["-0"],
    status: 1,
    stdout: [...LISTED, "hangs", ""].join("\0"),
    stderr: "compiling\nlinking\nno line end",
  },
  {
    name: "--null keeps ids with line ends whole",
    args: ["--null"],
    stream: stream({ testId: "a\nb", status: "success" }),
    stdout: "a\nb\0",
  },
  {
    name: "--count prints how many; text goes to standard error",
    args: ["--count", "--failing"],
    status: 1,
    stdout: "3\n",
    stderr: "compiling\nlinking\nno line end",
  },
  {
    name: "-c --no-passthrough prints nothing else",
    args: ["-c", "--no-passthrough"],
    status: 1,
    stdout: "6\n",
  },
  {
    name: "of an empty stream lists nothing",
    stream: stream(),
    stdout: "",
  },
  {
    name: "lists lost tests at the end, first started first",
    stream: stream(
      { testId: "b", status: "inprogress" },
      { testId: "a", status: "inprogress" },
      // A test with only a file is lost too.
      { testId: "c", fileName: "log", fileBytes: Uint8Array.of(0x61) },
      { testId: "b", status: "inprogress" },
      { testId: "d", status: "success" },
      { testId: "a", status: "success" },
      { testId: "a", status: "inprogress" },
    ),
    status: 1,
    stdout: lines("d", "a", "b", "c", "a"),
  },
  {
    name: "lists damage as subunit.parser where it is",
    args: ["--failing"],
    stream: stream(
      { testId: "a", status: "fail" },
      damaged({ testId: "b", status: "success" }),
      { testId: "c", status: "fail" },
    ),
    status: 1,
    stdout: lines("a", "subunit.parser", "c"),
    stderr:
      "subunit-ls: Cannot decode packet 1 at byte 10: stored CRC-32 is 0x44c896ff, computed 0x44c89600 (10 bytes are damaged)\n",
  },
  {
    name: "lists a torn packet as subunit.parser, text in front of it as text",
    stream: stream(
      "text ",
      stream({ testId: "torn", status: "success" }).subarray(0, 9),
    ),
    status: 1,
    stdout: "text " + lines("subunit.parser"),
    stderr:
      "subunit-ls: Cannot decode packet 0 at byte 5: length is 13, only 9 bytes before the end of input (9 bytes are damaged)\n",
  },
  {
    name: "exits 1 for damage that --status does not list",
    args: ["--status=success"],
    stream: stream(damaged({ testId: "b", status: "success" }), {
      testId: "a",
      status: "success",
    }),
    status: 1,
    stdout: lines("a"),
    stderr:
      "subunit-ls: Cannot decode packet 0 at byte 0: stored CRC-32 is 0x44c896ff, computed 0x44c89600 (10 bytes are damaged)\n",
  },
  ...([
    ["success", 0],
    ["skip", 0],
    ["xfail", 0],
    ["exists", 0],
    ["fail", 1],
    ["uxsuccess", 1],
    ["inprogress", 1],
  ] as const).map(([outcome, status]) => ({
    name: `exits ${status} for ${outcome}`,
    stream: stream({ testId: "a", status: outcome }),
    status,
    stdout: outcome === "exists" ? "" : lines("a"),
  })),
  {
    name: "keeps tests of one id on two routes apart",
    args: ["--times"],
    stream: stream(
      {
        testId: "a",
        status: "inprogress",
        routeCode: "1",
        timestamp: at("10:00:00"),
      },
      {
        testId: "a",
        status: "inprogress",
        routeCode: "2",
        timestamp: at("10:00:01"),
      },
      {
        testId: "a",
        status: "success",
        routeCode: "1",
        timestamp: at("10:00:05"),
      },
    ),
    status: 1,
    stdout: lines("a 5.000", "a 4.000"),
  },
  {
    name: "lists no test of empty id, as the Python tool",
    stream: stream({ testId: "", status: "fail" }),
    status: 1,
    stdout: "",
  },
  {
    name: "passes text on that ends inside a character, to standard error too",
    args: ["--count"],
    stream: stream("no line end ", Uint8Array.of(0xd0)),
    stdout: "0\n",
    stderr: "no line end \ufffd",
  },
  ...([
    [
      [],
      lines("1-b (2 tests)", "  b", "  c", "1-a (1 test)", "  a") +
      lines("no fault (1 test)", "  lost"),
    ],
    [
      ["--times", "--status=success"],
      lines("no fault (1 test)", "  fine -"),
    ],
    [
      ["--format=tsv"],
      "b\tfail\t\t\t1-b\nc\tuxsuccess\t\t\t1-b\n" +
      "a\tfail\t\t\t1-a\nlost\tlost\t\t\t\n",
    ],
    [
      ["--format=json", "--top=1"],
      '{"test_id":"a","outcome":"fail","tags":["fault:1-a"],"fault":"1-a"}\n',
    ],
  ] as const).map(([args, stdout]) => ({
    name: `--by fault lists failed tests under their faults ${args.join(" ")}`,
    args: ["--by", "fault", ...args],
    stream: stream(
      { testId: "a", status: "fail", tags: ["fault:1-a"] },
      { testId: "fine", status: "success" },
      { testId: "b", status: "fail", tags: ["x", "fault:1-b"] },
      { testId: "lost", status: "inprogress", tags: ["fault:"] },
      { testId: "c", status: "uxsuccess", tags: ["fault:1-b", "fault:1-c"] },
    ),
    status: 1,
    stdout,
  })),
  {
    name: "--by fault excludes other forms of the list",
    args: ["--by=fault", "--tree"],
    status: 2,
    stdout: "",
    stderr:
      "subunit-ls: Option --by excludes --tree, --null and --count: see --help\n",
  },
  {
    name: "passes any text through as it is",
    stream: stream(
      Uint8Array.of(0xff, 0x00, 0x1b, 0x5b, 0x9b),
      "г³\r\n",
      { testId: "\x1b[2J\x07\u202e", status: "success" },
    ),
    stdout: "\ufffd\0\x1b[\ufffdг³\r\n\x1b[2J\x07\u202e\n",
  },
];

testRows("subunit-ls", rows, RUN);

test("subunit-ls --history names a folder without runs: all failures would be new", async () => {
  using dir = new TempDir();
  for (const folder of [dir.path, `${dir.path}/gone`]) {
    for (const tool of ["subunit-ls", "subunit2html"]) {
      const { stderr } = await callTool(tool, ["--history", folder], {
        stdin: stream(PASSED),
      });
      assertEquals(stderr, `${tool}: ${folder} has no test that ended\n`);
    }
  }
  const shard = await callTool("subunit-shard", [
    "1/1",
    "--history",
    dir.path,
  ], { stdin: "a\n" });
  assertEquals(
    [text(shard.stdout), shard.stderr],
    ["a\n", `subunit-shard: ${dir.path} has no test that ended\n`],
  );
});

test("subunit-ls --history says since when tests fail", async () => {
  using repository = new TempRepository();
  keepRuns(
    repository,
    "a P b F c P",
    "a F b F c F",
    "a P b F c P",
    "a P b F c P",
    "a P b F c P",
  );
  const now = stream(
    { testId: "a", status: "fail" },
    { testId: "b", status: "fail" },
    { testId: "c", status: "success" },
    { testId: "d", status: "fail", tags: ["slow"] },
  );
  const list = async (...args: string[]) =>
    text(
      (await callTool("subunit-ls", [
        "--failing",
        `--history=${repository.path}`,
        ...args,
      ], { stdin: now })).stdout,
    );
  assertEquals(
    await list(),
    `a (new-fail, flaky)\nb (since:${runId(0)})\nd (new-fail)\n`,
  );
  assertEquals(await list("-0"), "a\0b\0d\0");
  assertEquals(
    (await list("--format=tsv")).split("\n")[1],
    `b\tfail\t\t\tsince:${runId(0)}`,
  );
  const [, , d] = (await list("--format=json")).split("\n");
  assertEquals(JSON.parse(d).tags, ["slow", "new-fail"]);
});
