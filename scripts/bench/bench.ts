/**
 * Times whole commands against `cat` and the Python tools, in one run.
 *
 *     deno task bench [--quick] [--runs=N] [ROW...]
 *
 * A row runs `TOOL < <(cat CORPUS) > /dev/null`, alternating with `cat` instead
 * of the tool, with the Python tool on a slice of the corpus, and with the Python
 * tool on empty input. ROW selects the rows whose names contain it.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { encodePacket, PacketDecoder } from "@subunit/codec";
import { loadNativeCrc32, updateRegister } from "../../codec/v2/crc32.ts";
import {
  type Corpus,
  corpusBytes,
  type CorpusName,
  makeCorpus,
} from "./corpora.ts";
import { signCorpus } from "./signed_corpus.ts";
import { quote, toolCommand, toolNames } from "../tool_path.ts";

/** The times of a row; undefined where it has no comparison. */
export interface Measured {
  /** Of the best run, in seconds, start-up included. */
  readonly best: number;
  readonly median: number;
  /** Of all runs, in MiB; unknown if they were too short to measure. */
  readonly peakMemory?: number;
  readonly bytes?: number;
  readonly packets?: number;
  /** The best of `cat`. */
  readonly cat?: number;
  /** The best of the Python tool, scaled to the same bytes. */
  readonly python?: number;
  /** The best on the first half of the corpus. */
  readonly half?: number;
  /** The best of the command after "against" in the row's name. */
  readonly other?: number;
}

/** A bound on a figure. */
export interface Goal {
  readonly text: string;
  /** Undefined if the figure is unknown. */
  isMet(row: Measured): boolean | undefined;
}

function goal(
  text: string,
  figure: (row: Measured) => number | undefined,
  bounds: { least?: number; most?: number },
): Goal {
  const { least = -Infinity, most = Infinity } = bounds;
  return {
    text,
    isMet(row) {
      const value = figure(row);
      return value === undefined ? undefined : value >= least && value <= most;
    },
  };
}

const ratio = (over?: number, under?: number) =>
  over === undefined || under === undefined ? undefined : over / under;
const bytesPerSecond = (row: Measured) => ratio(row.bytes, row.best);
const packetsPerSecond = (row: Measured) => ratio(row.packets, row.best);
const timesCat = (row: Measured) => ratio(row.best, row.cat);
const fasterThanPython = (row: Measured) => ratio(row.python, row.best);

const GIGABYTE_A_SECOND = goal("1 GB/s", bytesPerSecond, { least: 1e9 });
const timesOther = (row: Measured) => ratio(row.best, row.other);
const VERIFIED_BYTES = goal("150 MB/s", bytesPerSecond, { least: 150e6 });
const SIX_MILLION = goal("6 M packets/s", packetsPerSecond, { least: 6e6 });
const NEAR_CAT = goal("1.5x cat", timesCat, { most: 1.5 });
const FAST_START = goal("0.2 of Python", fasterThanPython, { least: 1 / 0.2 });
const MEMORY = goal("120 MiB", (row) => row.peakMemory, { most: 120 });
// Linear is 2.3: the last 4 MiB, of truncated claims, cost almost nothing.
const LINEAR = goal("2.5x its half", (row) => ratio(row.best, row.half), {
  most: 2.5,
});

function python(times: number): Goal {
  return goal(`${times}x Python`, fasterThanPython, { least: times });
}

/** A row that reads a corpus. */
interface StreamRow {
  /** The tool, or {@linkcode SCAN}, and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly corpus: CorpusName;
  /** Whether the corpus is an operand, and the command prints its own time. */
  readonly timesItself?: boolean;
  /** What the Python tool does in 2 to 4 s; undefined if there is none. */
  readonly pythonBytes?: number;
  /** A script instead, if Python has no tool of that name. */
  readonly pythonScript?: string;
  /** Whether to time the first half of the corpus too. */
  readonly isHalved?: boolean;
  readonly goals: readonly Goal[];
}

/** This script as a worker that only decodes: the bound for every tool. */
const SCAN = "scan";

const STREAM_ROWS: readonly StreamRow[] = [
  {
    command: [SCAN],
    corpus: "small",
    timesItself: true,
    goals: [GIGABYTE_A_SECOND],
  },
  { command: [SCAN], corpus: "small", goals: [NEAR_CAT] },
  {
    command: ["subunit-stats"],
    corpus: "small",
    pythonBytes: 15e6,
    goals: [SIX_MILLION, python(60)],
  },
  {
    command: ["subunit-filter", "-F"],
    corpus: "small",
    pythonBytes: 10e6,
    goals: [SIX_MILLION, python(60)],
  },
  {
    command: ["subunit-ls"],
    corpus: "small",
    pythonBytes: 15e6,
    goals: [python(50)],
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
    goals: [NEAR_CAT],
  },
  {
    command: ["subunit-stats"],
    corpus: "hostile",
    isHalved: true,
    goals: [LINEAR],
  },
  {
    command: ["subunit-1to2"],
    corpus: "v1",
    pythonBytes: 10e6,
    goals: [python(30)],
  },
  {
    command: ["subunit-2to1"],
    corpus: "small",
    pythonBytes: 10e6,
    goals: [python(30)],
  },
  {
    command: ["subunit-tags", "nightly"],
    corpus: "small",
    pythonBytes: 10e6,
    goals: [python(30)],
  },
  { command: ["subunit-tee"], corpus: "small", goals: [] },
  { command: ["subunit-seal"], corpus: "small", goals: [] },
  {
    command: ["subunit-filter", "-s"],
    corpus: "small",
    pythonBytes: 10e6,
    goals: [],
  },
  { command: ["subunit-filter", "--id=TestCase7"], corpus: "small", goals: [] },
  { command: ["subunit-merge", "-"], corpus: "small", goals: [] },
  { command: ["subunit-merge", "a=-"], corpus: "small", goals: [] },
  { command: ["subunit2json"], corpus: "small", goals: [] },
  { command: ["json2subunit"], corpus: "json", goals: [] },
  { command: ["tap2subunit"], corpus: "tap", pythonBytes: 20e6, goals: [] },
  {
    command: ["junitxml2subunit"],
    corpus: "junit",
    pythonBytes: 30e6,
    pythonScript: new URL(
      "../../tests/peers/junitxml2subunit.py",
      import.meta.url,
    ).pathname,
    goals: [python(20)],
  },
  { command: ["gojson2subunit"], corpus: "gojson", goals: [] },
  {
    command: ["subunit2csv"],
    corpus: "tracebacks",
    pythonBytes: 10e6,
    goals: [python(20)],
  },
  {
    command: ["subunit2junitxml"],
    corpus: "tracebacks",
    pythonBytes: 10e6,
    goals: [python(20)],
  },
  {
    command: ["subunit2pyunit"],
    corpus: "tracebacks",
    pythonBytes: 10e6,
    goals: [],
  },
  { command: ["subunit2tap"], corpus: "tracebacks", goals: [] },
  { command: ["subunit2cbor"], corpus: "small", goals: [] },
  { command: ["cbor2subunit"], corpus: "cbor", goals: [] },
  { command: ["subunit2junitxml"], corpus: "attachments", goals: [] },
  { command: ["subunit-2to1"], corpus: "attachments", goals: [] },
];

const FIXTURES = new URL("../../tests/fixtures/", import.meta.url).pathname;

/** The arguments with which a tool starts and ends without input. */
const START_UP_ARGUMENTS: Record<string, readonly string[]> = {
  // It refuses empty input, which is not a report.
  "junitxml2subunit": [FIXTURES + "junit/node.xml"],
  "gpg-signed-stream": ["--version"],
  "subunit-diff": ["/dev/null", "/dev/null"],
  "subunit-exec": ["--", "true"],
  "subunit-merge": ["-"],
  "subunit-output": ["--success", "deploy"],
  "subunit-tags": ["nightly"],
};

/** The Python tool to compare with if there is none of the same name. */
const ANY_PYTHON_TOOL = "subunit-ls";
/** The Python of Debian's packages. */
const PYTHON = "/usr/bin/python3";
const START_UP_RUNS = 10;
/** Longer runs count as hanging. */
const LONGEST_RUN_MS = 300_000;
const MEMORY_POLL_MS = 10;

const SELF = quote(new URL(import.meta.url).pathname);

/** The options of a run. */
interface Plan {
  readonly runs: number;
  /** The length of the corpora, as a fraction of the full ones. */
  readonly scale: number;
}

/** A line of the report. */
interface Row {
  readonly name: string;
  readonly tool: string;
  /** The Python tool to compare with. */
  readonly pythonTool: string | undefined;
  readonly goals: readonly Goal[];
  measure(plan: Plan): Promise<Measured>;
}

function streamRow(row: StreamRow): Row {
  const { command: [tool, ...args], corpus: name, pythonBytes } = row;
  const pythonTool = pythonBytes === undefined
    ? undefined
    : row.pythonScript ?? tool;
  const words = [tool, ...args.slice(0, 1), name];
  return {
    name: [...words, ...(row.timesItself ? ["in process"] : [])].join(" "),
    tool,
    pythonTool,
    goals: [...row.goals, MEMORY],
    async measure({ runs, scale }) {
      const bytes = Math.round(scale * corpusBytes(name));
      const corpus = makeCorpus(name, bytes);
      const half = row.isHalved ? makeCorpus(name, bytes / 2) : undefined;
      const ours = commandLine(tool, args);
      const theirs = pythonTool && pythonCommandLine(pythonTool, args);
      const slice = theirs && pythonBytes
        ? makeCorpus(name, Math.round(scale * pythonBytes))
        : undefined;
      const samples = await takeTurns({
        ours: row.timesItself
          ? `${ours} ${quote(corpus.path)}`
          : fromPipe(ours, corpus),
        cat: fromPipe("cat", corpus),
        half: fromPipe(ours, half),
        python: fromPipe(theirs, slice),
        pythonStart: theirs && onNothing(theirs),
      }, runs);
      return {
        ...samples.ours!,
        bytes: corpus.bytes,
        packets: corpus.packets,
        cat: samples.cat?.best,
        half: samples.half?.best,
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
const LIVE_ROW: Row = {
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

/** Verification of in-band signatures, compared with gpgv on the same bytes. */
const SIGNED_ROW: Row = {
  name: "gpg-signed-stream verify small, against gpgv",
  tool: "gpg-signed-stream",
  pythonTool: undefined,
  goals: [VERIFIED_BYTES, MEMORY],
  async measure({ runs, scale }) {
    const bytes = Math.round(scale * corpusBytes("small"));
    const signed = signCorpus(makeCorpus("small", bytes));
    if (signed === undefined) throw new Error("gpg cannot sign the corpus");
    const { publicKey, keyring, signature, path, packets } = signed;
    const verify = ["verify", "--keyring", quote(publicKey)];
    const ours = commandLine("gpg-signed-stream", verify);
    const samples = await takeTurns({
      ours: fromPipe(ours, signed),
      cat: fromPipe("cat", signed),
      gpgv: ["gpgv", "-q", "--keyring", keyring, signature, path].map(quote)
        .join(" "),
    }, runs);
    return {
      ...samples.ours!,
      bytes: signed.bytes,
      packets,
      cat: samples.cat?.best,
      other: samples.gpgv?.best,
    };
  },
};

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
    name: `bundled ${tool} on ${runtime}, against an empty script`,
    tool,
    pythonTool: undefined,
    goals: [goal(`${most}x empty`, timesOther, { most })],
    async measure() {
      const samples = await takeTurns({
        ours: onNothing(`${start} --version`),
        empty: onNothing(EMPTY[runtime]),
      }, START_UP_RUNS);
      return { ...samples.ours!, other: samples.empty?.best };
    },
  };
}

/** A tool of the npm package on Node, and the checkout's on Deno. */
function onNodeRow(tool: string, ...args: string[]): Row {
  return {
    name: [tool, ...args, "small on Node, against Deno"].join(" "),
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
        deno: fromPipe(commandLine(tool, args), corpus),
      }, runs);
      return {
        ...samples.ours!,
        bytes: corpus.bytes,
        packets: corpus.packets,
        cat: samples.cat?.best,
        other: samples.deno?.best,
      };
    },
  };
}

/** Returns the rows of the npm package, if it is built. */
function packageRows(tools: readonly string[]): Row[] {
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

function startUpRow(tool: string): Row {
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

/** Returns the command line of a tool, with the permissions of its first line. */
function commandLine(tool: string, args: readonly string[]): string {
  const command = tool === SCAN
    ? `${quote(Deno.execPath())} run --quiet --allow-read ${SELF} --worker scan`
    : toolCommand(tool);
  return [command, ...args].join(" ");
}

/** Returns the command line of a Python tool; undefined if it is not installed. */
function pythonCommandLine(
  tool: string,
  args: readonly string[],
): string | undefined {
  if (!isPythonTool(tool)) return undefined;
  return [PYTHON, quote(pythonPath(tool)), ...args].join(" ");
}

/** Returns the path of a tool; that of a script is given. */
function pythonPath(tool: string): string {
  return tool.startsWith("/") ? tool : `/usr/bin/${tool}`;
}

/** Returns whether a tool of Python's, not ours, is installed. */
function isPythonTool(tool: string): boolean {
  try {
    const path = pythonPath(tool);
    const [shebang] = Deno.readTextFileSync(path).split("\n", 1);
    return path.endsWith(".py") || shebang.includes("python");
  } catch {
    return false;
  }
}

/** Returns undefined if there is no command or no corpus. */
function fromPipe(
  command: string | undefined,
  corpus: Corpus | undefined,
): string | undefined {
  if (command === undefined || corpus === undefined) return undefined;
  return `${command} < <(cat ${quote(corpus.path)}) > /dev/null`;
}

function onNothing(command: string): string {
  return `${command} < /dev/null > /dev/null`;
}

interface Sample {
  readonly seconds: number;
  readonly peakMemory: number;
}

/**
 * Runs commands in turns, without those that are undefined. The first turn warms
 * the caches and does not count.
 */
async function takeTurns<Name extends string>(
  commands: Record<Name, string | undefined>,
  runs: number,
): Promise<Partial<Record<Name, Measured>>> {
  const samples: Partial<Record<Name, Sample[]>> = {};
  for (let turn = 0; turn <= runs; turn++) {
    for (const name in commands) {
      const command = commands[name];
      if (command === undefined) continue;
      const sample = await run(command);
      if (turn > 0) (samples[name] ??= []).push(sample);
    }
  }
  const measured: Partial<Record<Name, Measured>> = {};
  for (const name in samples) measured[name] = summarize(samples[name]!);
  return measured;
}

function summarize(samples: readonly Sample[]): Measured {
  const seconds = samples.map(({ seconds }) => seconds);
  return {
    best: Math.min(...seconds),
    median: median(seconds),
    peakMemory: Math.max(...samples.map(({ peakMemory }) => peakMemory)) ||
      undefined,
  };
}

/** Returns the middle value, or the mean of the two middle values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs a command until it ends. Bash replaces itself with the command, so that
 * the process that we started is the one to measure.
 */
async function run(command: string): Promise<Sample> {
  const errors = Deno.makeTempFileSync();
  const begun = performance.now();
  const child = new Deno.Command("bash", {
    args: ["-c", `exec 2> ${quote(errors)}; exec ${command}`],
    stdin: "null",
    stdout: "piped",
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(LONGEST_RUN_MS),
  }).spawn();
  let peakMemory = 0;
  const poll = setInterval(() => {
    peakMemory = Math.max(peakMemory, peakMemoryOf(child.pid));
  }, MEMORY_POLL_MS);
  const { code, signal, stdout } = await child.output();
  const seconds = (performance.now() - begun) / 1000;
  clearInterval(poll);
  const complaints = Deno.readTextFileSync(errors);
  Deno.removeSync(errors);
  checkRun(code, signal, complaints);
  // Only a command that times itself writes to our standard output.
  const printed = new TextDecoder().decode(stdout);
  return { seconds: printed === "" ? seconds : Number(printed), peakMemory };
}

/** Returns the peak of a process's resident memory so far, in MiB. */
function peakMemoryOf(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** A status of 1 means that tests failed, but a crash has it too. */
function checkRun(code: number, signal: string | null, errors: string): void {
  const crash = /^(error: |Traceback ).*/m.exec(errors)?.[0];
  if (code < 2 && signal === null && crash === undefined) return;
  const words = crash ?? errors.split("\n", 1)[0];
  throw new Error(signal ? `ended by ${signal}` : `exit ${code}: ${words}`);
}

const HEADINGS = [
  "",
  "best s",
  "median s",
  "M packets/s",
  "GB/s",
  "x cat",
  "x Python",
  "x half",
  "x other",
  "MiB",
  "goals",
  "",
];

function cells({ name, goals }: Row, row: Measured): string[] {
  const million = ratio(packetsPerSecond(row), 1e6);
  const figures = [
    row.best,
    row.median,
    million,
    ratio(bytesPerSecond(row), 1e9),
    timesCat(row),
    fasterThanPython(row),
    ratio(row.best, row.half),
    ratio(row.best, row.other),
    row.peakMemory,
  ];
  const texts = goals.map(({ text }) => text).join(", ");
  return [name, ...figures.map(figureText), texts, verdict(goals, row)];
}

/** Returns whether all goals are met, and names those that are not. */
export function verdict(goals: readonly Goal[], row: Measured): string {
  const missed = goals.filter((goal) => goal.isMet(row) === false);
  if (missed.length > 0) {
    return `MISSED ${missed.map(({ text }) => text).join(", ")}`;
  }
  const unknown = goals.filter((goal) => goal.isMet(row) === undefined);
  return ["ok", ...unknown.map(({ text }) => `(unknown: ${text})`)].join(" ");
}

/** Returns a figure with three significant digits, or "-" if there is none. */
export function figureText(figure: number | undefined): string {
  if (figure === undefined) return "-";
  if (figure < 0.01) return figure.toPrecision(2);
  const digits = figure >= 100 ? 0 : figure >= 10 ? 1 : figure >= 1 ? 2 : 3;
  return figure.toFixed(digits);
}

/** Formats columns, with numbers aligned to the right and words to the left. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0].map((heading, column) => {
    const texts = rows.map((row) => row[column] ?? "");
    const isFigures = heading !== "" &&
      texts.slice(1).every((text) => /^(-|[\d.]*)$/.test(text));
    const width = Math.max(...texts.map((text) => text.length));
    return texts.map((text) =>
      isFigures ? text.padStart(width) : text.padEnd(width)
    );
  });
  return rows.map((_, row) =>
    columns.map((column) => column[row]).join("  ").trimEnd() + "\n"
  ).join("");
}

/** Returns the rows whose names contain one of the words. */
export function pick<T extends { name: string }>(
  rows: readonly T[],
  words: readonly string[],
): T[] {
  if (words.length === 0) return [...rows];
  return rows.filter(({ name }) => words.some((word) => name.includes(word)));
}

/** Decodes a file or standard input, and prints the time it took. */
function scan(path: string | undefined): void {
  const input = path === undefined ? Deno.stdin : Deno.openSync(path);
  const buffer = new Uint8Array(256 * 1024);
  const decoder = new PacketDecoder();
  const begun = performance.now();
  for (let length; (length = input.readSync(buffer)) !== null;) {
    decoder.push(buffer.subarray(0, length));
    takePackets(decoder);
  }
  decoder.end();
  takePackets(decoder);
  console.log((performance.now() - begun) / 1000);
}

function takePackets(decoder: PacketDecoder): void {
  decoder.drain((item) => {
    if (item.kind !== "packet") throw new Error(`There is ${item.kind}`);
  });
}

const CRC_SIZES = [32, 64, 96, 128, 192, 256, 512, 1024, 4096, 16384, 65536];
const CRC_BYTES_A_RUN = 16 * 1024 * 1024;
const CRC_RUNS = 5;

/** Prints the cost of a call to either CRC, and the size where they cross. */
function compareCrcs(): void {
  const begun = performance.now();
  const native = loadNativeCrc32();
  const loadMs = performance.now() - begun;
  if (native === undefined) throw new Error("No native CRC in this runtime");
  const bytes = crypto.getRandomValues(new Uint8Array(CRC_SIZES.at(-1)!));
  const view = new DataView(bytes.buffer);
  const figures = CRC_SIZES.map((size) => {
    const table = nanosecondsACall(size, (start, end) => {
      updateRegister(-1, view, start, end);
    });
    // The view is part of the cost, as in `crc32`.
    const builtIn = nanosecondsACall(size, (start, end) => {
      native(new Uint8Array(view.buffer, start, end - start));
    });
    return { size, table, builtIn };
  });
  console.log(
    formatTable([
      ["bytes per call", "table ns", "native ns", "table GB/s", "native GB/s"],
      ...figures.map(({ size, table, builtIn }) => [
        String(size),
        ...[table, builtIn, size / table, size / builtIn].map(figureText),
      ]),
    ]) +
      `Native is faster from ${
        crossing(figures)
      } bytes a call; loading it took ${figureText(loadMs)} ms.`,
  );
}

function nanosecondsACall(
  size: number,
  call: (start: number, end: number) => void,
): number {
  const calls = Math.ceil(CRC_BYTES_A_RUN / size);
  const places = Math.floor(CRC_SIZES.at(-1)! / size);
  const runs = Array.from({ length: CRC_RUNS }, () => {
    const begun = performance.now();
    for (let i = 0; i < calls; i++) {
      const start = (i % places) * size;
      call(start, start + size);
    }
    return (performance.now() - begun) * 1e6 / calls;
  });
  return Math.min(...runs);
}

/** Returns the first size from which the native CRC is never slower. */
export function crossing(
  figures: readonly { size: number; table: number; builtIn: number }[],
): number {
  const last = figures.findLastIndex(({ table, builtIn }) => table < builtIn);
  return figures[last + 1]?.size ?? Infinity;
}

const CRC_ROW = { name: "crc" };

async function reportCrcs(): Promise<string> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", import.meta.url, "--worker", CRC_ROW.name],
    stderr: "inherit",
  }).output();
  return success ? new TextDecoder().decode(stdout) : "Cannot measure crc";
}

/** Returns the text above the table. */
function aboutRun({ runs, scale }: Plan): string {
  const cpu = /^model name\s*: (.*)$/m.exec(
    Deno.readTextFileSync("/proc/cpuinfo"),
  )?.[1] ?? "unknown CPU";
  return [
    `Deno ${Deno.version.deno}, python3-subunit ${
      packageVersion("python3-subunit")
    }`,
    `${cpu}, ${navigator.hardwareConcurrency} cores, load ${
      Deno.loadavg()[0].toFixed(1)
    }`,
    `${runs} runs in turns, corpora at ${scale} of their length${
      scale < 1 ? ": start-up weighs more than the goals allow for" : ""
    }`,
    "Our times include start-up. Python's times are of a slice, without start-up,",
    "and scaled by bytes; the start-up rows measure only start-up.",
    "",
  ].join("\n");
}

function packageVersion(name: string): string {
  try {
    const { code, stdout } = new Deno.Command("dpkg-query", {
      args: ["-W", "-f", "${Version}", name],
      stderr: "null",
    }).outputSync();
    return code === 0 ? new TextDecoder().decode(stdout) : "not installed";
  } catch {
    return "not known";
  }
}

/** Returns lines that name the tools that rows need and that are missing. */
function missingTools(rows: readonly Row[], tools: readonly string[]): string {
  const skipped = rows.filter(({ tool }) => !tools.includes(tool));
  const python = new Set(rows.map(({ pythonTool }) => pythonTool));
  const lists = {
    "Skipped, because the tool does not exist yet": skipped.map(({ name }) =>
      name
    ),
    "Not installed": [...python]
      .filter((tool) => tool !== undefined && !isPythonTool(tool))
      .map((tool) => pythonPath(tool!)),
  };
  return Object.entries(lists)
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${what}: ${names.join(", ")}\n`).join("");
}

async function bench(words: readonly string[], plan: Plan): Promise<void> {
  const tools = toolNames();
  const all = [
    ...STREAM_ROWS.map(streamRow),
    LIVE_ROW,
    SIGNED_ROW,
    ...tools.map(startUpRow),
    ...packageRows(tools),
  ];
  const rows = pick(all, words);
  const withCrc = pick([CRC_ROW], words).length > 0;
  if (rows.length === 0 && !withCrc) {
    const names = [CRC_ROW, ...all].map(({ name }) => `  ${name}`);
    usageError(
      `No row has "${words.join('" or "')}" in its name: choose from\n${
        names.join("\n")
      }`,
    );
  }
  console.log(aboutRun(plan) + missingTools(rows, [SCAN, ...tools]));

  const lines: string[][] = [];
  const failures: string[] = [];
  for (const row of rows) {
    if (row.tool !== SCAN && !tools.includes(row.tool)) continue;
    console.error(`bench: ${row.name}`);
    try {
      lines.push(cells(row, await row.measure(plan)));
    } catch (error) {
      failures.push(`Cannot measure ${row.name}: ${(error as Error).message}`);
    }
  }
  if (lines.length > 0) console.log(formatTable([HEADINGS, ...lines]));
  if (withCrc) console.log(await reportCrcs());
  if (failures.length > 0) {
    console.error(failures.join("\n"));
    Deno.exitCode = 1;
  }
}

async function main(): Promise<void> {
  const { _: words, quick, runs = quick ? "1" : "3", worker } = parseArgs(
    Deno.args,
    {
      boolean: ["quick"],
      string: ["_", "runs", "worker"],
      unknown: (argument, key) => {
        if (key !== undefined) usageError(`Unknown option "${argument}"`);
      },
    },
  );
  if (worker === SCAN) return scan(words[0]);
  if (worker === CRC_ROW.name) return compareCrcs();
  if (!/^[1-9]\d?$/.test(String(runs))) {
    usageError(`Option --runs is "${runs}": expected 1 to 99`);
  }
  await bench(words, { runs: Number(runs), scale: quick ? 0.1 : 1 });
}

function usageError(message: string): never {
  console.error(`bench: ${message}`);
  Deno.exit(2);
}

if (import.meta.main) await main();
