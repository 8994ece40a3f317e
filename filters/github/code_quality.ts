/**
 * What is wrong in a run as a Code Quality report of GitLab.
 *
 * @module
 */

import { visibleText } from "../kit/text/visible.ts";
import { type Finding, type FindingKind, messageOf } from "./findings.ts";
import { defuse } from "./workflow_commands.ts";

/** GitLab's words for how bad something is. */
const SEVERITIES: Record<FindingKind, string> = {
  damage: "blocker",
  lost: "critical",
  fail: "major",
  uxsuccess: "major",
  flaky: "minor",
};

/** Makes the issues of one report. */
export class CodeQuality {
  readonly #seen = new HashCounts();

  /**
   * An issue in JSON. GitLab asks each for a place, and shows one issue for a
   * fingerprint: it compares those of two reports to find what is new.
   */
  issueOf(finding: Finding): string {
    const { kind, name, place } = finding;
    return defuse(JSON.stringify({
      description: visibleText(`${name}: ${messageOf(finding)}`),
      check_name: kind,
      fingerprint: this.#fingerprintOf(finding),
      severity: SEVERITIES[kind],
      location: {
        path: place?.path ?? "unknown",
        lines: { begin: place?.line ?? 1 },
      },
    }));
  }

  /**
   * The same from run to run, whatever tests are added and lines are moved. Of
   * a test that fails several times, or of like damage, each has its own.
   */
  #fingerprintOf({ kind, name, text }: Finding): string {
    // Where a stream is damaged changes with what stands before it.
    const damage = text.replace(/0x[\da-f]+|\d+/gi, "N");
    const identity = [name, kind, kind === "damage" ? damage : ""];
    const first = hashOf(JSON.stringify(identity));
    const count = this.#seen.add(first);
    const hash = count === 1
      ? first
      : hashOf(JSON.stringify([...identity, count]));
    return hash.toString(16).padStart(16, "0");
  }
}

/**
 * Counts hashes, each in 24 bytes at the most on average: there may be millions
 * of failures. A table with open addressing; a count of 0 is a free slot.
 */
class HashCounts {
  #hashes = new BigUint64Array(256);
  #counts = new Uint32Array(256);
  #size = 0;

  /** Counts a hash, and returns how often it has been counted. */
  add(hash: bigint): number {
    if (this.#size * 2 === this.#hashes.length) this.#grow();
    const slot = this.#slotOf(hash);
    if (this.#counts[slot] === 0) {
      this.#hashes[slot] = hash;
      this.#size++;
    }
    return ++this.#counts[slot];
  }

  #slotOf(hash: bigint): number {
    const mask = this.#hashes.length - 1;
    let slot = Number(hash & BigInt(mask));
    while (this.#counts[slot] > 0 && this.#hashes[slot] !== hash) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const hashes = this.#hashes;
    const counts = this.#counts;
    this.#hashes = new BigUint64Array(hashes.length * 2);
    this.#counts = new Uint32Array(hashes.length * 2);
    for (const [index, count] of counts.entries()) {
      if (count === 0) continue;
      const slot = this.#slotOf(hashes[index]);
      this.#hashes[slot] = hashes[index];
      this.#counts[slot] = count;
    }
  }
}

const encoder = new TextEncoder();

/**
 * FNV-1a with 64 bits. The runtime's digests keep their memory for too long, at
 * one for each test.
 */
export function hashOf(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of encoder.encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash;
}
