/**
 * {@linkcode Runtime} on Node.
 *
 * `@deno/shim-deno` is the library for the whole of it. It costs 30 ms before
 * a tool begins, where Node alone takes 69 and a tool may take 41 more; its
 * pipes of commands are sockets and its words for errors are Node's, and both
 * would show.
 *
 * @module
 */

import process from "node:process";
import type { Runtime } from "../runtime.ts";
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
import { NodeOutput, NodeStdin } from "./stdio.ts";

export const runtime: Runtime = {
  args: process.argv.slice(2),
  stdin: new NodeStdin(),
  stdout: new NodeOutput(1),
  stderr: new NodeOutput(2),
  get exitCode(): number {
    return Number(process.exitCode ?? 0);
  },
  set exitCode(status: number) {
    process.exitCode = status;
  },
  exit: (status) => process.exit(status ?? process.exitCode),
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
