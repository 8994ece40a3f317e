/** Packets that describe a run are not tests, whoever reads them. */

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  encodeRecord,
  RECORD_TYPE,
} from "../../filters/history/repository/record.ts";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { runPython } from "../support/peers.ts";
import { filesIn, peerTest, runTool, TempDir, text } from "../support/run.ts";
import { at, eventsIn, FAILED, PASSED, stream } from "../support/streams.ts";

const TIME = { seconds: 1769864015, nanoseconds: 0 };
const BARE = stream(
  { testId: "passed", status: "inprogress", timestamp: at("12:53:34") },
  { ...PASSED, timestamp: at("12:53:35") },
  { ...FAILED, timestamp: at("12:53:36") },
);
const START = encodeRecord("start", {
  v: 1,
  id: "20260131T125335-00000001",
  commit: "4f2c1ab",
}, TIME);
const END = encodeRecord("end", { v: 1, exit: 1 }, TIME);
/** As `subunit-last` writes it. */
const RECORDED = concat([START, BARE, END]);

/** Calls of Python's tools that say the same of a run without its records. */
const PEER_CALLS: readonly (readonly [tool: string, ...args: string[]])[] = [
  ["subunit-ls"],
  ["subunit-ls", "--times"],
  ["subunit-stats"],
  ["subunit2junitxml"],
  ["subunit2csv"],
  ["subunit2pyunit"],
  ["subunit-2to1"],
];

for (const [tool, ...args] of PEER_CALLS) {
  peerTest(
    `Python's ${[tool, ...args].join(" ")} leaves out what describes a run`,
    ["subunit", "python3-subunit"],
    async () => {
      const run = async (stdin: Uint8Array) => {
        const { stdout, status, stderr } = await runPython(tool, args, {
          stdin,
        });
        return { status, output: withoutDurations(text(stdout) + stderr) };
      };
      const bare = await run(BARE);
      assert(bare.output !== "");
      assertEquals(await run(RECORDED), bare);
    },
  );
}

peerTest(
  "Python's subunit-filter passes what describes a run, or leaves it out",
  ["subunit", "python3-subunit"],
  async () => {
    const filter = async (stdin: Uint8Array) => {
      const args = ["--no-skip"];
      const { stdout } = await runPython("subunit-filter", args, { stdin });
      const listed = await runTool("subunit-ls", [], { stdin: stdout });
      return text(listed.stdout);
    };
    assertEquals(await filter(RECORDED), await filter(BARE));
  },
);

/** Calls of ours that say the same of a run without its records. */
const CALLS: readonly (readonly [tool: string, ...args: string[]])[] = [
  ["subunit-ls"],
  ["subunit-ls", "--exists"],
  ["subunit-stats"],
  ["subunit2csv"],
  ["subunit2junitxml"],
  ["subunit2tap"],
  ["subunit2pyunit"],
  ["subunit2github"],
  ["subunit2trace"],
  ["subunit2html"],
  ["subunit-select", "--as", "pytest"],
  ["subunit-shard", "1/1"],
  ["subunit-diff", "-", "/dev/null"],
  ["subunit-attempts", "--report"],
  ["subunit-faults", "--report"],
  ["subunit-2to1"],
  ["subunit-quarantine", "/dev/null", "--report"],
  ["subunit-quarantine", "/dev/null", "--suggest"],
];

for (const [tool, ...args] of CALLS) {
  test(`${[tool, ...args].join(" ")} leaves out what describes a run`, async () => {
    const run = async (stdin: Uint8Array) => {
      const { stdout, status, stderr } = await callTool(tool, args, { stdin });
      return { stdout: withoutDurations(text(stdout)), status, stderr };
    };
    assertEquals(await run(RECORDED), await run(BARE));
  });
}

for (
  const [tool, ...args] of [
    ["subunit-filter", "--no-success", "--no-failure"],
    ["subunit-attempts"],
    ["subunit-faults"],
    ["subunit-quarantine", "/dev/null"],
  ]
) {
  test(`${[tool, ...args].join(" ")} passes on what describes a run`, async () => {
    const stdout = await outputOfCall(tool, args, { stdin: RECORDED });
    assertEquals(stdout.slice(0, START.length), START);
    assertEquals(stdout.slice(-END.length), END);
  });
}

test("subunit2disk leaves out what describes a run", async () => {
  const files = async (stdin: Uint8Array) => {
    using dir = new TempDir();
    await callTool("subunit2disk", ["-d", dir.path], { stdin });
    return filesIn(dir.path);
  };
  const bare = await files(BARE);
  assertEquals(Object.keys(bare).length > 0, true);
  assertEquals(await files(RECORDED), bare);
});

Deno.test("subunit-progress leaves out what describes a run", async () => {
  const run = async (stdin: Uint8Array) => {
    const args = ["--format=names", "--every=1h"];
    const { stdout, stderr, status } = await runTool("subunit-progress", args, {
      stdin,
    });
    return { status, lines: withoutDurations(text(stdout) + stderr) };
  };
  assertEquals(await run(RECORDED), await run(BARE));
});

Deno.test("subunit-tee passes on what describes a run", async () => {
  using dir = new TempDir();
  const copy = `${dir.path}/copy`;
  const { stdout } = await runTool("subunit-tee", [copy], { stdin: RECORDED });
  assertEquals(stdout, RECORDED);
  assertEquals(Deno.readFileSync(copy), RECORDED);
});

Deno.test("subunit-merge passes on what describes runs, which are no tests then", async () => {
  using dir = new TempDir();
  const files = ["a", "b"].map((name) => dir.file(name, RECORDED));
  const { stdout } = await runTool("subunit-merge", files);
  const records = eventsIn(stdout).filter(({ mimeType }) =>
    mimeType === RECORD_TYPE
  );
  assertEquals(records.length, 4);
  const listed = await runTool("subunit-ls", ["--exists"], { stdin: stdout });
  assert(!text(listed.stdout).includes("subunit.run"));
});

/** Durations may be of the clock. */
function withoutDurations(output: string): string {
  return output.replace(/\d+\.\d+s/g, "").replace(/time="[\d.]+"/g, "");
}
