/**
 * Runs the executables as a shell would: as processes, over real pipes.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  flagsOf,
  pathOf,
  quote,
  toolNames,
  toolScript,
} from "../../scripts/tool_path.ts";

/** The result of a process that has ended. */
export interface Finished {
  readonly status: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** The input and the environment of a process. */
export interface Surroundings {
  readonly stdin?: Uint8Array | string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

/** The root of the repository. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** The path of a file or folder below `tests/fixtures/`. */
export function fixture(path: string): string {
  return pathOf(new URL(`tests/fixtures/${path}`, ROOT));
}

/** The names of the executables under test: all in `filters/`. */
export const TOOLS: readonly string[] = toolNames();

/** No process of the suite takes nearly as long unless it hangs. */
const HANGING_SECONDS = 600;
/** How long a test waits for something that should happen at once. */
const GENEROUS_MILLISECONDS = 200_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Whether everything runs, in full length; if not, the log has what does not. */
export const isCi = Deno.env.get("SUBUNIT_TESTS") === "all";

/** The folder of the tools under test; undefined for those of the checkout. */
let installedIn: string | undefined;

/** Makes the tools installed in a directory those under test. */
export function testInstalled(directory: string): void {
  installedIn = directory;
}

/** Into how many parts {@linkcode some} divides what there is. */
const PARTS = 6;

/** Whether the tools under test are those of the checkout. */
export function testsCheckout(): boolean {
  return installedIn === undefined;
}

/**
 * The variants of a test of all tools: each for the tools of the checkout; for
 * installed ones they take turns, so that each has some of the tools.
 */
export function variants<T>(all: readonly T[], turn: number): readonly T[] {
  return testsCheckout() ? all : [all[turn % all.length]];
}

/**
 * The subjects of a test that starts processes for each: all of them in CI, and
 * otherwise a part, at least one: another one each turn, and for installed tools.
 */
export function some<T>(all: readonly T[], turn: number): readonly T[] {
  if (isCi) return all;
  const parts = Math.min(PARTS, all.length);
  const part = (turn + Number(!testsCheckout())) % parts;
  return all.filter((_, index) => index % PARTS === part);
}

/** The command line that starts the tool under test. */
export function commandOf(name: string): string[] {
  return installedIn === undefined
    ? checkoutCommandOf(name)
    : [`${installedIn}/${name}`];
}

/**
 * The command line that starts a tool of the checkout, with the permissions
 * that its first line grants.
 */
export function checkoutCommandOf(name: string): string[] {
  const script = toolScript(name);
  return [Deno.execPath(), "run", ...flagsOf(script), pathOf(script)];
}

/** Runs a tool until it ends. */
export function runTool(
  name: string,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Finished> {
  return run([...commandOf(name), ...args], surroundings);
}

/**
 * Runs a tool that must succeed without a message.
 *
 * @returns its standard output
 */
export async function outputOf(
  name: string,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Uint8Array> {
  const finished = await runTool(name, args, surroundings);
  return outputIn(finished, [name, ...args].join(" "));
}

/** The standard output of a call that succeeded without a message. */
export function outputIn(
  { stdout, stderr, status }: Finished,
  call: string,
): Uint8Array {
  assertEquals(stderr, "", call);
  assertEquals(status, 0, call);
  return stdout;
}

/** Defines the tools as functions of bash. */
function prelude(): string {
  return TOOLS.map((name) =>
    `${name}() { ${commandOf(name).map(quote).join(" ")} "$@"; }\n`
  ).join("");
}

/** Runs a bash script that can call the tools; `args` are $1, $2, … */
export function shell(
  script: string,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Finished> {
  const bash = ["bash", "-c", prelude() + script, "bash", ...args];
  return run(bash, surroundings);
}

/** Runs a command until it ends. */
export async function run(
  command: readonly string[],
  { stdin = "", ...options }: Surroundings = {},
): Promise<Finished> {
  const process = new Deno.Command("timeout", {
    args: [String(HANGING_SECONDS), ...command],
    ...options,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = process.output();
  const writer = process.stdin.getWriter();
  try {
    await writer.write(
      typeof stdin === "string" ? encoder.encode(stdin) : stdin,
    );
    await writer.close();
  } catch {
    // A process may end before it has read all of its input.
  }
  const { code, stdout, stderr } = await output;
  const messages = decoder.decode(stderr);
  assert(code !== 124, `${command.at(-1)} hangs: ${messages}`);
  assertNoCrash(command.at(-1)!, messages);
  return { status: code, stdout, stderr: messages };
}

/** Checks that messages are those of a tool, not of a runtime. */
export function assertNoCrash(call: string, messages: string): void {
  assert(
    !/\bat (file|ext|async)|Uncaught|panicked|defect/.test(messages),
    `${call} crashed: ${messages}`,
  );
}

/** Starts a command with pipes to its standard input and output. */
export function spawn(
  [program, ...args]: readonly string[],
): Deno.ChildProcess {
  return new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Returns whether a process exists and is no zombie. */
export function isRunning(pid: string): boolean {
  try {
    return !/State:\tZ/.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

/** The signals that end a tool, with the exit status after each. */
export const ENDING_SIGNALS = [
  ["SIGTERM", 143],
  ["SIGINT", 130],
  ["SIGHUP", 129],
] as const;

/** Ends a process, if it has not ended, and what reads from it and writes to it. */
export async function endProcess(
  process: Deno.ChildProcess,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has ended.
  }
  await reader.cancel();
  await writer.abort().catch(() => {});
  await process.status;
}

/** A running tool that the test writes to and reads from. */
export class LiveTool implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #read: Uint8Array = new Uint8Array(0);

  constructor(name: string, args: readonly string[] = []) {
    this.#process = spawn([...commandOf(name), ...args]);
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stdout.getReader();
  }

  /** Writes; pending while the tool does not read. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#writer.write(bytes);
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Returns all of standard output so far, once it has that many bytes. */
  read(count: number): Promise<Uint8Array> {
    return within(this.#readAtLeast(count));
  }

  async #readAtLeast(count: number): Promise<Uint8Array> {
    while (this.#read.length < count) {
      const { value, done } = await this.#reader.read();
      assert(!done, "the tool has ended");
      this.#read = concat([this.#read, value]);
    }
    return this.#read;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.#process, this.#reader, this.#writer);
  }
}

/**
 * The length of a long stream, in bytes: the short one, and the log says so,
 * unless SUBUNIT_TESTS=all asks for the full one, as CI does.
 */
export function lengthOf(what: string, full: number, short: number): number {
  if (isCi) return full;
  console.log(`shorter: ${what}, ${short / 1e6} MB of it`);
  return short;
}

/**
 * Measures the memory of a process.
 *
 * @param script bash, which replaces itself with the tool by `exec`
 * @param worst the highest exit status that the test accepts
 * @returns the peak of resident memory, in bytes
 */
export async function peakMemoryOf(
  script: string,
  args: readonly string[] = [],
  { worst = 0, env }: { worst?: number; env?: Record<string, string> } = {},
): Promise<number> {
  const process = new Deno.Command("bash", {
    args: ["-c", script, "bash", ...args],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let peak = 0;
  const poll = setInterval(() => {
    peak = Math.max(peak, residentPeak(process.pid));
  }, 10);
  const { code } = await process.status;
  clearInterval(poll);
  assert(code <= worst, `${script} exits ${code}`);
  assert(peak > 0, `${script} ended before it was measured`);
  return peak;
}

function residentPeak(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return 1024 * Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0);
  } catch {
    // It has just ended.
    return 0;
  }
}

/** Fails when a promise stays pending; how fast it settles does not matter. */
export async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error("Nothing happened")),
      GENEROUS_MILLISECONDS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A directory that is removed after the test. */
export class TempDir implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "subunit-" });

  /** Writes a file into it and returns its path. */
  file(name: string, content: Uint8Array | string): string {
    const path = `${this.path}/${name}`;
    Deno.writeFileSync(
      path,
      typeof content === "string" ? encoder.encode(content) : content,
    );
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** The content of all files below a directory, by their paths from there. */
export function filesIn(directory: string): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  const add = (folder: string) => {
    for (const entry of Deno.readDirSync(`${directory}/${folder}`)) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory) add(`${path}/`);
      else files[path] = Deno.readFileSync(`${directory}/${path}`);
    }
  };
  add("");
  return files;
}

/** The programs that tests compare with, and a call that succeeds if each is installed. */
const PEERS = {
  "python3": ["/usr/bin/python3", "-c", ""],
  "python3-subunit": ["/usr/bin/python3", "-c", "import subunit, testtools"],
  "libsubunit-perl": ["perl", "-MSubunit", "-e", ""],
  "check, libsubunit-dev, gcc and pkg-config": [
    "sh",
    "-c",
    "gcc --version && pkg-config --exists check libsubunit",
  ],
  "python3-pytest": ["/usr/bin/python3", "-m", "pytest", "--version"],
  "python3-testscenarios": ["/usr/bin/python3", "-c", "import testscenarios"],
  "python3-junitxml": ["/usr/bin/python3", "-c", "import junitxml"],
  "subunit": ["/usr/bin/subunit-ls", "--help"],
  "stestr": ["stestr", "--version"],
  "testrepository": ["testr", "--version"],
  "cmake": ["ctest", "--version"],
  "cargo": ["cargo", "--version"],
  "chromium and golang-src": [
    "sh",
    "-c",
    "chromium --version && ls /usr/share/go-*/src/cmd/trace/static",
  ],
  "script": ["script", "--version"],
  "tmux": ["tmux", "-V"],
  "gpg": ["gpg", "--version"],
  "gpgv": ["gpgv", "--version"],
  "go": ["go", "version"],
  "node": ["node", "--version"],
  "npm": ["npm", "--version"],
  "node 22": ["npx", "-y", "node@22", "--version"],
  "node 20.19.0": ["npx", "-y", "node@20.19.0", "--version"],
  "node 22.12.0": ["npx", "-y", "node@22.12.0", "--version"],
  "prove": ["prove", "--version"],
  "bash": ["bash", "--version"],
  "zsh": ["zsh", "--version"],
  "fish": ["fish", "--version"],
  "groff": ["groff", "--version"],
  "man": ["man", "--version"],
  "mandoc": ["sh", "-c", "command -v mandoc"],
  "git": ["git", "--version"],
  "jq": ["jq", "--version"],
  "xmllint": ["xmllint", "--version"],
  "chromium": ["test", "-x", "/usr/bin/chromium"],
} as const;

/** The Debian package or the command of a program that tests compare with. */
export type Peer = keyof typeof PEERS;

const found = new Map<Peer, boolean>();

/** Returns whether a peer is installed. */
export function peer(name: Peer): boolean {
  const known = found.get(name);
  if (known !== undefined) return known;
  const [program, ...args] = PEERS[name];
  let isInstalled = false;
  try {
    const options = { args, stdout: "null", stderr: "null" } as const;
    isInstalled = new Deno.Command(program, options).outputSync().success;
  } catch {
    // There is no such program.
  }
  found.set(name, isInstalled);
  return isInstalled;
}

/** Registers a test that needs peers, or logs that it is left out. */
export function peerTest(
  name: string,
  peers: readonly Peer[],
  test: (context: Deno.TestContext) => void | Promise<void>,
): void {
  const missing = peers.filter((needed) => !peer(needed));
  if (missing.length === 0) Deno.test(name, test);
  else console.log(`left out: ${name} needs ${missing.join(", ")}`);
}

/** Registers a long test of the same kind as shorter ones: only CI runs it. */
export function longTest(
  name: string,
  peers: readonly Peer[],
  test: (context: Deno.TestContext) => void | Promise<void>,
): void {
  if (isCi) peerTest(name, peers, test);
  else console.log(`left out: ${name}; CI runs it`);
}

/** Bytes as text, which a failed assertion can show. */
export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
