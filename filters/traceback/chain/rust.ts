/**
 * Rust: panics, with and without a backtrace.
 *
 * @module
 */

import type { Call, ChainGrammar, Thrown } from "./chain.ts";

const PANIC = /\bpanicked at ([^'].*?\.rs):\d+:\d+:$/;
/** Before 1.73. */
const OLD_PANIC = /\bpanicked at '(.*?)'?(?:, ([^\s:,]+\.rs):\d+:\d+)?$/;
const CALL = /^\s+\d+: +(?:0x[\da-f]+ - )?(\S.*)$/;
const PLACE = /^\s+at (\S.*?):\d+(?::\d+)?$/;

export const rust: ChainGrammar = {
  language: "rust",
  marker: /\bpanicked at /,
  read,
  library:
    /[\\/]rustc[\\/][\da-f]{40}|[\\/]\.cargo[\\/]registry[\\/]|[\\/]rustlib[\\/]|:(?:<[^:]{1,99} as )?(?:std|core|alloc|test)::|:(?:<&?(?:mut )?\w+ as )?(?:core|std|alloc)::|:(?:__rust|_*rust_|_start|main$|__libc)|:<core::/,
  namesOwner: true,
  isQualified: true,
  plainName: (name) =>
    name.replace(/::h[\da-f]{16}$/, "").replace(
      /(?:::\{\{closure\}\}|::\{closure#\d+\})/g,
      "",
    ),
};

function read(lines: readonly string[]): Thrown[] | undefined {
  const at = lines.findIndex((line) => line.includes("panicked at "));
  if (at < 0) return undefined;
  const panic = PANIC.exec(lines[at]);
  let file: string, message: string;
  if (panic !== null) {
    file = panic[1];
    message = lines[at + 1]?.trim() ?? "";
  } else {
    const old = OLD_PANIC.exec(lines[at]);
    if (old === null) return undefined;
    message = old[1];
    // The message may have several lines.
    file = old[2] ?? placeBelow(lines, at + 1) ?? "";
  }
  const calls: Call[] = [];
  const start = lines.indexOf("stack backtrace:", at);
  if (start >= 0) {
    for (let i = start + 1; i < lines.length; i++) {
      const call = CALL.exec(lines[i]);
      if (call === null) {
        if (PLACE.test(lines[i])) continue;
        break;
      }
      const place = PLACE.exec(lines[i + 1] ?? "");
      calls.push({ file: place?.[1] ?? "", name: call[1] });
    }
  }
  if (calls.length === 0) calls.push({ file, name: "" });
  return [{ type: "panic", message, calls }];
}

function placeBelow(
  lines: readonly string[],
  start: number,
): string | undefined {
  for (let i = start; i < Math.min(lines.length, start + 20); i++) {
    const place = /', ([^\s:,]+\.rs):\d+:\d+$/.exec(lines[i]);
    if (place !== null) return place[1];
  }
  return undefined;
}
