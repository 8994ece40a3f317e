/**
 * The laws of the executables: whole processes, on both runtimes.
 *
 * @module
 */

import { STOPPED_CLOCK } from "../../tests/support/clock.ts";
import {
  checkoutCommandOf,
  commandOf,
  filesIn,
  fixture,
} from "../../tests/support/run.ts";
import { workerScript } from "../../tests/support/sh_worker.ts";
import { equalBytes } from "../../tests/support/streams.ts";
import { type Breach, engineMessage } from "./codec_laws.ts";
import type { Format } from "./inputs.ts";
import { countTests, isKept, packetsIn } from "./reader.ts";

/** A runtime with the tools on it. */
export interface Runtime {
  readonly name: string;
  commandOf(tool: string, clock: string): readonly string[];
  env?(clock: string): Record<string, string>;
}

export const DENO: Runtime = {
  name: "Deno",
  commandOf(tool, clock) {
    const [deno, verb, ...words] = checkoutCommandOf(tool);
    return [deno, verb, "--preload", clock, ...words];
  },
};

/** The tools under test in this process, with the real clock. */
export const UNDER_TEST: Runtime = { name: "the runtime", commandOf };

/** Node with a package that was built into a directory. */
export function nodeWith(npm: string): Runtime {
  return {
    name: "Node",
    commandOf: (tool) => ["node", `${npm}/bin/${tool}`],
    env: (clock) => ({ NODE_OPTIONS: `--require ${clock}` }),
  };
}

/** The result of a call. */
interface Result {
  readonly status: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
  /** The files that it wrote. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** Checks one result; returns what is wrong. */
type Check = (input: Uint8Array, result: Result) => string | undefined | false;

/** A call of a tool; the input is its standard input, and the file "in". */
export interface Call {
  readonly tool: string;
  readonly args: readonly string[];
  readonly reads: Format;
  readonly laws?: Partial<Record<Breach["law"], Check>>;
}

const copies =
  (part: (result: Result) => Uint8Array): Check => (input, result) =>
    !equalBytes(part(result), input) && "the output is not the input";
const identity = copies(({ stdout }) => stdout);
const file = (name: string) => ({ files }: Result) =>
  files[name] ?? new Uint8Array(0);
const ascii = new TextDecoder("latin1");

/** All packets are in the output. */
const keeps: Check = (input, { stdout }) =>
  !isKept(packetsIn(input), packetsIn(stdout)) &&
  "a packet is not in the output";

/** There is nothing but packets in the output. */
const isSound: Check = (_input, { stdout }) =>
  packetsIn(stdout).reduce(
      (at, { start, end }) => start === at ? end : -1,
      0,
    ) !==
    stdout.length && "the output is not all packets";

/** A report has each test, and each damage as one more. */
function counts(count: (result: Result) => number): Check {
  return (input, result) => {
    const tests = countTests(packetsIn(input));
    const total = Object.values(tests).reduce((sum, n) => sum + n, 0);
    const counted = count(result);
    // Files of a test may have lines that look like a test.
    if (!(counted >= total)) {
      return `${counted} tests, expected ${total}: ${JSON.stringify(tests)}`;
    }
    const failures = tests.lost + tests.fail + tests.uxsuccess;
    return failures > 0 && result.status === 0 &&
      `green with ${failures} failures`;
  };
}

const matches = (text: Uint8Array, pattern: RegExp) =>
  ascii.decode(text).match(pattern)?.length ?? 0;

const v2 = (
  tool: string,
  args: readonly string[],
  laws: Call["laws"] = {},
): Call => ({ tool, args, reads: "v2", laws });
const converter = (tool: string, reads: Format): Call => ({
  tool,
  args: ["--exit-status"],
  reads,
  laws: { "no packet lost": isSound },
});

/** A list for subunit-quarantine. */
const QUARANTINE = "re:a|г\t2026-12-31\tticket\treason\n";
const GUIDELINE = fixture("conform/shop.json");

export const CALLS: readonly Call[] = [
  v2("subunit-filter", ["--keep-all"], { identity }),
  v2("subunit-filter", ["--keep-all", "--protocol=2.0"], {
    "no packet lost": keeps,
  }),
  v2("subunit-filter", ["--no-control"], { identity }),
  v2("subunit-filter", ["-F", "--with", "(?i)a|г", "--exit-status"]),
  v2("subunit-faults", [], { "no packet lost": keeps }),
  v2("subunit-faults", ["--report", "--contrast"]),
  v2("subunit-tags", [], { identity }),
  v2("subunit-tags", ["nightly", "-slow"], { "no packet lost": keeps }),
  v2("subunit-tee", ["copy", "--text=words"], { identity }),
  // Outside the folder that the runtimes are compared by: names are random.
  v2("subunit-load", ["--repo=../kept", "--no-git"], { identity }),
  v2("subunit-last", ["--repo=.", "--bare", "--exit-status"]),
  v2("subunit-runs", ["in", "--check"]),
  v2("subunit-failing", ["in"]),
  v2("subunit-failing", ["in", "--format=json", "--gone", "--unrun"]),
  v2("subunit-history", ["--repo=.", "--format=json", "--by-route"]),
  v2("subunit-history", ["--repo=.", "--format=stream", "--min-runs=1"]),
  v2("subunit-prune", ["--repo=.", "--torn"]),
  v2("subunit-merge", ["-"], { "no packet lost": keeps }),
  v2("subunit-merge", ["a=-", "--prefix-ids"]),
  v2("subunit-merge", ["a=-"], { "no packet lost": keeps }),
  v2("subunit-progress", ["--forward"], { identity }),
  v2("subunit-progress", ["--format=names", "--no-passthrough"], {
    "no packet lost": counts(({ stderr }) =>
      Number(/^(?:Passed|Failed) {2}(\d+) tests?: .*\n$/m.exec(stderr)?.[1])
    ),
  }),
  v2("subunit-progress", ["--format=github"]),
  v2("subunit-seal", ["--exit-status"], {
    identity: (input, { stdout }) =>
      identity(input, { stdout: stdout.subarray(0, input.length) } as Result),
  }),
  v2("subunit-attempts", ["--exit-status"], { "no packet lost": keeps }),
  v2("subunit-attempts", ["--collapse", "--policy=any"]),
  v2("subunit-attempts", ["--report", "--history=in"]),
  v2("subunit-conform", [GUIDELINE]),
  v2("subunit-conform", [GUIDELINE, "--text", "--against", GUIDELINE]),
  v2("subunit-quarantine", ["/dev/null"], { identity }),
  v2("subunit-quarantine", ["list", "--exit-status", "--today=2026-11-28"]),
  v2("subunit-quarantine", [
    ...["/dev/null", "--suggest", "--history=in", "--today=2026-11-28"],
  ]),
  v2("subunit-shard", ["1/2", "--history=in", "--group-regex=^."]),
  v2("subunit-exec", ["--v2", "--", "cat"], { "no packet lost": keeps }),
  v2("subunit-exec", ["--", "cat"]),
  v2("subunit-exec", [
    ...["--timeout=1h", "--no-output-timeout=1h", "--grace=1h"],
    ...["--retries=1", "--rerun=cat in; true {}", "--v2", "--", "cat"],
  ], { "no packet lost": keeps }),
  v2("subunit-worker", ["--run=true", "exec"]),
  v2("subunit-run", ["a", "--", "sh", "-c", workerScript("cat in")]),
  v2("subunit-serve", ["--no-socket", "--worker=cat"]),
  v2("subunit-ctl", ["--", "cat"]),
  v2("subunit-attach", ["--list", "--socket=/none/s.sock"]),
  v2("subunit-1to2", []),
  v2("subunit-2to1", []),
  v2("subunit-diff", ["in", "-"]),
  v2("subunit-diff", ["--format=text", "/dev/null", "-"]),
  v2("subunit-select", ["--as=go"]),
  v2("subunit-select", ["--as=ctest", "--max-bytes=9"]),
  v2("subunit-output", ["--fail=a", "--attach-file=-"], {
    "no packet lost": isSound,
  }),
  v2("subunit2json", []),
  v2("subunit2cbor", ["-f", "-o", "report"], { identity }),
  v2("subunit-ls", ["-c"], {
    "no packet lost": counts(({ stdout }) => Number(ascii.decode(stdout))),
  }),
  v2("subunit-ls", ["--times", "--tree", "--sort=time", "--exists"]),
  v2("subunit-stats", ["--json", "-f", "-o", "report"], {
    identity,
    "no packet lost": counts((result) =>
      JSON.parse(ascii.decode(file("report")(result))).total
    ),
  }),
  v2("subunit-stats", ["--by=tag", "--slowest=3"]),
  v2("subunit2csv", ["-f", "-o", "report", "--columns=status"], {
    identity,
    "no packet lost": counts((result) =>
      matches(file("report")(result), /\n/g) - 1
    ),
  }),
  v2("subunit2csv", []),
  v2("subunit2html", ["-f", "-o", "report"], {
    identity,
    "no packet lost": counts((result) =>
      matches(file("report")(result), /^\[".*",\d,/gm)
    ),
  }),
  v2("subunit2html", [
    "--max-attachment=9",
    "--attachments=made",
    "--title=a",
    "--commit=b",
    "--root=.",
  ]),
  v2("subunit2junitxml", ["-f", "-o", "report"], {
    identity,
    "no packet lost": counts((result) =>
      matches(file("report")(result), /<testcase /g)
    ),
  }),
  v2("subunit2junitxml", ["--retries", "--attachments=made"]),
  v2("subunit2tap", ["-f", "-o", "report"], {
    identity,
    "no packet lost": counts((result) =>
      matches(file("report")(result), /^ *(not )?ok /gm)
    ),
  }),
  v2("subunit2trace", ["-f", "-o", "report"], {
    identity,
    "no packet lost": counts((result) => {
      const events: { cat?: string; ph: string }[] = JSON.parse(
        new TextDecoder().decode(file("report")(result)),
      );
      return events.filter(({ cat, ph }) =>
        cat === "damage" || cat === "test" && ph !== "e"
      ).length;
    }),
  }),
  v2("subunit2trace", ["--otlp", "-f", "-o", "report"], {
    identity,
    "no packet lost": counts((result) =>
      matches(file("report")(result), /"key":"test\.case\.name"/g)
    ),
  }),
  v2("subunit2pyunit", ["-f", "-o", "report"], {
    identity,
    "no packet lost": counts((result) =>
      Number(/^Ran (\d+) /m.exec(ascii.decode(file("report")(result)))?.[1])
    ),
  }),
  v2("subunit2github", ["--summary=page"]),
  v2("subunit2github", ["-f", "-o", "report", "--format=gitlab"], { identity }),
  v2("subunit2disk", ["-f", "-d", "made"], {
    identity,
    "no packet lost": counts(({ files }) =>
      Object.keys(files).filter((path) => path.endsWith("/test.json")).length
    ),
  }),
  v2("fault-log", ["cat"]),
  v2("fault-log", ["query", "--where=seen:9y", "--at=2026-11-28T00:00:00Z"]),
  v2("fault-log", ["merge", "-"]),
  v2("gpg-signed-stream", ["verify", "--keyring=in", "--release=unverified"]),
  converter("tap2subunit", "tap"),
  converter("gojson2subunit", "gojson"),
  converter("junitxml2subunit", "xml"),
  { tool: "subunit-1to2", args: ["--exit-status"], reads: "v1" },
  {
    tool: "subunit-exec",
    args: ["--", "cat"],
    reads: "tap",
    laws: { "no packet lost": isSound },
  },
  {
    tool: "subunit-exec",
    args: ["--v1", "--", "cat"],
    reads: "v1",
    laws: { "no packet lost": isSound },
  },
  { tool: "subunit-ls", args: ["--exists"], reads: "tap" },
  {
    tool: "json2subunit",
    args: [],
    reads: "json",
    laws: { "no packet lost": isSound },
  },
  {
    tool: "cbor2subunit",
    args: [],
    reads: "cbor",
    laws: { "no packet lost": isSound },
  },
];

const HANGING_SECONDS = 20;

/** Runs a call in a directory of its own. */
async function resultOf(
  call: Call,
  input: Uint8Array,
  runtime: Runtime,
): Promise<Result> {
  const dir = Deno.makeTempDirSync({ prefix: "fuzz-" });
  try {
    const cwd = `${dir}/work`, clock = `${dir}/clock.cjs`;
    Deno.mkdirSync(cwd);
    Deno.writeTextFileSync(clock, STOPPED_CLOCK);
    Deno.writeFileSync(`${cwd}/in`, input);
    Deno.writeTextFileSync(`${cwd}/list`, QUARANTINE);
    const [program, ...words] = runtime.commandOf(call.tool, clock);
    const process = new Deno.Command("timeout", {
      args: ["-k1", `${HANGING_SECONDS}`, program, ...words, ...call.args],
      cwd,
      env: { NO_COLOR: "1", ...runtime.env?.(clock) },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const output = process.output();
    // It may end before it has read all.
    await new Blob([input.slice()]).stream().pipeTo(process.stdin).catch(
      () => {},
    );
    const { code, stdout, stderr } = await output;
    return {
      status: code,
      stdout,
      stderr: new TextDecoder().decode(stderr),
      files: filesIn(cwd),
    };
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** The highest exit status of tools that have more than the usual ones. */
const WORST: Readonly<Record<string, number>> = {
  "gpg-signed-stream": 6,
  "subunit-select": 3,
};

const TIMED_OUT = [124, 137];

/** Output without the number of the process that a worker tells, and its CRC. */
function withoutPid(output: Uint8Array): string {
  const text = new TextDecoder("latin1").decode(output);
  return text.replaceAll(/"pid":[0-9]+\}[^]{4}/g, "");
}

/** Checks a call on each of the runtimes, and that they do the same. */
export async function toolBreach(
  call: Call,
  input: Uint8Array,
  runtimes: readonly Runtime[],
): Promise<Breach | undefined> {
  const results = await Promise.all(
    runtimes.map((runtime) => resultOf(call, input, runtime)),
  );
  const words = [call.tool, ...call.args].join(" ");
  const most = WORST[call.tool] ?? 2;
  const text = new TextDecoder().decode(input);
  for (const [i, result] of results.entries()) {
    const breach = (law: Breach["law"], detail: string): Breach => ({
      law,
      subject: `${words} on ${runtimes[i].name}`,
      call,
      detail,
    });
    const { status, stderr } = result;
    if (TIMED_OUT.includes(status)) return breach("no crash", "it hangs");
    const engine = engineMessage(stderr);
    // Text of the stream passes by: it may hold such words itself.
    if (engine !== undefined && !text.includes(engine)) {
      return breach("no engine message", `${engine}: ${stderr}`);
    }
    if (status > most) {
      return breach("no crash", `exit status ${status}: ${stderr}`);
    }
    for (const [law, check] of Object.entries(call.laws ?? {})) {
      const wrong = check(input, result);
      if (wrong) return breach(law as Breach["law"], wrong);
    }
  }
  const shown = results.map(({ status, stdout, stderr, files }) =>
    JSON.stringify({
      status,
      stderr,
      stdout: withoutPid(stdout),
      files: Object.entries(files).map(([path, bytes]) => [path, bytes.toHex()])
        .toSorted(),
    })
  );
  if (shown.every((other) => other === shown[0])) return undefined;
  return {
    law: "runtimes",
    subject: words,
    call,
    detail: shown.map((s, i) => `${runtimes[i].name}: ${s}`).join("\n"),
  };
}
