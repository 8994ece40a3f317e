/**
 * Joins logs: the union of sets, without what was redacted.
 *
 * @module
 */

import type { Packet } from "@subunit/codec";
import { canonicalBytes, decodeEvent, eventId, isEvent } from "./event.ts";
import { isRedaction, type RowTest } from "./evidence.ts";
import type { FoldOptions } from "./fold.ts";
import { IdSet, idWords } from "./id_set.ts";
import type { LogSource } from "./reader.ts";

/**
 * Calls `take` with each event of a log; they are valid until it returns.
 *
 * @param isWanted leaves out what may be an event, but need not be looked at
 */
export function forEachEvent(
  source: LogSource,
  take: (packet: Packet) => void,
  isWanted: RowTest = () => true,
): void {
  source.forEachRows((rows) => {
    for (let i = 0; i < rows.count; i++) {
      if (!isWanted(rows, i)) continue;
      const packet = rows.packet(i);
      if (isEvent(packet)) take(packet);
    }
  }, () => {});
}

/** The events that redactions name, and the faults that those are about. */
export class Redactions {
  readonly #names = new Set<string>();
  readonly #faults = new Set<string>();
  readonly #isTrusted: FoldOptions["isTrusted"];

  /** @param isTrusted says which redactions count; by default all do */
  constructor(isTrusted?: FoldOptions["isTrusted"]) {
    this.#isTrusted = isTrusted;
  }

  /** Whether nothing is redacted. */
  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  /** Takes note of an event of kind "redact". */
  add(packet: Packet): void {
    if (packet.fileName !== "redact" || !isEvent(packet)) return;
    const { fault, redacts, id } = decodeEvent(canonicalBytes(packet));
    if (this.#isTrusted?.(id) === false) return;
    for (const id of redacts ?? []) {
      this.#faults.add(fault);
      this.#names.add(`${id} ${fault}`);
    }
  }

  /** Reads a whole log. */
  addAll(source: LogSource): this {
    forEachEvent(source, (packet) => this.add(packet), isRedaction);
    return this;
  }

  /** Whether an event must go; a redaction cannot be redacted. */
  has(packet: Packet): boolean {
    if (this.isEmpty || packet.fileName === "redact") return false;
    const fault = packet.testId!;
    if (!this.#faults.has(fault)) return false;
    return this.#names.has(`${eventId(canonicalBytes(packet))} ${fault}`);
  }
}

/**
 * Calls `take` with each event of logs once, in the order of the first one, then
 * of the next; redacted ones are left out. The bytes are valid until it returns,
 * and so are the words of the id.
 *
 * @param isWanted leaves out other faults: hashing is most of the work
 */
export function forEachDistinct(
  sources: readonly LogSource[],
  redactions: Redactions,
  take: (bytes: Uint8Array, packet: Packet, id: Int32Array) => void,
  isWanted?: RowTest,
): void {
  const known = new IdSet(), words = new Int32Array(4);
  for (const source of sources) {
    forEachEvent(source, (packet) => {
      if (redactions.has(packet)) return;
      const bytes = canonicalBytes(packet);
      if (known.add(idWords(bytes, words))) take(bytes, packet, words);
    }, isWanted);
  }
}
