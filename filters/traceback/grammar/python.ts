/**
 * Python, and pytest.
 *
 * @module
 */

import { type Grammar, joined, lastFirst } from "../frame.ts";

export const python: Grammar = {
  frames: [
    {
      pattern: /^[\s|]*File "(?<file>[^"<].*?)", line (?<line>\d+)/,
      order: lastFirst,
    },
    // pytest.
    {
      pattern: /^(?<file>[^\s:"<>]+\.py):(?<line>\d+): /,
      order: lastFirst,
    },
  ],
  headline: (lines) => pytestHeadline(lines) ?? raised(lines),
};

/** `E   assert 4 == 5`: the first line of the last such block. */
function pytestHeadline(lines: readonly string[]): string | undefined {
  const isSaid = (line: string | undefined) => /^E {3,}\S/.test(line ?? "");
  const last = lines.findLastIndex((line) => isSaid(line));
  if (last < 0) return undefined;
  let first = last;
  while (/^E( |$)/.test(lines[first - 1] ?? "")) first--;
  const said = lines.slice(first, last + 1).map((line) => line.slice(1).trim());
  // Below the message of an assertion are the values it compared.
  return said[1]?.startsWith("assert ") ? joined(said.slice(0, 2)) : said[0];
}

/** The exception, which is below the frames and not indented. */
function raised(lines: readonly string[]): string | undefined {
  const at = lines.findLastIndex((line) =>
    /\bTraceback \(most recent call last\):$/.test(line)
  );
  if (at < 0) return undefined;
  // Exception groups are drawn with bars.
  const indent = lines[at].search(/[^\s|+]/);
  const below = lines.slice(at + 1).map((line) =>
    /^[\s|+-]*$/.test(line.slice(0, indent)) ? line.slice(indent) : line
  );
  const start = below.findIndex((line) => /^[^\s|+-]/.test(line));
  if (start < 0) return undefined;
  const line = below[start];
  return /:$/.test(line)
    ? joined([line, below.slice(start + 1).find((next) => next !== "")])
    : line;
}
