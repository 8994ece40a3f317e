import { assert, assertEquals } from "@std/assert";
import { callTool, test } from "../support/call.ts";
import { type Row, testRows } from "../support/checks.ts";
import { TempDir, text } from "../support/run.ts";
import {
  at,
  damaged,
  equalBytes,
  noisyStream,
  sample,
  stream,
} from "../support/streams.ts";

const RUN = stream(
  "compiling\n",
  {
    testId: "slow",
    status: "inprogress",
    tags: ["db"],
    timestamp: at("10:00:00"),
  },
  { testId: "quick", status: "inprogress", timestamp: at("10:00:01") },
  {
    testId: "quick",
    status: "success",
    tags: ["fast", "db"],
    timestamp: at("10:00:01.25"),
  },
  { testId: "untimed", status: "skip", routeCode: "1/2" },
  { fileName: "stdout", fileBytes: new TextEncoder().encode("linking\n") },
  { testId: "slow", status: "fail", timestamp: at("10:01:30.5") },
  { testId: "listed", status: "exists", tags: ["unseen"] },
  { testId: "known", status: "xfail", routeCode: "1" },
  { testId: "surprise", status: "uxsuccess", routeCode: "1" },
  { testId: "hangs", status: "inprogress", tags: ["net"] },
  "no line end\n",
);
const TEXT = "compiling\nlinking\nno line end\n";
const LOST =
  'subunit-stats: Test "hangs" is lost: it started and never ended\n';

/** The report as the Python tool prints it. */
function report(
  total: number,
  passed: number,
  failed: number,
  skipped: number,
  tags = "",
): string {
  return `\
Total tests:       ${total}
Passed tests:      ${passed}
Failed tests:      ${failed}
Skipped tests:     ${skipped}
Seen tags: ${tags}
`;
}

const REPORT = report(6, 2, 3, 1, "db, fast, net");

const GOOD = stream(
  { testId: "a", status: "inprogress", timestamp: at("10:00:00") },
  { testId: "a", status: "success", timestamp: at("10:00:01") },
  { testId: "b", status: "success" },
);
const GOOD_REPORT = report(2, 2, 0, 0);

const DAMAGED = stream(
  { testId: "a", status: "success" },
  "text\n",
  damaged({ testId: "b", status: "success" }),
  { testId: "c", status: "success" },
);
const DAMAGE =
  "subunit-stats: Cannot decode packet 1 at byte 15: stored CRC-32 is 0x44c896ff, computed 0x44c89600 (10 bytes are damaged)\n";
const DAMAGED_REPORT = report(3, 2, 1, 0);

const rows: Row[] = [
  {
    name: "counts as the Python tool prints it, passes text on, names the lost",
    status: 1,
    stdout: TEXT + REPORT,
    stderr: LOST,
  },
  {
    name: "--no-passthrough hides text and files of no test",
    args: ["--no-passthrough"],
    status: 1,
    stdout: REPORT,
    stderr: LOST,
  },
  {
    name: "exits 0 for a good stream",
    stream: GOOD,
    stdout: GOOD_REPORT,
  },
  {
    name: "of an empty stream counts nothing",
    stream: stream(),
    stdout: report(0, 0, 0, 0),
  },
  {
    name: "exits 1 for an unexpected success and counts it as failed",
    stream: stream({ testId: "a", status: "uxsuccess" }),
    status: 1,
    stdout: report(1, 0, 1, 0),
  },
  {
    name: "names lost tests on one line each, whatever is in their ids",
    args: ["--no-passthrough"],
    stream: stream(
      { testId: "b\n\x1b", status: "inprogress" },
      { testId: "a", fileName: "log", fileBytes: new Uint8Array(1) },
    ),
    status: 1,
    stdout: report(2, 0, 2, 0),
    stderr: `\
subunit-stats: Test "b\\n\\u001b" is lost: it started and never ended
subunit-stats: Test "a" is lost: it started and never ended
`,
  },
  {
    name: "counts damage as a failed test and says where it is",
    stream: DAMAGED,
    status: 1,
    stdout: "text\n" + DAMAGED_REPORT,
    stderr: DAMAGE,
  },
  {
    name: "--json reports everything; text goes to standard error",
    args: ["--json"],
    status: 1,
    stdout: JSON.stringify({
      total: 6,
      passed: 2,
      failed: 3,
      skipped: 1,
      outcomes: {
        success: 1,
        uxsuccess: 1,
        skip: 1,
        fail: 1,
        xfail: 1,
        lost: 1,
      },
      damage: 0,
      tags: ["db", "fast", "net"],
      slowest: [],
    }) + "\n",
    stderr: TEXT + LOST,
  },
  {
    name: "--json with --slowest, --by and damage",
    args: ["--json", "--slowest=1", "--by=route", "--no-passthrough"],
    stream: stream(
      {
        testId: "a",
        status: "inprogress",
        routeCode: "1",
        timestamp: at("10:00:00"),
      },
      {
        testId: "a",
        status: "fail",
        routeCode: "1",
        timestamp: at("10:00:01.5"),
      },
      DAMAGED,
    ),
    status: 1,
    stdout: JSON.stringify({
      total: 4,
      passed: 2,
      failed: 2,
      skipped: 0,
      outcomes: {
        success: 2,
        uxsuccess: 0,
        skip: 0,
        fail: 1,
        xfail: 0,
        lost: 0,
      },
      damage: 1,
      tags: [],
      slowest: [
        { test_id: "a", route_code: "1", outcome: "fail", seconds: 1.5 },
      ],
      by_route: {
        "": { total: 2, passed: 2, failed: 0, skipped: 0 },
        "1": { total: 1, passed: 0, failed: 1, skipped: 0 },
      },
    }) + "\n",
    stderr: DAMAGE.replace("packet 1 at byte 15", "packet 3 at byte 52"),
  },
  {
    name: "--slowest names the tests that took longest",
    args: ["--slowest", "5", "--no-passthrough"],
    status: 1,
    stdout: REPORT + `\
Slowest tests:
    90.500  slow
     0.250  quick
`,
    stderr: LOST,
  },
  {
    name: "--slowest 1 names one",
    args: ["--slowest=1", "--no-passthrough"],
    status: 1,
    stdout: REPORT + `\
Slowest tests:
    90.500  slow
`,
    stderr: LOST,
  },
  {
    name: "--by tag counts each test under each of its tags",
    args: ["--by", "tag", "--no-passthrough"],
    status: 1,
    stdout: REPORT + `\
 total passed failed skipped  tag
     3      1      1       1  (none)
     2      1      1       0  db
     1      1      0       0  fast
     1      0      1       0  net
`,
    stderr: LOST,
  },
  {
    name: "--by route counts by route code",
    args: ["--by=route", "--no-passthrough"],
    status: 1,
    stdout: REPORT + `\
 total passed failed skipped  route
     3      1      2       0  (none)
     2      1      1       0  1
     1      0      0       1  1/2
`,
    stderr: LOST,
  },
  {
    name: "--min-tests exits 1 for fewer tests and says so",
    args: ["--min-tests", "3"],
    stream: GOOD,
    status: 1,
    stdout: GOOD_REPORT,
    stderr: "subunit-stats: 2 tests, expected at least 3\n",
  },
  {
    name: "--min-tests 1 exits 1 for an empty stream",
    args: ["--min-tests=1"],
    stream: stream(),
    status: 1,
    stdout: report(0, 0, 0, 0),
    stderr: "subunit-stats: 0 tests, expected at least 1\n",
  },
  {
    name: "--min-tests exits 0 for as many tests",
    args: ["--min-tests=2"],
    stream: GOOD,
    stdout: GOOD_REPORT,
  },
  {
    name: "--min-tests exits 1 for a failure among enough tests",
    args: ["--min-tests=2", "--no-passthrough"],
    status: 1,
    stdout: REPORT,
    stderr: LOST,
  },
  {
    name: "writes tags to a pipe as they are, as the Python tool",
    stream: stream({ testId: "a", status: "skip", tags: ["\x1b[1m\u202e"] }),
    stdout: report(1, 0, 0, 1, "\x1b[1m\u202e"),
  },
];

testRows("subunit-stats", rows, RUN);

test("subunit-stats --forward passes damage and text on, the report to standard error", async () => {
  const noise = Uint8Array.of(0xb3, 0x00, 0xff, 0xd0, 0xb3, 0xb3, 0x29, 0xd0);
  const input = stream(DAMAGED, noise, RUN, noise);
  const { status, stdout, stderr } = await callTool("subunit-stats", ["-f"], {
    stdin: input,
  });
  assertEquals(stdout, input);
  assertEquals(status, 1);
  assertEquals(stderr.match(/Total tests:/g)?.length, 1);
  // Two in each noise: an invalid version and an invalid length.
  assertEquals(stderr.match(/Cannot decode/g)?.length, 5);
});

const SEED = 20260201;

test(`subunit-stats --forward passes every byte of any stream on (seed ${SEED})`, async () => {
  const input = stream(...sample(noisyStream, 50, SEED));
  const { stdout } = await callTool("subunit-stats", ["--forward"], {
    stdin: input,
  });
  assert(equalBytes(stdout, input));
});

test("subunit-stats --forward leaves a good stream as it is", async () => {
  const { status, stdout, stderr } = await callTool(
    "subunit-stats",
    ["--forward"],
    { stdin: GOOD },
  );
  assertEquals(stdout, GOOD);
  assertEquals(stderr, GOOD_REPORT);
  assertEquals(status, 0);
});

for (const option of ["-o", "--output-to"]) {
  test(`subunit-stats ${option} writes the report to a file, made anew`, async () => {
    using dir = new TempDir();
    const report = dir.file("report", "x".repeat(1000));
    const { status, stdout, stderr } = await callTool(
      "subunit-stats",
      [option, report],
      { stdin: RUN },
    );
    assertEquals(Deno.readTextFileSync(report), REPORT);
    assertEquals(text(stdout), TEXT);
    assertEquals(stderr, LOST);
    assertEquals(status, 1);
  });
}

test("subunit-stats --forward -o writes stream and report apart", async () => {
  using dir = new TempDir();
  const report = `${dir.path}/report`;
  const { status, stdout, stderr } = await callTool(
    "subunit-stats",
    ["--forward", "--json", "-o", report],
    { stdin: DAMAGED },
  );
  assertEquals(stdout, DAMAGED);
  assertEquals(stderr, DAMAGE);
  assertEquals(JSON.parse(Deno.readTextFileSync(report)).damage, 1);
  assertEquals(status, 1);
});
