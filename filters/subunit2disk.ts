#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2disk: each test of a stream as a directory with its files, and with
 * `test.json`, which says what it came to. Nothing is ever overwritten.
 *
 * @module
 */

import type { Timestamp } from "@subunit/codec";
import { reasonOf } from "./_errors.ts";
import {
  type Report,
  type Reported,
  runReport,
  SINK_OPTIONS,
} from "./_sink.ts";
import { compareText, formatTime } from "./_text.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  ToolError,
  TRANSFORM_STATUS,
} from "./_tool.ts";

/** What file systems take, less room for a number behind it. */
const MAX_NAME_BYTES = 255 - "-4294967295".length;

/**
 * What would leave the directory, or a terminal would obey, and "%" where it
 * would look like an escape: so escapes can be undone.
 */
const HARMFUL =
  // deno-lint-ignore no-control-regex -- they are what is looked for
  /[/\\\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]|%(?=[0-9A-F]{2})/g;

/** No test id or file name has the character this stands for. */
const EMPTY_NAME = "%00";

const encoder = new TextEncoder();

/**
 * The name of a file or directory for any text: itself where that is harmless,
 * else with escapes as in URLs, and cut where it is too long.
 */
export function safeName(text: string): string {
  if (text === "") return EMPTY_NAME;
  const escaped = /^\.\.?$/.test(text)
    ? text.replaceAll(".", "%2E")
    : text.replace(HARMFUL, encodeURIComponent);
  const { read } = encoder.encodeInto(escaped, new Uint8Array(MAX_NAME_BYTES));
  return read === escaped.length
    ? escaped
    : escaped.slice(0, read).replace(/%[0-9A-F]?$/, "");
}

/** A name that is not taken: itself, or else with a number behind it. */
export function freeName(
  name: string,
  isTaken: (name: string) => boolean,
): string {
  if (!isTaken(name)) return name;
  const isNumberTaken = (number: number) => isTaken(`${name}-${number}`);
  // First by doubling, then by halving: a test may run a million times.
  let taken = 0, free = 1;
  for (; isNumberTaken(free); free *= 2) taken = free;
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2);
    if (isNumberTaken(middle)) taken = middle;
    else free = middle;
  }
  return `${name}-${free}`;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Makes something new in a directory, called by a text as far as possible.
 *
 * @param make throws AlreadyExists when somebody else was faster
 * @returns its name there
 */
function makeNew(
  directory: string,
  text: string,
  make: (path: string) => void,
): string {
  for (;;) {
    const name = freeName(
      safeName(text),
      (name) => exists(`${directory}/${name}`),
    );
    try {
      make(`${directory}/${name}`);
      return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

function timeOf(time: Timestamp | undefined): string | null {
  return time === undefined ? null : formatTime(time);
}

/** What `test.json` says, given the names of files that are not their own. */
function summaryOf(
  test: Reported,
  renamed: Readonly<Record<string, string>>,
): unknown {
  const { testId, outcome, started, ended } = test;
  return {
    details: test.attachments.map(({ name }) => name).sort(compareText),
    files: Object.keys(renamed).length > 0 ? renamed : undefined,
    id: testId,
    parent: test.parentTestId,
    route: test.routeCode,
    // An event that is all there is of a test is its start as well.
    start: timeOf(started ?? ended),
    status: outcome,
    stop: timeOf(ended),
    tags: test.tags.toSorted(compareText),
  };
}

/** Writes tests into a directory. */
class DiskReport implements Report {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
    this.#try(() => Deno.mkdirSync(root, { recursive: true }));
  }

  add(test: Reported): void {
    this.#try(() => {
      const name = makeNew(
        this.#root,
        test.testId,
        (path) => Deno.mkdirSync(path),
      );
      this.#write(`${this.#root}/${name}`, test);
    });
  }

  #write(directory: string, test: Reported): void {
    // Made first, to have its name; filled last: then the test is all there.
    using json = Deno.openSync(`${directory}/test.json`, {
      write: true,
      createNew: true,
    });
    const renamed: Record<string, string> = Object.create(null);
    for (const { name, bytes } of test.attachments) {
      const file = makeNew(directory, name, (path) => {
        Deno.writeFileSync(path, bytes, { createNew: true });
      });
      if (file !== name) renamed[name] = file;
    }
    const text = JSON.stringify(summaryOf(test, renamed)) + "\n";
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) {
      at += json.writeSync(bytes.subarray(at));
    }
  }

  /** @throws {ToolError} when the file system fails */
  #try(act: () => void): void {
    try {
      act();
    } catch (error) {
      // A defect of ours is no failure of the file system.
      if (error instanceof TypeError) throw error;
      throw new ToolError(
        `Cannot write into "${this.#root}": ${
          reasonOf(error)
        }: what follows is missing there`,
      );
    }
  }
}

const { "output-to": _, ...OPTIONS } = SINK_OPTIONS;

export const tool: Tool = defineTool({
  name: "subunit2disk",
  summary: "Write each test of a subunit stream as a directory with its files",
  operands: "[FILE...]",
  options: {
    directory: {
      short: "d",
      value: "DIR",
      help: "write the directories there, not into the present one",
    },
    ...OPTIONS,
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `A directory has the name of its test. What cannot stand in a name is escaped
("/" is %2F), what is too long is cut, and what is there already is left alone:
another run of a test has "-1" behind its name, and so on. Its test.json has the
name as it was; it is empty until all files are written.
Text between the packets goes to standard error.`,
  exitStatus: ["every test was written", TRANSFORM_STATUS[1]],
  examples: [
    "subunit2disk -d results run.subunit",
    "./runner | subunit2disk -d results --forward | subunit-ls --failing",
  ],
  run(io, { directory = ".", ...options }, files) {
    const status = runReport(
      io,
      { ...options, "output-to": undefined },
      files,
      () => new DiskReport(directory),
      { attachments: true },
    );
    return options["exit-status"] ? status : 0;
  },
});

if (import.meta.main) runTool(tool);
