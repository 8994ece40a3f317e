import { assert, assertEquals } from "@std/assert";
import { callTool, peerCallTest, test } from "../support/call.ts";
import { assertForwards } from "../support/checks.ts";
import { runPython } from "../support/peers.ts";
import { text } from "../support/run.ts";
import {
  anyRun,
  at,
  damaged,
  type EventFields,
  forEachPrefix,
  joinedRuns,
  sample,
  stream,
} from "../support/streams.ts";

const SEED = 20130301;
const HEADER = "test,status,start_time,stop_time\r\n";

test("subunit2csv writes a row for each test, and exits as the stream is", async () => {
  const events: EventFields[] = [
    { testId: "a", status: "inprogress", timestamp: at("01:00:00") },
    { testId: "b", status: "skip", tags: ["x", "y"], routeCode: "0" },
    { testId: "a", status: "fail", timestamp: at("01:00:01.5") },
    { testId: "e", status: "exists" },
    { testId: "c", status: "uxsuccess", timestamp: at("01:00:02") },
    { testId: "d", status: "success", timestamp: at("01:00:02.000000001") },
    { testId: "l", status: "inprogress", timestamp: at("01:00:03") },
  ];
  const { stdout, stderr, status } = await callTool("subunit2csv", [], {
    stdin: stream(...events),
  });
  assertEquals(stderr, "");
  assertEquals(status, 1);
  const day = "2026-01-31";
  assertEquals(
    text(stdout),
    HEADER + [
      "b,skip,,",
      `a,failure,${day} 01:00:00+00:00,${day} 01:00:01.500000+00:00`,
      `c,uxsuccess,${day} 01:00:02+00:00,${day} 01:00:02+00:00`,
      `d,success,${day} 01:00:02.000000001+00:00,${day} 01:00:02.000000001+00:00`,
      `l,lost,${day} 01:00:03+00:00,`,
      "",
    ].join("\r\n"),
  );
  const columns = ["--columns", "route,seconds,tags,test"];
  const chosen = await callTool("subunit2csv", columns, {
    stdin: stream(...events.slice(0, 3)),
  });
  assertEquals(
    text(chosen.stdout),
    "route,seconds,tags,test\r\n0,,x y,b\r\n,1.5,,a\r\n",
  );
  const wrong = await callTool("subunit2csv", ["--columns=id"]);
  assertEquals(wrong.status, 2);
});

test("subunit2csv leaves text out of the table, and damage in", async () => {
  const input = stream("text\n", damaged({ testId: "a" }), {
    fileName: "f",
    fileBytes: stream("file\n"),
  });
  const { stdout, stderr, status } = await callTool("subunit2csv", [], {
    stdin: input,
  });
  assertEquals(text(stdout), `${HEADER}subunit.parser,failure,,\r\n`);
  assert(stderr.startsWith("text\nsubunit2csv: Cannot decode"), stderr);
  assert(stderr.endsWith("file\n"), stderr);
  assertEquals(status, 1);
  const silent = await callTool("subunit2csv", ["--no-passthrough"], {
    stdin: stream("text\n"),
  });
  assertEquals(silent.stderr, "");
});

Deno.test("subunit2csv passes the stream on, the report beside it", async () => {
  const input = stream("text\n", { testId: "a", status: "success" });
  const report = await assertForwards("subunit2csv", input);
  assertEquals(report, `${HEADER}a,success,,\r\n`);
});

test("subunit2csv leaves whole rows wherever the stream breaks off", async () => {
  const input = stream(
    { testId: "a,b", status: "success" },
    { testId: "c", status: "inprogress" },
    { testId: "c", status: "fail" },
  );
  await forEachPrefix(input, async (stdin) => {
    const { stdout } = await callTool("subunit2csv", [], { stdin });
    const rows = text(stdout).split("\r\n");
    assertEquals(rows.pop(), "");
    const shape = /^(test|"a,b"|c|subunit\.parser),[a-z_]+,[^,]*,[^,]*$/;
    assert(rows.every((row) => shape.test(row)), rows.join("|"));
  }, 5);
});

peerCallTest(
  `subunit2csv writes what Python's writes of sound streams (seed ${SEED})`,
  [
    "subunit",
  ],
  async () => {
    const events = joinedRuns(
      sample(anyRun(), 40, SEED),
      (testId, run) => `r${run},"${testId}`,
    );
    // Python's crashes on failures without files, and has no name for the others.
    const ended = new Set(
      events.filter(({ status }) => status === "success" || status === "skip")
        .map(({ testId }) => testId),
    );
    const input = stream(
      ...events.filter(({ testId, status }) =>
        ended.has(testId) && status !== "exists"
      ),
    );
    const theirs = await runPython("subunit2csv", [], { stdin: input });
    assertEquals(theirs.stderr, "");
    const ours = await callTool("subunit2csv", [], { stdin: input });
    assertEquals(text(ours.stdout), text(theirs.stdout));
    assert(text(ours.stdout).split("\r\n").length > 50);
  },
);
