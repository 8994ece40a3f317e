import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { isFinalStatus } from "@subunit/codec";
import { CONTROL_TYPE, encodeControl } from "@subunit/codec/control";
import { callTool, outputOfCall, peerCallTest, test } from "../support/call.ts";
import { assertMessage, assertRefused } from "../support/checks.ts";
import { linesByPython, runPython } from "../support/peers.ts";
import {
  fixture,
  LiveTool,
  shell,
  TempDir,
  text,
  within,
} from "../support/run.ts";
import {
  anyRun,
  at,
  damaged,
  equalBytes,
  type EventFields,
  eventsIn,
  file,
  joinedRuns,
  noisyStream,
  sample,
  stream,
  textFile,
} from "../support/streams.ts";

const SEED = 20130301;

/** What passes on; the tool must succeed without a message. */
function filter(
  args: readonly string[],
  ...parts: Parameters<typeof stream>
): Promise<Uint8Array> {
  return outputOfCall("subunit-filter", args, { stdin: stream(...parts) });
}

/** The ids of the events that pass on. */
async function idsOf(
  args: readonly string[],
  ...parts: Parameters<typeof stream>
): Promise<string> {
  const events = eventsIn(await filter(args, ...parts));
  return events.map(({ testId = "-" }) => testId).join(" ");
}

/** Each case is a command line and the events that pass, by their ids. */
async function assertPass(
  events: EventFields[],
  cases: readonly (readonly [args: string[], ids: string])[],
): Promise<void> {
  for (const [args, ids] of cases) {
    assertEquals(await idsOf(args, ...events), ids, args.join(" "));
  }
}

// --- By outcome

const ALL: EventFields[] = [
  { testId: "listed", status: "exists" },
  { testId: "good", status: "success" },
  { testId: "known", status: "xfail" },
  { testId: "odd", status: "uxsuccess" },
  { testId: "left", status: "skip" },
  { testId: "bad", status: "fail" },
  { testId: "hung", status: "inprogress" },
];

test("subunit-filter leaves tests in and out by their status, as Python's", async () => {
  await assertPass(ALL, [
    [[], "listed odd left bad hung"],
    [["-s"], "listed good odd left bad hung"],
    [["--success", "--no-success"], "listed odd left bad hung"],
    [["--xfail"], "listed known odd left bad hung"],
    [["--xfail", "--no-xfail"], "listed odd left bad hung"],
    [["--no-skip"], "listed odd bad hung"],
    // A lost test never reported a failure.
    [["-f"], "listed odd left hung"],
    [["-f", "--failure"], "listed odd left bad hung"],
    // Version 2 has no errors.
    [["-e", "--no-error", "--error"], "listed odd left bad hung"],
    [["-F"], "odd bad hung"],
    [["-F", "-s"], "good odd bad hung"],
    [["-sF"], "odd bad hung"],
  ]);
});

test("subunit-filter --status and --keep-all begin from all tests", async () => {
  await assertPass(ALL, [
    [["--keep-all"], "listed good known odd left bad hung"],
    [["--keep-all", "--no-success"], "listed known odd left bad hung"],
    [["--status", "success,skip"], "good left"],
    [["--status=fail", "--status=lost"], "bad hung"],
    [["--status=inprogress,exists"], "listed hung"],
    [["--invert"], "good known"],
    [["--invert", "--status=fail"], "listed good known odd left hung"],
    [["--invert", "--keep-all"], ""],
  ]);
});

// --- By tags, routes and ids

test("subunit-filter --with-tag wants all tags, --without-tag none", async () => {
  await assertPass([
    { testId: "none", status: "fail" },
    { testId: "a", status: "fail", tags: ["a"] },
    { testId: "b", status: "fail", tags: ["b"] },
    { testId: "ab", status: "fail", tags: ["b", "a"] },
  ], [
    [["--with-tag", "a"], "a ab"],
    [["--with-tag=a", "--with-tag=b"], "ab"],
    [["--without-tag=a"], "none b"],
    [["--without-tag=a", "--without-tag=b"], "none"],
    [["--with-tag=b", "--without-tag=a"], "b"],
  ]);
});

test("subunit-filter goes by the tags a test has in the end", async () => {
  const untagged: EventFields[] = [
    { testId: "t", status: "inprogress" },
    { testId: "t", status: "success", tags: ["slow"] },
  ];
  const tagged: EventFields[] = [
    { testId: "t", status: "inprogress", tags: ["worker-1"] },
    { testId: "t", status: "success", tags: ["slow", "worker-1"] },
  ];
  const bare: EventFields[] = [
    { testId: "t", status: "inprogress", tags: ["slow"] },
    { testId: "t", status: "success" },
  ];
  for (const events of [untagged, tagged, bare]) {
    await assertPass(events, [
      [["-s", "--xfail", "--with-tag=slow"], "t t"],
      [["-s", "--xfail", "--without-tag=slow"], ""],
    ]);
  }
});

test("subunit-filter --route takes events by their route code, tests or not", async () => {
  await assertPass([
    { testId: "none", status: "fail" },
    { testId: "0", routeCode: "0", status: "fail" },
    { testId: "0/1", routeCode: "0/1", status: "fail" },
    { routeCode: "0", fileName: "stdout" },
    { routeCode: "1", fileName: "stdout" },
    { fileName: "stdout" },
  ], [
    [["--route=0"], "0 -"],
    [["--route=0/*"], "0/1"],
    [["--route=*"], "0 - -"],
    [["--route=**"], "0 0/1 - -"],
    [["--route=0", "--route=[2-9]"], "0 -"],
    [["--route=0", "--no-passthrough"], "0"],
    [["--invert", "--route=0"], "none 0/1 - -"],
  ]);
});

test("subunit-filter --no-control leaves out messages of a test server", async () => {
  const results = [
    "text\n",
    { testId: "a", status: "inprogress" },
    { testId: "a", status: "success" },
    { testId: "x", status: "xfail" },
    // Like messages, and none.
    { ...file("list", "", CONTROL_TYPE) },
    { ...file("stdin", "input\n"), runnable: false },
  ] satisfies (EventFields | string)[];
  const messages = [
    encodeControl({ word: "ready", body: "{}", routeCode: "1/0" }),
    encodeControl({ word: "run", request: "a", body: "a\n" }),
    encodeControl({ word: "done", body: new Uint8Array(4_000_000) }),
  ];
  const mixed = stream(...results.flatMap((part, i) => [
    part,
    messages[i % messages.length],
  ]));
  const left = await callTool("subunit-filter", ["--no-control"], {
    stdin: mixed,
  });
  assertEquals(left.status, 0);
  assert(equalBytes(left.stdout, stream(...results)));
  // A request is no test that was lost.
  for (const [option, expected] of [["--no-control", 0], ["--keep-all", 1]]) {
    const { status } = await callTool(
      "subunit-filter",
      [`${option}`, "--exit-status"],
      { stdin: mixed },
    );
    assertEquals(status, expected);
  }
  const all = await callTool("subunit-filter", ["--keep-all"], {
    stdin: mixed,
  });
  assert(equalBytes(all.stdout, mixed));
});

test("subunit-filter --id, --with and --load-list take tests by their id", async () => {
  using dir = new TempDir();
  const list = dir.file("ids", "net.b\r\n\nnet\n");
  await assertPass([
    { testId: "net.a", status: "success" },
    { testId: "net.b", status: "fail" },
    { testId: "Internet", status: "fail" },
    { testId: "disk", status: "fail" },
  ], [
    [["--id=net"], "net.a net.b Internet"],
    [["--id=^net"], "net.a net.b"],
    [["--id=(?i)^INTER", "--id=k$"], "Internet disk"],
    [["--id=net", "--no-success"], "net.b Internet"],
    [["--load-list", list], "net.b"],
    [["--load-list", list, "--id=a"], ""],
    [["-m", "net"], "net.b Internet"],
    [["-s", "--with=net"], "net.a net.b Internet"],
    [["--with=^net", "--with=k$"], "net.b disk"],
    [["--without=net"], "disk"],
    [["--with=net", "--without=(?i)inter"], "net.b"],
    [["--with=^failure$"], "net.b Internet disk"],
  ]);
});

test("subunit-filter --with and --text look into attachments, however they are cut", async () => {
  const events: EventFields[] = [
    { testId: "a", status: "inprogress" },
    { testId: "a", fileName: "log", fileBytes: stream("one tw") },
    { testId: "b", fileName: "log", fileBytes: stream("one\ntwo") },
    { testId: "a", fileName: "other", fileBytes: stream("x"), eof: true },
    { testId: "a", fileName: "log", fileBytes: stream("o"), eof: true },
    { testId: "a", status: "fail" },
    { testId: "b", status: "fail" },
    {
      testId: "c",
      status: "fail",
      fileName: "log",
      fileBytes: Uint8Array.of(0xe9, 0x20, 0x37),
    },
  ];
  await assertPass(events, [
    [["--text=two"], "a a a a a b b"],
    [["--text=one two"], "a a a a a"],
    [["--text=^two"], "b b"],
    [["--text=\\xe9 \\d"], "c"],
    [["--text=^a$"], ""],
    [["--with=one two"], "a a a a a"],
    [["--with=^a$"], "a a a a a"],
    [["--without=two"], "c"],
    [["--with=(?s)^a$.*two"], "a a a a a"],
  ]);
});

// --- Subtests

const parent: EventFields = { testId: "parent" };
const inner: EventFields = { testId: "inner", parentTestId: "parent" };
const innermost: EventFields = { testId: "innermost", parentTestId: "inner" };
const STARTED = { status: "inprogress" } as const;
const GOOD = { status: "success" } as const;
const BAD = { status: "fail" } as const;

test("subunit-filter keeps the subtests of a kept parent, whichever ends first", async () => {
  const orders: [EventFields[], string][] = [
    [[{ ...parent, ...BAD }, { ...inner, ...GOOD }], "parent inner"],
    [[{ ...inner, ...GOOD }, { ...parent, ...BAD }], "parent inner"],
    [
      [
        { ...parent, ...STARTED },
        { ...inner, ...STARTED },
        { ...innermost, ...GOOD },
        { ...inner, ...GOOD },
        { ...parent, ...BAD },
      ],
      "parent parent inner inner innermost",
    ],
    // The parent is lost.
    [[{ ...inner, ...GOOD }, { ...parent, ...STARTED }], "parent inner"],
    // A parent selects its subtests, not the other way around.
    [[{ ...inner, ...BAD }, { ...parent, ...GOOD }], "inner"],
    [[{ ...innermost, ...GOOD }, { ...inner, ...BAD }, {
      ...parent,
      ...GOOD,
    }], "inner innermost"],
    // A test of the same name on another route selects nothing.
    [[{ ...inner, ...GOOD, routeCode: "1" }, { ...parent, ...BAD }], "parent"],
    // Nor does a test that is its own parent, directly or not.
    [[{ ...inner, ...GOOD, parentTestId: "inner" }], ""],
    [[{ ...inner, ...GOOD, parentTestId: "innermost" }, {
      ...innermost,
      ...GOOD,
    }], ""],
  ];
  for (const [events, ids] of orders) {
    assertEquals(await idsOf(["-F"], ...events), ids, JSON.stringify(events));
    const wanted = eventsIn(await filter(["-F", "--judge-subtests"], ...events))
      .every(({ status }) => status !== "success");
    assert(wanted, "a subtest is not judged by itself");
  }
});

test("subunit-filter finds the parents of subtests that come long after", async () => {
  const others = Array.from({ length: 5000 }, (_, i): EventFields[] => [
    { testId: `p${i}`, ...(i % 5 === 0 ? BAD : GOOD) },
    { testId: `s${i}`, parentTestId: `p${i - 1000}`, ...GOOD },
  ]).flat();
  const passed = await idsOf(["-F"], ...others);
  const subtests = passed.split(" ").filter((id) => id.startsWith("s"));
  assertEquals(subtests.length, 800);
  assert(subtests.every((id) => Number(id.slice(1)) % 5 === 0));
});

Deno.test("subunit-filter holds no more than 32 MiB of subtests whose parent does not end", async () => {
  using dir = new TempDir();
  const fileBytes = new Uint8Array(1024 * 1024);
  const block = stream({ ...inner, ...GOOD, fileName: "f", fileBytes });
  const file = dir.file("block", block);
  const { stdout, stderr, status } = await shell(
    "for i in {1..40}; do cat $1; done | cat - $2 | subunit-filter -F",
    [file, dir.file("parent", stream({ ...parent, ...BAD }))],
  );
  assertMatch(stderr, /^subunit-filter: More than 33554432 bytes [^\n]+\n$/);
  assertEquals(eventsIn(stdout).map(({ testId }) => testId), ["parent"]);
  assertEquals(status, 0);
});

// --- Changes

test("subunit-filter --rename puts TEXT for REGEX in all ids, parents too", async () => {
  const events: EventFields[] = [
    { ...parent, status: "exists" },
    { ...inner, status: "skip", routeCode: "0", tags: ["t"] },
    { ...inner, status: "uxsuccess" },
  ];
  const renamed = eventsIn(
    await filter(
      ["--rename", "(e)[nr]", "<\\1>", "--rename", "^p", "P"],
      ...events,
    ),
  );
  assertEquals(renamed, [
    { testId: "Par<e>t", status: "exists", runnable: true },
    {
      testId: "inn<e>",
      parentTestId: "Par<e>t",
      status: "skip",
      runnable: true,
      routeCode: "0",
      tags: ["t"],
    },
    {
      testId: "inn<e>",
      parentTestId: "Par<e>t",
      status: "uxsuccess",
      runnable: true,
    },
  ]);
});

test("subunit-filter takes tests by the ids and statuses that leave", async () => {
  using dir = new TempDir();
  const list = dir.file("expected", "new.bad\nnew.good\nnew.hung\n");
  const events: EventFields[] = [
    { testId: "old.bad", ...STARTED },
    { testId: "old.bad", ...BAD, tags: ["t"] },
    { testId: "old.good", ...GOOD },
    { testId: "old.other", ...BAD },
    { testId: "old.left", status: "skip" },
    { testId: "old.hung", ...STARTED },
  ];
  const args = ["--rename", "^old", "new", "--fixup-expected-failures", list];
  const statuses = async (more: string[]) =>
    eventsIn(await filter([...args, ...more], ...events))
      .map(({ testId, status }) => `${testId} ${status}`);
  assertEquals(await statuses(["-s"]), [
    "new.good uxsuccess",
    "new.other fail",
    "new.left skip",
    "new.hung inprogress",
  ]);
  assertEquals(await statuses(["--status=xfail"]), [
    "new.bad inprogress",
    "new.bad xfail",
  ]);
  assertEquals(await statuses(["--id=^new.o"]), ["new.other fail"]);
  assertEquals(await statuses(["--id=^old"]), []);
});

test("subunit-filter --strip-attachments takes files and what describes them", async () => {
  const file = textFile("log", "text");
  const t: EventFields = { testId: "t", tags: ["a"], routeCode: "0" };
  const events: EventFields[] = [
    { ...t, ...file, timestamp: at("01:00:00") },
    { ...t, ...BAD, ...file, fileName: "reports/x" },
    { ...file, fileName: "stdout" },
  ];
  const stripped = (names: RegExp) =>
    stream(...events.map((event) => {
      if (!event.testId || !names.test(event.fileName!)) return event;
      const { fileName: _f, fileBytes: _b, mimeType: _m, eof: _e, ...rest } =
        event;
      return rest;
    }));
  const cases: [string, RegExp][] = [
    ["--strip-attachments", /./],
    ["--strip-attachments=l*", /^log$/],
    ["--strip-attachments=*/x", /x$/],
    ["--strip-attachments=none", /^none$/],
  ];
  for (const [arg, names] of cases) {
    assertEquals(await filter([arg], ...events), stripped(names), arg);
  }
});

test("subunit-filter --max-attachment cuts each attachment, and marks the cut", async () => {
  const part = (
    testId: string,
    content: string,
    more: EventFields = {},
  ): EventFields => ({
    testId,
    fileName: "log",
    fileBytes: stream(content),
    ...more,
  });
  const contents = async (most: number, ...events: EventFields[]) =>
    eventsIn(await filter([`--max-attachment=${most}`], ...events))
      .map(({ testId, fileBytes, eof }) =>
        `${testId}: ${fileBytes && text(fileBytes)}${eof ? "|" : ""}`
      );
  const note = "\n[cut: more than 4 bytes]\n";
  assertEquals(
    await contents(
      4,
      part("a", "12"),
      part("b", "abcd"),
      part("a", "34"),
      part("a", "56"),
      part("a", "78", { eof: true }),
      part("a", "12345", { fileName: "other" }),
      { testId: "a", ...BAD },
      // Another run of the test starts again from zero.
      part("a", "1234", BAD),
      part("b", "", { ...BAD, eof: true }),
    ),
    [
      "a: 12",
      "b: abcd",
      "a: 34",
      `a: ${note}`,
      "a: |",
      `a: 1234${note}`,
      "a: undefined",
      "a: 1234",
      "b: |",
    ],
  );
  // A cut never splits a character.
  assertEquals(await contents(4, part("a", "123г5")), [`a: 123${note}`]);
  assertEquals(await contents(0, part("a", "1")), [
    "a: \n[cut: more than 0 bytes]\n",
  ]);
});

test("subunit-filter --protocol 2.0 takes parents out, and nothing else", async () => {
  const event: EventFields = {
    testId: "t",
    ...GOOD,
    routeCode: "0",
    tags: ["a"],
  };
  assertEquals(
    await filter(["--protocol", "2.0"], { ...event, parentTestId: "p" }, event),
    stream(event, event),
  );
});

// --- Bytes

test(`subunit-filter --keep-all is the identity on any stream (seed ${SEED})`, async () => {
  const input = concat(sample(noisyStream, 60, SEED));
  assert(equalBytes(await filter(["--keep-all"], input), input));
});

test("subunit-filter passes on text, damage and kept packets as they came", async () => {
  const kept = stream(
    "text г³\n",
    { testId: "kept", ...BAD, timestamp: at("01:02:03"), routeCode: "0/1" },
    damaged({ testId: "x" }),
    { fileName: "stdout", fileBytes: stream("x") },
    "more",
  );
  assert(equalBytes(await filter([], kept, { testId: "a", ...GOOD }), kept));
  // Without the text, the damage remains.
  const { stdout } = await callTool("subunit-ls", [], {
    stdin: await filter(["-F"], kept),
  });
  assertEquals(text(stdout), "kept\nsubunit.parser\n");
});

const OPTION_SETS = [
  [],
  ["-F"],
  ["-s", "--no-skip"],
  ["--status=success,lost"],
  ["--id=[0-4]$"],
  ["--id=[0-4]$", "--with-tag=slow"],
  ["--with-tag=net"],
  ["--without-tag=net"],
  ["--text=boom"],
  ["--with=Error", "--without=_1"],
  ["--route=0"],
  ["-F", "--judge-subtests"],
];

test(`subunit-filter and --invert part the packets of any run, each test's in order (seed ${SEED})`, async () => {
  const runs = sample(
    anyRun({ parents: true, routes: [undefined, "0"] }),
    40,
    SEED,
  );
  // No two runs share a test.
  const events = joinedRuns(runs, (testId, run) => `${run} ${testId}`);
  const packets = events.map((event) => stream(event).toHex());
  for (const options of OPTION_SETS) {
    const kept = await filter(options, ...events);
    const left = await filter([...options, "--invert"], ...events);
    const both = [...eventsIn(kept), ...eventsIn(left)];
    assertEquals(
      both.map((event) => stream(event).toHex()).sort(),
      packets.toSorted(),
      options.join(" "),
    );
    for (const part of [kept, left]) {
      const passed = eventsIn(part).filter(({ status }) => status !== "exists");
      for (const [key, own] of Object.entries(Object.groupBy(passed, keyOf))) {
        const all = events.filter((event) =>
          keyOf(event) === key && event.status !== "exists"
        );
        assertEquals(stream(...own!), stream(...all), options.join(" "));
      }
    }
  }
});

function keyOf({ routeCode = "", testId = "" }: EventFields): string {
  return `${routeCode} ${testId}`;
}

// --- Live

Deno.test("subunit-filter holds nothing where ids, routes or tags settle it", async () => {
  const started = stream({
    testId: "t",
    ...STARTED,
    tags: ["a"],
    routeCode: "0",
  });
  const other = stream({ testId: "o", ...STARTED });
  for (
    const args of [
      ["--keep-all"],
      ["--id=t"],
      ["--route=0"],
      ["--with-tag=a", "-s", "--xfail"],
      ["--id=t", "--with-tag=a"],
    ]
  ) {
    await using tool = new LiveTool("subunit-filter", args);
    await within(tool.write(stream(other, started)));
    const expected = args[0] === "--keep-all"
      ? stream(other, started)
      : started;
    assertEquals(await tool.read(expected.length), expected, args.join(" "));
  }
});

Deno.test("subunit-filter holds a test until its status or attachment is there, and no other", async () => {
  const started = stream({ testId: "t", ...STARTED });
  const found = stream({
    testId: "t",
    fileName: "log",
    fileBytes: stream("boom"),
    eof: true,
  });
  const ended = stream({ testId: "t", ...BAD });
  const other = stream({ testId: "o", ...BAD }, "text");
  {
    await using tool = new LiveTool("subunit-filter");
    await within(tool.write(stream(started, other)));
    assertEquals(await tool.read(other.length), other);
    await within(tool.write(stream(found, ended)));
    const expected = stream(other, started, found, ended);
    assertEquals(await tool.read(expected.length), expected);
  }
  {
    await using tool = new LiveTool("subunit-filter", ["--text=boom"]);
    await within(tool.write(stream(started)));
    await within(tool.write(stream(found)));
    const expected = stream(started, found);
    assertEquals(await tool.read(expected.length), expected);
  }
});

// --- Exit status and usage

test("subunit-filter --exit-status judges what passes on", async () => {
  const cases: [string[], EventFields[], number][] = [
    [[], [{ testId: "a", ...BAD }], 1],
    [[], [{ testId: "a", ...GOOD }], 0],
    [["--id=b"], [{ testId: "a", ...BAD }, { testId: "b", ...GOOD }], 0],
    [["-F"], [{ testId: "a", ...STARTED }], 1],
    [["-s"], [{ testId: "a", ...STARTED }, { testId: "a", ...GOOD }], 0],
    [["--rename", "a", "b"], [{ testId: "a", status: "uxsuccess" }], 1],
  ];
  for (const [args, events, expected] of cases) {
    const { status } = await callTool(
      "subunit-filter",
      [...args, "--exit-status"],
      { stdin: stream(...events) },
    );
    assertEquals(status, expected, args.join(" "));
  }
  const { status } = await callTool("subunit-filter", ["-F", "--exit-status"], {
    stdin: damaged({ testId: "a", ...GOOD }),
  });
  assertEquals(status, 1);
});

test("subunit-filter says what it cannot do, and where", async () => {
  const cases: [string[], RegExp][] = [
    [["--id=a("], /"a\("/],
    [["--with", "(?(1)a|b)"], /conditional/],
    [["--text", "\\N{DASH}"], /\\N/],
    [["--rename", "a", "\\2"], /"\\2"/],
    [["--status=good"], /"good": expected exists, inprogress/],
    [["--protocol=3"], /"3": expected 2\.0/],
    [["--max-attachment=1k"], /"1k": expected a whole number/],
    [["--load-list=no/such/file"], /"no\/such\/file"/],
  ];
  for (const [args, words] of cases) {
    const stdin = stream({ testId: "a", ...BAD });
    const finished = await callTool("subunit-filter", args, { stdin });
    assertRefused(finished, "subunit-filter", words);
  }
});

test("subunit-filter refuses new ids that no packet holds", async () => {
  const { status, stderr } = await callTool(
    "subunit-filter",
    ["--rename", "a", "\\x00"],
    { stdin: stream({ testId: "a", ...BAD }) },
  );
  assertMessage(stderr, "subunit-filter");
  assertEquals(status, 2);
});

// --- Compared with Python's tool and reader

/** Options with the same meaning in both tools. */
const PYTHON_OPTION_SETS = [
  [],
  ["-s"],
  ["-e", "--no-skip"],
  ["--xfail", "--no-passthrough"],
  ["-F"],
  ["-F", "-s"],
  ["-s", "-F"],
  ["-s", "--xfail", "--with-tag=slow"],
  ["-s", "--with-tag=slow", "--with-tag=net"],
  ["--without-tag=net", "--xfail"],
  ["-s", "--with=_[1-3]", "--without=_2"],
  ["-s", "-m", "boom"],
  ["--without", "Error"],
  ["-s", "--rename", "test_(\\d)", "t\\1"],
];

/** The id and status of each test that passes on, in any order. */
function outcomesIn(bytes: Uint8Array): string[] {
  const open = new Set<string>();
  const ended: string[] = [];
  for (const { testId, status } of eventsIn(bytes)) {
    if (testId === undefined || status === "exists") continue;
    if (isFinalStatus(status)) {
      open.delete(testId);
      ended.push(`${testId} ${status}`);
    } else {
      open.add(testId);
    }
  }
  // Python writes failures for tests that never end.
  return [...ended, ...Array.from(open, (id) => `${id} fail`)].sort();
}

peerCallTest(
  `subunit-filter selects the tests Python's selects (seed ${SEED})`,
  [
    "subunit",
  ],
  async () => {
    const events = joinedRuns(sample(anyRun(), 40, SEED));
    const input = stream(...events);
    for (const options of PYTHON_OPTION_SETS) {
      const theirs = await runPython("subunit-filter", options, {
        stdin: input,
      });
      assertEquals(theirs.stderr, "");
      const selectsByTest = options.some((option) => /with|-m/.test(option));
      const known = (outcomes: string[]) =>
        outcomes
          // Python's always passes unexpected successes on,
          .filter((one) => !selectsByTest || !one.endsWith("uxsuccess"))
          // and does not rename all ids.
          .map((one) => one.replace(/test_(\d)/, "t$1")).sort();
      assertEquals(
        known(outcomesIn(await filter(options, input))),
        known(outcomesIn(theirs.stdout)),
        options.join(" "),
      );
    }
    assertEquals(
      await idsOf(["-s", "--rename", "test_(\\d)", "t\\1"], ...events),
      (await idsOf(["-s"], ...events)).replace(/test_(\d)/g, "t$1"),
    );
  },
);

peerCallTest(
  `subunit-filter keeps times, tags, routes and attachments of what it keeps, to Python's reader (seed ${SEED})`,
  [
    "python3-subunit",
  ],
  async () => {
    const runs = sample(anyRun({ routes: [undefined, "0", "0/1"] }), 30, SEED);
    const events = joinedRuns(runs);
    const testsIn = async (bytes: Uint8Array) => {
      const { lines, stderr } = await linesByPython("dump_tests.py", bytes);
      assertEquals(stderr, "");
      return lines;
    };
    const before = new Set(await testsIn(stream(...events)));
    for (const options of OPTION_SETS) {
      const after = await testsIn(await filter(options, ...events));
      assert(after.length > 3, `few tests pass ${options}`);
      for (const test of after) {
        assert(before.has(test), `${options} makes ${test}`);
      }
    }
  },
);

// --- A common pipeline

/** A recording of stestr: see the README beside it. */
const RECORDED = fixture("stestr/last.subunit");
const OF_WORKER_3 = `suite.test_shop.TestBasket.test_create
suite.test_shop.TestInvoice.test_create
suite.test_shop.TestInvoice.test_known
suite.test_shop.TestMail.test_known
suite.test_shop.TestSearch.test_prints
suite.test_shop.TestStock.test_prints
`;

Deno.test("subunit-filter passes the tests of one worker of stestr to subunit-ls", async () => {
  const { stdout, stderr, status } = await shell(
    `stestr() { cat "$1"; }
    stestr "$1" | subunit-filter -s --xfail --with-tag=worker-3 | subunit-ls`,
    [RECORDED],
  );
  assertEquals(text(stdout), OF_WORKER_3);
  assertEquals(stderr, "");
  assertEquals(status, 0);
});

peerCallTest("subunit-filter agrees with Python's about a run of stestr", [
  "subunit",
], async () => {
  const recorded = Deno.readFileSync(RECORDED);
  for (const options of PYTHON_OPTION_SETS) {
    const theirs = await runPython("subunit-filter", options, {
      stdin: recorded,
    });
    assertEquals(
      outcomesIn(await filter(options, recorded)),
      outcomesIn(theirs.stdout),
      options.join(" "),
    );
  }
});
