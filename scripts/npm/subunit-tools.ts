/**
 * subunit-tools: lists the tools of the npm package, or runs one of them. This
 * is the command of `npx subunit-tools`.
 *
 * @module
 */

import { closestString } from "@std/text/closest-string";

/** The purpose of each tool; the build inserts it, and the version. */
declare const SUMMARIES: Readonly<Record<string, string>>;
declare const VERSION: string;

const NAME = "subunit-tools";
/** The part of a name that its short form leaves out. */
const PREFIX = /^subunit-?/;

/** Returns the tool with that full or short name. */
function toolCalled(word: string): string | undefined {
  return Object.keys(SUMMARIES).find((name) =>
    [name, name.replace(PREFIX, "")].includes(word)
  );
}

/** Returns the name that is most similar to an unknown word. */
function nearestTo(word: string): string {
  const names = Object.keys(SUMMARIES);
  const short = names.map((name) => name.replace(PREFIX, ""));
  return closestString(word, PREFIX.test(word) ? names : short);
}

function helpText(): string {
  const tools = Object.entries(SUMMARIES);
  const width = Math.max(...tools.map(([name]) => name.length));
  const rows = tools.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
  return `Usage: ${NAME} TOOL [ARGUMENT...]
Run one of these tools; "ls" is short for subunit-ls, "2csv" for subunit2csv.

${rows.join("\n")}

Options:
  -h, --help     show this text; for a tool, ${NAME} TOOL --help
      --version  show the version

Examples:
  ${NAME} ls --failing run.subunit
  node --test --test-reporter=tap | ${NAME} tap2subunit > run.subunit
`;
}

function write(file: typeof Deno.stdout | typeof Deno.stderr, text: string) {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
}

/** Writes to standard output; returns the exit status. */
function print(text: string): number {
  try {
    write(Deno.stdout, text);
    return 0;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return 128 + 13;
    return fail(`Cannot write standard output: ${(error as Error).message}`);
  }
}

function fail(message: string): number {
  write(Deno.stderr, `${NAME}: ${message}\n`);
  return 2;
}

/** Runs the command line; returns the exit status, unless the tool sets it. */
async function main(): Promise<number | void> {
  const [word = "--help", ...rest] = Deno.args;
  if (word === "--help" || word === "-h") return print(helpText());
  if (word === "--version") return print(`${NAME} ${VERSION}\n`);
  const quoted = JSON.stringify(word);
  if (word.startsWith("-")) return fail(`Unknown option ${quoted}: see --help`);
  const tool = toolCalled(word);
  if (tool === undefined) {
    return fail(`Unknown tool ${quoted}: did you mean "${nearestTo(word)}"?`);
  }
  // The remaining words are the command line of the tool.
  Object.defineProperty(Deno, "args", { value: rest });
  await import(new URL(`${tool}.js`, import.meta.url).href);
}

if (import.meta.main) {
  const status = await main();
  if (status !== undefined) Deno.exitCode = status;
}
