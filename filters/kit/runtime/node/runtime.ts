/**
 * The part of the `Deno` global that the tools use, on Node.
 *
 * `@deno/shim-deno` is the library for the whole of it. It costs 30 ms before
 * a tool begins, where Node alone takes 69 and a tool may take 41 more; its
 * pipes of commands are sockets and its words for errors are Node's, and both
 * would show. What the tools use is small; the build refuses what is not here.
 *
 * @module
 */

import process from "node:process";
import { Command } from "./command.ts";
import { errors } from "./errors.ts";
import { open, openSync, SeekMode } from "./file.ts";
import {
  lstatSync,
  makeTempFileSync,
  mkdirSync,
  removeSync,
  statSync,
  writeFileSync,
} from "./folders.ts";
import { addSignalListener, removeSignalListener } from "./signals.ts";
import { Stdin, StdOut } from "./stdio.ts";

export const runtime = {
  args: process.argv.slice(2),
  stdin: new Stdin(),
  stdout: new StdOut(1),
  stderr: new StdOut(2),
  get exitCode(): number {
    return Number(process.exitCode ?? 0);
  },
  set exitCode(status: number) {
    process.exitCode = status;
  },
  /** Ends the process, with the exit code that was set unless given one. */
  exit: (status?: number): never => process.exit(status ?? process.exitCode),
  addSignalListener,
  Command,
  errors,
  lstatSync,
  makeTempFileSync,
  mkdirSync,
  open,
  openSync,
  removeSignalListener,
  removeSync,
  SeekMode,
  statSync,
  writeFileSync,
};
