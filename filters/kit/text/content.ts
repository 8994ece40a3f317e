/**
 * The content of a file as text.
 *
 * @module
 */

import { type Attachment, attachmentParts } from "@subunit/codec";
import { cutText, joinCut } from "./shorten.ts";

/**
 * How many UTF-16 units of a file are in a report that has whole files; the
 * longer ones are cut in the middle.
 */
export const MAX_FILE_LENGTH = 1_500_000;
/** Longer content is read in slices of this size. */
const SLICE_BYTES = 1024 * 1024;
/** The most bytes of UTF-8 for a UTF-16 unit. */
const UNIT_BYTES = 3;

const utf8 = new TextDecoder("utf-8", { fatal: true });
const latin1 = new TextDecoder("latin1");

/** Decodes content as UTF-8 if it is valid, otherwise as ISO-8859-1. */
export function textOfContent(content: Uint8Array): string {
  try {
    return utf8.decode(content);
  } catch {
    return latin1.decode(content);
  }
}

/** A file, of which perhaps only both ends are known. */
export type Content = Pick<Attachment, "bytes" | "omitted">;

/** How long a file is, in bytes. */
export function byteLengthOf(file: Attachment): number {
  const length = attachmentParts(file)
    .reduce((sum, part) => sum + part.length, 0);
  return length + (file.omitted?.byteLength ?? 0);
}

/**
 * How much of a file must be known for {@linkcode cutContent} to show so many
 * UTF-16 units of it: an option of `TestCollator`.
 */
export function endsFor(most: number): { readonly endBytes: number } {
  return { endBytes: UNIT_BYTES * (Math.ceil(most / 2) + 2) };
}

/**
 * The same, cut as by {@linkcode cutText}. The content may be longer than the
 * longest string, 512 MB: only what is shown becomes one.
 */
export function cutContent({ bytes, omitted }: Content, most: number): string {
  if (omitted === undefined && bytes.length <= SLICE_BYTES) {
    return cutText(textOfContent(bytes), most);
  }
  const length = omitted === undefined ? utf8Length(bytes) : omitted.characters;
  const missing = (length ?? bytes.length + (omitted?.byteLength ?? 0)) -
    most;
  if (missing <= 0) return textOfContent(bytes);
  const head = Math.ceil(most / 2), tail = most - head;
  const beginning = bytes.subarray(0, omitted?.at);
  const end = bytes.subarray(omitted?.at ?? 0);
  if (length === undefined) {
    return joinCut(
      latin1.decode(beginning.subarray(0, head)),
      missing,
      latin1.decode(end.subarray(end.length - tail)),
    );
  }
  // A byte order mark is no character.
  const lenient = new TextDecoder();
  return joinCut(
    lenient.decode(beginning.subarray(0, UNIT_BYTES * (head + 2)))
      .slice(0, head),
    missing,
    tail === 0
      ? ""
      : lenient.decode(end.subarray(-UNIT_BYTES * (tail + 1))).slice(-tail),
  );
}

/** How many UTF-16 units content has as UTF-8; undefined when it is not that. */
function utf8Length(content: Uint8Array): number | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let length = 0;
  try {
    for (let at = 0; at < content.length; at += SLICE_BYTES) {
      const slice = content.subarray(at, at + SLICE_BYTES);
      length += decoder.decode(slice, { stream: true }).length;
    }
    return length + decoder.decode().length;
  } catch {
    return undefined;
  }
}
