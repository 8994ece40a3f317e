/**
 * The npm package: built, installed and run on Node as users run it. The
 * tests of pipes run a second time, with the installed tools.
 */

import { encodeEvent, eventId } from "../../filters/faults/log/event.ts";
import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { eventToJson, isRunRecord } from "@subunit/codec";
import { eventToCbor } from "@subunit/codec/cbor";
import fc from "fast-check";
import { arbitraryText } from "../../codec/_testing/arbitrary.ts";
import {
  bin,
  installed,
  installedNodes,
  installPackage,
  prefix,
  projectWithPackage,
  succeed,
} from "../support/package.ts";
import { writingScript } from "../support/sh_worker.ts";
import { STOPPED_CLOCK } from "../support/clock.ts";
import { gpgTest, testKey } from "../support/gpg.ts";
import { helpText } from "../../filters/kit/tool/help.ts";
import { toolNames, toolScript } from "../../scripts/tool_path.ts";
import {
  checkoutCommandOf,
  filesIn,
  fixture,
  isCi,
  peer,
  run,
  some,
  TempDir,
  testInstalled,
} from "../support/run.ts";
import {
  anyEvent,
  anyRun,
  equalBytes,
  type EventFields,
  eventsIn,
  FAILED,
  noisyStream,
  PASSED,
  sample,
  stream,
  textFile,
} from "../support/streams.ts";

const SEED = 20130301;

// --- The package

function registerPackageTests(): void {
  Deno.test("the npm package has every tool, and needs no other package", () => {
    const manifest = JSON.parse(
      Deno.readTextFileSync(`${installed}/package.json`),
    );
    const commands = [...toolNames(), "subunit-tools"];
    assertEquals(Object.keys(manifest.bin).sort(), commands.sort());
    assertEquals(manifest.dependencies, undefined);
    const installedWithIt = Array.from(
      Deno.readDirSync(`${prefix}/lib/node_modules`),
      ({ name }) => name,
    );
    assertEquals(installedWithIt, ["subunit-tools"]);
  });

  Deno.test("the npm package brings the manual pages along", () => {
    const pages = Deno.readDirSync(`${prefix}/share/man/man1`);
    const names = Array.from(pages, ({ name }) => name.replace(/\.1$/, ""));
    assertEquals(names.sort(), toolNames());
  });

  for (const name of some(toolNames(), 9)) {
    Deno.test(`${name} of the npm package runs under Deno as well`, async () => {
      const file = `${bin}/${name}`;
      const words = ["run", "--allow-all", "--no-config", file, "--help"];
      const [onDeno, onNode] = await Promise.all([
        succeed([Deno.execPath(), ...words]),
        succeed([file, "--help"]),
      ]);
      assertEquals(onDeno, onNode);
      const { tool } = await import(toolScript(name).href);
      assertEquals(onNode, helpText(tool));
    });
  }

  Deno.test("the npm package is a library for Node, with types", async () => {
    using dir = projectWithPackage();
    dir.file("package.json", '{ "type": "module" }');
    const types = dir.file(
      "types.ts",
      `import { PacketDecoder, type StreamItem } from "subunit-tools";
      import { eventToCbor } from "subunit-tools/cbor";
      import { GoJsonDecoder } from "subunit-tools/gojson";
      import { JunitDecoder } from "subunit-tools/junit";
      import { type EventSink, RunSummary } from "subunit-tools/results";
      import { TapDecoder } from "subunit-tools/tap";
      import { V1Decoder } from "subunit-tools/v1";
      export const item: StreamItem | undefined = new PacketDecoder().next();
      export const bytes: Uint8Array = eventToCbor({ runnable: true });
      // @ts-expect-error: without types this would pass
      export const wrong: string = eventToCbor({ runnable: true });
      export const sink: EventSink = new RunSummary();
      export const decoders = [GoJsonDecoder, JunitDecoder, TapDecoder, V1Decoder];
      `,
    );
    const check = [Deno.execPath(), "check", "--quiet", types];
    await succeed(check, { cwd: dir.path });
    const main = dir.file(
      "main.js",
      `import { PacketDecoder, PacketEncoderStream } from "subunit-tools";
      import { JunitDecoder } from "subunit-tools/junit";
      import { testsOf } from "subunit-tools/results";
      import { TapDecoderStream } from "subunit-tools/tap";
      const packet = Buffer.from("b329020c03666f6f8ec12db5", "hex");
      const decoder = new PacketDecoder();
      decoder.push(packet);
      console.log(decoder.next().toEvent().testId, typeof JunitDecoder);
      const { body } = new Response(packet);
      for await (const test of testsOf(body)) console.log(test.outcome);
      const packets = new Blob(["1..1\\nok 1 - adds\\n"]).stream()
        .pipeThrough(new TapDecoderStream())
        .pipeThrough(new PacketEncoderStream());
      for await (const { testId } of testsOf(packets)) console.log(testId);`,
    );
    assertEquals(await succeed(["node", main]), "foo function\nlost\nadds\n");
  });

  Deno.test("a command's output is a pipe, which it can open by name", async () => {
    const script = "echo 1..1 > /dev/stdout; echo not ok > /dev/stdout";
    const tool = `${bin}/subunit-exec`;
    const { stdout } = await run([tool, "--tap", "--", "sh", "-c", script]);
    assertEquals(
      eventsIn(stdout).filter((event) => !isRunRecord(event))
        .map(({ testId, status }) => [testId, status]),
      [["test 1", "fail"], ["sh: exit status", "exists"]],
    );
  });
}

// --- The same bytes

/** A call of a tool to compare, and its input. */
interface Call {
  /** @param files the samples, a file each; they are standard input, too */
  args(files: readonly string[]): readonly string[];
  readonly input: fc.Arbitrary<Uint8Array>;
  readonly samples?: number;
}

const GUIDELINE = fixture("conform/shop.json");

/** Lines, most of them of the format. */
function anyLines(...own: string[]): fc.Arbitrary<Uint8Array> {
  const line = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...own) },
    arbitraryText({ maxLength: 30 }),
  );
  return fc.array(line, { maxLength: 30 })
    .map((lines) => stream(lines.map((line) => `${line}\n`).join("")));
}

const anyPackets = anyRun({ routes: [undefined, "a"], parents: true })
  .map((events) => stream(...events));
const anyStream = fc.oneof(noisyStream, anyPackets);

/** Logs with all kinds of events, text and damage. */
const anyFaultLog = fc.shuffledSubarray(
  ["a", "b"].flatMap((name) => {
    const fault = `fault:${name}`;
    const time = { seconds: 1_790_000_000, nanoseconds: 5 };
    const title = encodeEvent({ fault, kind: "title", value: "é г", time });
    return [
      title,
      encodeEvent({ fault, kind: "title", value: "other", state: "fail" }),
      encodeEvent({
        fault,
        kind: "state",
        state: "success",
        supersedes: [eventId(title)],
      }),
      encodeEvent({ fault, kind: "tag", tags: ["+t1", "-t2"] }),
      encodeEvent({ fault, kind: "same", value: "fault:b" }),
      encodeEvent({
        fault,
        kind: "seen",
        author: "ci",
        run: "1",
        count: 2,
        time,
      }),
      encodeEvent({ fault, kind: "redact", redacts: [eventId(title)] }),
      encodeEvent({ fault, kind: "new", value: [1, -1, true, null] }),
      stream({
        testId: fault,
        fileName: "x",
        fileBytes: stream("x"),
        eof: true,
      }),
      stream("text г\n"),
    ];
  }),
).map((parts) => concat(parts));

const anyGoJson = anyLines(
  '{"Action":"start","Package":"p"}',
  '{"Action":"run","Package":"p","Test":"T"}',
  '{"Action":"output","Package":"p","Test":"T","Output":"a\\u2028 line\\n"}',
  '{"Action":"pass","Package":"p","Test":"T","Elapsed":0.25}',
  '{"Action":"fail","Package":"p","Test":"T/sub"}',
  '{"Time":"2026-01-31T01:02:03.5Z","Action":"fail","Package":"p"}',
);
const anyTap = anyLines(
  "TAP version 14",
  "1..4",
  "ok 1 - one",
  "not ok - two # TODO later",
  "ok 3 # SKIP why",
  "# Subtest: sub",
  "    ok 1",
  "  ---",
  "  message: no",
  "  ...",
  "Bail out! no disk",
);
const anyV1 = anyLines(
  "test: a",
  "success: a",
  "failure: a [",
  "]",
  "error: a [ multipart",
  "Content-Type: text/plain",
  "log",
  "3\r\nabc0\r\n",
  "tags: x -y",
  "time: 2026-01-31 01:02:03.5Z",
  "progress: +2",
);
const anyJunit = fc.array(fc.constantFrom(
  '<testcase name="a" classname="b" time="0.5"/>',
  '<testcase name="c"><failure message="no">&#x2028;trace</failure></testcase>',
  '<testcase name="d"><skipped/><system-out>out</system-out></testcase>',
  "<testcase>",
  "text",
  "<properties><property name='p' value='v'/></properties>",
)).map((parts) => stream(`<testsuite name="s">${parts.join("")}</testsuite>`));

/** Failures with the traces of many languages, as they were recorded. */
const anyFrames = fc.subarray(recorded("tracebacks", "txt"))
  .map((paths) =>
    stream(...paths.flatMap((path): EventFields => ({
      testId: path,
      status: "fail",
      ...textFile("traceback", Deno.readFileSync(path)),
    })))
  );

const NOTHING = new Uint8Array(0);

/** The paths of the recordings of a kind, which the comparisons name. */
function recorded(folder: string, extension: string): string[] {
  return Object.keys(filesIn(fixture(folder)))
    .filter((path) => !path.includes("/") && path.endsWith(`.${extension}`))
    .sort().map((path) => `${fixture(folder)}/${path}`);
}

const folderOf = (file: string) => file.slice(0, file.lastIndexOf("/"));
const filesAsOperands = (files: readonly string[]) => files;

/** All options that select runs of a repository. */
const SOME_RUNS = [
  "--runs=9",
  "--since=3000d",
  "--branch=b",
  "--variant=v",
  "--commit=abcd",
  "--meta=a=b",
  "--status=fail",
];

/** Calls of tools that need options or other input than a stream. */
const CALLS: Readonly<Record<string, readonly Call[]>> = {
  "subunit-1to2": [
    { args: () => [], input: anyV1 },
    { args: () => ["--no-detect", "--route=0"], input: anyStream },
    { args: () => recorded("v1", "v1"), input: fc.constant(NOTHING) },
    { args: () => ["--detect", "--exit-status"], input: anyV1 },
    { args: () => ["--", "sh", "-c", "cat; kill -9 $$"], input: anyV1 },
  ],
  "subunit-2to1": [
    { args: () => [], input: anyStream },
    { args: () => ["--exit-status"], input: anyPackets },
    { args: () => ["--plain", "--no-passthrough"], input: anyStream },
  ],
  "cbor2subunit": [{
    args: filesAsOperands,
    input: anyEvent().map((event) => eventToCbor(event)),
  }, {
    args: filesAsOperands,
    // No event any more, or not CBOR.
    input: fc.tuple(anyEvent(), fc.nat(), fc.nat(255))
      .map(([event, at, byte]) => {
        const bytes = eventToCbor(event);
        bytes[at % bytes.length] = byte;
        return bytes;
      }),
  }],
  "gojson2subunit": [
    { args: filesAsOperands, input: anyGoJson },
    { args: () => recorded("gojson", "jsonl"), input: fc.constant(NOTHING) },
    { args: (files) => ["--exit-status", ...files], input: anyGoJson },
  ],
  "json2subunit": [{
    args: filesAsOperands,
    input: anyEvent().map((event) => stream(eventToJson(event) + "\n")),
  }, {
    args: filesAsOperands,
    input: fc.tuple(anyEvent(), fc.nat(), fc.constantFrom(...'{}[]",:\\x5'))
      .map(([event, at, character]) => {
        const json = eventToJson(event);
        const cut = at % json.length;
        return stream(json.slice(0, cut) + character + json.slice(cut), "\n");
      }),
  }],
  "fault-log": [
    ["append", "log", "a", "--title=x", "--text=é", "--state=open", "--sync"],
    ["append", "log", "a", "--comment=c", "--tag=t", "--fact=k=v", "--same=b"],
    ["append", "log", "a", "--state=skip", "--reason=r", "--author=ann"],
    ["merge", "-"],
    ["cat", "--where=state:fail -tag:t1 seen:9y", "--at=2026-11-28T00:00:00Z"],
    ["query", "--top=5", "--by=runs,rate", "--since=90y", "--format=tsv"],
    ["query", "--conflict", "-0"],
    ["query", "--unexplained", "--format=json", "--runs=/none"],
    ["query", "--trusted=/none"],
    ["query", "--index=log.index", "--no-index", "/none"],
    ["verify", "--keyring=/none", "--extract=/none", "--context=c"],
    ["sign", "log", "--secret-key=/none"],
    ["compact", "log", "--older=3d", "--author=ci"],
    ["purge", "log"],
    ["set", "/none", "a", "--edit"],
    ["redact", "/none", "abcdef"],
    ["sync", "/none/log", "--push", "--pull", "--", "cat"],
  ].map((words): Call => ({
    args: () => words,
    input: anyFaultLog,
    samples: 4,
  })).concat([
    {
      args: (files) => ["merge", "log", "--exit-status", ...files],
      input: anyFaultLog,
    },
    { args: ([file]) => ["show", file, "a", "--json"], input: anyFaultLog },
    { args: ([file]) => ["show", file, "a"], input: anyFaultLog },
    // Both runtimes at a time, on one index.
    {
      args: ([file]) => ["query", `--index=${file}.index`, file],
      input: anyFaultLog,
      samples: 4,
    },
    {
      args: ([file]) => ["index", file],
      input: anyFaultLog,
      samples: 4,
    },
  ]),
  "junitxml2subunit": [
    { args: filesAsOperands, input: anyJunit },
    { args: () => recorded("junit", "xml"), input: fc.constant(NOTHING) },
    { args: (files) => ["--exit-status", ...files], input: anyJunit },
  ],
  "subunit-attempts": [
    {
      args: (files) => ["--policy=any", "--by-route", ...files],
      input: anyStream,
    },
    {
      args: (files) => ["--collapse", "--exit-status", ...files],
      input: anyPackets,
    },
    {
      args: ([a, b]) => ["--report", "--fail-on-flaky", `--history=${a}`, b],
      input: anyPackets,
    },
  ],
  "subunit-conform": [
    {
      args: (files) => [GUIDELINE, "--allow-undecided", ...files],
      input: anyPackets,
    },
    {
      args: ([file]) => [
        ...[GUIDELINE, "--text", "--refstack", "--attempts=any"],
        ...[`--extra=${GUIDELINE}`, "--component=product", file],
      ],
      input: anyStream,
    },
    {
      args: ([file]) => [GUIDELINE, "--missing", "--null", file],
      input: anyPackets,
      samples: 1,
    },
    ...["--list", "--missing", "--score", "--check", "--all-products"].map(
      (option) => ({
        args: ([file]: readonly string[]) => [GUIDELINE, option, file],
        input: anyPackets,
        samples: 1,
      }),
    ),
    {
      args: (
        [file],
      ) => [GUIDELINE, `--against=${GUIDELINE}`, "--product=Shop", file],
      input: anyPackets,
      samples: 1,
    },
    {
      // Not signed.
      args: ([file]) => [GUIDELINE, `--require-signed=${file}`, file],
      input: anyPackets,
      samples: 1,
    },
  ],
  "subunit-quarantine": [
    {
      args: (files) => [
        ...["--today=2026-11-28", "--max-excused=100%", "--max-days=9"],
        ...["--strict", "--exit-status", "/dev/null", ...files],
      ],
      input: anyStream,
    },
    ...["--report", "--suggest"].map((option) => ({
      args: ([a, b]: readonly string[]) => [
        ...["/dev/null", option, "--today=2026-11-28", `--history=${a}`, b],
      ],
      input: anyPackets,
    })),
  ],
  "subunit-shard": [
    {
      args: ([a, b]) => [
        ...["1/2", "-0", "--group-regex=^.", "--default=p50"],
        ...[`--history=${a}`, `--list=${b}`],
      ],
      input: anyPackets,
    },
  ],
  "subunit-diff": [
    { args: (files) => files.slice(0, 2), input: anyPackets },
    { args: ([a, b]) => ["--slower=50", a, b], input: anyStream },
    { args: ([a, b]) => ["--format=text", a, b], input: anyStream },
  ],
  "subunit-select": [
    { args: (files) => ["--as=stestr", ...files], input: anyPackets },
    { args: () => ["--as=ctest", "--max-bytes=20", "-0"], input: anyStream },
    { args: () => ["--as=ctest", "--file=list"], input: anyStream },
  ],
  "subunit-exec": [
    // Larger output may arrive in other parts.
    { args: () => ["--", "cat"], input: anyTap, samples: 1 },
    { args: () => ["--detect", "--", "cat"], input: anyV1, samples: 1 },
    { args: () => ["--", "sh", "-c", "kill -9 $$"], input: anyTap, samples: 1 },
    { args: () => ["--", "no/such command"], input: anyTap, samples: 1 },
    { args: () => ["--", "/etc/passwd"], input: anyTap, samples: 1 },
    { args: () => ["--v1", "--", "cat"], input: anyV1, samples: 1 },
    { args: () => ["--v2", "--", "cat"], input: anyPackets, samples: 1 },
    { args: () => ["--gojson", "--", "cat"], input: anyGoJson, samples: 1 },
    {
      args: () => [
        ...["--timeout=1h", "--no-output-timeout=1h", "--grace=1h"],
        ...["--retries=2", "--rerun=true {}", "--", "cat"],
      ],
      input: anyPackets,
      samples: 1,
    },
    {
      args: () => ["--tap", "--fd=3", "--", "sh", "-c", "cat >&3"],
      input: anyTap,
      samples: 1,
    },
  ],
  // A worker names its process: what it does is compared by its own tests.
  "subunit-worker": [
    {
      args: () => [
        ...["--timeout=1", "--load-timeout=1", "--on-ask=eof", "--eager"],
        ...[
          "--list=true",
          "--build=true",
          "--run=true",
          "--debugger=x",
          "node",
        ],
      ],
      input: fc.constant(NOTHING),
      samples: 1,
    },
  ],
  "subunit-run": [
    {
      args: () => [
        ...[
          "-j",
          "1",
          "--load-list=-",
          "--group=.*",
          "--shuffle=1",
          "--repeat=1",
        ],
        ...["--timeout=9", "--fail-fast", "--", "sh", "-c"],
        writingScript(stream(PASSED, "text")),
      ],
      input: fc.constant(stream("passed\n")),
      samples: 1,
    },
    {
      args: () => [
        ...["--history=-", "--until-failure", "failed", "--", "sh", "-c"],
        writingScript(stream(FAILED)),
      ],
      input: anyPackets,
      samples: 1,
    },
    {
      args: ([file]) => [
        ...[`--history=${folderOf(file)}`, "--failing-first", "--", "sh", "-c"],
        writingScript(stream(FAILED)),
      ],
      input: anyPackets,
      samples: 1,
    },
    { args: () => ["--failing", "--", "true"], input: anyPackets, samples: 1 },
    {
      args: () => [
        ...["--bisect=failed", "--debug", "passed", "--", "sh", "-c"],
        writingScript(stream(FAILED)),
      ],
      input: fc.constant(NOTHING),
    },
    {
      args: () => [
        ...["--list", "--", "sh", "-c"],
        writingScript(stream({ testId: "a", status: "exists" })),
      ],
      input: fc.constant(NOTHING),
    },
    {
      args: () => ["--watch", "--", "no/such command"],
      input: fc.constant(NOTHING),
    },
    {
      args: () => ["--connect=/none/s.sock", "passed"],
      input: fc.constant(NOTHING),
      samples: 1,
    },
  ],
  // Servers name their processes: what they do is compared by their own tests.
  "subunit-serve": [
    { args: () => ["--no-socket", "--worker=cat"], input: anyStream },
    {
      args: () => [
        ...["--no-socket", "-j2", "--name=a", "--name=b", "--backlog=1K"],
        ...["--max-restarts=0", "--worker=cat"],
      ],
      input: anyStream,
      samples: 1,
    },
    {
      args: () => ["--socket=/none/s.sock", "--jobs=1", "--worker=cat"],
      input: fc.constant(NOTHING),
      samples: 1,
    },
  ],
  "subunit-ctl": [
    {
      args: () => ["--", "cat"],
      input: anyLines(". x", "stop", "@1 .y", "@1/0 signal INT", "eof"),
    },
    {
      args: () => ["--socket=/none/s.sock"],
      input: fc.constant(NOTHING),
      samples: 1,
    },
  ],
  "subunit-attach": [
    ["--list"],
    ["--next", "--read-only", "--steal"],
    ["1/0", "--lines=7"],
  ].map((words) => ({
    args: () => ["--socket=/none/s.sock", ...words],
    input: fc.constant(NOTHING),
    samples: 1,
  })),
  "subunit-filter": [
    { args: () => ["-F"], input: anyStream },
    { args: () => ["--with", "(?i)T?EST.1|ы"], input: anyStream },
    // Node 20 misreads the shorter pattern for any character.
    { args: () => ["--with", "(?s)test.*o"], input: anyStream },
    { args: () => ["--protocol", "2.0", "--keep-all"], input: anyStream },
    { args: () => ["--no-control"], input: anyStream },
    {
      args: () => ["--rename", "(?u)(\\w)_(?P<n>\\d)", "\\g<n>é\\1", "-s"],
      input: anyStream,
    },
    {
      args: () => ["--text", "(?i)BOOM|\\d", "--max-attachment=5", "--invert"],
      input: anyPackets,
    },
    { args: () => ["--with", "("], input: anyPackets },
    {
      args: () => [
        "-s",
        "--no-skip",
        "--xfail",
        "--without-tag=slow",
        "-e",
        "--passthrough",
      ],
      input: anyPackets,
    },
    {
      args: (
        [list],
      ) => ["-s", "--load-list", list, "--fixup-expected-failures", list],
      input: anyPackets,
    },
    {
      args: () => [
        "--status=success,lost",
        "--route=a*",
        "--error",
        "--failure",
        "--id=[0-5]$",
        "--without=é",
        "--judge-subtests",
        "--exit-status",
      ],
      input: anyPackets,
    },
    {
      args: () => [
        "--no-failure",
        "--no-success",
        "--no-xfail",
        "--with-tag=net",
        "--strip-attachments=*g",
        "--no-passthrough",
      ],
      input: anyStream,
    },
  ],
  "subunit-ls": [
    { args: filesAsOperands, input: anyStream },
    { args: () => ["--times", "--tree", "--sort=time"], input: anyStream },
    { args: () => ["--format=json"], input: anyStream },
    { args: () => ["--format=tsv", "--exists", "--failing"], input: anyStream },
    { args: () => ["-0", "--top=5", "--status=fail,skip"], input: anyPackets },
    { args: () => ["--count", "--no-passthrough"], input: anyStream },
    { args: () => ["--by=fault", "--format=tsv"], input: anyStream },
    {
      args: ([file]) => [`--history=${folderOf(file)}`, "--failing", file],
      input: anyPackets,
    },
  ],
  "subunit-merge": [
    { args: () => ["a=-"], input: noisyStream, samples: 3 },
    { args: (files) => files.slice(0, 1), input: anyPackets },
    { args: () => ["--run", "a=cat", "--expect=1"], input: anyPackets },
    { args: () => ["no/such.file"], input: anyPackets },
    {
      args: (files) => ["--prefix-ids", "--exit-status", `é=${files[0]}`],
      input: anyStream,
    },
    { args: (files) => ["--manifest", files[0], "-"], input: anyPackets },
  ],
  "subunit-output": [
    {
      args: ([file]) => ["--fail=a", "--tag=b", `--attach-file=${file}`],
      input: noisyStream,
    },
    {
      args: () => [
        "--skip=ы",
        "--file-name=é",
        "--mimetype=text/plain",
        "--attach-file=-",
        "--parent=p",
        "--route=0/1",
        "--timestamp=2026-01-31T01:02:03.000000001+05:30",
      ],
      input: noisyStream,
    },
    ...["exists", "inprogress", "success", "uxsuccess", "xfail"].map(
      (status): Call => ({ args: () => [`--${status}=a`], input: anyTap }),
    ),
  ],
  "subunit-progress": [
    { args: () => ["--format=names", "--stall=1h"], input: anyStream },
    {
      args: ([file]) => ["--format=dots", "--history", file, "--every=1h"],
      input: anyStream,
    },
    { args: () => ["--format=github", "--total=99999"], input: anyPackets },
    { args: () => ["-f", "--stall-fail", "-"], input: anyStream },
    { args: (files) => ["--no-passthrough", ...files], input: anyPackets },
    { args: () => ["--every=0"], input: anyPackets },
  ],
  "subunit-seal": [
    { args: () => ["--expect=ids", "-"], input: anyStream },
    { args: () => ["--exit-status"], input: anyStream },
    { args: () => ["--expect", fixture("tap/perl.tap")], input: anyPackets },
    { args: () => ["--expect-listed"], input: anyPackets },
  ],
  "subunit2cbor": [
    { args: () => [], input: anyStream },
    { args: () => ["-f", "-o", "report", "--exit-status"], input: anyStream },
  ],
  "subunit2csv": [
    { args: () => ["--no-passthrough"], input: anyStream },
    { args: () => ["-f", "-o", "report"], input: anyStream },
    { args: () => ["--columns=test,status,tags"], input: anyStream },
  ],
  "subunit2github": [
    { args: () => ["--format=github"], input: anyStream },
    { args: () => ["--format=gitlab", "-o", "report"], input: anyPackets },
    { args: () => ["--format=plain"], input: anyFrames },
    {
      args: () => ["--format=plain", "--root=.", "-f", "-o", "report"],
      input: anyFrames,
    },
    { args: () => ["--format=github", "--no-passthrough"], input: anyStream },
    { args: () => ["--summary=summary"], input: anyFrames },
  ],
  "subunit2html": [
    { args: () => ["-o", "report", "--title=<a> é"], input: anyStream },
    {
      args: () => [
        "--max-attachment=20",
        "--attachments=files",
        "--no-passthrough",
      ],
      input: anyStream,
    },
    { args: () => ["-f", "-o", "report", "--root=."], input: anyFrames },
    { args: () => ["--commit=v1"], input: anyPackets },
    {
      args: ([file]) => [`--history=${folderOf(file)}`, file],
      input: anyPackets,
    },
  ],
  "subunit2json": [
    { args: () => [], input: anyStream },
    { args: () => ["--exit-status"], input: anyStream },
  ],
  "subunit2pyunit": [
    { args: () => [], input: anyStream },
    { args: () => ["--progress", "-f"], input: anyStream },
    { args: () => ["--no-passthrough", "-o", "report"], input: anyStream },
  ],
  "subunit2tap": [
    { args: () => [], input: anyStream },
    { args: () => ["-f", "-o", "report"], input: anyPackets },
    { args: () => ["--no-passthrough"], input: anyFrames },
  ],
  "subunit2trace": [
    { args: () => [], input: anyStream },
    { args: () => ["--otlp", "-o", "report"], input: anyStream },
    { args: () => ["--no-passthrough", "-f"], input: anyFrames },
  ],
  "subunit-stats": [
    { args: () => ["--by=tag", "--slowest=3"], input: anyStream },
    { args: () => ["--forward", "-o", "report"], input: anyStream },
    { args: () => ["-o", "no/such/report"], input: anyStream },
    {
      args: () => ["--json", "--min-tests=9999", "--no-passthrough"],
      input: anyStream,
    },
  ],
  // Where it cannot keep a run it passes it on; runs have random names.
  "subunit-load": [
    { args: ([file]) => [`--repo=${file}/none`], input: anyStream },
    {
      args: ([file]) => [
        "--repo",
        `${file}/none`,
        "--meta=a=b",
        "--variant=v",
        "--group=g",
        "--part=1/2",
        "--full",
        "--no-git",
        "--at=2026-01-31",
        "--no-gzip",
        "--sync",
        "--quiet",
        "--exit-status",
        file,
      ],
      input: anyStream,
    },
    { args: () => ["--partial", "--full"], input: anyStream },
    { args: ([file]) => [`--also=${file}`], input: anyStream },
  ],
  "subunit-last": [
    { args: ([file]) => ["--repo", folderOf(file)], input: anyStream },
    {
      args: ([file]) => [`--repo=${folderOf(file)}`, "--bare", "-2"],
      input: anyStream,
    },
    {
      args: ([file]) => [
        `--repo=${folderOf(file)}`,
        "--record",
        "--running",
        "--exit-status",
        "@pass",
      ],
      input: anyPackets,
    },
    {
      args: ([file]) => [`--repo=${folderOf(file)}`, "--path", "@full,-3"],
      input: anyPackets,
    },
  ],
  "subunit-failing": [
    { args: (files) => files, input: anyStream },
    {
      args: (files) => [
        "--list",
        "--null",
        "--unrun",
        "--gone",
        "--skip-clears",
        "--by-route",
        ...files,
      ],
      input: anyPackets,
    },
    {
      args: ([file]) => [
        `--repo=${folderOf(file)}`,
        "--format=tsv",
        "--renames=/dev/null",
        ...SOME_RUNS,
      ],
      input: anyStream,
    },
    { args: (files) => ["--format=json", ...files], input: anyPackets },
  ],
  "subunit-history": [
    {
      args: ([file]) => [
        `--repo=${folderOf(file)}`,
        "--format=json",
        "--by-route",
        "--renames=/dev/null",
      ],
      input: anyPackets,
    },
    {
      args: ([file]) => [
        `--repo=${folderOf(file)}`,
        "--sort=slowest",
        "--top=3",
        "--min-runs=1",
        "--format=stream",
        "--exit-status",
        "--slower=2",
        "--floor=1",
        "--newest=1",
        "--baseline=2",
      ],
      input: anyPackets,
    },
    {
      args: ([file]) => [`--repo=${folderOf(file)}`, "--bisect=a"],
      input: anyPackets,
    },
    {
      args: ([file]) => [
        `--repo=${folderOf(file)}`,
        ...SOME_RUNS,
        "a",
      ],
      input: anyStream,
    },
  ],
  "subunit-prune": [
    {
      args: ([file]) => [
        `--repo=${folderOf(file)}`,
        "--keep=1",
        "--older=30d",
        "--one-a=day",
        "--max-size=1M",
        "--torn",
        "--thin=3d",
        "--dry-run",
      ],
      input: anyStream,
    },
  ],
  "subunit-runs": [
    {
      args: (files) => ["--columns=id,state,tests,fail", ...files],
      input: anyStream,
    },
    {
      args: ([file]) => [
        `--repo=${folderOf(file)}`,
        "--format=tsv",
        "--runs=9",
        "--since=3000d",
        "--status=fail",
        "-0",
      ],
      input: anyStream,
    },
    {
      args: (files) => [
        "--branch=b",
        "--variant=v",
        "--commit=abcd",
        "--meta=a=b",
        "--count",
        ...files,
      ],
      input: anyStream,
    },
    { args: (files) => ["--check", ...files], input: anyStream },
    { args: (files) => ["--test=a", "--count", ...files], input: anyPackets },
  ],
  "subunit-faults": [
    {
      args: () => ["--explain", "--no-source", "--max-faults=2"],
      input: anyStream,
    },
    {
      args: ([file]) => ["--report", "--contrast", "--exit-status", file],
      input: anyStream,
    },
    {
      args: ([file]) => [`--new=${file}`, "--key-file=log", "--own=a|é"],
      input: anyStream,
    },
    {
      args: ([file]) => ["--library=^a", `--helpers=${file}`],
      input: anyPackets,
    },
    { args: () => ["--log=log", "--run=1", "--origin=é"], input: anyStream },
    {
      args: () => [
        ...["--log=log", "--run=1", "--origin=é", "--samples=3"],
        `--origin-hash=${GUIDELINE}`,
      ],
      input: anyFrames,
      samples: 2,
    },
  ],
  "subunit-tags": [{
    args: () => ["nightly", "--", "-slow"],
    input: anyStream,
  }, { args: () => ["--exit-status", "é"], input: anyStream }],
  "subunit-tee": [
    { args: () => ["copy", "--text", "words"], input: anyStream },
    { args: () => ["--packets-only", "--sync", "copy"], input: anyStream },
    { args: () => ["no/such/copy"], input: anyStream },
    { args: ([file]) => ["-a", "-i", "-p", file, "copy"], input: anyStream },
  ],
  "subunit2disk": [
    { args: () => ["-d", "made/here"], input: anyStream },
    { args: ([file]) => ["-d", `${file}/made`], input: anyStream },
    { args: () => ["-f", "-d", "made"], input: anyPackets },
    { args: () => ["--no-passthrough"], input: anyPackets },
  ],
  "subunit2junitxml": [
    { args: () => ["-o", "report.xml"], input: anyStream },
    { args: () => [], input: anyStream },
    { args: () => ["--suite-from=^.", "--attachments=made"], input: anyFrames },
    { args: () => ["--retries", "--max-output=3", "-f"], input: anyPackets },
    { args: () => ["--no-passthrough"], input: anyStream },
  ],
  "tap2subunit": [
    { args: filesAsOperands, input: anyTap },
    {
      args: (files) => ["--numbered", "--strict-todo", ...files],
      input: anyTap,
    },
    { args: () => recorded("tap", "tap"), input: fc.constant(NOTHING) },
    { args: (files) => ["--exit-status", ...files], input: anyTap },
  ],
};

/** The result of a call: its output, and the files that it made. */
async function outcomeOf(
  command: readonly string[],
  stdin: Uint8Array,
  env: Record<string, string>,
): Promise<Record<string, string>> {
  using dir = new TempDir();
  const { status, stdout, stderr } = await run(command, {
    stdin,
    env,
    cwd: dir.path,
  });
  return {
    stdout: stdout.toHex(),
    stderr,
    status: String(status),
    ...Object.fromEntries(
      Object.entries(filesIn(dir.path))
        .map(([path, content]) => [path, content.toHex()]),
    ),
  };
}

/** Options that other tests run on Node. */
const ELSEWHERE = ["--help", "--version"];

function registerComparisons(nodes: readonly string[]): void {
  Deno.test("every option is in a call that Node and Deno are compared by", async () => {
    for (const name of toolNames().filter((name) => !name.startsWith("gpg"))) {
      const words = (CALLS[name] ?? [])
        .flatMap(({ args }) => args(["FILE", "FILE"]));
      const { tool } = await import(toolScript(name).href);
      const missing = Object.entries<{ short?: string }>(tool.options)
        .filter(([option, { short }]) =>
          !ELSEWHERE.includes(`--${option}`) &&
          !words.some((word) =>
            word.split("=")[0] === `--${option}` || word === `-${short}`
          )
        );
      assertEquals(missing.map(([option]) => option), [], name);
    }
  });

  for (const [turn, name] of toolNames().entries()) {
    const calls = CALLS[name] ?? [{ args: () => [], input: anyStream }];
    for (const { args, input, samples = 20 } of some(calls, turn)) {
      const words = args(["FILE", "FILE"]).join(" ")
        .replaceAll(fixture(""), "");
      Deno.test(`${name} ${words} does the same on Node and Deno (seed ${SEED})`, async () => {
        using dir = new TempDir();
        const parts = sample(input, samples, SEED);
        const files = parts.map((part, i) => dir.file(`${i}`, part));
        const clock = dir.file("clock.cjs", STOPPED_CLOCK);
        const [deno, verb, ...words] = checkoutCommandOf(name);
        const onDeno = [deno, verb, "--preload", clock, ...words];
        const stdin = concat(parts);
        const onNode = { NODE_OPTIONS: `--require ${clock}` };
        const onDenoDone = outcomeOf([...onDeno, ...args(files)], stdin, {});
        for (const node of nodes) {
          const command = [node, `${bin}/${name}`, ...args(files)];
          const other = await outcomeOf(command, stdin, onNode);
          assertEquals(other, await onDenoDone, node);
        }
      });
    }
  }
}

/** Queries with every word and every rank. */
const QUERIES: readonly (readonly string[])[] = [
  ["--top=3", "--by=runs,origins", "--since=9y"],
  ["--top=3", "--by=last"],
  ["--where=state:fail tag:t1"],
  ["--where=title:é seen:9y"],
  ["--where=origin:ci test:t*"],
  ["--top=9", "--by=tests,rate", "--format=json"],
  ["--where=-tag:t1 id:a,b", "--format=tsv"],
  ["--where=kind:k", "--unexplained"],
  ["--conflict"],
  ["--since=1d"],
];

function registerIndex(nodes: readonly string[]): void {
  for (const node of nodes) {
    const title = node === "node" ? "this Node" : "Node 22";
    Deno.test(`an index is read and written by Deno and ${title} in turn (seed ${SEED})`, async () => {
      using dir = new TempDir();
      const log = dir.file("log", ""), index = `--index=${dir.path}/index`;
      const onDeno = checkoutCommandOf("fault-log");
      const onNode = [node, `${bin}/fault-log`];
      const parts = sample(anyFaultLog, QUERIES.length, SEED);
      for (const [i, query] of QUERIES.entries()) {
        if (!isCi && i > 4) break;
        Deno.writeFileSync(log, parts[i], { append: true });
        const words = ["query", "--at=2026-11-28T00:00:00Z", ...query, log];
        const expected = await run([...onDeno, ...words, "--no-index"]);
        const commands = i % 2 === 0 ? [onNode, onDeno] : [onDeno, onNode];
        for (const command of commands) {
          const { stdout, stderr, status } = await run([
            ...command,
            ...words,
            index,
          ]);
          assertEquals([stderr, status], ["", 0]);
          assertEquals(stdout, expected.stdout, query.join(" "));
        }
      }
    });
  }
}

function registerSigning(nodes: readonly string[]): void {
  const deno = checkoutCommandOf("gpg-signed-stream");
  for (const node of nodes) {
    const onNode = [node, `${bin}/gpg-signed-stream`];
    const title = node === "node" ? "this Node" : "Node 22";
    for (const mode of ["inband", "inline", "clear"]) {
      gpgTest(
        `streams signed ${mode} on Deno are verified on ${title}, and back`,
        async () => {
          const { secretFile, publicFile } = await testKey("ed25519");
          using dir = new TempDir();
          const [part] = sample(anyPackets, 1, SEED);
          // Only text is signed clear.
          const signedPart = mode === "clear" ? stream("a line г\n") : part;
          const input = concat(Array(2000).fill(signedPart));
          for (const [signer, verifier] of [[deno, onNode], [onNode, deno]]) {
            const sign = ["sign", `--mode=${mode}`, "--secret-key", secretFile];
            const signed = await run([...signer, ...sign], { stdin: input });
            assertEquals([signed.status, signed.stderr], [0, ""]);
            const strip = mode === "inband" ? ["--strip"] : [];
            const verify = ["verify", "--keyring", publicFile, ...strip];
            // From a pipe, and from a file that is read twice.
            for (const file of ["-", dir.file("signed", signed.stdout)]) {
              const { status, stdout } = await run([
                ...verifier,
                ...verify,
                file,
              ], {
                stdin: signed.stdout,
              });
              assertEquals(status, 0);
              assert(equalBytes(stdout, input));
            }
            const altered = signed.stdout.slice();
            altered[altered.length >> 1] ^= 1;
            const refused = await run([...verifier, ...verify], {
              stdin: altered,
            });
            assertEquals(refused.status, 1, refused.stderr);
          }
        },
      );
    }
  }
}

// --- Whole pipes, on Node

if (peer("node") && peer("npm")) {
  await installPackage();
  testInstalled(bin);
  registerPackageTests();
  const nodes = await installedNodes();
  registerComparisons(nodes);
  registerIndex(nodes);
  registerSigning(nodes);
  await import("../every_tool/pipes_test.ts");
  await import("../every_tool/nonblocking_test.ts");
  await import("../every_tool/endings_test.ts");
} else {
  console.log("left out: the npm package on Node needs node and npm");
}
