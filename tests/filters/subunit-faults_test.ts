import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { StatusEvent, StreamItem } from "@subunit/codec";
import fc from "fast-check";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { assertRefused } from "../support/checks.ts";
import { runTool, TempDir, text } from "../support/run.ts";
import {
  anyEvent,
  damaged,
  equalBytes,
  type EventFields,
  eventsIn,
  fileIn,
  itemsIn,
  noisyStream,
  sample,
  stream,
  textFile,
} from "../support/streams.ts";

const SEED = 20261128;

/** The failure of the test vector, as Python prints it. */
function refused(port: number, line = 12): string {
  return `Traceback (most recent call last):
  File "/home/ann/shop/test_shop.py", line ${line + 30}, in test_refund
    client.refund(7)
  File "/home/ann/shop/client.py", line ${line}, in connect
    s.connect(("127.0.0.1", self.port))
ConnectionRefusedError: [Errno ${port}] Connection refused
`;
}

/** The packets of a stream that has more than packets. */
function packetsIn(bytes: Uint8Array): StatusEvent[] {
  return itemsIn(bytes).filter((item) => item.kind === "packet");
}

const REFUSED = "fault:1-h2ffvs7z1vc6dbmr";

function failed(testId: string, traceback: string): EventFields {
  return { testId, status: "fail", ...textFile("traceback", traceback) };
}

test("subunit-faults tags a failure with its fault, and changes nothing else", async () => {
  const before = "text\n";
  const passed: EventFields = { testId: "b", status: "success", tags: ["x"] };
  const lost: EventFields = {
    testId: "shop.d",
    status: "fail",
    tags: ["lost"],
    ...textFile("reason", "The test started and never ended."),
  };
  const input = stream(
    before,
    failed("shop.test_refund", refused(111)),
    passed,
    { testId: "c", ...textFile("traceback", refused(61, 99)) },
    { testId: "c", status: "inprogress" },
    { ...failed("c", ""), fileName: "log", tags: ["slow"] },
    damaged(passed),
    lost,
    { testId: "e", status: "uxsuccess" },
  );
  const { stdout, stderr, status } = await callTool("subunit-faults", [], {
    stdin: input,
  });
  assertEquals([stderr, status], ["", 0]);
  const tags = packetsIn(stdout).filter(({ status }) =>
    status !== undefined && status !== "inprogress"
  ).map(({ testId, tags }) => [testId!, ...tags ?? []]);
  assertEquals(tags, [
    ["shop.test_refund", REFUSED],
    ["b", "x"],
    ["c", "slow", REFUSED],
    ["shop.d", "lost", "fault:1-fztc6tde5n2s0pq1"],
    ["e", "fault:1-z1mfxsg22bzvwns5"],
  ]);
  const added = [...new Set(tags.flat())].filter((tag) => /^fault:/.test(tag));
  const removed = await outputOfCall(
    "subunit-tags",
    added.map((tag) => `-${tag}`),
    { stdin: stdout },
  );
  assert(equalBytes(removed, input));
});

/** Failures of tests that may meet, with or without a traceback. */
const anyFailure = fc.record({
  testId: fc.constantFrom("a", "b", "shop.test_c"),
  status: fc.constantFrom("fail", "uxsuccess", "inprogress", undefined),
  tags: fc.constantFrom(undefined, ["slow"], ["lost", "x"]),
  routeCode: fc.constantFrom(undefined, "0"),
  parentTestId: fc.constantFrom(undefined, "a"),
  text: fc.constantFrom("", "boom\n", refused(1), refused(2, 77)),
}).map(({ text, ...event }) => ({
  ...event,
  ...(text !== "" && textFile("traceback", text)),
} as Partial<StatusEvent>));

/**
 * The bytes of an item. An empty list of tags is left out: subunit-tags leaves
 * none where it removes the only tag.
 */
function withoutEmptyTags(item: StreamItem): Uint8Array {
  return item.kind === "packet" && item.tags?.length === 0
    ? stream({ ...item.toEvent(), tags: undefined })
    : item.bytes;
}

test(`subunit-faults adds tags, which removed give the input (seed ${SEED})`, async () => {
  const parts = sample(
    fc.oneof(
      noisyStream,
      fc.array(anyFailure).map((events) => stream(...events)),
      anyEvent().map((event) => stream(event)),
    ),
    80,
    SEED,
  );
  const input = concat(parts);
  const output = await outputOfCall("subunit-faults", [], { stdin: input });
  const added = new Set(
    packetsIn(output).flatMap(({ tags = [] }) => tags)
      .filter((tag) => /^fault:1-/.test(tag)),
  );
  assert(added.size > 3);
  const removed = await outputOfCall(
    "subunit-tags",
    [...added].map((tag) => `-${tag}`),
    { stdin: output },
  );
  const plain = (bytes: Uint8Array) =>
    concat(itemsIn(bytes).map(withoutEmptyTags));
  assert(equalBytes(plain(removed), plain(input)));
  for (const chunkBytes of [1, 7, 1000]) {
    const { stdout } = await callTool("subunit-faults", [], {
      stdin: input,
      chunkBytes,
    });
    assert(equalBytes(stdout, output), `chunks of ${chunkBytes}`);
  }
  const again = await outputOfCall("subunit-faults", [], { stdin: output });
  assert(equalBytes(again, output));
});

test("subunit-faults leaves a packet without room for a tag as it is", async () => {
  const room = 4194303 - 40;
  const packet = {
    testId: "long",
    status: "fail",
    fileName: "log",
    fileBytes: new Uint8Array(room).fill(0x61),
  } as const;
  const input = stream(packet);
  const { stdout, stderr, status } = await callTool("subunit-faults", [], {
    stdin: input,
  });
  assert(equalBytes(stdout, input));
  assertEquals(status, 0);
  assertEquals(
    stderr,
    "subunit-faults: 1 packets have no room for a tag: they are unchanged\n",
  );
});

test("subunit-faults gives no fault to a test that failed for its subtests", async () => {
  const input = stream(
    { ...failed("t (i=1)", refused(1)), parentTestId: "t" },
    { testId: "t", status: "fail" },
    {
      testId: "u",
      status: "fail",
      ...textFile("reason", "2 test steps failed."),
    },
    { testId: "t", status: "fail" },
  );
  const output = await outputOfCall("subunit-faults", [], { stdin: input });
  const counts = eventsIn(output).map(({ tags }) => tags?.length ?? 0);
  assertEquals(counts, [1, 0, 0, 1]);
});

test("subunit-faults --explain attaches what a fault was computed from", async () => {
  const output = await outputOfCall("subunit-faults", ["--explain"], {
    stdin: stream({
      ...failed("shop.test_refund", refused(111)),
      routeCode: "0",
    }),
  });
  const [attached, ended] = eventsIn(output);
  assertEquals(attached.routeCode, "0");
  assertEquals(attached.status, undefined);
  assertEquals(ended.tags, [REFUSED]);
  assertEquals(
    JSON.parse(fileIn(eventsIn(output), "shop.test_refund", "fault")),
    {
      fault: REFUSED,
      tag: REFUSED,
      key: [
        "v1",
        "ConnectionRefusedError",
        "client.py:connect",
        's.connect(("127.0.0.1", self.port))',
        "[Errno <n>] Connection refused",
      ],
      kind: "ConnectionRefusedError: [Errno <n>] Connection refused",
      kind_id: "k1-4dhhpg9xsrjf8mjb",
      path: ["client.py:connect"],
    },
  );
});

test("subunit-faults --explain says which frames have no names", async () => {
  const traceback =
    "Error: no\n    at a (/srv/app.min.js:1:2)\n    at pay (/srv/till.js:2:3)\n";
  const output = await outputOfCall("subunit-faults", ["--explain"], {
    stdin: stream(failed("t", traceback)),
  });
  const { path, left_out } = JSON.parse(fileIn(eventsIn(output), "t", "fault"));
  assertEquals([path, left_out], [["till.js:pay"], ["app.min.js:a"]]);
});

test("subunit-faults lets a test and the command line name faults", async () => {
  const faultOf = async (args: string[], ...events: EventFields[]) => {
    const output = await outputOfCall("subunit-faults", args, {
      stdin: stream(...events),
    });
    return eventsIn(output).at(-1)!.tags?.[0];
  };
  const failure = failed("shop.test_refund", refused(111));
  const key = (name: string, text: string): EventFields => ({
    testId: "shop.test_refund",
    ...textFile(name, text),
  });
  const named = await faultOf([], key("fault-key", "printer\n"), failure);
  assertMatch(named!, /^fault:1-\w{16}$/);
  const other = failed("shop.test_refund", "unlike it\n");
  assertEquals(
    await faultOf([], key("fault-key", "printer\n"), other),
    named,
  );
  assertEquals(
    await faultOf(["--key-file=id"], key("id", "printer"), other),
    named,
  );
  // Only what is computed, so it is the same.
  assertEquals(
    await faultOf([], key("fault-key", "{default}\n"), failure),
    REFUSED,
  );
  const library = await faultOf(["--library=client\\.py"], failure);
  assert(library !== REFUSED);
  assertEquals(
    await faultOf(["--library=client", "--own=:connect$"], failure),
    REFUSED,
  );
  using directory = new TempDir();
  const helpers = `${directory.path}/helpers`;
  Deno.writeTextFileSync(helpers, "^conn\n\n^other$\n");
  assertEquals(await faultOf([`--helpers=${helpers}`], failure), library);
  assertMatch((await faultOf(["--no-source"], failure))!, /^fault:1n-\w{16}$/);
});

test("subunit-faults tags what exceeds --max-faults as one", async () => {
  const failures = Array.from(
    { length: 5 },
    (_, i) => failed(`t${i}`, `${"abcde"[i]} broke\n`),
  );
  const output = await outputOfCall("subunit-faults", ["--max-faults=3"], {
    stdin: stream(...failures, failed("u", "a broke\n")),
  });
  const tags = eventsIn(output).map(({ tags }) => tags![0]);
  assertEquals(tags.slice(3, 5), ["fault:overflow", "fault:overflow"]);
  assertEquals(tags[5], tags[0]);
});

test("subunit-faults --report lists the faults, those with most tests first", async () => {
  const library = refused(111).replace("in connect", "in open");
  const input = stream(
    failed("shop.test_a", "printer is on fire\n"),
    failed("shop.test_b", refused(111)),
    failed("shop.test_c", refused(61)),
    failed("shop.test_d", library),
    { ...failed("shop.test_d (i=1)", refused(7)), parentTestId: "shop.test_e" },
    { testId: "shop.test_e", status: "fail" },
    { testId: "shop.lost", status: "inprogress" },
    {
      testId: "passing",
      status: "success",
      ...textFile("log", "[Errno 2] Connection refused\n"),
    },
  );
  const { stdout, status } = await callTool(
    "subunit-faults",
    ["--report", "--contrast"],
    { stdin: input },
  );
  assertEquals(status, 0);
  assertEquals(
    text(stdout),
    `4 faults, 6 tests; 1 test failed for their subtests

4 tests in 2 faults: ConnectionRefusedError: [Errno <n>] Connection refused
  sample: [Errno 111] Connection refused
  also in 1 of 1 passing test
  1-h2ffvs7z1vc6dbmr  3 tests
    at client.py:connect < test_shop.py:test_refund
    s.connect(("127.0.0.1", self.port))
    in shop.test_b, shop.test_c, shop.test_d (i=1)
  1-9yhgpdq3redk0wg2  1 test
    at client.py:open < test_shop.py:test_refund
    s.connect(("127.0.0.1", self.port))
    in shop.test_d

1 test: text: printer is on fire
  1-3jv2m2qkpp4y6r0x  1 test
    in shop.test_a

1 test: lost
  1-7fzqfx467rk6djt6  1 test
    at shop.lost
    in shop.lost
`,
  );
});

test("subunit-faults --new lists the faults that a log does not have", async () => {
  using directory = new TempDir();
  const log = `${directory.path}/main.faults`;
  Deno.writeFileSync(log, stream({ testId: REFUSED, status: "exists" }));
  const known = stream(failed("shop.test_b", refused(111)));
  const call = (input: Uint8Array) =>
    callTool("subunit-faults", ["--new", log], { stdin: input });
  const first = await call(known);
  assertEquals([text(first.stdout), first.status], [
    "0 new faults, 0 tests\n",
    0,
  ]);
  const second = await call(
    concat([known, stream(failed("a", "printer is on fire\n"))]),
  );
  assertEquals([text(second.stdout), second.status], [
    `1 new fault, 1 test

1 test: text: printer is on fire
  1-3jv2m2qkpp4y6r0x  1 test
    in a
`,
    1,
  ]);
  // What damage has cost may be a new fault.
  for (
    const input of [
      concat([known, damaged(failed("b", "x"))]),
      known.subarray(0, -3),
    ]
  ) {
    const { status, stderr } = await call(input);
    assertEquals(status, 1);
    assertMatch(stderr, /bytes are damaged/);
  }
});

test("subunit-faults --new knows none of the faults that exceed --max-faults", async () => {
  using directory = new TempDir();
  const log = `${directory.path}/main.faults`, args = ["--max-faults=1"];
  const run = (...words: string[]) =>
    stream(...words.map((word) => failed(word, `${word} broke\n`)));
  const logged = await callTool("subunit-faults", [
    ...args,
    ...["--log", log, "--run=r1"],
  ], { stdin: run("a", "b") });
  assertEquals([logged.stderr, logged.status], ["", 0]);
  const { stdout, status } = await callTool("subunit-faults", [
    ...args,
    ...["--new", log],
  ], { stdin: run("a", "c") });
  assertEquals([text(stdout), status], [
    `1 new fault, 1 test

1 test: Other faults
  overflow  1 test
`,
    1,
  ]);
});

test("subunit-faults --log appends what was seen, once for each run", async () => {
  using directory = new TempDir();
  const log = `${directory.path}/team.faults`;
  const time = { seconds: 1795827723, nanoseconds: 5e8 };
  const input = stream(
    { testId: "x", status: "inprogress" },
    { testId: "a", status: "inprogress", timestamp: time, routeCode: "0" },
    failed("shop.test_c", refused(111)),
    failed("shop.test_b", refused(61)),
    failed("a", "printer is on fire\n"),
    { ...failed("z", "it\n"), tags: ["fault:printer"] },
    { ...failed("y", "it\n"), tags: ["fault:runs"] },
  );
  const call = (...args: string[]) =>
    callTool("subunit-faults", ["--log", log, ...args], { stdin: input });
  const { stdout, stderr, status } = await call();
  assertEquals([stderr, status], ["", 0]);
  const plain = await outputOfCall("subunit-faults", [], { stdin: input });
  assert(equalBytes(stdout, plain));
  const written = Deno.readFileSync(log);
  const seen = eventsIn(written).map(({ testId, fileName, timestamp }) => [
    testId,
    fileName,
    timestamp,
  ]);
  assertEquals(seen, [
    ["fault:runs", "fact", time],
    [REFUSED, "fact", undefined],
    [REFUSED, "seen", time],
    ["fault:1-3jv2m2qkpp4y6r0x", "fact", undefined],
    ["fault:1-3jv2m2qkpp4y6r0x", "seen", time],
    ["fault:1-qn7qgbyerdr2516m", "fact", undefined],
    ["fault:1-qn7qgbyerdr2516m", "seen", time],
    ["fault:1-xrmz8tm7wsdgpnjv", "fact", undefined],
    ["fault:1-xrmz8tm7wsdgpnjv", "seen", time],
    ["fault:1-ysx99gx42kf3n1pw", "fact", undefined],
    ["fault:1-ysx99gx42kf3n1pw", "seen", time],
    ["fault:printer", "seen", time],
  ]);
  const again = await call();
  assert(equalBytes(again.stdout, plain));
  assert(equalBytes(Deno.readFileSync(log), written));
  const report = await call("--report", "--run=another", "--origin=ci-7");
  assertEquals(report.status, 0);
  assert(Deno.readFileSync(log).length > written.length);
  const shown = await outputOfCall("fault-log", ["query", log, "--top=9"]);
  assertMatch(text(shown), /^2 runs, .*: 1-h2ffvs7z1vc6dbmr .*refused$/m);
  const known = await callTool("subunit-faults", ["--new", log], {
    stdin: input,
  });
  assertEquals(text(known.stdout), "0 new faults, 0 tests\n");
  const renamed = await callTool("subunit-faults", ["--new", log], {
    stdin: stream(
      failed("shop.test_b", refused(61).replace("in connect", "in open")),
    ),
  });
  assertMatch(
    text(renamed.stdout),
    /^ {4}similar to 1-h2ffvs7z1vc6dbmr of the log, by the kind$/m,
  );
  assertEquals(renamed.status, 1);
});

Deno.test("subunit-faults --log writes the same bytes in every time zone", async () => {
  using directory = new TempDir();
  const input = stream(
    {
      testId: "shop.test_b",
      status: "inprogress",
      timestamp: { seconds: 1795827723, nanoseconds: 5e8 },
    },
    failed("shop.test_b", refused(61)),
  );
  const logs: Uint8Array[] = [];
  for (const TZ of ["Pacific/Kiritimati", "America/St_Johns"]) {
    const log = `${directory.path}/${logs.length}`;
    const { status, stderr } = await runTool(
      "subunit-faults",
      ["--log", log, "--origin=ci"],
      { stdin: input, env: { TZ } },
    );
    assertEquals([stderr, status], ["", 0]);
    logs.push(Deno.readFileSync(log));
  }
  assertEquals(eventsIn(logs[0]).length, 3);
  assertEquals(logs[0], logs[1]);
});

test("subunit-faults --log needs a time, or the name of the run", async () => {
  using directory = new TempDir();
  const log = `${directory.path}/team.faults`;
  const input = stream(failed("shop.test_b", refused(61)));
  const { stdout, stderr, status } = await callTool(
    "subunit-faults",
    ["--log", log],
    { stdin: input },
  );
  assertEquals(eventsIn(stdout)[0].tags, [REFUSED]);
  assertEquals(
    stderr,
    "subunit-faults: Cannot log the run: the stream has no time: name it with --run\n",
  );
  assertEquals(status, 2);
  const named = ["--log", log, "--run=7"];
  assertEquals(
    (await callTool("subunit-faults", named, { stdin: input })).status,
    0,
  );
});

test("subunit-faults --origin-hash counts origins and names none", async () => {
  using directory = new TempDir();
  const log = `${directory.path}/team.faults`;
  const salt = directory.file("salt", "0123456789abcdef secret\n");
  const other = directory.file("other", "another secret of a team");
  const input = stream(failed("shop.test_b", refused(61)));
  const collate = async (run: string, origin: string, secret = salt) => {
    const { status, stderr } = await callTool("subunit-faults", [
      ...["--log", log, `--run=${run}`],
      ...[`--origin=${origin}`, `--origin-hash=${secret}`],
    ], { stdin: input });
    assertEquals([stderr, status], ["", 0]);
  };
  await collate("1", "ann-laptop");
  const once = Deno.readFileSync(log);
  await collate("1", "ann-laptop");
  assertEquals(Deno.readFileSync(log), once, "a run collated twice");
  await collate("2", "ann-laptop");
  await collate("3", "bob-laptop");
  const rank = async () =>
    text(await outputOfCall("fault-log", ["query", log, "--top=1", "-0"]));
  assertEquals(await rank(), "fault:1-h2ffvs7z1vc6dbmr\0");
  const top = await outputOfCall("fault-log", ["query", log, "--top=1"]);
  assertMatch(text(top), /^3 runs, 2 origins, 100\.0 %: /);
  // HMAC-SHA256 of the name, as openssl prints it.
  assert(text(once).includes("3a66d185204d0b9be7008f1933d6f60d"), text(once));
  assert(!/laptop|secret/.test(text(Deno.readFileSync(log))));
  await collate("4", "ann-laptop", other);
  const more = await outputOfCall("fault-log", ["query", log, "--top=1"]);
  assertMatch(text(more), /^4 runs, 3 origins/);
  // A secret that everybody can guess is none.
  const before = Deno.readFileSync(log);
  const short = await callTool("subunit-faults", [
    ...["--log", log, "--run=5", "--origin=ann-laptop"],
    `--origin-hash=${directory.file("short", "x")}`,
  ], { stdin: input });
  assertMatch(short.stderr, /has 1 bytes, expected a secret of at least 16/);
  assertEquals(short.status, 2);
  assertEquals(Deno.readFileSync(log), before);
});

test("subunit-faults logs messages as they are only with --samples", async () => {
  using directory = new TempDir();
  const tests = [61, 111, 5].map((number) =>
    failed(`shop.test_${number}`, refused(number))
  );
  const collate = async (log: string, input: Uint8Array, ...more: string[]) => {
    const path = `${directory.path}/${log}`;
    const args = ["--log", path, "--run=1", ...more];
    const { status, stderr } = await callTool("subunit-faults", args, {
      stdin: input,
    });
    assertEquals([stderr, status], ["", 0]);
    return Deno.readFileSync(path);
  };
  const plain = await collate("plain", stream(...tests));
  assert(!/Errno (61|111|5)/.test(text(plain)));
  assertEquals(await collate("none", stream(...tests), "--samples=0"), plain);
  const log = await collate("log", stream(...tests), "--samples=2");
  // The same of them, in whatever order the tests ended.
  const reversed = stream(...tests.toReversed());
  assertEquals(await collate("reversed", reversed, "--samples=2"), log);
  const shown = await outputOfCall("fault-log", [
    ...["show", `${directory.path}/log`, "1-h2ffvs7z1vc6dbmr"],
  ]);
  assertEquals(
    Array.from(text(shown).matchAll(/^ *sample +(.*)$/gm), ([, it]) => it)
      .sort(),
    ["[Errno 111] Connection refused", "[Errno 5] Connection refused"],
  );
});

test("subunit-faults refuses options that do not fit", async () => {
  const cases: [args: string[], message: RegExp][] = [
    [["--own=("], /Option --own is "\(": expected a regular expression/],
    [["--run=a"], /--run and --origin need --log/],
    [["--samples=2"], /--samples needs --log/],
    [["--log=/none", "--origin-hash=/none"], /--origin-hash needs --origin/],
    [["--log=/none", "--samples=x"], /expected a whole number/],
    [["--contrast"], /--contrast needs --report/],
    [["--explain", "--report"], /exclude each other/],
    [["--max-faults=x"], /expected a whole number/],
  ];
  for (const [args, message] of cases) {
    const finished = await callTool("subunit-faults", args, {
      stdin: stream(""),
    });
    assertRefused(finished, "subunit-faults", message);
  }
});

Deno.test("subunit-faults gives each test that took too long a fault", async () => {
  using dir = new TempDir();
  const started = ["a", "b"].map((testId): EventFields => ({
    testId,
    status: "inprogress",
  }));
  const file = dir.file("run", stream(...started));
  const command = ["sh", "-c", 'cat "$0"; sleep 30', file];
  const { stdout } = await runTool("subunit-exec", [
    "--timeout=300ms",
    "--grace=100ms",
    "--",
    ...command,
  ]);
  const report = await runTool("subunit-faults", ["--report"], {
    stdin: stdout,
  });
  for (const testId of ["a", "b"]) {
    assertMatch(
      text(report.stdout),
      new RegExp(`: timeout\\n[^]* {2}1-.* {2}1 test\\n {4}at ${testId}\\n`),
    );
  }
});

Deno.test("subunit-faults tags a test while the pipe is open", async () => {
  const input = stream(failed("shop.test_b", refused(111)));
  const { stdout, status } = await runTool("subunit-faults", [], {
    stdin: input,
  });
  assertEquals([eventsIn(stdout)[0].tags, status], [[REFUSED], 0]);
});
