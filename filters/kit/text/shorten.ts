/**
 * Text cut to a size: both ends are kept, what is left out is shown.
 *
 * @module
 */

/** The first and last of a text, `most` UTF-16 units of it, and a mark between. */
export function cutText(text: string, most: number): string {
  const missing = text.length - most;
  if (missing <= 0) return text;
  const head = Math.ceil(most / 2);
  const mark = `\n[${missing} characters left out]\n`;
  return (text.slice(0, head) + mark + text.slice(head + missing))
    .toWellFormed();
}

/** A line of `most` UTF-16 units at the most, with an ellipsis in its middle. */
export function cutLine(line: string, most: number): string {
  if (line.length <= most) return line;
  const head = Math.ceil((most - 1) / 2);
  const tail = line.length - (most - 1 - head);
  return `${line.slice(0, head)}…${line.slice(tail)}`.toWellFormed();
}
