/**
 * Go: panics, and what tests log.
 *
 * @module
 */

import {
  type Call,
  type ChainGrammar,
  type Thrown,
  withoutArguments,
} from "./chain.ts";

const CRASH = /^(?:\s*)(panic|fatal error): (.*)$/;
const PLACE = /^\s+(\S.*\.(?:go|s)):\d+(?: \+0x[\da-f]+)?$/;
const LOGGED = /^\s{4,}([^\s:/]+\.go):\d+: ?(.*)$/;
const TRACE = /^\s+Error Trace:\s+(.*)$/;
const ERROR = /^\s+Error:\s+(.*)$/;
/** A place in testify's trace. */
const TRACED = /(\S+\.go):\d+$/;

export const go: ChainGrammar = {
  language: "go",
  marker: /^[ \t]*(?:panic|fatal error): |^[ \t]{4,}[^\s:/]+\.go:\d+: ?/m,
  read: (lines) => crash(lines) ?? logged(lines),
  library:
    /^(?:\S*\/go(?:-[\d.]+)?\/src\/|_testmain\.go|\S*\/pkg\/mod\/)|:(?:runtime|testing|reflect|sync|panic|net\/http|database\/sql)(?:[./]|$)|:github\.com\/stretchr\/testify\//,
  isQualified: true,
  plainName: (name) =>
    name.replace(/(\.func)?\d+(?=\.|$)/g, "$1").replace(/\[\.\.\.\]/g, ""),
};

function crash(lines: readonly string[]): Thrown[] | undefined {
  const at = lines.findIndex((line) => CRASH.test(line));
  if (at < 0) return undefined;
  const [, kind, said] = CRASH.exec(lines[at])!;
  const message = said.replace(/ \[recovered.*$/, "");
  let first: Call[] | undefined;
  let calls: Call[] = [];
  let isOwn = false;
  for (let i = at + 1; i < lines.length; i++) {
    const line = lines[i];
    if (line.startsWith("goroutine ")) {
      if (calls.length > 0) first ??= calls;
      calls = [];
      continue;
    }
    const place = PLACE.exec(lines[i + 1] ?? "");
    if (place === null || /^\s/.test(line)) continue;
    i++;
    if (line.startsWith("created by ")) continue;
    const name = withoutArguments(line.trim());
    // What is above was called by the panic itself.
    if (name === "panic") calls = [];
    else calls.push({ file: place[1], name });
    // Of a test that timed out, the goroutine that runs a test.
    isOwn = /\.Test\w/.test(name);
    if (isOwn && message.startsWith("test timed out")) first = calls;
  }
  const isTimeout = message.startsWith("test timed out");
  return [{
    type: isTimeout ? "timeout" : kind,
    message,
    calls: first ?? calls,
  }];
}

function logged(lines: readonly string[]): Thrown[] | undefined {
  const at = lines.findLastIndex((line) => LOGGED.test(line));
  if (at < 0) return undefined;
  const [, file, said] = LOGGED.exec(lines[at])!;
  if (said !== "") {
    return [{ type: "FAIL", message: said, calls: [{ file, name: "" }] }];
  }
  // testify.
  const calls: Call[] = [];
  let message = "";
  let inTrace = false;
  for (const line of lines.slice(at + 1)) {
    const trace = TRACE.exec(line)?.[1];
    if (trace !== undefined) inTrace = true;
    const error = ERROR.exec(line)?.[1];
    if (error !== undefined) {
      inTrace = false;
      message ||= error;
    }
    const traced = inTrace ? TRACED.exec((trace ?? line).trim()) : null;
    if (traced !== null) calls.push({ file: traced[1], name: "" });
    if (message !== "") break;
  }
  if (message === "") message = lines[at + 1]?.trim() ?? "";
  if (calls.length === 0) calls.push({ file, name: "" });
  return [{ type: "FAIL", message, calls }];
}
