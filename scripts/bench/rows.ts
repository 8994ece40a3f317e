/**
 * The rows of the benchmark.
 *
 * @module
 */

import { encodePacket } from "@subunit/codec";
import { quote } from "../tool_path.ts";
import {
  commandLine,
  fromPipe,
  HOP,
  isPythonTool,
  onNothing,
  pythonCommandLine,
  SCAN,
  walkCommand,
  workerCommand,
} from "./commands.ts";
import {
  type Corpus,
  corpusBytes,
  type CorpusName,
  makeCorpus,
  makeGuideline,
} from "./corpora.ts";
import {
  atMost,
  cat,
  FAST_START,
  gigabytes,
  type Goal,
  goal,
  type Measured,
  MEMORY,
  python,
  SIX_MILLION,
} from "./goals.ts";
import { bestOf, median, takeTurns } from "./measure.ts";
import { SCHEDULES, simulateRow } from "./schedule.ts";
import { signCorpus, type SignedCorpus } from "./signed_corpus.ts";

/** A row that reads a corpus. */
interface StreamRow {
  /** The tool, {@linkcode SCAN} or {@linkcode HOP}, and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly corpus: CorpusName;
  /** The tools that read what it writes, one after another. */
  readonly into?: readonly StreamRow["command"][];
  /** Whether the corpus is an operand, and the command prints its own time. */
  readonly timesItself?: boolean;
  /** What the Python tool does in 2 to 4 s; undefined if there is none. */
  readonly pythonBytes?: number;
  /** A script instead, if Python has no tool of that name. */
  readonly pythonScript?: string;
  /** Other commands to compare with. */
  readonly against?: readonly (keyof typeof RIVALS)[];
  readonly goals: readonly Goal[];
}

/**
 * What rows are compared with, given the corpus, its name and the row's command;
 * undefined if something is not installed.
 */
const RIVALS = {
  "stats": (corpus) => fromPipe(commandLine("subunit-stats", []), corpus),
  "tee": (corpus) => fromPipe(commandLine("subunit-tee", []), corpus),
  "junitxml": (corpus) => fromPipe(commandLine("subunit2junitxml", []), corpus),
  "walk": (corpus) => fromPipe(walkCommand(), corpus),
  "tap-parser": (corpus) => fromPipe(workerCommand("tap-parser"), corpus),
  "without": (corpus, _name, command) =>
    fromPipe(command, corpus, [commandLine("subunit2junitxml", [])]),
  "its half": ({ bytes }, name, command) =>
    fromPipe(command, makeCorpus(name, Math.round(bytes / 2))),
} satisfies Record<
  string,
  (corpus: Corpus, name: CorpusName, command: string) => string | undefined
>;

const JUNIT_SCRIPT =
  new URL("../../tests/peers/junitxml2subunit.py", import.meta.url).pathname;

export const STREAM_ROWS: readonly StreamRow[] = [
  {
    command: [SCAN],
    corpus: "small",
    timesItself: true,
    goals: [gigabytes(1.4)],
  },
  {
    command: [SCAN],
    corpus: "small",
    against: ["walk"],
    goals: [cat(1.5)],
  },
  { command: [HOP], corpus: "small", against: ["stats"], goals: [cat(1.5)] },
  {
    command: [HOP],
    corpus: "attachments",
    goals: [cat(1.5)],
  },
  {
    command: ["subunit-stats"],
    corpus: "small",
    pythonBytes: 15e6,
    against: ["walk"],
    goals: [SIX_MILLION, atMost(2.5, "walk"), cat(4), python(90)],
  },
  {
    command: ["subunit-filter", "-F"],
    corpus: "small",
    pythonBytes: 10e6,
    against: ["stats"],
    goals: [atMost(1.4, "stats"), python(60)],
  },
  {
    command: ["subunit-ls"],
    corpus: "small",
    pythonBytes: 15e6,
    against: ["stats"],
    goals: [atMost(1.4, "stats"), python(50)],
  },
  {
    command: ["subunit-ls"],
    corpus: "buildlog",
    pythonBytes: 1e6,
    goals: [python(1000)],
  },
  { command: ["subunit-ls"], corpus: "cyrillic", goals: [] },
  {
    command: ["subunit-stats", "--forward", "-o", "/dev/null"],
    corpus: "attachments",
    goals: [cat(1.5)],
  },
  {
    command: ["subunit-stats"],
    corpus: "hostile",
    against: ["its half"],
    // Linear is 2.3: the last 4 MiB, of truncated claims, cost almost nothing.
    goals: [atMost(2.5, "its half")],
  },
  {
    command: ["subunit-1to2"],
    corpus: "v1",
    pythonBytes: 10e6,
    goals: [python(60)],
  },
  {
    command: ["subunit-2to1"],
    corpus: "small",
    pythonBytes: 10e6,
    goals: [python(60)],
  },
  {
    command: ["subunit-tags", "nightly"],
    corpus: "small",
    pythonBytes: 10e6,
    against: ["stats"],
    goals: [atMost(1.4, "stats"), python(30)],
  },
  { command: ["subunit-tee"], corpus: "small", goals: [] },
  {
    command: ["subunit-progress", "--forward", "2> /dev/null"],
    corpus: "small",
    against: ["stats", "tee"],
    goals: [],
  },
  {
    // A recording at the speed of `cat`, which leaves no processor idle.
    command: ["subunit-progress", "--forward", "2> /dev/null"],
    into: [["subunit2junitxml"]],
    corpus: "small",
    against: ["junitxml"],
    goals: [],
  },
  {
    // What it costs between a fast producer and a report.
    command: ["gojson2subunit"],
    into: [
      ["subunit-progress", "--forward", "2> /dev/null"],
      ["subunit2junitxml"],
    ],
    corpus: "gojson",
    against: ["without"],
    goals: [atMost(1.1, "without")],
  },
  {
    command: ["subunit-seal"],
    corpus: "small",
    against: ["stats"],
    goals: [],
  },
  {
    command: ["subunit-filter", "-s"],
    corpus: "small",
    pythonBytes: 10e6,
    against: ["stats"],
    goals: [],
  },
  {
    command: ["subunit-filter", "--id=TestCase7"],
    corpus: "small",
    against: ["stats"],
    goals: [],
  },
  {
    command: ["subunit-merge", "-"],
    corpus: "small",
    against: ["stats"],
    goals: [],
  },
  {
    command: ["subunit-merge", "a=-"],
    corpus: "small",
    against: ["stats"],
    goals: [atMost(2, "stats")],
  },
  {
    command: ["subunit2json"],
    corpus: "small",
    against: ["stats"],
    goals: [atMost(2.5, "stats")],
  },
  { command: ["json2subunit"], corpus: "json", goals: [] },
  {
    command: ["tap2subunit"],
    corpus: "tap",
    pythonBytes: 20e6,
    against: ["tap-parser"],
    goals: [atMost(0.6, "tap-parser")],
  },
  {
    command: ["junitxml2subunit"],
    corpus: "junit",
    pythonBytes: 30e6,
    pythonScript: JUNIT_SCRIPT,
    goals: [python(3)],
  },
  { command: ["gojson2subunit"], corpus: "gojson", goals: [] },
  {
    command: ["subunit2csv"],
    corpus: "tracebacks",
    pythonBytes: 10e6,
    against: ["stats"],
    goals: [atMost(1.5, "stats"), python(20)],
  },
  {
    command: ["subunit2html"],
    corpus: "tracebacks",
    against: ["stats"],
    goals: [atMost(4, "stats")],
  },
  {
    command: ["subunit2junitxml"],
    corpus: "tracebacks",
    pythonBytes: 10e6,
    against: ["stats"],
    goals: [atMost(2.5, "stats"), python(20)],
  },
  {
    command: ["subunit2pyunit"],
    corpus: "tracebacks",
    pythonBytes: 10e6,
    against: ["stats"],
    goals: [],
  },
  {
    command: ["subunit2tap"],
    corpus: "tracebacks",
    against: ["stats"],
    goals: [atMost(2.5, "stats")],
  },
  {
    command: ["subunit2trace"],
    corpus: "tracebacks",
    against: ["stats"],
    goals: [],
  },
  {
    command: ["subunit2cbor"],
    corpus: "small",
    against: ["stats"],
    goals: [atMost(1.5, "stats")],
  },
  { command: ["cbor2subunit"], corpus: "cbor", goals: [] },
  { command: ["subunit2junitxml"], corpus: "attachments", goals: [] },
  { command: ["subunit-2to1"], corpus: "attachments", goals: [] },
];

const FIXTURES = new URL("../../tests/fixtures/", import.meta.url).pathname;

/** The arguments with which a tool starts and ends without input. */
const START_UP_ARGUMENTS: Record<string, readonly string[]> = {
  // It refuses empty input, which is not a report.
  "junitxml2subunit": [FIXTURES + "junit/node.xml"],
  "fault-log": ["cat"],
  "gpg-signed-stream": ["--version"],
  "subunit-conform": [FIXTURES + "conform/shop.json"],
  "subunit-diff": ["/dev/null", "/dev/null"],
  "subunit-exec": ["--", "true"],
  "subunit-worker": ["--run=true", "exec"],
  "subunit-attach": ["--version"],
  "subunit-ctl": ["--", "true"],
  "subunit-serve": ["--no-socket", "--worker=cat"],
  "subunit-failing": ["--version"],
  "subunit-history": ["--version"],
  "subunit-last": ["--version"],
  "subunit-load": ["--version"],
  "subunit-merge": ["-"],
  "subunit-output": ["--success", "deploy"],
  "subunit-prune": ["--version"],
  "subunit-run": ["--version"],
  "subunit-runs": ["--version"],
  "subunit-select": ["--as=ctest"],
  "subunit-quarantine": ["/dev/null"],
  "subunit-shard": ["1/1", "--list=/dev/null"],
  "subunit-tags": ["nightly"],
};

/** The Python tool to compare with if there is none of the same name. */
const ANY_PYTHON_TOOL = "subunit-ls";
const START_UP_RUNS = 10;

/** The options of a run. */
export interface Plan {
  readonly runs: number;
  /** The length of the corpora, as a fraction of the full ones. */
  readonly scale: number;
}

/** A line of the report. */
export interface Row {
  readonly name: string;
  readonly tool: string;
  /** The Python tool to compare with. */
  readonly pythonTool: string | undefined;
  readonly goals: readonly Goal[];
  measure(plan: Plan): Promise<Measured>;
}

export function streamRow(row: StreamRow): Row {
  const { command: [tool, ...args], corpus: name, pythonBytes } = row;
  const { against = [] } = row;
  const pythonTool = pythonBytes === undefined
    ? undefined
    : row.pythonScript ?? tool;
  const { into } = row;
  const stages = (into ?? []).map(([tool]) => `| ${tool}`);
  const words = [tool, ...args.slice(0, 1), ...stages, name];
  const readers = into?.map(([tool, ...args]) => commandLine(tool, args));
  return {
    name: [...words, ...(row.timesItself ? ["in process"] : [])].join(" "),
    tool,
    pythonTool,
    goals: [...row.goals, MEMORY],
    async measure({ runs, scale }) {
      const corpus = makeCorpus(name, Math.round(scale * corpusBytes(name)));
      const ours = commandLine(tool, args);
      const theirs = pythonTool && pythonCommandLine(pythonTool, args);
      const slice = theirs && pythonBytes
        ? makeCorpus(name, Math.round(scale * pythonBytes))
        : undefined;
      const samples = await takeTurns({
        ours: row.timesItself
          ? `${ours} ${quote(corpus.path)}`
          : fromPipe(ours, corpus, readers),
        cat: fromPipe("cat", corpus),
        python: fromPipe(theirs, slice),
        pythonStart: theirs && onNothing(theirs),
        ...Object.fromEntries(
          against.map((other) => [other, RIVALS[other](corpus, name, ours)]),
        ),
      }, runs);
      return {
        ...samples.ours!,
        bytes: corpus.bytes,
        packets: corpus.packets,
        cat: samples.cat?.best,
        others: bestOf(samples, against),
        python: slice &&
          (samples.python!.best - samples.pythonStart!.best) *
            corpus.bytes / slice.bytes,
      };
    },
  };
}

const LIVE_EVENTS = 50;

/**
 * The latency of an event in an open pipe: from the write of one packet to the
 * line that lists it.
 */
export const LIVE_ROW: Row = {
  name: "live subunit-ls",
  tool: "subunit-ls",
  pythonTool: undefined,
  goals: [
    goal("0.1 s", (row) => row.median, { most: 0.1 }),
  ],
  async measure() {
    const packet = encodePacket({
      testId: "live",
      status: "success",
      runnable: true,
    });
    const child = new Deno.Command("sh", {
      args: ["-c", `exec ${commandLine("subunit-ls", [])}`],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    const reader = child.stdout.getReader();
    const seconds: number[] = [];
    for (let i = 0; i <= LIVE_EVENTS; i++) {
      const begun = performance.now();
      await writer.write(packet);
      await reader.read();
      // The first event waits until the tool has started.
      if (i > 0) seconds.push((performance.now() - begun) / 1000);
    }
    await writer.close();
    await reader.cancel();
    await child.status;
    return { best: Math.min(...seconds), median: median(seconds) };
  },
};

/**
 * Schedules on a simulated clock, against the ideal and, without history, against
 * each test to the first free worker, for free.
 */
export const SCHEDULE_ROWS: readonly Row[] = SCHEDULES.map((row) => {
  const [workers, overhead, hasHistory] = row;
  return {
    name: `subunit-run simulated, ${workers} workers, ${overhead} s a unit, ${
      hasHistory ? "history" : "no history"
    }`,
    tool: "subunit-run",
    pythonTool: undefined,
    goals: [atMost(1.05, "ideal")],
    measure() {
      const { seconds, ideal, blind } = simulateRow(row);
      return Promise.resolve({
        best: seconds,
        median: seconds,
        others: { ideal, ...hasHistory ? {} : { blind } },
      });
    },
  };
});

const signedAt = new Map<number, SignedCorpus>();

/** The corpus `small`, signed once for all rows. */
function signedSmall(scale: number): SignedCorpus {
  return signedAt.getOrInsertComputed(scale, () => {
    const bytes = Math.round(scale * corpusBytes("small"));
    const signed = signCorpus(makeCorpus("small", bytes));
    if (signed === undefined) throw new Error("gpg cannot sign the corpus");
    return signed;
  });
}

/** Verification of in-band signatures, compared with gpgv on the same bytes. */
export const SIGNED_ROW: Row = {
  name: "gpg-signed-stream verify small",
  tool: "gpg-signed-stream",
  pythonTool: undefined,
  goals: [gigabytes(0.15), atMost(2, "sha256sum"), MEMORY],
  async measure({ runs, scale }) {
    const signed = signedSmall(scale);
    const { publicKey, keyring, signature, path, packets } = signed;
    const verify = ["verify", "--keyring", quote(publicKey)];
    const ours = commandLine("gpg-signed-stream", verify);
    const samples = await takeTurns({
      ours: fromPipe(ours, signed),
      cat: fromPipe("cat", signed),
      gpgv: ["gpgv", "-q", "--keyring", keyring, signature, path].map(quote)
        .join(" "),
      sha256sum: fromPipe("sha256sum", signed),
    }, runs);
    return {
      ...samples.ours!,
      bytes: signed.bytes,
      packets,
      cat: samples.cat?.best,
      others: bestOf(samples, ["gpgv", "sha256sum"]),
    };
  },
};

/** Verification of an armored message, compared with the same in binary. */
export const ARMORED_ROW: Row = {
  name: "gpg-signed-stream verify armored",
  tool: "gpg-signed-stream",
  pythonTool: undefined,
  goals: [atMost(2.5, "binary"), MEMORY],
  async measure({ runs, scale }) {
    const signed = signedSmall(scale);
    const { publicKey, armored, binary } = signed;
    const ours = commandLine("gpg-signed-stream", [
      "verify",
      "--mode=inline",
      `--keyring=${quote(publicKey)}`,
    ]);
    const samples = await takeTurns({
      ours: `${ours} ${quote(armored)} > /dev/null`,
      binary: `${ours} ${quote(binary)} > /dev/null`,
    }, runs);
    return {
      ...samples.ours!,
      bytes: Deno.statSync(armored).size,
      others: bestOf(samples, ["binary"]),
    };
  },
};

/** Two runs compared, against `subunit-stats` of both. */
export const DIFF_ROW: Row = {
  name: "subunit-diff small small",
  tool: "subunit-diff",
  pythonTool: undefined,
  goals: [atMost(2, "stats"), MEMORY],
  async measure({ runs, scale }) {
    const { path, bytes, packets } = makeCorpus(
      "small",
      Math.round(scale * corpusBytes("small")),
    );
    const twice = `${quote(path)} ${quote(path)} > /dev/null`;
    const samples = await takeTurns({
      ours: `${commandLine("subunit-diff", [])} ${twice}`,
      stats: `${commandLine("subunit-stats", [])} ${twice}`,
    }, runs);
    return {
      ...samples.ours!,
      bytes: 2 * bytes,
      packets: 2 * packets,
      others: bestOf(samples, ["stats"]),
    };
  },
};

/**
 * A run judged, of which a guideline has every test, against a list of it. As a
 * stream, every packet is written anew.
 */
export const CONFORM_ROWS: readonly Row[] = [[], ["--text"]].map((args) => ({
  name: ["subunit-conform", ...args, "small"].join(" "),
  tool: "subunit-conform",
  pythonTool: undefined,
  goals: [atMost(1.3, "ls"), MEMORY],
  async measure({ runs, scale }) {
    const { path, bytes, packets } = makeCorpus(
      "small",
      Math.round(scale * corpusBytes("small")),
    );
    const guideline = makeGuideline();
    const ours = commandLine("subunit-conform", [...args, guideline]);
    const samples = await takeTurns({
      ours: `${ours} ${quote(path)} > /dev/null`,
      ls: `${commandLine("subunit-ls", [])} ${quote(path)} > /dev/null`,
    }, runs);
    return {
      ...samples.ours!,
      bytes,
      packets,
      others: bestOf(samples, ["ls"]),
    };
  },
}));

/** The executables from `deno task build`. */
const BUNDLES = new URL("../../dist/npm/bin/", import.meta.url).pathname;
/** Commands that do nothing: the minimum of each runtime's start-up. */
const EMPTY = {
  Node: "node -e 0",
  Deno: `${quote(Deno.execPath())} run --quiet --no-config /dev/null`,
};

/** Start-up of an executable of the npm package. */
function bundleRow(tool: string, runtime: keyof typeof EMPTY): Row {
  const bundle = quote(BUNDLES + tool);
  const start = runtime === "Node"
    ? `node ${bundle}`
    : `${quote(Deno.execPath())} run --quiet --no-config --allow-all ${bundle}`;
  const most = runtime === "Node" ? 1.6 : 2.5;
  return {
    name: `bundled ${tool} on ${runtime}`,
    tool,
    pythonTool: undefined,
    goals: [atMost(most, "empty")],
    async measure() {
      const samples = await takeTurns({
        ours: onNothing(`${start} --version`),
        empty: onNothing(EMPTY[runtime]),
      }, START_UP_RUNS);
      return { ...samples.ours!, others: bestOf(samples, ["empty"]) };
    },
  };
}

/** A tool of the npm package on Node, and the checkout's on Deno. */
function onNodeRow(tool: string, ...args: string[]): Row {
  return {
    name: [tool, ...args, "small on Node"].join(" "),
    tool,
    pythonTool: undefined,
    goals: [MEMORY],
    async measure({ runs, scale }) {
      const bytes = Math.round(scale * corpusBytes("small"));
      const corpus = makeCorpus("small", bytes);
      const words = ["node", quote(BUNDLES + tool), ...args].join(" ");
      const samples = await takeTurns({
        ours: fromPipe(words, corpus),
        cat: fromPipe("cat", corpus),
        Deno: fromPipe(commandLine(tool, args), corpus),
      }, runs);
      return {
        ...samples.ours!,
        bytes: corpus.bytes,
        packets: corpus.packets,
        cat: samples.cat?.best,
        others: bestOf(samples, ["Deno"]),
      };
    },
  };
}

/** Returns the rows of the npm package, if it is built. */
export function packageRows(tools: readonly string[]): Row[] {
  try {
    Deno.statSync(BUNDLES);
  } catch {
    console.error("Left out: the npm package. Run `deno task build` first");
    return [];
  }
  return [
    onNodeRow("subunit-filter", "-F"),
    onNodeRow("subunit-stats"),
    ...tools.flatMap((tool) => [
      bundleRow(tool, "Node"),
      bundleRow(tool, "Deno"),
    ]),
  ];
}

export function startUpRow(tool: string): Row {
  const hasLike = isPythonTool(tool);
  const pythonTool = hasLike ? tool : ANY_PYTHON_TOOL;
  const args = START_UP_ARGUMENTS[tool] ?? [];
  const theirs = pythonCommandLine(pythonTool, hasLike ? args : []);
  return {
    name: `start-up ${tool}`,
    tool,
    pythonTool,
    goals: [FAST_START, MEMORY],
    async measure() {
      const samples = await takeTurns({
        ours: onNothing(commandLine(tool, args)),
        theirs: theirs && onNothing(theirs),
      }, START_UP_RUNS);
      return { ...samples.ours!, python: samples.theirs?.best };
    },
  };
}
