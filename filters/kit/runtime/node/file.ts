/**
 * An open file, as Deno's `FsFile`.
 *
 * @module
 */

import fs from "node:fs";
import process from "node:process";
import { denoError, withDenoErrors } from "./errors.ts";
import type { FileInfo, FsFile, OpenOptions } from "../runtime.ts";
import { Listener } from "./listener.ts";
import { isTerminal } from "./terminal.ts";
import { boundYoungSpace } from "./young_space.ts";

/** From where an offset counts. */
export const SeekMode = { Start: 0 } as const;

/** A file by its descriptor; reads and writes block. */
export class NodeFile implements FsFile {
  readonly #fd: number;
  /** The position of the next access; undefined while the kernel keeps it. */
  #at: number | undefined;
  #isOpen = true;

  constructor(fd: number) {
    this.#fd = fd;
  }

  readSync(buffer: Uint8Array): number | null {
    boundYoungSpace();
    const count = withDenoErrors(() =>
      fs.readSync(this.#fd, buffer, 0, buffer.length, this.#at ?? null)
    );
    this.#advance(count);
    return count === 0 && buffer.length > 0 ? null : count;
  }

  writeSync(bytes: Uint8Array): number {
    const count = withDenoErrors(() =>
      fs.writeSync(this.#fd, bytes, 0, bytes.length, this.#at ?? null)
    );
    this.#advance(count);
    return count;
  }

  #advance(count: number): void {
    if (this.#at !== undefined) this.#at += count;
  }

  /** Node cannot seek: from here on the position is kept here. */
  seekSync(offset: number, _whence: number): number {
    return this.#at = offset;
  }

  statSync(): FileInfo {
    return withDenoErrors(() => fileInfo(fs.fstatSync(this.#fd)));
  }

  truncateSync(length: number): void {
    withDenoErrors(() => fs.ftruncateSync(this.#fd, length));
  }

  syncDataSync(): void {
    withDenoErrors(() => fs.fdatasyncSync(this.#fd));
  }

  syncSync(): void {
    withDenoErrors(() => fs.fsyncSync(this.#fd));
  }

  /**
   * Node has no `flock`. The command of that name locks a descriptor that it
   * inherits, and the lock stays when the command has ended. It is the same
   * lock as Deno's.
   */
  lockSync(isExclusive: boolean): void {
    if (!this.#flock(isExclusive)) throw new Error("It cannot be locked");
  }

  tryLockSync(isExclusive: boolean): boolean {
    return this.#flock(isExclusive, "--nonblock");
  }

  #flock(isExclusive: boolean, ...more: readonly string[]): boolean {
    const { spawnSync } = process.getBuiltinModule("node:child_process");
    const { error, status } = spawnSync(
      "flock",
      [isExclusive ? "--exclusive" : "--shared", ...more, "3"],
      { stdio: ["ignore", "ignore", "ignore", this.#fd] },
    );
    if (error) throw new Error("There is no flock, util-linux has it");
    return status === 0;
  }

  isTerminal(): boolean {
    return isTerminal(this.#fd);
  }

  get readable(): ReadableStream<Uint8Array> {
    return new Listener(this.#fd).readable;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    fs.closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Node's description of a file as the tools know it. */
export function fileInfo(stats: fs.Stats): FileInfo {
  return {
    isFile: stats.isFile(),
    isDirectory: stats.isDirectory(),
    isSocket: stats.isSocket(),
    size: stats.size,
    mtime: stats.mtime,
    mode: stats.mode,
    uid: stats.uid,
    dev: stats.dev,
    ino: stats.ino,
  };
}

/** The flags of open(2) for options, as Rust's `OpenOptions` has them. */
export function openFlags(options: OpenOptions = { read: true }): number {
  const { O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_TRUNC } =
    fs.constants;
  const { read, write, append, create, createNew, truncate } = options;
  const isWritten = write || append;
  return (read && isWritten ? O_RDWR : isWritten ? O_WRONLY : O_RDONLY) |
    (append ? O_APPEND : 0) |
    (create || createNew ? O_CREAT : 0) |
    (createNew ? O_EXCL : 0) |
    (truncate ? O_TRUNC : 0);
}

/** Opens a file. */
export function openSync(path: string, options?: OpenOptions): NodeFile {
  return withDenoErrors(() =>
    new NodeFile(fs.openSync(path, openFlags(options), options?.mode))
  );
}

/**
 * Opens a file for asynchronous reads. A fifo without a writer opens at once,
 * and ends with its first writer, as poll(2) has it.
 */
export function open(path: string): Promise<NodeFile> {
  const { O_RDONLY, O_NONBLOCK } = fs.constants;
  return new Promise((resolve, reject) =>
    fs.open(
      path,
      O_RDONLY | O_NONBLOCK,
      (error, fd) =>
        error ? reject(denoError(error)) : resolve(new NodeFile(fd)),
    )
  );
}
