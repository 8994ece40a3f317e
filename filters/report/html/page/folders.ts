/**
 * The times of tests by the folders of their ids.
 *
 * @module
 */

import type { Tests } from "./model.ts";

/** A part of ids, with what is below it. */
export interface Folder {
  /** The part of the id, with its separator; several parts if nothing forks there. */
  name: string;
  /** The beginning of all ids in it. */
  readonly prefix: string;
  tests: number;
  failures: number;
  seconds: number;
  readonly folders: Map<string, Folder>;
}

/**
 * Splits the folders off an id, each with its separator: at `/` and `::` if it has
 * one of them, or else at dots. Parameters in brackets belong to the name.
 */
export function foldersOf(id: string): string[] {
  const path = /^[^\s([]*/.exec(id)![0];
  const separator = /\/|::/.test(path) ? /\/+|::/g : /\.+/g;
  const folders: string[] = [];
  let from = 0;
  for (const { 0: { length }, index } of path.matchAll(separator)) {
    const end = index + length;
    // An id does not end in a folder.
    if (end === id.length) break;
    folders.push(id.slice(from, end));
    from = end;
  }
  return folders;
}

/**
 * Adds up tests by folder. The time of a subtest is part of its parent's, and not
 * counted again.
 */
export function folderTimes(tests: Tests): Folder {
  const root = newFolder("", "");
  const inParent = new Uint8Array(tests.count);
  for (let test = 0; test < tests.count; test++) {
    if (tests.seconds(test) === undefined) continue;
    for (const child of tests.children(test)) inParent[child] = 1;
  }
  for (let test = 0; test < tests.count; test++) {
    let folder = root;
    const seconds = inParent[test] === 1
      ? 0
      : Math.max(0, tests.seconds(test) ?? 0);
    const failures = tests.isFailure(test) ? 1 : 0;
    add(folder, seconds, failures);
    for (const name of foldersOf(tests.id(test))) {
      let next = folder.folders.get(name);
      if (next === undefined) {
        next = newFolder(name, folder.prefix + name);
        folder.folders.set(name, next);
      }
      folder = next;
      add(folder, seconds, failures);
    }
  }
  return joined(root);
}

function newFolder(name: string, prefix: string): Folder {
  return {
    name,
    prefix,
    tests: 0,
    failures: 0,
    seconds: 0,
    folders: new Map(),
  };
}

function add(folder: Folder, seconds: number, failures: number): void {
  folder.tests++;
  folder.seconds += seconds;
  folder.failures += failures;
}

/** Joins folders that hold nothing but one folder with it. */
function joined(folder: Folder): Folder {
  let current = folder;
  for (;;) {
    const [only] = current.folders.values();
    if (current.folders.size !== 1 || only.tests !== current.tests) break;
    only.name = current.name + only.name;
    current = only;
  }
  for (const [key, below] of current.folders) {
    current.folders.set(key, joined(below));
  }
  return current;
}

/** The folders in a folder, the longest time first. */
export function slowestFolders({ folders }: Folder): Folder[] {
  return [...folders.values()].sort((a, b) =>
    b.seconds - a.seconds || b.tests - a.tests
  );
}
