/**
 * What a generation is asked for.
 *
 * @module
 */

/** The line of JSON that a generation reads first. */
export interface GenerationUnit {
  readonly kind: "list" | "run";
  /** Ids to run, or how ids to list begin; undefined for all. */
  readonly names?: readonly string[];
  /** Files that are not loaded. */
  readonly excluded: readonly string[];
  readonly isCareful: boolean;
  /** Whether the files that it loads, and its folders, are reported. */
  readonly isWatched?: boolean;
  /** The route code of its packets. */
  readonly secret: string;
  /** Files and folders with tests. */
  readonly paths: readonly string[];
}

/**
 * The files that a unit loads, in order, and which of their tests it wants.
 *
 * This uses nothing outside itself: its text runs in the generation.
 *
 * @param filesAt returns the files at a path, below the current directory
 */
export function unitFiles(
  { kind, names, excluded, paths }: GenerationUnit,
  cwd: string,
  filesAt: (path: string) => Iterable<string>,
): {
  /** Returns the name of a path in ids. */
  short(path: string): string;
  readonly files: readonly string[];
  /** The file of a test. */
  fileOf(id: string): string;
  /** Whether a list has a test. */
  isListed(id: string): boolean;
} {
  const fileOf = (id: string) => id.slice(0, Math.max(id.indexOf("::"), 0));
  const isListed = (id: string) =>
    names === undefined || names.some((name) => id.startsWith(name));
  const short = (path: string) =>
    path.startsWith(`${cwd}/`)
      ? path.slice(cwd.length + 1)
      : path.replace(/^(\.\/)+/, "") || ".";
  const found = kind === "run" && names !== undefined
    ? names.map(fileOf)
    : paths.flatMap((path) => [...filesAt(short(path))]);
  const files = [...new Set(found)].filter((file) =>
    file !== "" && !excluded.includes(file) &&
    (kind === "run" || isListed(file) ||
      names!.some((name) => name.startsWith(file)))
  );
  return { short, files, fileOf, isListed };
}
