/**
 * What questions ask of every run, in one file: to open hundreds of runs takes
 * longer than to read their digests.
 *
 * `cache/runs.jsonl` has a line for each run whose file does not change any
 * more, in the order of their names. A line counts while the file has its size
 * and time. What is missing, cut or of another file is asked of the run again.
 *
 * @module
 */

import { ToolError } from "../../kit/errors.ts";
import { addCached } from "../../kit/io/cache_files.ts";
import { readBytes } from "../../kit/io/stored_files.ts";
import { isTyped } from "./record.ts";
import { cacheOf, type Run, type RunSummary } from "./store.ts";

const FILE = "runs.jsonl";

/** A line of the index. */
interface Line extends RunSummary {
  /** The name of the run's file. */
  readonly file: string;
}

/** The indexes of the repositories that runs are in. */
export class RunIndex {
  readonly #indexes: readonly CacheIndex[];

  /** @param runs all runs of their repositories, which are told what is known */
  constructor(runs: readonly Run[]) {
    const byFolder = Map.groupBy(
      runs.filter(({ isOurs }) => isOurs),
      cacheOf,
    );
    this.#indexes = Array.from(
      byFolder,
      ([folder, runs]) => new CacheIndex(folder, runs),
    );
  }

  /** Adds runs that were not known, if that can be done. */
  add(runs: readonly Run[]): void {
    const added = new Set(runs);
    for (const index of this.#indexes) index.add(added);
  }
}

class CacheIndex {
  readonly #path: string;
  readonly #lines: readonly Line[];
  /** Whether each of its lines is one, and of a run that is there. */
  readonly #isSound: boolean;
  readonly #unknown: readonly Run[];
  readonly #known: ReadonlySet<Line>;

  constructor(folder: string, runs: readonly Run[]) {
    this.#path = `${folder}/${FILE}`;
    const bytes = readBytes(this.#path);
    const lines = bytes === undefined ? [] : parseLines(bytes);
    this.#lines = lines ?? [];
    const byFile = new Map(this.#lines.map((line) => [line.file, line]));
    const known = new Set<Line>();
    this.#unknown = runs.filter((run) => {
      const line = byFile.get(fileOf(run));
      const isKnown = line !== undefined && run.use(line);
      if (isKnown) known.add(line);
      return !isKnown;
    });
    this.#known = known;
    this.#isSound = bytes !== undefined && lines?.length === known.size;
  }

  add(runs: ReadonlySet<Run>): void {
    const added = this.#unknown.filter((run) =>
      runs.has(run) && !run.isUnfinished
    );
    if (added.length === 0 && this.#isSound) return;
    if (added.length === 0 && this.#lines.length === 0) return;
    const last = this.#lines.at(-1)?.file ?? "";
    const isAppended = this.#isSound &&
      added.every((run) => fileOf(run) > last);
    addCached(this.#path, isAppended, () => {
      const lines = added.flatMap(lineOf);
      if (!isAppended) lines.push(...this.#known);
      lines.sort((a, b) => a.file < b.file ? -1 : 1);
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
      return new TextEncoder().encode(text);
    });
  }
}

function fileOf({ path }: Run): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function lineOf(run: Run): Line[] {
  try {
    const summary = run.summarize();
    return summary === undefined ? [] : [{ file: fileOf(run), ...summary }];
  } catch (error) {
    // It is gone, or cannot be read; whoever needs it says so.
    if (!(error instanceof ToolError)) throw error;
    return [];
  }
}

/** The lines of an index; undefined unless all of them are whole. */
function parseLines(bytes: Uint8Array): Line[] | undefined {
  const text = new TextDecoder().decode(bytes);
  if (text === "") return [];
  if (!text.endsWith("\n")) return undefined;
  try {
    const joined = text.slice(0, -1).replaceAll("\n", ",");
    const lines: unknown[] = JSON.parse(`[${joined}]`);
    return lines.every(isLine) ? lines : undefined;
  } catch {
    return undefined;
  }
}

function isLine(value: unknown): value is Line {
  if (typeof value !== "object" || value === null) return false;
  const { file, size, modified, isTorn, lengths, labels } = value as Line;
  return typeof file === "string" && typeof size === "number" &&
    typeof modified === "number" && typeof isTorn === "boolean" &&
    Array.isArray(lengths) &&
    lengths.every((length) => typeof length === "number") && isTyped(labels);
}
