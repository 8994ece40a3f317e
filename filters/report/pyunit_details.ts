/**
 * The files of a test as Python's testtools prints them.
 *
 * Source: testtools 2.5.0, `content_type.py` and `testresult/real.py`.
 *
 * @module
 */

import type { Attachment } from "@subunit/codec";
import {
  byteLengthOf,
  cutContent,
  MAX_FILE_LENGTH,
} from "../kit/text/content.ts";
import { compareText } from "../kit/text/order.ts";

/** The type of a file that has none. */
const BYTES_TYPE = "application/octet-stream";

/** A MIME type with its parameters sorted and quoted. */
function formatType(mimeType: string): string {
  const [type, ...parameters] = mimeType.split(";").map((part) => part.trim());
  const shown = parameters.map((parameter) =>
    parameter.replace(/^([^=]+)="?(.*?)"?$/, '$1="$2"')
  );
  return [type, ...shown.sort(compareText)].join("; ");
}

/** A file of text in a line, or between brackets on lines of their own. */
function formatText(name: string, text: string): string {
  return text.includes("\n")
    ? `${name}: {{{\n${text}\n}}}\n`
    : `${name}: {{{${text}}}}`;
}

/**
 * The files of a test as one text, sorted by name.
 *
 * @param special the name of the one that comes last, with nothing around it
 */
export function formatDetails(
  attachments: readonly Attachment[],
  special?: string,
): string {
  const binary: string[] = [], empty: string[] = [], texts: string[] = [];
  let last: string | undefined;
  const sorted = attachments.filter((file) => byteLengthOf(file) > 0)
    .sort((a, b) => compareText(a.name, b.name));
  for (const file of sorted) {
    const { name, mimeType } = file;
    const isText = /^\s*text\//.test(mimeType ?? "");
    const text = isText ? cutContent(file, MAX_FILE_LENGTH).trim() : "";
    if (!isText) {
      binary.push(`  ${name} (${formatType(mimeType || BYTES_TYPE)})\n`);
    } else if (text === "") empty.push(`  ${name}\n`);
    else if (name === special) last = `${text}\n`;
    else texts.push(formatText(name, text));
  }
  if (texts.length > 0 && !texts.at(-1)!.endsWith("\n")) texts.push("");
  if (last !== undefined) texts.push(last);
  const named = [
    ...(binary.length > 0 ? ["Binary content:\n", ...binary] : []),
    ...(empty.length > 0 ? ["Empty attachments:\n", ...empty] : []),
  ];
  if (named.length > 0 && texts.length > 0) named.push("\n");
  return named.join("") + texts.join("\n");
}
