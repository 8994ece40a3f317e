/**
 * Ruby: minitest and RSpec.
 *
 * @module
 */

import { type Grammar, joined, linesUntil } from "../frame.ts";

export const ruby: Grammar = {
  // minitest's frames look like places that compilers print.
  frames: [{
    pattern: /^\s+# (?<file>\S.*?\.rb):(?<line>\d+):in /,
  }],
  headline: (lines) => rspec(lines) ?? minitest(lines),
};

function rspec(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) => /^\s+Failure\/Error: /.test(line));
  if (at < 0) return undefined;
  let start = at + 1;
  while (lines[start] === "") start++;
  const said = linesUntil(lines, start, /^\s+# /);
  return joined(said.length > 0 ? said : [lines[at]]);
}

function minitest(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) =>
    /^\S+#\S+ \[.*:\d+\]:$|^\S+#\S+:$/.test(line)
  );
  if (at < 0) return undefined;
  return joined(linesUntil(lines, at + 1, /^\s+.*:\d+:in /)) || undefined;
}
