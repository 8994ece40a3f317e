/**
 * Injects faults into denoland/std and records how its tests fail, in the form
 * of `mutants.py`.
 *
 *     std_mutants.ts CHECKOUT raise|value COUNT > failures.jsonl
 *
 * A fault of kind "raise" is an exception at the beginning of a function; one of
 * kind "value" is a function that returns undefined. Each is injected alone, and
 * the tests of its module run. A line has the number of the fault, the test and
 * its text, up to ten for a fault; tests that fail anyway are left out.
 *
 * @module
 */

import { converted } from "./record.ts";

/** Modules that need nothing from a network. */
const MODULES = [
  "async",
  "bytes",
  "cache",
  "cbor",
  "collections",
  "csv",
  "data_structures",
  "datetime",
  "encoding",
  "fmt",
  "front_matter",
  "html",
  "ini",
  "jsonc",
  "msgpack",
  "path",
  "semver",
  "text",
  "toml",
  "yaml",
];
const SEED = 18;
/** Failures of one fault beyond these say nothing new. */
const MOST = 10;
const MOST_FAILED = 400;
const RAISED = [
  "RangeError(`bad value ${Math.floor(Math.random() * 1e6)}`)",
  "Error(`state 0x${Math.random().toString(16).slice(2, 12)} is not ready`)",
  "Error(`EIO: input/output error, open '/tmp/tmp${Deno.pid}/data'`)",
  "TypeError(`expected string, not ${typeof globalThis}`)",
  "SyntaxError(`unexpected token at ${Math.floor(Math.random() * 1e6)}`)",
];

/** The first line of a function or method, which opens its body. */
const FUNCTION =
  /^(?:export )?(?:default )?(?:async )?function\*? \w+[^;]*\{$|^ {2}(?:static )?(?:async )?[*#]?\w+(?:<[^;]*>)?\([^;]*\)[^;=]*\{$/;
const NO_FUNCTION = /^ {2}(?:if|for|while|switch|catch|constructor)\b/;

/** Numbers that depend on the seed alone. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled<T>(values: readonly T[], next: () => number): T[] {
  const left = [...values];
  for (let i = left.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [left[i], left[j]] = [left[j], left[i]];
  }
  return left;
}

/** A place for a fault: a line of a file. */
interface Place {
  readonly module: string;
  readonly path: string;
  readonly line: number;
}

function placesIn(checkout: string): Place[] {
  const places: Place[] = [];
  const walk = (module: string, folder: string) => {
    const entries = [...Deno.readDirSync(folder)]
      .sort((a, b) => a.name < b.name ? -1 : 1);
    for (const { name, isDirectory } of entries) {
      const path = `${folder}/${name}`;
      if (isDirectory) {
        if (name !== "testdata") walk(module, path);
      } else if (/\.ts$/.test(name) && !/(?:_test|mod)\.ts$/.test(name)) {
        for (
          const [line, text] of Deno.readTextFileSync(path).split("\n")
            .entries()
        ) {
          if (FUNCTION.test(text) && !NO_FUNCTION.test(text)) {
            places.push({ module, path, line });
          }
        }
      }
    }
  };
  for (const module of MODULES) walk(module, `${checkout}/${module}`);
  return places;
}

/** The tests of a module that fail, with their texts. */
async function failuresOf(checkout: string, module: string) {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", "--no-lock", "--reporter=junit", module],
    cwd: checkout,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stderr: "null",
    signal: AbortSignal.timeout(120_000),
  }).output();
  const failures = new Map<string, string>();
  const text = new TextDecoder().decode(stdout);
  if (!text.includes("<failure")) return failures;
  for (
    const [testId, name, failure] of converted(
      "junitxml2subunit",
      text,
      checkout,
    )
  ) {
    // A test that failed for its steps has no fault of its own.
    if (name !== "traceback" || /^\d+ test steps? failed/.test(failure)) {
      continue;
    }
    failures.set(testId, failure.replaceAll(checkout, "/home/ann/checkout"));
  }
  return failures;
}

if (import.meta.main) {
  const [checkout, kind, count] = Deno.args;
  const healthy = new Map<string, ReadonlySet<string>>();
  let fault = 0;
  for (
    const { module, path, line } of shuffled(placesIn(checkout), random(SEED))
  ) {
    if (fault === Number(count)) break;
    if (!healthy.has(module)) {
      healthy.set(module, new Set((await failuresOf(checkout, module)).keys()));
    }
    const source = Deno.readTextFileSync(path);
    const lines = source.split("\n");
    lines[line] += kind === "raise"
      ? ` if (true) throw new ${RAISED[fault % RAISED.length]};`
      : " if (true) return undefined as any;";
    Deno.writeTextFileSync(path, lines.join("\n"));
    const failed = await failuresOf(checkout, module)
      .finally(() => Deno.writeTextFileSync(path, source));
    const ids = [...failed.keys()].filter((id) =>
      !healthy.get(module)!.has(id)
    );
    // What no test reaches, and what breaks the whole module, shows nothing.
    if (ids.length < 2 || ids.length > MOST_FAILED) continue;
    for (const testId of shuffled(ids.sort(), random(fault)).slice(0, MOST)) {
      console.log(JSON.stringify({ fault, testId, text: failed.get(testId) }));
    }
    fault++;
  }
}
