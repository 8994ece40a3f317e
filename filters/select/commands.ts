/**
 * Ids as the arguments of a runner's commands.
 *
 * @module
 */

import type { IsFile, Runner, Target } from "./runners.ts";

/** The longest word that Linux accepts is 128 KiB, and CMake's expressions less. */
export const MAX_COMMAND_BYTES = 100 * 1024;

/** A list of ids as a runner names them. */
export interface Targets {
  readonly targets: readonly Target[];
  /** The ids that the runner cannot be given. */
  readonly refused: readonly string[];
}

/**
 * Finds the targets of ids, each once.
 *
 * @param options.isLines whether each must fit in a line
 */
export function targetsOf(
  runner: Runner,
  ids: Iterable<string>,
  isFile: IsFile,
  { isLines = false }: { readonly isLines?: boolean } = {},
): Targets {
  const all = new Set(ids);
  // They run anyway; by their own names all tests within them would.
  const around = new Set([...all].flatMap((id) => runner.around?.(id) ?? []));
  const targets = new Map<string, Target>(), refused: string[] = [];
  for (const id of all) {
    if (around.has(id)) continue;
    const target = isLines && id.includes("\n")
      ? undefined
      : runner.target(id, isFile);
    if (target === undefined) refused.push(id);
    else targets.set(JSON.stringify([target.group, target.name]), target);
  }
  return { targets: [...targets.values()], refused };
}

/** The words of the commands that run targets, in order of their first ones. */
export function commandsFor(
  runner: Runner,
  targets: readonly Target[],
  maxBytes = Infinity,
): string[][] {
  const byGroup = new Map<string, string[]>();
  for (const { group, name } of targets) {
    const names = byGroup.get(group);
    if (names === undefined) byGroup.set(group, [name]);
    else names.push(name);
  }
  const commands = new Map<string, [names: string[], groups: string[]]>();
  for (const [group, names] of byGroup) {
    const key = runner.sharesGroups ? JSON.stringify([...names].sort()) : group;
    const command = commands.get(key);
    if (command === undefined) commands.set(key, [names, [group]]);
    else command[1].push(group);
  }
  return [...commands.values()].flatMap(([names, groups]) =>
    piecesOf(runner, names, groups, maxBytes)
  );
}

/** Cuts a command that is too long, down to a single test. */
function piecesOf(
  runner: Runner,
  names: readonly string[],
  groups: readonly string[],
  maxBytes: number,
): string[][] {
  const words = runner.words(names, groups);
  const isSmall = names.length === 1 && groups.length === 1;
  if (isSmall || lengthOf(words) <= maxBytes) return [words];
  const [cut, kept] = names.length > 1 ? [names, groups] : [groups, names];
  const half = Math.ceil(cut.length / 2);
  return [cut.slice(0, half), cut.slice(half)].flatMap((part) =>
    names.length > 1
      ? piecesOf(runner, part, kept, maxBytes)
      : piecesOf(runner, kept, part, maxBytes)
  );
}

const encoder = new TextEncoder();

function lengthOf(words: readonly string[]): number {
  return encoder.encode(lineOf(words)).length + 1;
}

/** Characters that mean themselves in every shell, and in `xargs`. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as a shell, and `xargs`, read it back. */
export function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The words of a command as a line for a shell. */
export function lineOf(words: readonly string[]): string {
  return words.map(quoted).join(" ");
}
