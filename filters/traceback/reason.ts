/**
 * The reason for the outcome of a test, from its files.
 *
 * @module
 */

import type { Attachment } from "@subunit/codec";

/** Names of files with the reason, best first. */
const REASONS = ["traceback", "reason", "message", "Parser Error"];

/** Whether a file is text: by its type, or else by its bytes. */
export function isText({ mimeType, bytes }: Attachment): boolean {
  return mimeType
    ? /^(text\/|application\/(json|xml)\b)/.test(mimeType)
    : !bytes.includes(0);
}

/**
 * The file of a test that has the reason.
 *
 * @param texts its files that are text and not empty
 * @param isFailed whether it is the last one when none is called so
 */
export function reasonIn(
  texts: readonly Attachment[],
  isFailed: boolean,
): Attachment | undefined {
  for (const wanted of REASONS) {
    // Those of runs before the last are called "attempt-1 traceback".
    const reason = texts.find(({ name }) => name === wanted) ??
      texts.findLast(({ name }) => name.endsWith(` ${wanted}`));
    if (reason !== undefined) return reason;
  }
  return isFailed ? texts.at(-1) : undefined;
}

/** The line of a reason that sums it up; undefined when all are blank. */
export function headlineOf(fileName: string, text: string): string | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (!fileName.endsWith("traceback")) return lines[0];
  // What was raised is not indented: below where it was, or above. What was
  // raised first is the last that the JVM prints.
  return lines.findLast((line) => /^\S/.test(line)) ?? lines.at(-1);
}
