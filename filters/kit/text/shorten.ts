/**
 * Text cut to a size: both ends are kept, with a mark where text is missing.
 *
 * @module
 */

/** Keeps `most` UTF-16 units of a text, at both ends, with a mark between them. */
export function cutText(text: string, most: number): string {
  const missing = text.length - most;
  if (missing <= 0) return text;
  const head = Math.ceil(most / 2);
  return joinCut(text.slice(0, head), missing, text.slice(head + missing));
}

/** Both ends of a text, with a mark for the characters missing between them. */
export function joinCut(head: string, missing: number, tail: string): string {
  return `${head}\n[${missing} characters left out]\n${tail}`.toWellFormed();
}

/** Shortens a line to `most` UTF-16 units, with an ellipsis in its middle. */
export function cutLine(line: string, most: number): string {
  if (line.length <= most) return line;
  const head = Math.ceil((most - 1) / 2);
  const tail = line.length - (most - 1 - head);
  return `${line.slice(0, head)}…${line.slice(tail)}`.toWellFormed();
}
