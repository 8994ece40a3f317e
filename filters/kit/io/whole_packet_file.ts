/**
 * Files that always end on a whole packet, however the tool ends.
 *
 * @module
 */

import { reasonOf, ToolError } from "../errors.ts";
import { cannotOpen } from "./input.ts";
import type { FsFile } from "../runtime/runtime.ts";
import { writeAll } from "./output.ts";

/** How an archive is opened and written. */
export interface ArchiveOptions {
  /** Whether to append to the file instead of truncating it. */
  readonly append: boolean;
  /** Whether each write must reach the disk before the next. */
  readonly sync: boolean;
  /** Whether it must not be there yet; then nobody else may read it. */
  readonly isNew?: boolean;
  /** What is said to be left when a write fails. */
  readonly left?: string;
}

/** A file to which packets are written whole, or not at all. */
export class Archive {
  /** By which messages name it; whoever renames it changes this. */
  path: string;
  readonly #file: FsFile;
  readonly #sync: boolean;
  readonly #left: string;
  /** The length up to the last whole packet; undefined of a fifo or device. */
  #length: number | undefined;

  /** @throws {ToolError} when the file cannot be opened */
  constructor(path: string, {
    append,
    sync,
    isNew,
    left = "it ends before what did not fit",
  }: ArchiveOptions) {
    this.path = path;
    this.#left = left;
    this.#sync = sync;
    try {
      this.#file = Deno.openSync(path, {
        write: true,
        create: true,
        append,
        truncate: !append,
        ...isNew ? { createNew: true, mode: 0o600 } : {},
      });
      const { isFile, size } = this.#file.statSync();
      this.#length = isFile ? size : undefined;
    } catch (error) {
      throw cannotOpen(path, error);
    }
  }

  /**
   * Makes `isHeld` true of the file until this is closed or the process ends.
   * Where the file system or the system has no locks, nothing happens.
   */
  hold(): void {
    try {
      this.#file.tryLockSync(true);
    } catch {
      // The file is then taken for one that is left over.
    }
  }

  /**
   * Waits until what was written has reached the disk.
   *
   * @throws {ToolError} when it has not
   */
  flushToDisk(): void {
    try {
      this.#file.syncDataSync();
    } catch (error) {
      throw new ToolError(
        `Cannot write "${this.path}": ${
          reasonOf(error)
        }: what it has may not have reached the disk`,
      );
    }
  }

  close(): void {
    this.#file.close();
  }

  /** Its length in bytes; 0 of a fifo or device. */
  get size(): number {
    return this.#file.statSync().size;
  }

  /**
   * Writes whole packets. When they do not fit, the file is truncated to what
   * it held before.
   *
   * @throws {ToolError} when writing fails; the archive is closed then
   */
  write(packets: Uint8Array): void {
    try {
      writeAll(this.#file, packets);
      if (this.#sync) this.#file.syncDataSync();
    } catch (error) {
      if (this.#length !== undefined) this.#file.truncateSync(this.#length);
      this.#file.close();
      throw new ToolError(
        `Cannot write "${this.path}": ${reasonOf(error)}: ${this.#left}`,
      );
    }
    if (this.#length !== undefined) this.#length += packets.length;
  }
}
