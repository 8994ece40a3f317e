/**
 * Perl, and Test::More.
 *
 * @module
 */

import { firstMatch, type Grammar, joined } from "../frame.ts";

const FAILED = /^\s*(Failed (?:\(TODO\) )?test\b.*)$/;

export const perl: Grammar = {
  frames: [
    // Test::More, on a line of its own.
    {
      pattern: /^[\s#]*at (?<file>\S.*\.(?:t|p[lm])) line (?<line>\d+)\.$/,
    },
    {
      pattern: /\bat (?<file>\S+\.(?:t|p[lm])) line (?<line>\d+)\b/,
      wide: /\bat (?<file>\S.*\.(?:t|p[lm])) line (?<line>\d+)\b/,
    },
  ],
  headline(commented) {
    // TAP has it as comments.
    const lines = commented.map((line) => line.replace(/^\s*# ?/, ""));
    const at = lines.findIndex((line) => FAILED.test(line));
    if (at < 0) {
      return firstMatch(lines, /^(\S.* at \S+\.(?:t|p[lm]) line \d+\.?)$/);
    }
    const below = lines.slice(at + 1).findIndex((line) => !/^\s{2}/.test(line));
    const said = lines.slice(at + 1, below < 0 ? undefined : at + 1 + below)
      .filter((line) => !/^\s*at .* line \d+\.$/.test(line));
    return said.length > 0 ? joined(said) : lines[at].trim();
  },
};
