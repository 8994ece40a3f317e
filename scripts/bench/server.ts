/**
 * Rows about test servers: one warm test against a cold runner, memory over many
 * generations, and whole suites against other runners.
 *
 * @module
 */

import { PacketDecoder } from "@subunit/codec";
import {
  type Command,
  ControlReader,
  encodeControl,
  isControl,
} from "@subunit/codec/control";
import { quote, toolCommand } from "../tool_path.ts";
import { SCRATCH } from "./commands.ts";
import { atMost, goal, type Measured } from "./goals.ts";
import { median, takeTurns } from "./measure.ts";
import type { Plan, Row } from "./rows.ts";

/** How often one warm test is run. */
const WARM_RUNS = 20;
const EARLY_GENERATION = 20;
const LATE_GENERATION = 500;

/** A suite that was made for the benchmark. */
interface Suite {
  readonly folder: string;
  /** The paths or modules that the engine is given. */
  readonly paths: string;
  /** One test in the middle. */
  readonly id: string;
}

type Engine = "deno" | "node" | "python";

/** How many files a suite of each engine has. */
const FILES: Readonly<Record<Engine, number>> = {
  deno: 1000,
  node: 100,
  python: 100,
};

/** Makes a suite; each file has three tests and imports one of some modules. */
function makeSuite(engine: Engine, { scale }: Plan): Suite {
  const count = Math.max(10, Math.round(FILES[engine] * scale));
  const folder = `${SCRATCH.pathname}suite-${engine}-${count}`;
  const middle = count >> 1;
  const names = [1, 2, 3];
  const made = ({
    deno: (n) => [
      `tests/t${n}_test.ts`,
      `import { value } from "../lib/m${n % 50}.ts";\n` +
      names.map((name) =>
        `Deno.test("t${n} ${name}", () => { if (value !== 1) throw new Error(); });\n`
      ).join(""),
    ],
    node: (n) => [
      `tests/t${n}.test.mjs`,
      `import test from "node:test";\nimport { value } from "../lib/m${
        n % 50
      }.mjs";\n` +
      names.map((name) =>
        `test("t${n} ${name}", () => { if (value !== 1) throw new Error(); });\n`
      ).join(""),
    ],
    python: (n) => [
      `tests/test_${n}.py`,
      `import unittest\nclass T(unittest.TestCase):\n` +
      names.map((name) => `    def test_${name}(self):\n        pass\n`)
        .join(""),
    ],
  } satisfies Record<Engine, (n: number) => [string, string]>)[engine];
  const id = {
    deno: `tests/t${middle}_test.ts::t${middle} 2`,
    node: `tests/t${middle}.test.mjs::t${middle} 2`,
    python: `tests.test_${middle}.T.test_2`,
  }[engine];
  Deno.mkdirSync(`${folder}/tests`, { recursive: true });
  Deno.mkdirSync(`${folder}/lib`, { recursive: true });
  const write = (name: string, content: string) =>
    Deno.writeTextFileSync(`${folder}/${name}`, content);
  for (let n = 0; n < 50; n++) {
    if (engine === "python") break;
    const extension = engine === "deno" ? "ts" : "mjs";
    write(`lib/m${n}.${extension}`, `export const value = 1;\n`);
  }
  if (engine === "deno") write("deno.json", "{}\n");
  if (engine === "python") {
    write("tests/__init__.py", "");
    write(".stestr.conf", "[DEFAULT]\ntest_path=./tests\ntop_dir=./\n");
  }
  for (let n = 0; n < count; n++) write(...made(n));
  return { folder, id, paths: "tests" };
}

/** A worker that the benchmark commands. */
class Server {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new PacketDecoder();
  readonly #messages = new ControlReader();
  readonly #words: string[] = [];
  #requests = 0;

  constructor(command: string, cwd: string) {
    this.#child = new Deno.Command("sh", {
      args: ["-c", `exec ${command}`],
      cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.getReader();
  }

  /** Commands, and returns the seconds until the answer. */
  async run(word: Command, body = ""): Promise<number> {
    const begun = performance.now();
    const request = `subunit.req.${++this.#requests}`;
    await this.#writer.write(encodeControl({ word, body, request }));
    await this.until("done");
    return (performance.now() - begun) / 1000;
  }

  async until(word: string): Promise<void> {
    while (!this.#words.includes(word)) {
      const { value } = await this.#reader.read();
      if (value === undefined) throw new Error("the worker has ended");
      this.#decoder.push(value);
      this.#decoder.drain((item) => {
        if (item.kind !== "packet" || !isControl(item)) return;
        const message = this.#messages.add(item);
        if (message !== undefined) this.#words.push(message.word);
      });
    }
    this.#words.splice(0);
  }

  /** Of the worker and all below it, in MiB. */
  memory(): number {
    let kibibytes = 0;
    const add = (pid: number) => {
      try {
        const status = Deno.readTextFileSync(`/proc/${pid}/status`);
        kibibytes += Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0);
        const path = `/proc/${pid}/task/${pid}/children`;
        Deno.readTextFileSync(path).split(" ").filter(Boolean).map(Number)
          .forEach(add);
      } catch {
        // It has just ended.
      }
    };
    add(this.#child.pid);
    return kibibytes / 1024;
  }

  async close(): Promise<void> {
    await this.#writer.close();
    await this.#reader.cancel();
    await this.#child.status;
  }
}

function workerOf(engine: Engine, { paths }: Suite): string {
  const flags = engine === "deno" ? " -- --no-check" : "";
  return `${toolCommand("subunit-worker")} ${engine} ${paths}${flags}`;
}

/** A command in the folder of a suite. */
function inFolder({ folder }: Suite, command: string): string {
  const script = `cd ${quote(folder)} && exec ${command} > /dev/null 2>&1`;
  return `sh -c ${quote(script)}`;
}

/** Runs commands in turns; those of 1,000 files take long, and run once. */
async function inTurns(
  engine: Engine,
  commands: Record<string, string>,
  { runs }: Plan,
): Promise<Record<string, Measured | undefined>> {
  if (engine !== "deno") return await takeTurns(commands, runs);
  const samples: Record<string, Measured> = {};
  for (const [name, command] of Object.entries(commands)) {
    const begun = performance.now();
    await new Deno.Command("sh", { args: ["-c", command] }).output();
    const seconds = (performance.now() - begun) / 1000;
    samples[name] = { best: seconds, median: seconds };
  }
  return samples;
}

const DENO_TEST = `${quote(Deno.execPath())} test --no-check --quiet`;

/** The runner of one test, started for it. */
const COLD: Readonly<Record<Engine, (suite: Suite) => string>> = {
  deno: ({ id }) => `${DENO_TEST} --filter ${quote(id.split("::")[1])}`,
  node: ({ id }) =>
    `node --test --test-name-pattern=${quote(id.split("::")[1])} tests`,
  python: ({ id }) => `/usr/bin/python3 -m subunit.run ${id}`,
};

/** The same tests on two processes, by another runner; undefined without it. */
const RIVALS: Readonly<Record<Engine, readonly [string, string]>> = {
  deno: ["deno test", `env DENO_JOBS=2 ${DENO_TEST} --parallel`],
  node: ["node --test", "node --test --test-concurrency=2 tests/"],
  python: ["stestr", "stestr run --concurrency 2"],
};

function warmRow(engine: Engine, most: number): Row {
  return {
    name: `subunit-worker ${engine}, one warm test`,
    tool: "subunit-worker",
    pythonTool: undefined,
    goals: [atMost(most, "cold")],
    async measure(plan) {
      const suite = makeSuite(engine, plan);
      const server = new Server(workerOf(engine, suite), suite.folder);
      await server.until("ready");
      const seconds: number[] = [];
      for (let i = 0; i <= WARM_RUNS; i++) {
        const took = await server.run("run", `${suite.id}\n`);
        // The first one is cold.
        if (i > 0) seconds.push(took);
      }
      await server.close();
      const command = inFolder(suite, COLD[engine](suite));
      const { cold } = await inTurns(engine, { cold: command }, plan);
      return {
        best: Math.min(...seconds),
        median: median(seconds),
        others: { cold: cold!.best },
      };
    },
  };
}

function memoryRow(engine: Engine): Row {
  return {
    name: `subunit-worker ${engine}, memory after ${LATE_GENERATION} units`,
    tool: "subunit-worker",
    pythonTool: undefined,
    goals: [
      goal(`1.3x of ${EARLY_GENERATION} units`, ({ growth }) => growth, {
        most: 1.3,
      }),
    ],
    async measure(plan) {
      const suite = makeSuite(engine, { ...plan, scale: 0.01 });
      const server = new Server(workerOf(engine, suite), suite.folder);
      await server.until("ready");
      const seconds: number[] = [];
      let early = 0;
      for (let n = 1; n <= LATE_GENERATION; n++) {
        seconds.push(await server.run("run", `${suite.id}\n`));
        if (n === EARLY_GENERATION) early = server.memory();
      }
      const late = server.memory();
      await server.close();
      return {
        best: Math.min(...seconds),
        median: median(seconds),
        peakMemory: late,
        growth: late / early,
      };
    },
  };
}

function raceRow(engine: Engine): Row {
  const [rival, command] = RIVALS[engine];
  return {
    name: `subunit-run -j2, a suite of ${engine}`,
    tool: "subunit-run",
    pythonTool: undefined,
    goals: [atMost(1, rival)],
    async measure(plan) {
      const suite = makeSuite(engine, plan);
      const words = `-j2 -- ${workerOf(engine, suite)}`;
      const ours = `${toolCommand("subunit-run")} ${words}`;
      const commands = {
        ours: inFolder(suite, ours),
        [rival]: inFolder(suite, command),
      };
      const samples = await inTurns(engine, commands, plan);
      return { ...samples.ours!, others: { [rival]: samples[rival]!.best } };
    },
  };
}

export const SERVER_ROWS: readonly Row[] = [
  warmRow("python", 0.15),
  warmRow("deno", 0.05),
  warmRow("node", 1),
  memoryRow("python"),
  memoryRow("deno"),
  memoryRow("node"),
  raceRow("python"),
  raceRow("deno"),
  raceRow("node"),
];
