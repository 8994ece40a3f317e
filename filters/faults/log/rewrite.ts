/**
 * Rewrites a log without the events that have no effect any more.
 *
 * @module
 */

import type { StreamItem } from "@subunit/codec";
import { reasonOf, ToolError } from "../../kit/errors.ts";
import {
  openFile,
  openLocked,
  replaceFile,
  rewind,
} from "../../kit/io/files.ts";
import { Output } from "../../kit/io/output.ts";
import { checkLog, forEachItem } from "./append.ts";
import {
  canonicalBytes,
  decodeEvent,
  isEvent,
  type LogEvent,
} from "./event.ts";
import type { FoldOptions } from "./fold.ts";
import { Redactions } from "./merge.ts";

/**
 * Replaces a log by one without what was redacted, or compacted by its origin.
 * Everything else stays, text and damage included. Other processes wait.
 *
 * @param isTrusted says which redactions and compactions count; by default all
 * @returns how many events are gone
 * @throws {ToolError} when that fails; the log is then as it was
 */
export function rewriteLog(
  path: string,
  isTrusted?: FoldOptions["isTrusted"],
): number {
  try {
    // A log that is not there would be made.
    openFile(path).close();
    using file = openLocked(path);
    checkLog(file, path);
    const redactions = new Redactions(isTrusted);
    const compactions = new Compactions();
    forEachItem(file, (item) => {
      if (item.kind !== "packet" || !isEvent(item)) return;
      redactions.add(item);
      if (item.fileName === "seen") {
        const event = decodeEvent(canonicalBytes(item));
        if (isTrusted?.(event.id) ?? true) compactions.add(event);
      }
    });
    let gone = 0;
    rewind(file);
    replaceFile(path, (target) => {
      const out = new Output(
        {
          writeSync: (bytes) => target.writeSync(bytes),
          isTerminal: () => false,
        },
        `"${path}"`,
      );
      forEachItem(file, (item) => {
        const isGone = item.kind === "packet" && isEvent(item) &&
          (redactions.has(item) || compactions.has(item));
        if (isGone) gone++;
        else out.write(item.bytes);
      });
      out.flush();
    });
    return gone;
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError(
      `Cannot rewrite "${path}": ${reasonOf(error)}: it is as it was`,
    );
  }
}

/** The "seen" events that others of the same origin stand for. */
class Compactions {
  readonly #names = new Set<string>();

  add({ fault, author = "", supersedes = [] }: LogEvent): void {
    for (const id of supersedes) this.#names.add(`${id} ${author} ${fault}`);
  }

  has(packet: Extract<StreamItem, { kind: "packet" }>): boolean {
    if (this.#names.size === 0 || packet.fileName !== "seen") return false;
    const { id, author = "", fault } = decodeEvent(canonicalBytes(packet));
    return this.#names.has(`${id} ${author} ${fault}`);
  }
}
