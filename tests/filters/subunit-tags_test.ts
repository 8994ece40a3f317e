import { assertEquals } from "@std/assert";
import type { StatusEvent } from "@subunit/codec";
import { concat } from "@std/bytes/concat";
import { callTool, outputOfCall, peerCallTest, test } from "../support/call.ts";
import { assertRefused, assertStatuses } from "../support/checks.ts";
import { runPython } from "../support/peers.ts";
import { text } from "../support/run.ts";
import {
  anyEvent,
  damaged,
  equalBytes,
  eventsIn,
  noisyStream,
  sample,
  stream,
} from "../support/streams.ts";

const SEED = 20130301;

test("subunit-tags adds and removes tags, and changes nothing else", async () => {
  const event = {
    testId: "a",
    status: "fail",
    runnable: true,
    fileName: "log",
    fileBytes: stream("text"),
    routeCode: "0/1",
    timestamp: { seconds: 1, nanoseconds: 999999999 },
    parentTestId: "p",
  } as const;
  const cases: [
    args: string[],
    tags: string[] | undefined,
    after?: string[],
  ][] = [
    [["new"], undefined, ["new"]],
    [["new", "also"], ["old"], ["old", "also", "new"]],
    [["-old"], ["x", "old", "y"], ["x", "y"]],
    [["-old"], ["old"], undefined],
    [["new", "-old"], ["old"], ["new"]],
    [["a", "-a"], ["a"], undefined],
    [["-a", "a"], ["b"], ["b", "a"]],
    [["--", "--odd"], ["-odd", "x"], ["x"]],
    [["-h"], ["h", "i"], ["i"]],
  ];
  for (const [args, tags, after] of cases) {
    const stdout = await outputOfCall("subunit-tags", args, {
      stdin: stream({ ...event, tags }),
    });
    const expected = { ...event, ...(after && { tags: after }) };
    assertEquals(eventsIn(stdout), [expected], args.join(" "));
  }
});

test("subunit-tags tags events of no test as well", async () => {
  const { stdout } = await callTool("subunit-tags", ["a"], {
    stdin: stream({ fileName: "f" }),
  });
  assertEquals(eventsIn(stdout)[0].tags, ["a"]);
});

test("subunit-tags passes on text, damage and unchanged packets as they came", async () => {
  const kept = { testId: "kept", tags: ["b", "a"] };
  const input = stream("text г³\n", kept, damaged({ testId: "x" }), "more");
  const { stdout } = await callTool("subunit-tags", ["a", "-c"], {
    stdin: input,
  });
  assertEquals(text(stdout), text(input));
});

test(`subunit-tags without arguments is the identity on any stream (seed ${SEED})`, async () => {
  const input = concat(sample(noisyStream, 60, SEED));
  const { stdout, status } = await callTool("subunit-tags", [], {
    stdin: input,
  });
  assertEquals(equalBytes(stdout, input), true);
  assertEquals(status, 0);
});

test("subunit-tags splits a packet that has no room for another tag", async () => {
  const fileBytes = new Uint8Array(4194303 - 20).fill(0xb3);
  const { stdout } = await callTool("subunit-tags", ["a tag"], {
    stdin: stream({ testId: "t", status: "fail", fileName: "f", fileBytes }),
  });
  const events = eventsIn(stdout);
  assertEquals(events.map(({ status }) => status), [undefined, "fail"]);
  assertEquals(events[0].tags, ["a tag"]);
  assertEquals(
    equalBytes(concat(events.map(({ fileBytes }) => fileBytes!)), fileBytes),
    true,
  );
});

test("subunit-tags --exit-status judges the stream", async () => {
  await assertStatuses("subunit-tags", ["--exit-status", "a"], [
    [stream({ testId: "t", status: "success" }), 0],
    [stream({ testId: "t", status: "fail" }), 1],
  ]);
});

test("subunit-tags refuses an empty tag", async () => {
  for (const operand of ["", "-"]) {
    assertRefused(
      await callTool("subunit-tags", [operand]),
      "subunit-tags",
      `subunit-tags: Cannot use "${operand}" as a tag: see --help\n`,
    );
  }
});

peerCallTest(`subunit-tags gives the tags Python's gives (seed ${SEED})`, [
  "subunit",
], async () => {
  const events = sample(anyEvent({ nanoseconds: 1000 }), 100, SEED);
  const input = stream(...events);
  for (const args of [["new"], ["new", "-old"], ["-a"]]) {
    const python = await runPython("subunit-tags", args, { stdin: input });
    const ours = await callTool("subunit-tags", args, { stdin: input });
    // Python's writer has no parents, and leaves out empty fields.
    assertEquals(
      eventsIn(ours.stdout).map(tagsOf),
      eventsIn(python.stdout).map(tagsOf),
    );
  }
});

function tagsOf({ testId, tags = [] }: StatusEvent): [string, string[]] {
  return [testId ?? "", [...new Set(tags)].sort()];
}
