#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2disk: each test of a stream as a directory with its files, and with
 * `test.json`, which says what it came to. Nothing is ever overwritten.
 *
 * @module
 */

import type { Timestamp } from "@subunit/codec";
import { reasonOf } from "./kit/errors.ts";
import {
  createFile,
  makeDirectories,
  makeNewDirectory,
  writeNewFile,
} from "./kit/io/new_file.ts";
import { writeAll } from "./kit/io/output.ts";
import {
  type Report,
  type Reported,
  runReport,
  SINK_OPTIONS,
} from "./report/report.ts";
import { compareText, formatTime } from "./kit/text/visible.ts";
import {
  defineTool,
  REPORT_STATUS,
  runTool,
  type Tool,
  ToolError,
} from "./kit/tool/tool.ts";

const encoder = new TextEncoder();

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
    this.#try(() => makeDirectories(root));
  }

  add(test: Reported): void {
    this.#try(() => {
      const name = makeNewDirectory(this.#root, test.testId);
      this.#write(`${this.#root}/${name}`, test);
    });
  }

  #write(directory: string, test: Reported): void {
    // Made first, to have its name; filled last: then the test is all there.
    using json = createFile(`${directory}/test.json`);
    const renamed: Record<string, string> = Object.create(null);
    for (const { name, bytes } of test.attachments) {
      const file = writeNewFile(directory, name, bytes);
      if (file !== name) renamed[name] = file;
    }
    const text = JSON.stringify(summaryOf(test, renamed)) + "\n";
    writeAll(json, encoder.encode(text));
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
  },
  notes:
    `A directory has the name of its test. What cannot stand in a name is escaped
("/" is %2F), what is too long is cut, and what is there already is left alone:
another run of a test has "-1" behind its name, and so on. Its test.json has the
name as it was; it is empty until all files are written.
Text between the packets goes to standard error.`,
  exitStatus: REPORT_STATUS,
  examples: [
    "subunit2disk -d results run.subunit",
    "./runner | subunit2disk -d results --forward | subunit-ls --failing",
  ],
  run(io, { directory = ".", ...options }, files) {
    return runReport(
      io,
      { ...options, "output-to": undefined },
      files,
      () => new DiskReport(directory),
      { attachments: true },
    );
  },
});

if (import.meta.main) runTool(tool);
