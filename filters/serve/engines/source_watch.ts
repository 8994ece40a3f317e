/**
 * Watches the files that tests were loaded from, and what they import.
 *
 * It looks at all of them from time to time: watching by the system sees neither
 * every file system nor a file that is not there yet.
 *
 * @module
 */

/** What changes with a file; undefined if there is none. */
export interface Stamp {
  /** In milliseconds since 1970. */
  readonly modified: number;
  readonly size: number;
}

/** What a {@linkcode SourceWatch} asks of the file system. */
export interface SourceFiles {
  stampOf(path: string): Stamp | undefined;
  /** The names in a folder; none if it is gone. */
  namesIn(folder: string): readonly string[];
}

/**
 * How long after an edit a file may have a time before it: the clock of a file
 * system is coarse.
 */
const COARSE_MILLISECONDS = 10;

/** Sources of tests: see the module. */
export class SourceWatch {
  readonly #files: SourceFiles;
  readonly #tests = new Set<string>();
  /** The files that import one. */
  readonly #importers = new Map<string, Set<string>>();
  readonly #stamps = new Map<string, Stamp | undefined>();
  readonly #folders = new Map<string, ReadonlySet<string>>();
  /** What was edited and is not reported yet. */
  readonly #edited = new Set<string>();

  constructor(files: SourceFiles) {
    this.#files = files;
  }

  /**
   * Adds a file with tests.
   *
   * @param since when the files began to be loaded, in milliseconds since 1970
   */
  addTests(file: string, since: number): void {
    this.#tests.add(file);
    this.#add(file, since);
  }

  /** Adds that a file imports another one. */
  addImport(file: string, imported: string, since: number): void {
    const importers = this.#importers.get(imported);
    if (importers === undefined) {
      this.#importers.set(imported, new Set([file]));
    } else importers.add(file);
    this.#add(imported, since);
  }

  /** Adds a folder in which tests were looked for. */
  addFolder(folder: string, names: readonly string[]): void {
    this.#folders.set(folder, new Set(names));
  }

  #add(file: string, since: number): void {
    // What has changed since it was looked at is found by looking.
    if (this.#stamps.has(file)) return;
    const stamp = this.#files.stampOf(file);
    this.#stamps.set(file, stamp);
    if (stamp !== undefined && stamp.modified > since - COARSE_MILLISECONDS) {
      this.#edited.add(file);
    }
  }

  /**
   * Returns what was edited, and the tests that load it, once nothing has changed
   * since the last look: a file that is being saved can be empty, or half of it.
   */
  look(): string[] {
    const isQuiet = !this.#findEdits();
    if (!isQuiet || this.#edited.size === 0) return [];
    const edited = new Set(this.#edited);
    this.#edited.clear();
    // A set can grow while it is walked over.
    for (const file of edited) {
      for (const importer of this.#importers.get(file) ?? []) {
        edited.add(importer);
      }
    }
    return [...edited].sort();
  }

  /** Returns whether anything has changed since the last time. */
  #findEdits(): boolean {
    let isChanged = false;
    for (const [file, was] of this.#stamps) {
      const is = this.#files.stampOf(file);
      if (is?.modified === was?.modified && is?.size === was?.size) continue;
      isChanged = true;
      this.#stamps.set(file, is);
      this.#edited.add(file);
    }
    for (const [folder, was] of this.#folders) {
      const names = this.#files.namesIn(folder);
      const added = names.filter((name) => !was.has(name));
      if (added.length === 0 && names.length === was.size) continue;
      isChanged = true;
      this.#folders.set(folder, new Set(names));
      for (const name of added) {
        this.#edited.add(folder === "." ? name : `${folder}/${name}`);
      }
    }
    return isChanged;
  }
}
