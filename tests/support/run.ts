/**
 * Runs the executables as a shell would: whole processes, real pipes.
 *
 * @module
 */

import { assert } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  flagsOf,
  pathOf,
  quote,
  toolNames,
  toolScript,
} from "../../scripts/tool_path.ts";

/** What is left of a process. */
export interface Finished {
  readonly status: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** How a process is started. */
export interface Surroundings {
  readonly stdin?: Uint8Array | string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

/** The executables under test: all that `filters/` has. */
export const TOOLS: readonly string[] = toolNames();

/** No process of the suite takes nearly as long: this one hangs. */
const HANGING_SECONDS = 60;
/** How long something is awaited that should be there at once. */
const GENEROUS_MILLISECONDS = 20_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Where the tools under test are installed; undefined for the checkout's. */
let installedIn: string | undefined;

/** Makes what is installed in a directory the tools under test. */
export function testInstalled(directory: string): void {
  installedIn = directory;
}

/** The words that start the tool under test. */
export function commandOf(name: string): string[] {
  return installedIn === undefined
    ? checkoutCommandOf(name)
    : [`${installedIn}/${name}`];
}

/**
 * The words that start a tool of the checkout, with the permissions that its
 * first line grants.
 */
export function checkoutCommandOf(name: string): string[] {
  const script = toolScript(name);
  return [Deno.execPath(), "run", ...flagsOf(script), pathOf(script)];
}

/** Runs a tool to its end. */
export function runTool(
  name: string,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Finished> {
  return run([...commandOf(name), ...args], surroundings);
}

/** Makes the names of the tools commands of bash. */
function prelude(): string {
  return TOOLS.map((name) =>
    `${name}() { ${commandOf(name).map(quote).join(" ")} "$@"; }\n`
  ).join("");
}

/** Runs a bash script in which the tools are commands; `args` are $1 and on. */
export function shell(
  script: string,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Finished> {
  const bash = ["bash", "-c", prelude() + script, "bash", ...args];
  return run(bash, surroundings);
}

/** Runs a command to its end. */
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
    // A process may end before it has read everything.
  }
  const { code, stdout, stderr } = await output;
  const words = decoder.decode(stderr);
  assert(code !== 124, `${command.at(-1)} hangs: ${words}`);
  assert(
    !/\bat (file|ext|async)|Uncaught|panicked|defect/.test(words),
    `${command.at(-1)} fell over: ${words}`,
  );
  return { status: code, stdout, stderr: words };
}

/** A tool with both ends of its pipes in our hands. */
export class LiveTool implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #read: Uint8Array = new Uint8Array(0);

  constructor(name: string, args: readonly string[] = []) {
    const [program, ...rest] = commandOf(name);
    this.#process = new Deno.Command(program, {
      args: [...rest, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stdout.getReader();
  }

  /** Writes; pending for as long as the tool does not read. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#writer.write(bytes);
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** What has come on standard output, once it is as many bytes. */
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
    this.#process.kill("SIGKILL");
    await this.#reader.cancel();
    await this.#writer.abort().catch(() => {});
    await this.#process.status;
  }
}

/**
 * Runs bash, which is to become a tool by `exec`, and "$@".
 *
 * @param worst the highest exit status that is no failure
 * @returns the most memory that was resident, in bytes
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
  assert(peak > 0, `${script} was over before it was looked at`);
  return peak;
}

function residentPeak(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return 1024 * Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0);
  } catch {
    // It has ended just now.
    return 0;
  }
}

/** Fails when a promise stays pending; how fast it settles decides nothing. */
export async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error("Nothing came")),
      GENEROUS_MILLISECONDS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A directory that goes away with the test. */
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

/** The programs some tests compare with, and how each shows it is there. */
const PEERS = {
  "python3": ["/usr/bin/python3", "-c", ""],
  "python3-subunit": ["/usr/bin/python3", "-c", "import subunit, testtools"],
  "python3-junitxml": ["/usr/bin/python3", "-c", "import junitxml"],
  "subunit": ["/usr/bin/subunit-ls", "--help"],
  "stestr": ["stestr", "--version"],
  "script": ["script", "--version"],
  "gpg": ["gpg", "--version"],
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
  "jq": ["jq", "--version"],
  "xmllint": ["xmllint", "--version"],
} as const;

/** The name of a program some tests compare with: a Debian package or command. */
export type Peer = keyof typeof PEERS;

const found = new Map<Peer, boolean>();

/** Says whether a peer is installed. */
export function peer(name: Peer): boolean {
  const known = found.get(name);
  if (known !== undefined) return known;
  const [program, ...args] = PEERS[name];
  let isThere = false;
  try {
    const options = { args, stdout: "null", stderr: "null" } as const;
    isThere = new Deno.Command(program, options).outputSync().success;
  } catch {
    // There is no such program.
  }
  found.set(name, isThere);
  return isThere;
}

/** Registers a test that needs peers, or says by name that it is left out. */
export function peerTest(
  name: string,
  peers: readonly Peer[],
  test: () => void | Promise<void>,
): void {
  const missing = peers.filter((needed) => !peer(needed));
  if (missing.length === 0) Deno.test(name, test);
  else console.log(`left out: ${name} needs ${missing.join(", ")}`);
}

/** Bytes as text, for assertions that show what differs. */
export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
