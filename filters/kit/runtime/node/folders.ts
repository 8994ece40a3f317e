/**
 * Files and directories by their paths.
 *
 * @module
 */

import fs from "node:fs";
import os from "node:os";
import { withDenoErrors } from "./errors.ts";
import type { FileInfo } from "../runtime.ts";
import { fileInfo } from "./file.ts";

/** What is at a path, or behind a link there. */
export function statSync(path: string): FileInfo {
  return withDenoErrors(() => fileInfo(fs.statSync(path)));
}

/** What is at a path; a link is a link. */
export function lstatSync(path: string): FileInfo {
  return withDenoErrors(() => fileInfo(fs.lstatSync(path)));
}

/** Makes a directory, and with `recursive` those above it. */
export function mkdirSync(
  path: string,
  options?: { readonly recursive?: boolean; readonly mode?: number },
): void {
  withDenoErrors(() => void fs.mkdirSync(path, options));
}

/** The path without links. */
export function realPathSync(path: string): string {
  return withDenoErrors(() => fs.realpathSync(path));
}

/** What is in a directory. */
export function readDirSync(
  path: string,
): { readonly name: string; readonly isSymlink: boolean }[] {
  return withDenoErrors(() =>
    fs.readdirSync(path, { withFileTypes: true }).map((entry) => ({
      name: entry.name,
      isSymlink: entry.isSymbolicLink(),
    }))
  );
}

/** Gives a file one more path. */
export function linkSync(from: string, to: string): void {
  withDenoErrors(() => fs.linkSync(from, to));
}

/** Gives a file another path. */
export function renameSync(from: string, to: string): void {
  withDenoErrors(() => fs.renameSync(from, to));
}

/** Sets the permissions of a file. */
export function chmodSync(path: string, mode: number): void {
  withDenoErrors(() => fs.chmodSync(path, mode));
}

/** Removes a file. */
export function removeSync(path: string): void {
  withDenoErrors(() => fs.unlinkSync(path));
}

/** Makes a file for nobody else, and returns its path. */
export function makeTempFileSync({ prefix }: { prefix: string }): string {
  const path = `${os.tmpdir()}/${prefix}${crypto.randomUUID()}`;
  withDenoErrors(() => fs.writeFileSync(path, "", { flag: "wx", mode: 0o600 }));
  return path;
}
