import { assert, assertEquals, assertMatch } from "@std/assert";
import { isFinalStatus } from "@subunit/codec";
import fc from "fast-check";
import { freeName, safeName } from "../../filters/kit/io/new_file.ts";
import { callTool, peerCallTest, test } from "../support/call.ts";
import { runPython } from "../support/peers.ts";
import {
  filesIn,
  LiveTool,
  runTool,
  shell,
  TempDir,
  text,
} from "../support/run.ts";
import {
  anyEvent,
  anyRun,
  anyText,
  at,
  damaged,
  equalBytes,
  type EventFields,
  file,
  joinedRuns,
  sample,
  stream,
} from "../support/streams.ts";

const SEED = 20130323;

/** The files below a directory, by path, as text. */
function textsIn(root: string): Record<string, string> {
  const files = Object.entries(filesIn(root));
  return Object.fromEntries(
    files.map(([path, content]) => [path, text(content)]),
  );
}

/** The content of a test.json. */
type Summary = Record<string, unknown>;

/** The test.json of each directory that has one. */
function summariesIn(root: string): Record<string, Summary> {
  const found: Record<string, Summary> = {};
  for (const [path, content] of Object.entries(textsIn(root))) {
    const [, directory] = /^([^/]*)\/test\.json$/.exec(path) ?? [];
    if (directory !== undefined) found[directory] = JSON.parse(content);
  }
  return found;
}

// --- Names

test("safeName leaves harmless names alone, and escapes or cuts others", () => {
  const long = "x".repeat(244);
  const cases: [text: string, name: string][] = [
    ["pkg.mod.Class.test(a=1) [100%]", "pkg.mod.Class.test(a=1) [100%]"],
    ["tests::ы 😀", "tests::ы 😀"],
    ["...", "..."],
    [".hidden", ".hidden"],
    ["", "%00"],
    [".", "%2E"],
    ["..", "%2E%2E"],
    ["../a", "..%2Fa"],
    ["/etc/passwd", "%2Fetc%2Fpasswd"],
    ["C:\\a", "C:%5Ca"],
    ["a\n\x1b[31m\x9b", "a%0A%1B[31m%C2%9B"],
    ["a\u202eb", "a%E2%80%AEb"],
    ["%2F", "%252F"],
    ["50%", "50%"],
    [long, long],
    [long + "y", long],
    // A cut splits neither a character nor an escape.
    ["x".repeat(242) + "😀", "x".repeat(242)],
    ["x".repeat(243) + "/", "x".repeat(243)],
    ["x".repeat(242) + "/", "x".repeat(242)],
    ["x".repeat(241) + "/", "x".repeat(241) + "%2F"],
  ];
  for (const [text, name] of cases) assertEquals(safeName(text), name);
});

test(`safeName gives names that can be undone, and stay (seed ${SEED})`, () => {
  const parts = fc.array(
    fc.oneof(anyText, fc.constantFrom("..", "/", "%", "%2F", "%%2", "2E")),
    { maxLength: 12 },
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(parts, (text) => {
      const name = safeName(text);
      const bytes = new TextEncoder().encode(`${name}-4294967295`).length;
      assert(bytes <= 255, name);
      assert(name !== "" && name !== "." && name !== "..", name);
      // deno-lint-ignore no-control-regex -- looks for control characters
      assert(!/[/\\\x00-\x1f]/.test(name), name);
      const undone = name === "%00"
        ? ""
        : name.replace(/(%[0-9A-F]{2})+/g, (escapes) => {
          try {
            return decodeURIComponent(escapes);
          } catch {
            // The rest of an escape that was cut.
            return escapes;
          }
        });
      assert(bytes >= 250 ? text.startsWith(undone) : text === undone, name);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test("freeName finds a free name in few steps", () => {
  const cases: [taken: string[], name: string][] = [
    [[], "a"],
    [["b"], "a"],
    [["a"], "a-1"],
    [["a-1"], "a"],
    [["a", "a-1"], "a-2"],
    [["a", "a-1", "a-2"], "a-3"],
    [["a", "a-1", "a-2", "a-3", "a-4"], "a-5"],
    // Other names would be free too.
    [["a", "a-1", "a-2", "a-4"], "a-5"],
  ];
  for (const [taken, name] of cases) {
    assertEquals(freeName("a", (name) => taken.includes(name)), name);
  }
  let steps = 0;
  const name = freeName("a", (name) => {
    steps++;
    return name === "a" || Number(name.slice(2)) < 1_000_000;
  });
  assertEquals(name, "a-1000000");
  assert(steps < 50, `${steps} steps`);
});

// --- Directories

test("subunit2disk makes a directory of each test and its files", async () => {
  using dir = new TempDir();
  const { stdout, stderr, status } = await callTool("subunit2disk", [
    `--directory=${dir.path}/new/out`,
  ], {
    stdin: stream(
      { testId: "a.b", status: "inprogress", timestamp: at("01:00:00") },
      { testId: "a.b", tags: ["y", "x"], ...file("log", "lo") },
      { testId: "a.b", ...file("log", "g") },
      { testId: "a.b", ...file("a/b", ""), routeCode: "0" },
      { testId: "a.b", ...file("test.json", "{}") },
      { testId: "a.b", status: "fail", timestamp: at("01:00:01.5") },
      { testId: "c", status: "uxsuccess", parentTestId: "p" },
      { testId: "c", status: "success", timestamp: at("01:00:02") },
      { testId: "e", status: "exists" },
    ),
  });
  assertEquals([text(stdout), stderr, status], ["", "", 1]);
  const files = textsIn(`${dir.path}/new/out`);
  const summaries = summariesIn(`${dir.path}/new/out`);
  const day = "2026-01-31";
  assertEquals(summaries, {
    "a.b": {
      details: ["log", "test.json"],
      files: { "test.json": "test.json-1" },
      id: "a.b",
      start: `${day} 01:00:00+00:00`,
      status: "fail",
      stop: `${day} 01:00:01.500000+00:00`,
      tags: ["x", "y"],
    },
    "c": {
      details: [],
      id: "c",
      parent: "p",
      start: null,
      status: "uxsuccess",
      stop: null,
      tags: [],
    },
    "c-1": {
      details: [],
      id: "c",
      start: `${day} 01:00:02+00:00`,
      status: "success",
      stop: `${day} 01:00:02+00:00`,
      tags: [],
    },
    // It never ended; its route makes it another test.
    "a.b-1": {
      details: ["a/b"],
      files: { "a/b": "a%2Fb" },
      id: "a.b",
      route: "0",
      start: null,
      status: "lost",
      stop: null,
      tags: [],
    },
  });
  assertEquals(files["a.b/log"], "log");
  assertEquals(files["a.b/test.json-1"], "{}");
  assertEquals(files["a.b-1/a%2Fb"], "");
  assertEquals(Object.keys(files).length, 7);
});

test("subunit2disk never leaves its directory, nor writes over anything", async () => {
  using dir = new TempDir();
  const out = `${dir.path}/out`;
  Deno.mkdirSync(`${out}/b`, { recursive: true });
  Deno.writeTextFileSync(`${out}/b/test.json`, "mine");
  dir.file("secret", "secret");
  Deno.symlinkSync(dir.path, `${out}/link`);
  Deno.symlinkSync(`${dir.path}/nowhere`, `${out}/loose`);
  const names = [
    "",
    ".",
    "..",
    "../out-x",
    "../secret",
    "/tmp/x",
    "..\\x",
    "b",
    "link",
    "loose",
    "a/../../x",
    "x".repeat(3000),
    "x".repeat(3001),
    "/".repeat(900),
    "\x1b]0;x\x07\n",
    "%2E%2E",
    "__proto__",
  ];
  const { stderr, status } = await callTool("subunit2disk", ["-d", out], {
    stdin: stream(...names.flatMap((name): EventFields[] => [
      { testId: name, ...file(name, name) },
      { testId: name, status: "success", ...file("..", "up") },
    ])),
  });
  assertEquals([stderr, status], ["", 0]);
  const around = Array.from(Deno.readDirSync(dir.path), ({ name }) => name);
  assertEquals(around.sort(), ["out", "secret"]);
  assertEquals(Deno.readTextFileSync(`${out}/b/test.json`), "mine");
  Deno.removeSync(`${out}/b`, { recursive: true });
  Deno.removeSync(`${out}/link`);
  Deno.removeSync(`${out}/loose`);
  const files = textsIn(out);
  const summaries = summariesIn(out);
  assertEquals(
    Object.values(summaries).map(({ id }) => id).sort(),
    names.toSorted(),
  );
  for (const [directory, summary] of Object.entries(summaries)) {
    const id = summary.id as string;
    const renamed = summary.files as Record<string, string>;
    // The test ".." has both.
    const content = id === ".." ? "..up" : id;
    const name = Object.hasOwn(renamed, id) ? renamed[id] : id;
    assertEquals(files[`${directory}/${name}`], content);
    assert(Object.keys(files).every((path) => path.split("/").length === 2));
  }
  assertEquals(
    ["b-1", "link-1", "loose-1"].filter((name) => name in summaries).length,
    3,
  );
});

Deno.test("subunit2disk passes the stream on, or its text to standard error", async () => {
  using dir = new TempDir();
  const input = stream("text\n", damaged({ testId: "a" }));
  const script = "cd $1; subunit2disk";
  const { stdout, stderr, status } = await shell(script, [dir.path], {
    stdin: input,
  });
  assertEquals(text(stdout), "");
  assertMatch(stderr, /^text\nsubunit2disk: Cannot decode [^\n]+\n$/);
  assertEquals(status, 1);
  const [path] = Object.keys(textsIn(dir.path));
  assert(path.startsWith("subunit.parser/"), path);
  const forwarding = ["-f", "-d", dir.path];
  const forwarded = await runTool("subunit2disk", forwarding, { stdin: input });
  assert(equalBytes(forwarded.stdout, input));
  assertEquals(forwarded.status, 1);
  const silent = ["--no-passthrough", "-d", dir.path];
  const hidden = await runTool("subunit2disk", silent, { stdin: "text\n" });
  assertEquals(hidden.stderr, "");
});

test("subunit2disk says where it cannot write", async () => {
  using dir = new TempDir();
  const path = dir.file("file", "");
  for (const directory of [path, `${path}/below`]) {
    const { stderr, status } = await callTool("subunit2disk", [
      "-d",
      directory,
    ], { stdin: stream({ testId: "a", status: "success" }) });
    assertMatch(stderr, /^subunit2disk: Cannot write into "[^\n]+\n$/);
    assertEquals(status, 2);
  }
});

Deno.test("subunit2disk has written a test once it passes its end on", async () => {
  using dir = new TempDir();
  const args = ["-f", "-d", dir.path];
  await using tool = new LiveTool("subunit2disk", args);
  const input = stream({ testId: "a", status: "success" });
  await tool.write(input);
  await tool.read(input.length);
  assertEquals(Object.keys(summariesIn(dir.path)), ["a"]);
});

test(`subunit2disk misses no test of whatever comes (seed ${SEED})`, async () => {
  const events = fc.array(anyEvent(), { maxLength: 60 });
  for (const [i, some] of sample(events, 10, SEED).entries()) {
    using dir = new TempDir();
    const stdin = stream(...some);
    // The second time, next to existing directories.
    for (const times of [1, 2]) {
      const args = ["-d", dir.path, "--no-passthrough"];
      const { stderr, status } = await callTool("subunit2disk", args, {
        stdin,
      });
      const { stdout, status: judged } = await callTool("subunit2csv", [
        "--columns=status",
        "--no-passthrough",
      ], { stdin });
      assertEquals([stderr, status], ["", judged], `stream ${i}`);
      const rows = text(stdout).trim().split("\r\n").length - 1;
      assertEquals(Object.keys(summariesIn(dir.path)).length, times * rows);
    }
  }
});

peerCallTest(
  `subunit2disk writes what Python's writes of sound streams (seed ${SEED})`,
  ["subunit"],
  async () => {
    using dir = new TempDir();
    const events = joinedRuns(
      sample(anyRun(), 40, SEED),
      (testId, run) => `r${run}.${testId}(a b=${run}%) é`,
    );
    // Python's names lost tests differently, and lists more.
    const ended = new Set(
      events.filter(({ status }) => isFinalStatus(status))
        .map(({ testId }) => testId),
    );
    const input = stream(
      ...events.filter(({ testId, status, fileBytes }) =>
        // Python's drops empty files.
        ended.has(testId) && status !== "exists" && fileBytes?.length !== 0
      ),
    );
    const ours = `${dir.path}/ours`, theirs = `${dir.path}/theirs`;
    const path = dir.file("input", input);
    const done = await runPython("subunit2disk", ["-d", theirs, path]);
    assertEquals([done.stderr, done.status], ["", 0]);
    await callTool("subunit2disk", ["-d", ours, path]);
    assert(Object.keys(summariesIn(ours)).length > 100);
    assertEquals(summariesIn(ours), summariesIn(theirs));
    const attached = (root: string) =>
      Object.entries(textsIn(root)).filter(([path]) =>
        !path.endsWith("/test.json")
      ).sort();
    assertEquals(attached(ours), attached(theirs));
    assert(attached(ours).length > 50);
  },
);
