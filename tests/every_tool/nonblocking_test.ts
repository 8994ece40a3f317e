/**
 * Every tool writes through pipes that somebody else has set not to block, and
 * that are full: the same bytes as to memory, or through pipes that block where
 * the tool needs a process.
 */

import { encodeControl } from "@subunit/codec/control";
import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { eventToJson } from "@subunit/codec";
import { eventToCbor } from "@subunit/codec/cbor";
import fc from "fast-check";
import { encodeEvent } from "../../filters/faults/log/event.ts";
import { CALLABLE, callCheckoutTool } from "../support/call.ts";
import { peerPath } from "../support/peers.ts";
import { gpgEnv, hasGpg, signedStream, testKey } from "../support/gpg.ts";
import {
  commandOf,
  type Finished,
  peerTest,
  run,
  some,
  TempDir,
  TOOLS,
} from "../support/run.ts";
import {
  at,
  equalBytes,
  type EventFields,
  eventsIn,
  sample,
  stream,
} from "../support/streams.ts";

const SEED = 20130301;
const TESTS = 1000;
const reader = peerPath("slow_reader.py");

/** How a tool is called, and what it is to write. */
interface Call {
  readonly args: readonly string[];
  readonly stdin: Uint8Array;
  /** The descriptors that more goes to than a pipe holds; standard output. */
  readonly descriptors?: readonly number[];
}

// --- What the tools read: far more than a pipe holds

/** Content that leaves in all ways: short lines, long ones, no line feeds. */
const contents = sample(
  fc.oneof(
    fc.array(fc.string({ maxLength: 120 }), { maxLength: 12 })
      .map((lines) => stream(lines.map((line) => `${line}\n`).join(""))),
    fc.nat(9000).map((length) => new Uint8Array(length).fill(0x61)),
    fc.uint8Array({ maxLength: 2000 }),
    fc.constant(stream("\n".repeat(50))),
  ),
  TESTS,
  SEED,
);

const events: EventFields[] = contents.flatMap(
  (fileBytes, index): EventFields[] => {
    const testId = `a test of many with a long name, ${
      "é".repeat(170)
    }: ${index}`;
    const status = index % 2 === 0 ? "fail" : "success";
    return [
      { testId, status: "inprogress" },
      { testId, fileName: "log", fileBytes, mimeType: "text/plain" },
      { testId, status },
    ];
  },
);
const packets = stream(...events);
const mixed = stream(...events.flatMap((event) => [event, "text г\n"]));
const timed = stream(
  ...events.map((event) => ({ ...event, timestamp: at("01:02:03") })),
);

/** Lines, one a test. */
function lines(lineOf: (name: string) => string): Uint8Array {
  return stream(
    events.map(({ testId }, index) => `${lineOf(`${testId} ${index}`)}\n`)
      .join(""),
  );
}

function wholeEvents(encode: (event: EventFields) => Uint8Array): Uint8Array {
  return concat(events.map(encode));
}

// --- How each is called

const FORWARD = ["--forward"];
const REPORT = { args: FORWARD, stdin: mixed, descriptors: [1, 2] };
const PASS = { args: [], stdin: mixed };

/** A guideline of all tests. */
function guidelineOf(dir: TempDir): string {
  const tests = [...new Set(events.map(({ testId }) => testId!))];
  const capabilities = { all: { tests } };
  return dir.file("guideline", JSON.stringify({ product: "P", capabilities }));
}

const calls: Record<typeof TOOLS[number], (dir: TempDir) => Call[]> = {
  "subunit-1to2": () => [{
    args: [],
    stdin: lines((name) => `test: ${name}\nsuccess: ${name}`),
  }],
  "subunit-2to1": () => [PASS],
  "cbor2subunit": () => [{
    args: [],
    stdin: wholeEvents((event) => eventToCbor({ runnable: true, ...event })),
  }],
  "gojson2subunit": () => [{
    args: [],
    stdin: lines((Test) =>
      JSON.stringify({ Action: "pass", Package: "p", Test })
    ),
  }],
  "fault-log": () => [{
    args: ["cat"],
    stdin: wholeEvents(({ testId }) =>
      encodeEvent({ fault: `fault:${testId}`, kind: "comment", value: "x" })
    ),
  }],
  "gpg-signed-stream": () => [],
  "junitxml2subunit": () => [{
    args: [],
    stdin: stream(
      "<testsuite>",
      lines((name) => `<testcase name="${name}"/>`),
      "</testsuite>",
    ),
  }],
  "subunit-diff": (dir) => [{
    args: [dir.file("none", ""), "-"],
    stdin: packets,
  }],
  "subunit-attempts": () => [PASS],
  "subunit-conform": (dir) => [{
    args: [guidelineOf(dir)],
    stdin: packets,
  }],
  "subunit-exec": () => [{ args: ["--", "cat"], stdin: packets }],
  "subunit-filter": () => [
    { args: ["--keep-all"], stdin: mixed },
    { args: ["-s"], stdin: mixed },
  ],
  "subunit-failing": (dir) => [
    { args: [dir.file("run", mixed)], stdin: new Uint8Array(0) },
  ],
  // It writes a line a test.
  "subunit-history": () => [],
  "subunit-last": (dir) => {
    dir.file("run", mixed);
    return [{ args: [`--repo=${dir.path}`], stdin: new Uint8Array(0) }];
  },
  "subunit-load": (dir) => [{
    args: [`--repo=${dir.path}/.subunit`],
    stdin: mixed,
  }],
  "subunit-ls": () => [PASS],
  "subunit-merge": () => [{ args: ["a=-"], stdin: mixed }],
  "subunit-progress": () => [
    { args: FORWARD, stdin: mixed },
    // In the stream's own time, which is the same whenever it is read.
    { args: ["--format=names"], stdin: timed, descriptors: [2] },
  ],
  // They write a line a run.
  "subunit-prune": () => [],
  "subunit-runs": () => [],
  // Its workers come and go, with other output each time.
  "subunit-run": () => [],
  "subunit-quarantine": () => [{ args: ["/dev/null"], stdin: mixed }],
  "subunit-shard": () => [{ args: ["1/1"], stdin: packets }],
  "subunit-stats": () => [{ args: FORWARD, stdin: mixed }],
  "subunit2cbor": () => [
    PASS,
    { args: ["-f", "-o", "/dev/fd/3"], stdin: mixed, descriptors: [1, 3] },
  ],
  "subunit2csv": () => [PASS, REPORT],
  "subunit2disk": (dir) => [{
    args: [...FORWARD, "-d", `${dir.path}/tests`],
    // Without the files, each of which would be one on the disk.
    stdin: stream(...events.filter(({ fileName }) => fileName === undefined)),
  }],
  "subunit2github": () => [
    { args: ["--format=gitlab"], stdin: mixed },
    { ...REPORT, args: ["--format=gitlab", ...FORWARD] },
  ],
  "subunit2html": () => [PASS, REPORT],
  "subunit2json": () => [PASS],
  "subunit2junitxml": () => [PASS, REPORT],
  "subunit2pyunit": () => [PASS, REPORT],
  "subunit2tap": () => [PASS, REPORT],
  "subunit2trace": () => [
    PASS,
    REPORT,
    { ...REPORT, args: ["--otlp", ...FORWARD] },
  ],
  "json2subunit": () => [{
    args: [],
    stdin: wholeEvents((event) =>
      stream(`${eventToJson({ runnable: true, ...event })}\n`)
    ),
  }],
  "subunit-output": () => [{
    args: ["--fail=a", "--attach-file=-"],
    stdin: mixed,
  }],
  "subunit-seal": () => [PASS],
  // It writes what one test prints: see its own tests.
  "subunit-attach": () => [],
  "subunit-ctl": (dir) => [{
    args: ["--", "cat", dir.file("packets", packets)],
    stdin: new Uint8Array(0),
  }],
  "subunit-serve": (dir) => [{
    args: [
      "--no-socket",
      `--worker=cat ${dir.file("packets", packets)}; cat`,
    ],
    stdin: new Uint8Array(0),
  }],
  "subunit-select": () => [{
    args: ["--as=ctest"],
    stdin: lines((name) => name),
  }],
  "subunit-faults": () => [PASS],
  "subunit-tags": () => [{ args: ["a"], stdin: mixed }],
  "subunit-worker": () => [{
    args: ["--list=seq 30000", "--run=true", "exec"],
    stdin: encodeControl({ word: "list" }),
  }],
  "subunit-tee": () => [PASS],
  "tap2subunit": () => [{ args: [], stdin: lines((name) => `ok - ${name}`) }],
};

/** Tools that write what they are called for to a file, and how. */
const filed: [name: string, args: readonly string[]][] = [
  ["subunit2cbor", ["-o", "/dev/fd/3"]],
  ["subunit2csv", ["-o", "/dev/fd/3"]],
  ["subunit2github", ["--format=gitlab", "-o", "/dev/fd/3"]],
  ["subunit2html", ["-o", "/dev/fd/3"]],
  ["subunit2junitxml", ["-o", "/dev/fd/3"]],
  ["subunit2pyunit", ["-o", "/dev/fd/3"]],
  ["subunit2tap", ["-o", "/dev/fd/3"]],
  ["subunit2trace", ["-o", "/dev/fd/3"]],
];

// --- Both ways

interface Outcome {
  readonly finished: Finished;
  /** What came, by descriptor. */
  readonly output: readonly Uint8Array[];
  /** How often each descriptor was full. */
  readonly full: readonly number[];
}

/** What a tool writes where nothing is ever full: to memory, and to files. */
async function callFreely(
  name: string,
  { args, stdin, descriptors = [1] }: Call,
): Promise<Omit<Outcome, "full">> {
  using dir = new TempDir();
  const file = `${dir.path}/3`;
  const { status, stdout, stderr } = await callCheckoutTool(
    name,
    args.map((word) => word === "/dev/fd/3" ? file : word),
    { stdin },
  );
  const output = new Map([[1, stdout], [2, stream(stderr)]]);
  return {
    finished: {
      status,
      stdout: descriptors.includes(1) ? new Uint8Array(0) : stdout,
      stderr: descriptors.includes(2) ? "" : stderr,
    },
    output: descriptors.map((d) => output.get(d) ?? Deno.readFileSync(file)),
  };
}

async function runSlowly(
  mode: "blocking" | "nonblocking",
  name: string,
  { args, stdin, descriptors = [1] }: Call,
  env: Record<string, string> = {},
): Promise<Outcome> {
  using dir = new TempDir();
  const words = [reader, dir.path, mode, descriptors.join()];
  const finished = await run(
    ["/usr/bin/python3", ...words, ...commandOf(name), ...args],
    { stdin, env },
  );
  return {
    finished,
    output: descriptors.map((d) => Deno.readFileSync(`${dir.path}/${d}`)),
    full: descriptors.map((d) =>
      Number(Deno.readTextFileSync(`${dir.path}/${d}.full`))
    ),
  };
}

/** Tools whose events have the time of the day. */
const STAMPERS = [
  "junitxml2subunit",
  "subunit-1to2",
  "subunit-exec",
  "subunit-output",
  "subunit-worker",
  "tap2subunit",
];

function isSame(name: string, actual: Uint8Array, expected: Uint8Array) {
  if (!STAMPERS.includes(name)) return equalBytes(actual, expected);
  const withoutTimes = (bytes: Uint8Array) =>
    stream(
      ...eventsIn(bytes).map((e) => ({ ...e, timestamp: undefined }))
        // It names a process.
        .filter(({ fileName }) => fileName !== "ready"),
    );
  return equalBytes(withoutTimes(actual), withoutTimes(expected));
}

async function assertSame(
  name: string,
  callOf: () => Call,
  env?: Record<string, string>,
): Promise<void> {
  const expected = CALLABLE.includes(name)
    ? await callFreely(name, callOf())
    : await runSlowly("blocking", name, callOf(), env);
  const actual = await runSlowly("nonblocking", name, callOf(), env);
  assertEquals(actual.finished, expected.finished);
  actual.output.forEach((output, index) => {
    assert(output.length > 300_000, `there are only ${output.length} bytes`);
    assert(actual.full[index] > 3, "the pipe was not full");
    assert(
      isSame(name, output, expected.output[index]),
      `${output.length} bytes, not the ${
        expected.output[index].length
      } that it has to write`,
    );
  });
}

for (const name of some(TOOLS, 1)) {
  using scratch = new TempDir();
  const count = calls[name](scratch).length;
  for (let index = 0; index < count; index++) {
    const { args, descriptors = [1] } = calls[name](scratch)[index];
    const words = [name, ...args].join(" ").replaceAll(scratch.path, "");
    peerTest(
      `${words} writes every byte once to ${descriptors} set not to block`,
      ["python3"],
      async () => {
        const dirs: TempDir[] = [];
        // Anew each time: subunit2disk writes nothing over.
        await assertSame(name, () => {
          const dir = new TempDir();
          dirs.push(dir);
          return calls[name](dir)[index];
        });
        dirs.forEach((dir) => dir[Symbol.dispose]());
      },
    );
  }
}

for (const [name, args] of some(filed, 2)) {
  peerTest(
    `${name} ${args.join(" ")} writes every byte once, set not to block`,
    ["python3"],
    () => assertSame(name, () => ({ args, stdin: packets, descriptors: [3] })),
  );
}

peerTest(
  "subunit-tee /dev/fd/3 writes every byte once to both, set not to block",
  ["python3"],
  () => {
    // More than is written before a thread takes over.
    const stdin = concat([mixed, mixed, mixed]);
    const call = { args: ["/dev/fd/3"], stdin, descriptors: [1, 3] };
    return assertSame("subunit-tee", () => call);
  },
);

if (hasGpg) {
  peerTest(
    "gpg-signed-stream verify writes every byte once to a pipe set not to block",
    ["python3"],
    async () => {
      const { publicFile, secretFile } = await testKey("ed25519");
      const secret = `--secret-key=${secretFile}`;
      const { stdout: signed, stderr } = await signedStream(
        ["sign", secret],
        { stdin: packets },
      );
      assertEquals(stderr, "");
      const args = ["verify", `--keyring=${publicFile}`];
      await assertSame(
        "gpg-signed-stream",
        () => ({ args, stdin: signed }),
        gpgEnv(),
      );
    },
  );
}
