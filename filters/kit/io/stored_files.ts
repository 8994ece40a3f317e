/**
 * Folders of files that several processes write and read without waiting for
 * each other.
 *
 * @module
 */

import { isNotFound, reasonOf, ToolError } from "../errors.ts";
import type { FileInfo, FsFile } from "../runtime/runtime.ts";
import {
  createGunzip,
  gunzipSync,
  gzipSync,
  randomBytes,
  zlibConstants,
} from "../runtime/builtin.ts";
import {
  createPrivateFile,
  isDirectory,
  openFile,
  readAt,
  removeFile,
  renameFile,
  stampOf,
} from "./files.ts";
import { openInput, readChunk } from "./input.ts";
import { writeAll } from "./output.ts";
import { Archive } from "./whole_packet_file.ts";

/** How much compressed data is given to the decompressor at a time. */
const GZIP_BYTES = 64 * 1024;
/** Files up to this length are unpacked at once, if that makes no more than */
const SHORT_BYTES = 8 * 1024 ** 2;
/** so much. It takes half as long as a stream does. */
const SHORT_UNPACKED_BYTES = 32 * 1024 ** 2;

/** How much of a file is read at a time. */
const CHUNK_BYTES = 256 * 1024;
/** How much {@linkcode packFile} puts into a piece. */
const PIECE_BYTES = 1024 ** 2;

/** What a path leads to, without following a link; undefined for nothing. */
export function infoOf(path: string): FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isNotFound(error) || isNotAFolder(error)) return undefined;
    throw cannotRead(path, error);
  }
}

/** The names in a folder, in order; links are counted and left out. */
export function listFolder(
  path: string,
): { readonly names: string[]; readonly links: number } {
  try {
    const names: string[] = [];
    let links = 0;
    for (const { name, isSymlink } of Deno.readDirSync(path)) {
      if (isSymlink) links++;
      else names.push(name);
    }
    return { names: names.sort(), links };
  } catch (error) {
    if (isNotFound(error)) return { names: [], links: 0 };
    throw cannotRead(path, error);
  }
}

/**
 * The first or the last bytes of a file, and all of a short one. Undefined when
 * there is no such file any more.
 *
 * @param isRegular whether that is known already
 */
export function readEnd(
  path: string,
  end: "first" | "last",
  most: number,
  isRegular = false,
): Uint8Array | undefined {
  let file: FsFile;
  try {
    if (!isRegular) {
      // To open a named pipe would wait for a writer, for ever.
      const { isFile, isDirectory } = Deno.statSync(path);
      if (!isFile && !isDirectory) return undefined;
    }
    file = openFile(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw cannotRead(path, error);
  }
  try {
    const { size } = file.statSync();
    const from = end === "first" ? 0 : Math.max(0, size - most);
    return readAt(file, from, Math.min(most, size));
  } catch (error) {
    throw cannotRead(path, error);
  } finally {
    file.close();
  }
}

/** The text of a short file; undefined when there is none or it is unreadable. */
export function readText(path: string, most = 64 * 1024): string | undefined {
  try {
    const bytes = readEnd(path, "first", most);
    return bytes && new TextDecoder().decode(bytes);
  } catch {
    return undefined;
  }
}

/** The content of a file; undefined when there is none or it is unreadable. */
export function readBytes(path: string): Uint8Array | undefined {
  try {
    return readEnd(path, "first", Infinity);
  } catch {
    return undefined;
  }
}

/**
 * Whether a process has the file open with {@linkcode openHeld}. The kernel
 * ends that with the process, whatever ends it, and a copy of the file is not
 * held. Undefined where there are no locks: on some file systems, and on Node
 * without the command `flock`.
 */
export function isHeld(path: string): boolean | undefined {
  let file: FsFile;
  try {
    file = Deno.openSync(path);
  } catch {
    return false;
  }
  try {
    return !file.tryLockSync(false);
  } catch {
    return undefined;
  } finally {
    file.close();
  }
}

/** Whether anything is at a path. */
export function isTaken(path: string): boolean {
  return infoOf(path) !== undefined;
}

/**
 * Makes a folder that only its owner may enter, and those above it.
 *
 * @throws {ToolError} when that fails
 */
export function makeFolder(path: string): void {
  if (isDirectory(path)) return;
  // One by one: below /proc, Node's own recursion never ends.
  const parent = path.slice(0, path.lastIndexOf("/"));
  if (parent !== "") makeFolder(parent);
  try {
    Deno.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!isDirectory(path)) throw cannotMake(path, error);
  }
}

/**
 * Makes a file that only its owner may read.
 *
 * @throws {ToolError} when that fails
 */
export function newFile(path: string): FsFile {
  try {
    return createPrivateFile(path);
  } catch (error) {
    throw cannotMake(path, error);
  }
}

/**
 * Puts a file that only its owner may read in the place of one, at once.
 *
 * @param beforeRename is called when it is written beside
 * @throws {ToolError} when that fails; the other file is as it was then
 */
export function replaceWith(
  path: string,
  content: string | Uint8Array,
  beforeRename: () => void = () => {},
): void {
  const temporary = temporaryBeside(path);
  const file = newFile(temporary);
  try {
    const isText = typeof content === "string";
    writeAll(file, isText ? new TextEncoder().encode(content) : content);
  } catch (error) {
    remove(temporary);
    throw cannotMake(temporary, error);
  } finally {
    file.close();
  }
  beforeRename();
  try {
    rename(temporary, path);
  } catch (error) {
    // A folder is there, or a file that only its owner may replace.
    remove(temporary);
    throw error;
  }
}

/** A name that no other file has, for one that is to replace another. */
export function temporaryBeside(path: string): string {
  return `${path}.${randomBytes(4).toString("hex")}.tmp`;
}

/**
 * Gives a file another path, and replaces what is there. Returns false when the
 * file is not there any more.
 *
 * @throws {ToolError} when that fails
 */
export function rename(from: string, to: string): boolean {
  try {
    renameFile(from, to);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw cannotMake(to, error);
  }
}

/**
 * Gives a file a path where nothing is; it may keep the other one. Returns false
 * when something is there.
 *
 * @throws {ToolError} when that fails, or the file is not there any more
 */
export function link(from: string, to: string): boolean {
  try {
    Deno.linkSync(from, to);
    return true;
  } catch (error) {
    if (isTaken(to)) return false;
    // A file system without links, such as vfat. Of two processes that come here
    // at once, the later one replaces the file of the other.
    if (!isNotFound(error) && rename(from, to)) return true;
    throw cannotMake(to, error);
  }
}

/**
 * Removes a file, if it is still there.
 *
 * @throws {ToolError} when that fails
 */
export function remove(path: string): void {
  try {
    removeFile(path);
  } catch (error) {
    throw new ToolError(
      `Cannot remove "${path}": ${reasonOf(error)}: check who owns it`,
    );
  }
}

/**
 * Makes a file that only its owner may read, and which {@linkcode isHeld} until
 * it is closed.
 *
 * @param left what the message says is left when a write fails, unless it is the
 * file up to there
 * @throws {ToolError} when that fails
 */
export function newHeldFile(path: string, left?: string): Archive {
  const file = new Archive(path, {
    append: false,
    sync: false,
    isNew: true,
    left,
  });
  file.hold();
  return file;
}

/** Writes such a file; none is left when that fails. */
function writeHeld(
  path: string,
  left: string,
  write: (file: Archive) => void,
): void {
  const file = newHeldFile(path, left);
  try {
    write(file);
    file.close();
  } catch (error) {
    remove(path);
    throw error;
  }
}

/**
 * Copies a file to a new one that only its owner may read.
 *
 * @param left what the message says is left when it does not fit
 * @throws {ToolError} when that fails; no file is left then
 */
export function copyFile(from: string, to: string, left: string): void {
  writeHeld(to, left, (copy) => {
    for (const chunk of fileChunks(from)) copy.write(chunk);
  });
}

/**
 * Compresses a file in pieces, each of which can be unpacked by itself; all of
 * them are one compressed file for every reader.
 *
 * @param last where the last piece begins
 * @param left what the message says is left when it does not fit
 * @throws {ToolError} when that fails; no file is left then
 */
export function packFile(
  from: string,
  to: string,
  last: number,
  left: string,
): void {
  writeHeld(to, left, (packed) => {
    const piece = new Uint8Array(PIECE_BYTES);
    let count = 0, before = last;
    const end = () => {
      if (count > 0) packed.write(gzipSync(piece.subarray(0, count)));
      count = 0;
    };
    for (const chunk of fileChunks(from)) {
      for (let rest = chunk; rest.length > 0;) {
        const most = before > 0 ? before : Infinity;
        const length = Math.min(rest.length, PIECE_BYTES - count, most);
        piece.set(rest.subarray(0, length), count);
        count += length;
        before -= length;
        rest = rest.subarray(length);
        if (count === PIECE_BYTES || before === 0) end();
      }
    }
    end();
  });
}

/**
 * The chunks of a file. A chunk is valid until the next one of the same file:
 * several files may be read by turns.
 */
export function* fileChunks(path: string): Generator<Uint8Array> {
  const input = openInput(path);
  const { size = 0 } = stampOf(path) ?? {};
  const buffer = new Uint8Array(
    Math.max(1, Math.min(size || CHUNK_BYTES, CHUNK_BYTES)),
  );
  try {
    for (let chunk; (chunk = readChunk(input, buffer)) !== undefined;) {
      yield chunk;
    }
  } finally {
    input.close();
  }
}

/**
 * The chunks of a compressed file, also of several that were joined.
 *
 * @param most how many bytes are unpacked at most
 * @param remedy what to do about a file that is damaged or cut
 * @throws {ToolError} when it is, after what is in front of that
 */
export async function* gunzippedChunks(
  path: string,
  most: number,
  remedy: string,
): AsyncGenerator<Uint8Array> {
  try {
    const short = most >= SHORT_UNPACKED_BYTES ? unpackShort(path) : undefined;
    if (short === undefined) return yield* unpackLong(path, most);
    yield short.bytes;
    if (short.error !== undefined) throw short.error;
  } catch (error) {
    throw cannotRead(path, error, remedy);
  }
}

/** Unpacks a file at once; undefined when it is too long for that. */
function unpackShort(
  path: string,
): { readonly bytes: Uint8Array; readonly error?: unknown } | undefined {
  const { size = 0 } = stampOf(path) ?? {};
  if (size > SHORT_BYTES) return undefined;
  const packed = readEnd(path, "first", size);
  if (packed === undefined) throw new Error("It is gone");
  const maxOutputLength = SHORT_UNPACKED_BYTES;
  try {
    return { bytes: gunzipSync(packed, { maxOutputLength }) };
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") {
      return undefined;
    }
    return { bytes: unpackUntilCut(packed) ?? new Uint8Array(0), error };
  }
}

/** Unpacks what can be of data that is cut; undefined if it is damaged, too. */
export function unpackUntilCut(packed: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(packed, {
      finishFlush: zlibConstants().Z_SYNC_FLUSH,
      maxOutputLength: SHORT_UNPACKED_BYTES,
      // Heads and tails are short, and of hundreds each has a buffer of its own.
      chunkSize: Math.min(Math.max(64, 4 * packed.length), 64 * 1024),
    });
  } catch {
    return undefined;
  }
}

async function* unpackLong(
  path: string,
  most: number,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: GZIP_BYTES });
  let failure: unknown;
  const written = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => {
      if (gunzip.write(bytes)) return resolve();
      const taken = () => {
        // Of more than ten that wait for nothing, the runtime warns.
        gunzip.off("drain", taken);
        gunzip.off("close", taken);
        resolve();
      };
      gunzip.once("drain", taken);
      gunzip.once("close", taken);
    });
  const feed = async () => {
    using file = Deno.openSync(path);
    while (!gunzip.destroyed) {
      // zlib keeps what it has not read yet.
      const buffer = new Uint8Array(GZIP_BYTES);
      const count = file.readSync(buffer);
      if (count === null) break;
      await written(buffer.subarray(0, count));
    }
    // Before the error that data which is cut ends with: it would take along
    // what nobody has read yet.
    const { Z_SYNC_FLUSH } = zlibConstants();
    await new Promise<void>((resolve) => {
      gunzip.flush(Z_SYNC_FLUSH, resolve);
      gunzip.once("close", resolve);
    });
    while (gunzip.readableLength > 0 && !gunzip.destroyed) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    gunzip.end();
  };
  const fed = feed().catch((error) => {
    failure = error;
    gunzip.destroy();
  });
  let count = 0;
  try {
    for await (const chunk of gunzip) {
      count += chunk.length;
      if (count > most) {
        throw new Error(`It unpacks to more than ${most} bytes`);
      }
      yield chunk;
    }
  } catch (error) {
    failure ??= error;
  } finally {
    gunzip.destroy();
    await fed;
  }
  if (failure !== undefined) throw failure;
}

function isNotAFolder(error: unknown): boolean {
  return error instanceof Error && /not a directory/i.test(error.message);
}

function cannotMake(path: string, error: unknown): ToolError {
  return new ToolError(
    `Cannot write "${path}": ${reasonOf(error)}: check the path`,
  );
}

function cannotRead(
  path: string,
  error: unknown,
  remedy = "check the path",
): ToolError {
  if (error instanceof ToolError) return error;
  return new ToolError(`Cannot read "${path}": ${reasonOf(error)}: ${remedy}`);
}
