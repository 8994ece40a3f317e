/**
 * New files and directories, whose names may come from a stream. Nothing is
 * ever overwritten.
 *
 * @module
 */

import { isNotFound } from "../errors.ts";
import type { FsFile } from "../runtime/runtime.ts";
import { writeAll } from "./output.ts";

/** The limit of file systems, less room for a number. */
const MAX_NAME_BYTES = 255 - "-4294967295".length;

/**
 * Characters that lead out of the directory or control a terminal, and a "%"
 * that would look like an escape, so that escapes can be undone.
 */
const HARMFUL =
  // deno-lint-ignore no-control-regex -- they are what is looked for
  /[/\\\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]|%(?=[0-9A-F]{2})/g;

/** An escape that no other name has: of a NUL, which no name may hold. */
const EMPTY_NAME = "%00";

const encoder = new TextEncoder();

/**
 * A safe file name for any text: the text itself where that is harmless, else
 * with escapes as in URLs, and cut where it is too long.
 */
export function safeName(text: string): string {
  if (text === "") return EMPTY_NAME;
  const escaped = /^\.\.?$/.test(text)
    ? text.replaceAll(".", "%2E")
    : text.replace(HARMFUL, encodeURIComponent);
  const { read } = encoder.encodeInto(escaped, new Uint8Array(MAX_NAME_BYTES));
  return read === escaped.length
    ? escaped
    : escaped.slice(0, read).replace(/%[0-9A-F]?$/, "");
}

/**
 * A name that is not taken: `name` itself, or `name` with a number appended.
 */
export function freeName(
  name: string,
  isTaken: (name: string) => boolean,
): string {
  if (!isTaken(name)) return name;
  const isNumberTaken = (number: number) => isTaken(`${name}-${number}`);
  // By doubling, then by bisection: a test may run a million times.
  let taken = 0, free = 1;
  for (; isNumberTaken(free); free *= 2) taken = free;
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2);
    if (isNumberTaken(middle)) taken = middle;
    else free = middle;
  }
  return `${name}-${free}`;
}

/**
 * Makes a directory and its parents, where they are missing.
 *
 * @throws what the runtime throws
 */
export function makeDirectories(path: string): void {
  Deno.mkdirSync(path, { recursive: true });
}

/**
 * Creates a file for writing; it must not exist yet.
 *
 * @throws what the runtime throws
 */
export function createFile(path: string): FsFile {
  return Deno.openSync(path, { write: true, createNew: true });
}

/**
 * Makes a directory in another one, named after `text`.
 *
 * @returns its name there
 * @throws what the runtime throws
 */
export function makeNewDirectory(parent: string, text: string): string {
  return makeNew(parent, text, (path) => Deno.mkdirSync(path));
}

/**
 * Writes a file into a directory, named after `text`.
 *
 * @returns its name there
 * @throws what the runtime throws
 */
export function writeNewFile(
  directory: string,
  text: string,
  parts: readonly Uint8Array[],
): string {
  return makeNew(directory, text, (path) => {
    using file = createFile(path);
    for (const part of parts) writeAll(file, part);
  });
}

/** @param make throws AlreadyExists when another process was faster */
function makeNew(
  directory: string,
  text: string,
  make: (path: string) => void,
): string {
  for (;;) {
    const name = freeName(
      safeName(text),
      (name) => exists(`${directory}/${name}`),
    );
    try {
      make(`${directory}/${name}`);
      return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
