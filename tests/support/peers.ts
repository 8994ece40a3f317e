/**
 * Other implementations of subunit: the Python tools, and the programs of
 * `tests/peers/` that use Python's and Perl's libraries.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { StatusEvent } from "@subunit/codec";
import { pathOf } from "../../scripts/tool_path.ts";
import {
  type Finished,
  peer,
  ROOT,
  type Surroundings,
  TempDir,
  text,
} from "./run.ts";

/**
 * The process that runs the programs of Python; one for each test file, since
 * most of a program's time is the imports of subunit and testtools. Python
 * writes text when it is printed, and as UTF-8.
 */
const programs = peer("python3-subunit")
  ? new Deno.Command("/usr/bin/python3", {
    args: [peerPath("run_programs.py")],
    env: { PYTHONUNBUFFERED: "1", PYTHONUTF8: "1" },
    stdin: "piped",
    stdout: "piped",
  }).spawn()
  : undefined;
const calls = programs?.stdin.getWriter();
const replies = programs?.stdout.getReader();
let last: Promise<unknown> = Promise.resolve();

/** Runs a program of Python with arguments, once those before it have ended. */
function runWithPython(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<Finished> {
  const finished = last.then(() => runProgram(args, surroundings));
  last = finished.catch(() => {});
  return finished;
}

async function runProgram(
  args: readonly string[],
  { stdin = "", env = {}, cwd = Deno.cwd() }: Surroundings,
): Promise<Finished> {
  using dir = new TempDir();
  dir.file("stdin", stdin);
  const call = JSON.stringify({ args, env, cwd, dir: dir.path });
  await calls!.write(new TextEncoder().encode(`${call}\n`));
  const { value } = await replies!.read();
  assert(value !== undefined, "Python has ended");
  const [stdout, stderr] = ["stdout", "stderr"].map((name) =>
    Deno.readFileSync(`${dir.path}/${name}`)
  );
  return { status: Number(text(value)), stdout, stderr: text(stderr) };
}

/** Runs one of the Python tools, as Debian's package `subunit` installs it. */
export function runPython(
  tool: string,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Finished> {
  return runWithPython([`/usr/bin/${tool}`, ...args], surroundings);
}

/** The path of a program of `tests/peers/`. */
export function peerPath(name: string): string {
  return pathOf(new URL(`tests/peers/${name}`, ROOT));
}

/** Runs a Python program of `tests/peers/`. */
export function runScript(
  name: string,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Finished> {
  return runWithPython([peerPath(name), ...args], surroundings);
}

/**
 * Reads a stream with a Python program of `tests/peers/`, which must succeed.
 *
 * @returns the lines it prints, and its messages
 */
export async function linesByPython(
  script: string,
  bytes: Uint8Array,
): Promise<{ lines: string[]; stderr: string }> {
  using dir = new TempDir();
  const path = dir.file("stream", bytes);
  const { stdout, stderr, status } = await runScript(script, [path]);
  assertEquals(status, 0, stderr);
  const lines = text(stdout).split("\n").filter((line) => line !== "");
  return { lines, stderr };
}

/**
 * An event as Python's StreamResult.status() takes it, which has no parents:
 * tags sorted, bytes as hex, the time in microseconds.
 */
export function toPython(event: StatusEvent): Record<string, unknown> {
  const { timestamp } = event;
  return {
    test_id: event.testId ?? null,
    test_status: event.status ?? null,
    test_tags: event.tags?.toSorted() ?? null,
    runnable: event.runnable,
    file_name: event.fileName ?? null,
    file_bytes: event.fileBytes?.toHex() ?? null,
    eof: event.eof ?? false,
    mime_type: event.mimeType ?? null,
    route_code: event.routeCode ?? null,
    timestamp: timestamp === undefined
      ? null
      : timestamp.seconds * 1e6 + timestamp.nanoseconds / 1e3,
  };
}
