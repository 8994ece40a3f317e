/** Repositories of runs, for tests. */

import {
  Repository,
  type Run,
} from "../../filters/history/repository/store.ts";
import { concat } from "@std/bytes/concat";
import { callOrRun } from "./call.ts";
import { outputIn, TempDir } from "./run.ts";

/** A repository in a folder that is removed after the test. */
export class TempRepository implements Disposable {
  readonly #dir = new TempDir();

  /** The folder around it, for files. */
  get folder(): string {
    return this.#dir.path;
  }

  get path(): string {
    return `${this.#dir.path}/.subunit`;
  }

  /** The option that names it. */
  get repo(): string {
    return `--repo=${this.path}`;
  }

  get runs(): Run[] {
    return new Repository(this.path).runs();
  }

  /** What its runs are, in a line each. */
  get states(): string[] {
    return this.runs.map(({ path, state }) =>
      `${state} ${path.replace(/^.*?\.(?=[^/]*$)/, "")}`
    );
  }

  [Symbol.dispose](): void {
    this.#dir[Symbol.dispose]();
  }
}

/** The bytes of a run. */
export async function bytesOfRun(run: Run, bare = true): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of run.chunks({ bare })) chunks.push(chunk.slice());
  return concat(chunks);
}

/** Loads a run that begins on a day of January, and returns its name. */
export async function loadRun(
  repository: TempRepository,
  day: number,
  bytes: Uint8Array,
  ...args: string[]
): Promise<string> {
  const at = `--at=2026-01-${String(day).padStart(2, "0")}`;
  const before = new Set(repository.runs.map(({ id }) => id));
  const load = [repository.repo, at, ...args, "-q"];
  outputIn(
    await callOrRun("subunit-load", load, { stdin: bytes }),
    "subunit-load",
  );
  return repository.runs.find(({ id }) => !before.has(id))!.id;
}
