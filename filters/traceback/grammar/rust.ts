/**
 * Rust.
 *
 * @module
 */

import { firstMatch, type Grammar, joined, linesUntil } from "../frame.ts";

export const rust: Grammar = {
  // The caller that is at fault is named, which may not be the innermost.
  frames: [
    { pattern: /\bpanicked at (?<file>[^'].*?\.rs):(?<line>\d+):\d+:$/ },
    // Before 1.73, behind the message.
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
    // Before 1.73 the message stood in quotes, before the place.
    const [, quoted] =
      /\bpanicked at '([^]*?)', \S+:\d+:\d+/.exec(lines.slice(at).join("\n")) ??
        [];
    if (quoted !== undefined) {
      return joined(quoted.split("\n").map((line) => line.replace(/,$/, "")));
    }
    return joined(linesUntil(lines, at + 1, /^(note: |stack backtrace:)/));
  },
};
