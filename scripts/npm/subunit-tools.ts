/**
 * subunit-tools: runs a tool of the npm package, or lists them. This is what
 * `npx subunit-tools` runs.
 *
 * @module
 */

import { closestString } from "@std/text/closest-string";

/** What each tool is for; the build puts it in, as the version. */
declare const SUMMARIES: Readonly<Record<string, string>>;
declare const VERSION: string;

const NAME = "subunit-tools";
/** What the short form of a name leaves out. */
const PREFIX = /^subunit-?/;

/** The name of the tool that is called so, in full or for short. */
function toolCalled(word: string): string | undefined {
  return Object.keys(SUMMARIES).find((name) =>
    [name, name.replace(PREFIX, "")].includes(word)
  );
}

/** What is most like a word that calls no tool. */
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
  -h, --help     show this text; that of a tool: ${NAME} TOOL --help
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

/** Runs what the command line asks for; returns the exit status if it is known. */
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
  // The tool takes what is left for its command line.
  Object.defineProperty(Deno, "args", { value: rest });
  await import(new URL(`${tool}.js`, import.meta.url).href);
}

if (import.meta.main) {
  const status = await main();
  if (status !== undefined) Deno.exitCode = status;
}
