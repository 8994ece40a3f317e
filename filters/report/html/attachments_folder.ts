/**
 * The folder for files that are too long for an HTML report. Nothing in it is
 * ever overwritten.
 *
 * @module
 */

import { type Attachment, attachmentParts } from "@subunit/codec";
import { reasonOf, ToolError } from "../../kit/errors.ts";
import {
  makeDirectories,
  makeNewDirectory,
  writeNewFile,
} from "../../kit/io/new_file.ts";
import { absolutePath } from "../../kit/io/paths.ts";
import type { ReportedTest } from "../report.ts";

/**
 * Ends of names that no browser opens as a document with scripts. Other files
 * get another end: a server tells their types by it.
 */
const HARMLESS =
  /\.(?:txt|log|json|csv|zip|gz|bz2|xz|zst|tar|tgz|mp4|webm|bin|dmp|core|pcap|png|jpe?g|gif|webp)$/i;

/** So long that, escaped, it still has its end. */
const MAX_STEM_LENGTH = 48;

/** The name of a file, with an end that is harmless. */
function harmlessName({ name, mimeType }: Attachment): string {
  const [ending] = HARMLESS.exec(name) ??
    [mimeType?.startsWith("text/") ? ".txt" : ".bin"];
  const stem = name.endsWith(ending) ? name.slice(0, -ending.length) : name;
  return (stem.slice(0, MAX_STEM_LENGTH).toWellFormed() || "file") + ending;
}

/** The parts of the path from one absolute path to another. */
function pathBetween(from: string, to: string): string[] {
  const [here, there] = [from, to].map((path) =>
    path.split("/").filter((part) => part !== "")
  );
  let same = 0;
  while (same < here.length && here[same] === there[same]) same++;
  return [...here.slice(same).map(() => ".."), ...there.slice(same)];
}

/** Writes files of tests, and names them as a report does. */
export class AttachmentsFolder {
  readonly #folder: string;
  /** The path from the report to the folder. */
  readonly #path: readonly string[];
  /** The test whose files came last, and the name of its directory. */
  #test: ReportedTest | undefined;
  #directory = "";

  /** @param report the file of the report; undefined for standard output */
  constructor(folder: string, report: string | undefined) {
    this.#folder = folder;
    this.#path = pathBetween(
      absolutePath(report === undefined ? "." : `${report}/..`),
      absolutePath(folder),
    );
  }

  /**
   * Writes a file.
   *
   * @param test its files share a directory as long as no other test's come
   * @returns a relative URL
   * @throws {ToolError} when the file system fails
   */
  write(test: ReportedTest, file: Attachment): string {
    try {
      if (test !== this.#test) {
        makeDirectories(this.#folder);
        this.#directory = makeNewDirectory(this.#folder, test.testId);
        this.#test = test;
      }
      const name = writeNewFile(
        `${this.#folder}/${this.#directory}`,
        harmlessName(file),
        attachmentParts(file),
      );
      return [...this.#path, this.#directory, name].map(encodeURIComponent)
        .join("/");
    } catch (error) {
      // A defect of ours is not a failure of the file system.
      if (error instanceof TypeError) throw error;
      throw new ToolError(
        `Cannot write into "${this.#folder}": ${
          reasonOf(error)
        }: what follows is missing there`,
      );
    }
  }
}
