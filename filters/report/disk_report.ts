/**
 * Reports on the disk: each test is a directory with its files, and with
 * `test.json`, which has its outcome. Nothing is ever overwritten.
 *
 * @module
 */

import { attachmentParts, type Timestamp } from "@subunit/codec";
import { reasonOf, ToolError } from "../kit/errors.ts";
import {
  createFile,
  makeDirectories,
  makeNewDirectory,
  writeNewFile,
} from "../kit/io/new_file.ts";
import { writeAll } from "../kit/io/output.ts";
import { formatTime } from "../kit/python/format.ts";
import { compareText } from "../kit/text/order.ts";
import type { Report, ReportedTest } from "./report.ts";

const encoder = new TextEncoder();

function timeOf(time: Timestamp | undefined): string | null {
  return time === undefined ? null : formatTime(time);
}

/**
 * The content of `test.json`.
 *
 * @param renamed the names on the disk of files that could not keep theirs
 */
function testJson(
  test: ReportedTest,
  renamed: Readonly<Record<string, string>>,
): unknown {
  const { testId, outcome, started, ended } = test;
  return {
    details: test.attachments.map(({ name }) => name).sort(compareText),
    files: Object.keys(renamed).length > 0 ? renamed : undefined,
    id: testId,
    parent: test.parentTestId,
    route: test.routeCode,
    // A test of one event started when it ended.
    start: timeOf(started ?? ended),
    status: outcome,
    stop: timeOf(ended),
    tags: test.tags.toSorted(compareText),
  };
}

/** Writes tests into a directory. */
export class DiskReport implements Report {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
    this.#try(() => makeDirectories(root));
  }

  add(test: ReportedTest): void {
    this.#try(() => {
      const name = makeNewDirectory(this.#root, test.testId);
      this.#write(`${this.#root}/${name}`, test);
    });
  }

  #write(directory: string, test: ReportedTest): void {
    // Made first, so that no attachment takes its name; filled last, when all
    // of the test is there.
    using json = createFile(`${directory}/test.json`);
    const renamed: Record<string, string> = Object.create(null);
    for (const attachment of test.attachments) {
      const { name } = attachment;
      const file = writeNewFile(directory, name, attachmentParts(attachment));
      if (file !== name) renamed[name] = file;
    }
    const text = JSON.stringify(testJson(test, renamed)) + "\n";
    writeAll(json, encoder.encode(text));
  }

  /** @throws {ToolError} when the file system fails */
  #try(act: () => void): void {
    try {
      act();
    } catch (error) {
      // A defect of ours is not a failure of the file system.
      if (error instanceof TypeError) throw error;
      throw new ToolError(
        `Cannot write into "${this.#root}": ${
          reasonOf(error)
        }: what follows is missing there`,
      );
    }
  }
}
