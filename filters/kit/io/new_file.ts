/**
 * New files and directories, named by a stream where that is harmless. Nothing
 * is ever overwritten.
 *
 * @module
 */

import { isNotFound } from "../errors.ts";
import type { FsFile } from "../runtime/runtime.ts";

/** What file systems take, less room for a number behind it. */
const MAX_NAME_BYTES = 255 - "-4294967295".length;

/**
 * What would leave the directory, or a terminal would obey, and "%" where it
 * would look like an escape: so escapes can be undone.
 */
const HARMFUL =
  // deno-lint-ignore no-control-regex -- they are what is looked for
  /[/\\\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]|%(?=[0-9A-F]{2})/g;

/** No test id or file name has the character this stands for. */
const EMPTY_NAME = "%00";

const encoder = new TextEncoder();

/**
 * The name of a file or directory for any text: itself where that is harmless,
 * else with escapes as in URLs, and cut where it is too long.
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

/** A name that is not taken: itself, or else with a number behind it. */
export function freeName(
  name: string,
  isTaken: (name: string) => boolean,
): string {
  if (!isTaken(name)) return name;
  const isNumberTaken = (number: number) => isTaken(`${name}-${number}`);
  // First by doubling, then by halving: a test may run a million times.
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
 * Makes a directory, and those above it, where there is none.
 *
 * @throws what the runtime throws
 */
export function makeDirectories(path: string): void {
  Deno.mkdirSync(path, { recursive: true });
}

/**
 * Makes a file to be written, which must not be there yet.
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
  bytes: Uint8Array,
): string {
  return makeNew(directory, text, (path) => {
    Deno.writeFileSync(path, bytes, { createNew: true });
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
