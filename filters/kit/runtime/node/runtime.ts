/**
 * {@linkcode Runtime} on Node.
 *
 * `@deno/shim-deno` implements all of Deno. It takes 30 ms to load, where Node
 * takes 69 and a tool may take 41 more; its pipes to commands are sockets, and
 * its error messages are Node's, and users would notice both.
 *
 * @module
 */

import process from "node:process";
import type { Runtime } from "../runtime.ts";
import { Command } from "./command.ts";
import { errors, withDenoErrors } from "./errors.ts";
import { open, openSync, SeekMode } from "./file.ts";
import {
  chmodSync,
  linkSync,
  lstatSync,
  makeTempFileSync,
  mkdirSync,
  readDirSync,
  realPathSync,
  removeSync,
  renameSync,
  statSync,
} from "./folders.ts";
import { addSignalListener, removeSignalListener } from "./signals.ts";
import { connect, listen } from "./socket.ts";
import { NodeOutput, NodeStdin } from "./stdio.ts";
import { consoleSize } from "./terminal.ts";

export const runtime: Runtime = {
  args: process.argv.slice(2),
  stdin: new NodeStdin(),
  stdout: new NodeOutput(1),
  stderr: new NodeOutput(2),
  consoleSize,
  cwd: () => process.cwd(),
  env: { get: (name) => process.env[name] },
  get exitCode(): number {
    return Number(process.exitCode ?? 0);
  },
  set exitCode(status: number) {
    process.exitCode = status;
  },
  pid: process.pid,
  execPath: () => process.execPath,
  kill: (pid, signal) => {
    withDenoErrors(() => process.kill(pid, signal));
  },
  uid: () => process.getuid?.() ?? null,
  exit: (status) => process.exit(status ?? process.exitCode),
  addSignalListener,
  chmodSync,
  Command,
  connect,
  errors,
  linkSync,
  listen,
  lstatSync,
  makeTempFileSync,
  mkdirSync,
  open,
  openSync,
  readDirSync,
  realPathSync,
  removeSignalListener,
  removeSync,
  renameSync,
  SeekMode,
  statSync,
};
