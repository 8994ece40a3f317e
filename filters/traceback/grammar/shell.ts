/**
 * Shells, Bats and shUnit2.
 *
 * @module
 */

import { firstMatch, type Grammar } from "../frame.ts";

export const shell: Grammar = {
  frames: [
    {
      pattern:
        /\((?:in|from function `.*' in) (?:test )?file (?<file>.+?), line (?<line>\d+)[,)]/,
    },
    { pattern: /^#? +in test file (?<file>.+?), line (?<line>\d+)\)/ },
    { pattern: /^(?<file>[^\s:]+): line (?<line>\d+): / },
  ],
  headline(lines) {
    return firstMatch(lines, /^#?\s*(`.*' failed(?: with status \d+)?)$/) ??
      firstMatch(lines, /^ASSERT:(.*)/) ??
      firstMatch(lines, /^[^\s:]+: line \d+: .+/);
  },
};
