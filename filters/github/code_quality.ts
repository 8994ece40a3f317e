/**
 * Findings as a Code Quality report for GitLab.
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
   * An issue in JSON. GitLab requires a place, shows one issue per fingerprint,
   * and compares the fingerprints of two reports to find new issues.
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
   * A fingerprint that stays the same from run to run when tests are added and
   * lines move. The second failure of a test gets another than the first.
   */
  #fingerprintOf({ kind, name, text }: Finding): string {
    // The offset of damage changes with the stream before it.
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
 * Counts hashes, in 24 to 48 bytes each: a run may have millions of failures. A
 * table with open addressing; a slot with a count of 0 is free.
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
 * FNV-1a with 64 bits. The runtime's digests release their memory too late to be
 * called once per test.
 */
export function hashOf(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of encoder.encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash;
}
