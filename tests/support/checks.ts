/**
 * What many executables have in common, checked in one way.
 *
 * @module
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { quote } from "../../scripts/tool_path.ts";
import { callTool, test } from "./call.ts";
import {
  commandOf,
  type Finished,
  run,
  runTool,
  TempDir,
  text,
} from "./run.ts";

/** Checks that a message is one line, begins with the tool and has these words. */
export function assertMessage(
  stderr: string,
  name: string,
  ...words: readonly (string | RegExp)[]
): void {
  assertMatch(stderr, new RegExp(`^${name}: [^\\n]+\\n$`));
  for (const word of words) {
    if (typeof word === "string") assertStringIncludes(stderr, word);
    else assertMatch(stderr, word);
  }
}

/** Checks that a call failed with one message, without output and with 2. */
export function assertRefused(
  { status, stdout, stderr }: Finished,
  name: string,
  ...words: readonly (string | RegExp)[]
): void {
  assertMessage(stderr, name, ...words);
  assertEquals(stdout.length, 0);
  assertEquals(status, 2);
}

/** Checks that a call fails because a file does not exist. */
export async function assertMissing(
  path: string,
  name: string,
  args: readonly string[] = [path],
): Promise<void> {
  const { status, stdout, stderr } = await runTool(name, args);
  assertEquals(status, 2);
  assertEquals(stdout.length, 0);
  assertEquals(
    stderr,
    `${name}: Cannot open "${path}": no such file or directory: check the path\n`,
  );
}

/** Checks a tool's exit status for each of several inputs. */
export async function assertStatuses(
  name: string,
  args: readonly string[],
  cases: readonly (readonly [stdin: Uint8Array | string, status: number])[],
): Promise<void> {
  for (const [stdin, expected] of cases) {
    const { status } = await callTool(name, args, { stdin });
    const shown = typeof stdin === "string" ? stdin : text(stdin);
    assertEquals(status, expected, shown);
  }
}

/**
 * Runs a tool on a terminal, which is its input too where there is no file;
 * `shown` has the line ends that the tool wrote.
 */
export async function runOnTerminal(
  name: string,
  args: readonly string[],
  stdin?: string,
): Promise<{ status: number; shown: string }> {
  const words = [...commandOf(name), ...args].map(quote).join(" ");
  const command = stdin === undefined ? words : `${words} < ${quote(stdin)}`;
  const { status, stdout } = await run(
    ["script", "-qec", command, "/dev/null"],
    { env: { SHELL: "/bin/sh" } },
  );
  // The terminal itself turns line feeds into CR LF.
  return { status, shown: text(stdout).replaceAll("\r\n", "\n") };
}

/** A call of a tool, and all that it must result in. */
export interface Row {
  readonly name: string;
  readonly args?: readonly string[];
  readonly stream?: Uint8Array;
  readonly status?: number;
  readonly stdout: string;
  readonly stderr?: string;
}

/** Registers a test for each row; `stream` is the input where a row has none. */
export function testRows(
  tool: string,
  rows: readonly Row[],
  stream: Uint8Array,
): void {
  for (const row of rows) {
    test(`${tool} ${row.name}`, async () => {
      const { status, stdout, stderr } = await callTool(tool, row.args, {
        stdin: row.stream ?? stream,
      });
      assertEquals(text(stdout), row.stdout);
      assertEquals(stderr, row.stderr ?? "");
      assertEquals(status, row.status ?? 0);
    });
  }
}

/**
 * Checks that a report's `--forward` passes the stream on: with the report in
 * a file, and with the report on standard error.
 *
 * @param name a tool that has -f and -o, and no message on this input
 * @returns the report
 */
export async function assertForwards(
  name: string,
  input: Uint8Array,
): Promise<string> {
  using dir = new TempDir();
  const path = `${dir.path}/report`;
  const stdin = { stdin: input };
  const beside = await runTool(name, ["-f", "-o", path], stdin);
  assertEquals(beside.stderr, "");
  assertEquals(beside.stdout, input);
  const report = Deno.readTextFileSync(path);
  const forwarded = await runTool(name, ["-f"], stdin);
  assertEquals(forwarded.stdout, input);
  assertEquals(forwarded.stderr, report);
  return report;
}
