/**
 * Go.
 *
 * @module
 */

import {
  firstMatch,
  type Grammar,
  joined,
  lastFirst,
  linesUntil,
} from "../frame.ts";

/** A logged line. The last one is the failure: those before it may be logs. */
const LOGGED = /^\s{4,}(?<file>[^\s:/]+\.go):(?<line>\d+): ?(?<said>.*)$/;
const CRASH = /^(?:panic|fatal error): /;

export const go: Grammar = {
  frames: [
    // With -trimpath, the paths of Go's library start without a dot.
    {
      pattern:
        /^\s+(?<file>(?:\/|[^\s/]+[.:][^\s/]*\/)\S+\.go):(?<line>\d+)(?: \+0x[\da-f]+)?$/,
      wide: /^\s+(?<file>\/.+\.go):(?<line>\d+)(?: \+0x[\da-f]+)?$/,
    },
    { pattern: LOGGED, order: lastFirst },
  ],
  headline: (lines) => crash(lines) ?? logged(lines) ?? broken(lines),
};

function crash(lines: readonly string[]): string | undefined {
  if (!lines.some((line) => /^goroutine \d+ /.test(line))) return undefined;
  return lines.find((line) => CRASH.test(line))?.replace(/ \[recovered.*$/, "");
}

function logged(lines: readonly string[]): string | undefined {
  const at = lines.findLastIndex((line) => LOGGED.test(line));
  if (at < 0) return undefined;
  const { file, line, said } = LOGGED.exec(lines[at])!.groups!;
  const place = `${file}:${line}:`;
  const indent = lines[at].search(/\S/);
  const below = linesUntil(lines, at + 1)
    .filter((line) => line.search(/\S/) > indent);
  if (said === "") return joined([place, ...asserted(below)]);
  return said.endsWith(":")
    ? joined([place, said, ...below])
    : `${place} ${said}`;
}

/** The error in testify's table, or else all lines. */
function asserted(lines: readonly string[]): readonly string[] {
  const at = lines.findIndex((line) => /^\s+Error:\s/.test(line));
  if (at < 0) return lines;
  const length = lines.slice(at + 1)
    .findIndex((line) => /^\s+[A-Z][\w ]*:\s/.test(line));
  return [
    lines[at].replace(/^\s+Error:/, ""),
    ...lines.slice(at + 1, length < 0 ? undefined : at + 1 + length),
  ];
}

/** An error of the compiler or of `go vet`. */
function broken(lines: readonly string[]): string | undefined {
  return firstMatch(lines, /^(?:vet: )?([^\s:]+\.go:\d+:\d+: .+)/);
}
