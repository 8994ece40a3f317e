import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { StatusEvent } from "@subunit/codec";
import { callTool, outputOfCall, peerCallTest, test } from "../support/call.ts";
import { assertRefused, assertStatuses } from "../support/checks.ts";
import { runPython } from "../support/peers.ts";
import { TempDir, text } from "../support/run.ts";
import {
  at,
  damaged,
  equalBytes,
  type EventFields,
  eventsIn,
  noisyStream,
  sample,
  stream,
  textFile,
} from "../support/streams.ts";

const SEED = 20130301;

/** The events that the tool appends to a stream, which must pass unchanged. */
async function sealOf(
  input: Uint8Array,
  args: string[] = [],
  padding = 0,
): Promise<StatusEvent[]> {
  const stdout = await outputOfCall("subunit-seal", args, { stdin: input });
  assert(equalBytes(stdout.slice(0, input.length), input), "it is changed");
  const behind = stdout.slice(input.length);
  assertEquals(text(behind.slice(0, padding)), "\n".repeat(padding));
  return eventsIn(behind.slice(padding));
}

function lost(event: EventFields, reason: string): StatusEvent {
  return {
    runnable: true,
    status: "fail",
    tags: ["lost"],
    ...textFile("reason", reason),
    ...event,
  };
}

const NEVER_ENDED = "The test started and never ended.";
const NEVER_STARTED = "The test never started.";

test("subunit-seal fails the tests that never ended, first started first", async () => {
  const input = stream(
    {
      testId: "b",
      status: "inprogress",
      routeCode: "0",
      tags: ["x"],
      runnable: false,
      parentTestId: "p",
      timestamp: at("10:00:00"),
    },
    { testId: "a", status: "inprogress" },
    { testId: "b", status: "inprogress", timestamp: at("10:00:05") },
    { testId: "a", status: "success", timestamp: at("10:00:09") },
  );
  const timestamp = at("10:00:09");
  assertEquals(await sealOf(input), [
    lost({
      testId: "b",
      routeCode: "0",
      tags: ["lost", "x"],
      runnable: false,
      parentTestId: "p",
      timestamp,
    }, NEVER_ENDED),
    lost({ testId: "b", timestamp }, NEVER_ENDED),
  ]);
});

test("subunit-seal attaches the last output seen, of the test's route if it has any", async () => {
  const long = "x".repeat(5000);
  const input = stream(
    { testId: "a", status: "inprogress", routeCode: "1" },
    { testId: "b", status: "inprogress" },
    { fileName: "stdout", fileBytes: stream("panic in 1\n"), routeCode: "1" },
    long,
    "Segmentation fault\n",
  );
  const events = await sealOf(input, [], 1);
  const outputs = events.filter(({ fileName }) => fileName === "last output");
  assertEquals(
    outputs.map(({ testId, status, fileBytes }) => [
      testId,
      status,
      text(fileBytes!),
    ]),
    [
      ["a", undefined, "panic in 1\n"],
      ["b", undefined, (long + "Segmentation fault\n").slice(-4096)],
    ],
  );
});

test("subunit-seal --expect fails the tests of a list that never came", async () => {
  using dir = new TempDir();
  const list = dir.file("ids", "a\nb\r\n\nгорa\nc");
  const input = stream(
    { testId: "a", status: "success" },
    { testId: "c", status: "exists" },
  );
  assertEquals(await sealOf(input, ["--expect", list]), [
    lost({ testId: "b" }, NEVER_STARTED),
    lost({ testId: "горa" }, NEVER_STARTED),
    lost({ testId: "c" }, NEVER_STARTED),
  ]);
});

test("subunit-seal --expect reads a list in UTF-16, and refuses a NUL in it", async () => {
  using dir = new TempDir();
  const utf16 = dir.file("utf16", Uint8Array.fromHex("fffe61000d000a00"));
  const found = await outputOfCall("subunit-seal", ["--expect", utf16]);
  assertEquals(eventsIn(found).map(({ testId, status }) => [testId, status]), [
    ["a", "fail"],
  ]);
  const nul = dir.file("nul", "a\nb\0c\n");
  assertRefused(
    await callTool("subunit-seal", ["--expect", nul]),
    "subunit-seal",
    `Cannot read "${nul}": line 2 has a NUL: expected one name a line`,
  );
});

test("subunit-seal --expect-listed fails the tests said to exist that did not run", async () => {
  const input = stream(
    { testId: "ran first", status: "success" },
    { testId: "ran first", status: "exists" },
    { testId: "ran", status: "exists" },
    { testId: "absent", status: "exists" },
    // How a command ended is not a test.
    { testId: "sh: exit status", status: "exists", runnable: false },
    { testId: "ran", status: "skip" },
  );
  assertEquals(await sealOf(input, ["--expect-listed"]), [
    lost({ testId: "absent" }, NEVER_STARTED),
  ]);
  assertEquals(await sealOf(input), []);
});

test("subunit-seal has nothing to add to what it has sealed", async () => {
  const input = stream("text", { testId: "a", status: "inprogress" });
  const once = await callTool("subunit-seal", [], { stdin: input });
  const twice = await callTool("subunit-seal", [], { stdin: once.stdout });
  assertEquals(text(twice.stdout), text(once.stdout));
});

test(`subunit-seal changes no stream before its end (seed ${SEED})`, async () => {
  const input = concat([
    ...sample(noisyStream, 40, SEED),
    stream({ testId: "last", status: "success" }),
  ]);
  const { stdout } = await callTool("subunit-seal", [], { stdin: input });
  assert(equalBytes(stdout.slice(0, input.length), input));
});

test("subunit-seal --exit-status judges what it has sealed", async () => {
  await assertStatuses("subunit-seal", ["--exit-status"], [
    [stream({ testId: "a", status: "success" }), 0],
    [stream({ testId: "a", status: "inprogress" }), 1],
    [damaged({ testId: "a" }), 1],
  ]);
});

/** What a dying producer may leave after a test in progress. */
const ENDINGS: [what: string, ending: Uint8Array][] = [
  ["text", stream("dying")],
  ["half a character", Uint8Array.of(0x61, 0xd0)],
  ["a torn packet", stream({ testId: "b".repeat(50) }).slice(0, 20)],
  [
    "a torn attachment",
    stream({
      fileName: "f",
      fileBytes: new Uint8Array(100000),
    }).slice(0, 300),
  ],
  ["a lone signature", Uint8Array.of(0xb3)],
  ["half a header", Uint8Array.of(0xb3, 0x29, 0x01)],
];

/** The lines of a list of ids, without damage. */
function withoutDamage(listed: Uint8Array): string[] {
  return text(listed).split("\n").filter((id) => id !== "subunit.parser");
}

for (const [what, ending] of ENDINGS) {
  test(`subunit-seal's failures are found behind ${what}`, async () => {
    const input = stream({ testId: "a", status: "inprogress" }, ending);
    const sealed = await callTool("subunit-seal", [], { stdin: input });
    const { stdout } = await callTool(
      "subunit-ls",
      ["--status", "fail", "--no-passthrough"],
      { stdin: sealed.stdout },
    );
    assertEquals(withoutDamage(stdout), ["a", ""]);
  });

  peerCallTest(
    `Python finds subunit-seal's failures behind ${what}`,
    ["subunit"],
    async () => {
      const input = stream({ testId: "a", status: "inprogress" }, ending);
      const sealed = await callTool("subunit-seal", [], { stdin: input });
      const { stdout } = await runPython("subunit-ls", ["--no-passthrough"], {
        stdin: sealed.stdout,
      });
      assertEquals(withoutDamage(stdout), ["a", ""]);
    },
  );
}
