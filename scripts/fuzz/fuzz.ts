/**
 * `deno task fuzz [SECONDS] [SEED]`: tries the decoders and the executables, on
 * Deno and on Node, with inputs made from recorded streams. A law that breaks is
 * printed with the smallest input found, which is written to `dist/fuzz/`, and
 * the exit status is 1. `deno task fuzz FILE...` tries files.
 *
 * @module
 */

import { peer } from "../../tests/support/run.ts";
import { pathOf, quote } from "../tool_path.ts";
import { type Breach, codecBreach, READERS } from "./codec_laws.ts";
import {
  type Input,
  inputOf,
  Random,
  readInput,
  startingInputs,
} from "./inputs.ts";
import { shrink } from "./shrink.ts";
import {
  type Call,
  CALLS,
  DENO,
  nodeWith,
  type Runtime,
  toolBreach,
} from "./tool_laws.ts";

const ROOT = pathOf(new URL("../../", import.meta.url));

/** What is tested, where inputs are written, and how findings are printed. */
export interface Setup {
  readonly readers: typeof READERS;
  readonly calls: readonly Call[];
  readonly runtimes: readonly Runtime[];
  readonly folder: string;
  print(text: string): void;
}

/** In how many ways an input is cut that is not new. */
const CUTS = 12;
/** A call takes about as long as so many inputs of decoders. */
const INPUTS_PER_CALL = 15;
/** How long an input is made smaller. */
const SHRINKING_MILLISECONDS = 20_000;

type Find = (
  input: Input,
) => Breach | undefined | Promise<Breach | undefined>;

/** Returns what a decoder does wrong with an input, however it is cut. */
function cutBreach({ readers }: Setup, input: Input): Breach | undefined {
  for (let seed = 0; seed < CUTS; seed++) {
    const breach = codecBreach(input, new Random(seed), readers);
    if (breach !== undefined) return breach;
  }
}

/** Yields what is wrong with an input in everything that reads its format. */
export async function* breachesOf(
  setup: Omit<Setup, "folder" | "print">,
  input: Input,
): AsyncGenerator<Breach> {
  const breach = cutBreach(setup as Setup, input);
  if (breach !== undefined) yield breach;
  for (
    const call of setup.calls.filter(({ reads }) => reads === input.format)
  ) {
    const breach = await toolBreach(call, input.bytes, setup.runtimes);
    if (breach !== undefined) yield breach;
  }
}

/** Tries inputs until the time is over. Returns how many laws broke. */
export async function fuzz(
  setup: Setup,
  seconds: number,
  seed: number,
): Promise<number> {
  const starting = startingInputs(seed);
  const end = performance.now() + seconds * 1000;
  const broken = new Set<string>();
  let count = 0, calls = 0;
  for (; performance.now() < end; count++) {
    const random = new Random(seed + Math.imul(count, 0x10001));
    const input = inputOf(random, starting);
    const name = `seed_${seed}_input_${count}`;
    const breach = codecBreach(input, random, setup.readers);
    if (isNew(breach)) {
      const find = (input: Input) => cutBreach(setup, input);
      await report(setup, name, breach, input, find);
    }
    const readers = setup.calls.filter(({ reads }) => reads === input.format);
    if (count % INPUTS_PER_CALL !== 0 || readers.length === 0) continue;
    const call = random.pick(readers);
    calls++;
    const find = ({ bytes }: Input) => toolBreach(call, bytes, setup.runtimes);
    const wrong = await find(input);
    if (isNew(wrong)) {
      await report(setup, name, wrong, input, find);
    }
  }
  setup.print(
    `seed ${seed}: ${count} inputs, ${calls} calls, ${broken.size} broken laws`,
  );
  return broken.size;

  function isNew(breach: Breach | undefined): breach is Breach {
    const before = broken.size;
    if (breach !== undefined) broken.add(`${breach.law} ${breach.subject}`);
    return broken.size > before;
  }
}

/** Makes the input smaller, writes it, and prints what is wrong with it. */
async function report(
  { folder, print }: Setup,
  name: string,
  first: Breach,
  input: Input,
  find: Find,
): Promise<void> {
  const bytes = await shrink(
    input.bytes,
    async (bytes) => (await find({ ...input, bytes }))?.law === first.law,
    SHRINKING_MILLISECONDS,
  );
  const { law, subject, call, detail } = await find({ ...input, bytes }) ??
    first;
  const path = `${folder}/${name}.${input.format}`;
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeFileSync(path, bytes);
  print(`${name}: "${law}" is broken by ${subject}: ${detail.slice(0, 2000)}
  ${bytes.length} bytes: ${path}
  again: deno task fuzz ${quote(path)}`);
  if (call === undefined) return;
  const words = [`filters/${call.tool}.ts`, ...call.args].map(quote).join(" ");
  print(`  or: deno run -A ${words} < ${quote(path)}`);
}

/** Node with the package, which is built unless it is newer than its sources. */
function node(): Runtime[] {
  if (!peer("node") || !peer("npm")) {
    console.log("left out: Node needs node and npm");
    return [];
  }
  const npm = `${ROOT}dist/npm`;
  const isFound = ["-name", "*.ts", "-newer", `${npm}/package.json`];
  const newer = new Deno.Command("find", {
    args: [`${ROOT}codec`, `${ROOT}filters`, ...isFound],
  }).outputSync();
  if (!newer.success || newer.stdout.length > 0) {
    const args = ["run", "--quiet", "--allow-all", `${ROOT}scripts/build.ts`];
    if (!new Deno.Command(Deno.execPath(), { args }).outputSync().success) {
      throw new Error("Cannot build the npm package: try deno task build");
    }
  }
  return [nodeWith(npm)];
}

if (import.meta.main) {
  const setup: Setup = {
    readers: READERS,
    calls: CALLS,
    runtimes: [DENO, ...node()],
    folder: `${ROOT}dist/fuzz`,
    print: (text) => console.log(text),
  };
  const [first = "60", seed = "20130301"] = Deno.args;
  let broken = 0;
  if (/^\d+$/.test(first)) {
    broken = await fuzz(setup, Number(first), Number(seed));
  } else {
    for (const path of Deno.args) {
      for await (const breach of breachesOf(setup, readInput(path))) {
        const { law, subject, detail } = breach;
        console.log(`${path}: "${law}" is broken by ${subject}: ${detail}`);
        broken++;
      }
    }
  }
  Deno.exitCode = broken > 0 ? 1 : 0;
}
