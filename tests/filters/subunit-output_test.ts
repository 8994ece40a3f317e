import { assert, assertEquals, assertMatch } from "@std/assert";
import { formatTimestamp, TEST_STATUSES } from "@subunit/codec";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { assertMissing, assertRefused } from "../support/checks.ts";
import { shell, TempDir, text } from "../support/run.ts";
import {
  at,
  equalBytes,
  type EventFields,
  eventsIn,
  stream,
} from "../support/streams.ts";

const TIME = "--timestamp=2026-01-31T12:00:00.5Z";
const timestamp = at("12:00:00.5");
/** The bytes of a file per packet, as in the Python tool. */
const PART = 3670016;

const rows: [string, string[], EventFields][] = [
  ["no option", [], {}],
  ...TEST_STATUSES.map((status): [string, string[], EventFields] => [
    `--${status}`,
    [`--${status}`, "suite.test a"],
    { testId: "suite.test a", status },
  ]),
  [
    "--tag, sorted and each once",
    ["--fail=a", "--tag", "z", "--tag=b", "--tag", "z"],
    { testId: "a", status: "fail", tags: ["b", "z"] },
  ],
  [
    "--parent and --route",
    ["--success=a (i=1)", "--parent", "a", "--route=1/2"],
    {
      testId: "a (i=1)",
      status: "success",
      parentTestId: "a",
      routeCode: "1/2",
    },
  ],
  [
    "an id that looks like an option or a number",
    ["--skip=--fail", "--tag=007"],
    { testId: "--fail", status: "skip", tags: ["007"] },
  ],
  [
    "an id of any alphabet and control characters",
    ["--xfail", "тест ³\n\x1b\u{1f600}"],
    { testId: "тест ³\n\x1b\u{1f600}", status: "xfail" },
  ],
];

for (const [name, args, event] of rows) {
  test(`subunit-output writes an event for ${name}`, async () => {
    const stdout = await outputOfCall("subunit-output", [...args, TIME]);
    assertEquals(stdout, stream({ ...event, timestamp }));
  });
}

for (
  const [given, expected] of [
    ["2026-01-31T13:30:00.123456789+01:30", "2026-01-31T12:00:00.123456789Z"],
    ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"],
    ["2106-02-07T06:28:15.999999999Z", "2106-02-07T06:28:15.999999999Z"],
  ]
) {
  test(`subunit-output --timestamp ${given} is ${expected}`, async () => {
    const { stdout } = await callTool("subunit-output", ["--timestamp", given]);
    assertEquals(formatTimestamp(eventsIn(stdout)[0].timestamp!), expected);
  });
}

test("subunit-output without --timestamp stamps the present", async () => {
  const before = Math.floor(Date.now() / 1000);
  const { stdout } = await callTool("subunit-output", ["--inprogress=a"]);
  const after = Math.floor(Date.now() / 1000);
  const [{ timestamp, ...event }] = eventsIn(stdout);
  assertEquals(event, { testId: "a", status: "inprogress", runnable: true });
  const { seconds } = timestamp!;
  assert(before <= seconds && seconds <= after, `${seconds} is not now`);
});

test("subunit-output --attach-file attaches a file to the run", async () => {
  using dir = new TempDir();
  const path = dir.file("log", "so far\n");
  const { stdout } = await callTool("subunit-output", [
    "--attach-file",
    path,
    TIME,
  ]);
  assertEquals(
    stdout,
    stream({
      fileName: path,
      fileBytes: new TextEncoder().encode("so far\n"),
      eof: true,
      timestamp,
    }),
  );
});

test("subunit-output --attach-file with all there is to say of it", async () => {
  using dir = new TempDir();
  const path = dir.file("log", Uint8Array.of(0, 0xff, 0xb3));
  const { stdout } = await callTool("subunit-output", [
    "--fail=a",
    `--attach-file=${path}`,
    "--file-name=stderr",
    "--mimetype=application/x-log",
    "--tag=t",
    "--parent=p",
    "--route=r",
    TIME,
  ]);
  assertEquals(
    stdout,
    stream({
      testId: "a",
      status: "fail",
      tags: ["t"],
      fileName: "stderr",
      fileBytes: Uint8Array.of(0, 0xff, 0xb3),
      mimeType: "application/x-log",
      eof: true,
      routeCode: "r",
      timestamp,
      parentTestId: "p",
    }),
  );
});

for (
  const [options, fileName] of [[[], "stdin"], [
    ["--file-name=log"],
    "log",
  ]] as const
) {
  test(`subunit-output --attach-file - reads standard input as ${fileName}`, async () => {
    const { stdout } = await callTool(
      "subunit-output",
      ["--attach-file", "-", ...options, TIME],
      { stdin: "piped" },
    );
    assertEquals(
      stdout,
      stream({
        fileName,
        fileBytes: new TextEncoder().encode("piped"),
        eof: true,
        timestamp,
      }),
    );
  });
}

test("subunit-output attaches an empty file, in one packet", async () => {
  const { stdout } = await callTool("subunit-output", [
    "--success=a",
    "--attach-file=-",
    "--mimetype=text/plain",
    TIME,
  ]);
  assertEquals(
    stdout,
    stream({
      testId: "a",
      status: "success",
      fileName: "stdin",
      fileBytes: new Uint8Array(0),
      mimeType: "text/plain",
      eof: true,
      timestamp,
    }),
  );
});

for (
  const [status, first, last] of [
    ["fail", {}, { status: "fail" }],
    ["inprogress", { status: "inprogress" }, {}],
  ] as [string, EventFields, EventFields][]
) {
  test(`subunit-output --${status} splits a file over 4 MiB, eof on the last part`, async () => {
    using dir = new TempDir();
    const content = new Uint8Array(2 * PART + 5).map((_, index) => index % 251);
    const { stdout } = await callTool("subunit-output", [
      `--${status}=a`,
      `--attach-file=${dir.file("log", content)}`,
      "--file-name=log",
      "--mimetype=a/b",
      "--tag=t",
      "--parent=p",
      "--route=r",
      TIME,
    ]);
    const every = {
      testId: "a",
      fileName: "log",
      routeCode: "r",
      parentTestId: "p",
    };
    const expected = stream(
      {
        ...every,
        ...first,
        tags: ["t"],
        mimeType: "a/b",
        timestamp,
        fileBytes: content.subarray(0, PART),
      },
      { ...every, fileBytes: content.subarray(PART, 2 * PART) },
      {
        ...every,
        ...last,
        fileBytes: content.subarray(2 * PART),
        eof: true,
      },
    );
    assert(equalBytes(stdout, expected));
  });
}

test("subunit-output writes a file of one part as one packet with eof", async () => {
  const { stdout } = await callTool(
    "subunit-output",
    ["--attach-file=-", TIME],
    { stdin: new Uint8Array(PART) },
  );
  assertEquals(
    eventsIn(stdout).map(({ fileBytes, eof }) => [fileBytes!.length, eof]),
    [[PART, true]],
  );
});

Deno.test("subunit-output builds a run that subunit-ls reads", async () => {
  const { status, stdout, stderr } = await shell(`
    {
      subunit-output --inprogress deploy
      echo deploying
      echo gone | subunit-output --fail deploy --attach-file=-
    } | subunit-ls --format tsv`);
  assertMatch(text(stdout), /^deploy\tfail\t\d+\.\d{3}\t\n$/);
  assertEquals(stderr, "deploying\n");
  assertEquals(status, 1);
});

const refusals: [string, string[], RegExp][] = [
  [
    "two statuses",
    ["--fail=a", "--success=a"],
    /Options --success and --fail exclude each other/,
  ],
  [
    "--file-name without a file",
    ["--fail=a", "--file-name=a"],
    /Option --file-name needs --attach-file/,
  ],
  [
    "--mimetype without a file",
    ["--fail=a", "--mimetype=a"],
    /Option --mimetype needs --attach-file/,
  ],
  ["a status without an id", ["--fail"], /Option --fail needs a value/],
  ["an empty id", ["--fail="], /Option --fail needs a value/],
  ["an operand", ["--fail=a", "b"], /Unexpected operand "b"/],
  ["no time", ["--timestamp=noon"], /Cannot read time "noon"/],
  ["no real day", ["--timestamp=2026-02-30T12:00:00Z"], /Cannot read time/],
  [
    "a time before 1970",
    ["--fail=a", "--timestamp=1969-12-31T23:59:59.999999999Z"],
    /from 1970 to 2106/,
  ],
  [
    "a time after 2106",
    ["--fail=a", "--timestamp=2106-02-07T06:28:16Z"],
    /from 1970 to 2106/,
  ],
];

for (const [what, args, words] of refusals) {
  test(`subunit-output exits 2 for ${what} and writes nothing`, async () => {
    const finished = await callTool("subunit-output", args);
    assertRefused(finished, "subunit-output", words, /: see --help\n$/);
  });
}

Deno.test("subunit-output exits 2 for a file that is missing and writes nothing", async () => {
  await assertMissing("no/such", "subunit-output", [
    "--fail=a",
    "--attach-file=no/such",
  ]);
});
