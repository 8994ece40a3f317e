/**
 * Rust.
 *
 * @module
 */

import { firstMatch, type Grammar, joined, linesUntil } from "../frame.ts";

export const rust: Grammar = {
  // #[track_caller] names the caller, which is not the innermost frame.
  frames: [
    { pattern: /\bpanicked at (?<file>[^'].*?\.rs):(?<line>\d+):\d+:$/ },
    // Before 1.73, after the message.
    {
      pattern: /\bpanicked at (?:.*, )?(?<file>[^\s:,]+\.rs):(?<line>\d+):/,
    },
  ],
  headline(lines) {
    const at = lines.findIndex((line) => /\bpanicked at /.test(line));
    if (at < 0) {
      return lines.some((line) => /^\s+--> .+:\d+:\d+$/.test(line))
        ? firstMatch(lines, /^error(?:\[E\d+\])?: .+/)
        : undefined;
    }
    // Before 1.73 the quoted message stood before the place.
    const [, quoted] =
      /\bpanicked at '([^]*?)', \S+:\d+:\d+/.exec(lines.slice(at).join("\n")) ??
        [];
    if (quoted !== undefined) {
      return joined(quoted.split("\n").map((line) => line.replace(/,$/, "")));
    }
    return joined(linesUntil(lines, at + 1, /^(note: |stack backtrace:)/));
  },
};
