/**
 * The content of a file as text.
 *
 * @module
 */

import { cutText, joinCut } from "./shorten.ts";

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

/**
 * The same, cut as by {@linkcode cutText}. The content may be longer than the
 * longest string, 512 MB: only what is shown becomes one.
 */
export function cutContent(content: Uint8Array, most: number): string {
  if (content.length <= SLICE_BYTES) {
    return cutText(textOfContent(content), most);
  }
  const length = utf8Length(content);
  const missing = (length ?? content.length) - most;
  if (missing <= 0) return textOfContent(content);
  const head = Math.ceil(most / 2), tail = most - head;
  if (length === undefined) {
    return joinCut(
      latin1.decode(content.subarray(0, head)),
      missing,
      latin1.decode(content.subarray(content.length - tail)),
    );
  }
  // A byte order mark is no character.
  const start = content.subarray(0, UNIT_BYTES * (head + 2));
  const end = content.subarray(-UNIT_BYTES * (tail + 1));
  const lenient = new TextDecoder();
  return joinCut(
    lenient.decode(start).slice(0, head),
    missing,
    tail === 0 ? "" : lenient.decode(end).slice(-tail),
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
