/**
 * Other implementations of subunit: the Python tools, and the programs of
 * `tests/peers/` that use Python's and Perl's libraries.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { StatusEvent } from "@subunit/codec";
import { pathOf } from "../../scripts/tool_path.ts";
import {
  type Finished,
  ROOT,
  run,
  type Surroundings,
  TempDir,
  text,
} from "./run.ts";

/** Python writes text when it is printed, and as UTF-8. */
const PYTHON_ENV = { PYTHONUNBUFFERED: "1", PYTHONUTF8: "1" };

/** Runs a program of Python with arguments. */
function runWithPython(
  command: readonly string[],
  surroundings: Surroundings,
): Promise<Finished> {
  return run(command, {
    ...surroundings,
    env: { ...PYTHON_ENV, ...surroundings.env },
  });
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
  const command = ["/usr/bin/python3", peerPath(name), ...args];
  return runWithPython(command, surroundings);
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
