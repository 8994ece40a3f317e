/**
 * PHP (PHPUnit), Lua (Busted) and Elixir (ExUnit).
 *
 * @module
 */

import { type Grammar, joined, linesUntil } from "../frame.ts";

const ELIXIR_FRAME =
  /^\s+(?:\(\w+ [\w.]+\) )?(?<file>\S+\.exs?):(?<line>\d+): /;

export const others: Grammar = {
  frames: [{ pattern: ELIXIR_FRAME }],
  headline: (lines) => phpunit(lines) ?? busted(lines) ?? exunit(lines),
};

function phpunit(lines: readonly string[]): string | undefined {
  const place = lines.findIndex((line) => /^\S.*\.php:\d+$/.test(line));
  if (place < 0) return undefined;
  const before = lines.slice(0, place);
  while (before.at(-1) === "") before.pop();
  const name = before.findLastIndex((line) =>
    /^(?:\d+\) )?\S+::\S+/.test(line)
  );
  // A blank line separates the message from a diff.
  return joined(linesUntil(before, name + 1)) || undefined;
}

function busted(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) => /^\S+\.lua:\d+: /.test(line));
  return at < 0
    ? undefined
    : joined(linesUntil(lines, at, /^stack traceback:/));
}

function exunit(lines: readonly string[]): string | undefined {
  const end = lines.findIndex((line) => /^\s+stacktrace:$/.test(line));
  if (end < 0 || !ELIXIR_FRAME.test(lines[end + 1] ?? "")) return undefined;
  const before = lines.slice(0, end);
  const place = before.findLastIndex((line) => /^\s+\S+\.exs?:\d+$/.test(line));
  return joined(before.slice(place + 1)) || undefined;
}
