/**
 * Records that a command's stream brings along: what was run, and how it ended.
 * `subunit-load` keeps them, and every reader leaves them out of its counts.
 *
 * @module
 */

import { now, type Packet } from "@subunit/codec";
import { stampOf } from "../../kit/io/files.ts";
import { currentFolder, foldersUpwards } from "../../kit/io/paths.ts";
import type { CommandStatus } from "../../kit/runtime/runtime.ts";
import { encodeRecord, endingIn, readRecord } from "./record.ts";

/** How many bytes of a command are kept, as JSON: a record has to be short. */
const MOST_BYTES = 8 * 1024;

/**
 * The record in front of a command's stream: its words, and the folder it runs
 * in, relative to the repository or checkout around it. No environment, user or
 * host, and no other path.
 */
export function commandStart(words: readonly string[]): Uint8Array {
  let length = 0;
  const command = words.filter((word) =>
    (length += jsonLength(word)) <= MOST_BYTES
  );
  const left = words.length - command.length;
  const cwd = folderInside();
  return encodeRecord("start", {
    v: 1,
    command,
    ...left > 0 ? { wordsLeftOut: left } : {},
    cwd: cwd && jsonLength(cwd) <= MOST_BYTES ? cwd : undefined,
  }, now());
}

/** The length of a value of a list in JSON, in bytes, with its comma. */
function jsonLength(text: string): number {
  return new TextEncoder().encode(JSON.stringify(text)).length + 1;
}

/**
 * The record behind a command's stream.
 *
 * @param inner the last record in the stream, which the command itself may have
 * written: it may know that all tests were run
 */
export function commandEnd(
  { code, signal }: Pick<CommandStatus, "code" | "signal">,
  inner: Packet | undefined,
): Uint8Array {
  const { scope, suite, counts } = endingIn(inner && readRecord(inner));
  return encodeRecord("end", {
    v: 1,
    of: "command",
    ...signal === null ? { exit: code } : { signal },
    scope,
    suite,
    counts,
  }, now());
}

/**
 * A number for the words of a worker and the folder that it runs in: with other
 * words it may list fewer tests. Undefined without words.
 */
export function suiteOf(words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined;
  const text = [folderInside() ?? "", ...words].join("\0");
  // FNV-1a: to load a cryptographic hash would take longer than the rest.
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/**
 * The current folder as seen from the nearest repository or checkout around it;
 * the root is none.
 */
function folderInside(): string | undefined {
  const here = currentFolder();
  for (const around of foldersUpwards(here)) {
    if (around === "") return undefined;
    for (const name of [".subunit", ".git"]) {
      if (stampOf(`${around}/${name}`) === undefined) continue;
      return here.slice(around.length + 1) || ".";
    }
  }
  return undefined;
}
