/**
 * Finds the faults in a stream: the fingerprint of each test that fails, when it
 * ends.
 *
 * @module
 */

import {
  EventKey,
  type Outcome,
  parentKey,
  type Rows,
  type Test,
  TestTable,
} from "@subunit/codec";
import { FAULT_TAG, faultTagIn } from "../../kit/stream/fault_tag.ts";
import {
  type Fingerprint,
  Fingerprinter,
  KEY_FILE,
  type NamedText,
  type Rules,
} from "../fingerprint/fingerprint.ts";
import { HeldTexts, type Key } from "./held_texts.ts";

/** A fault that a test failed with. */
export interface Found {
  readonly testId: string;
  readonly routeCode: string | undefined;
  /** The tag that names the fault. */
  readonly tag: string;
  /** Whether the test has the tag already. */
  readonly isTagged: boolean;
  readonly fingerprint: Fingerprint;
}

/** The tag of what is left over when a run has too many faults. */
export const OVERFLOW_TAG = `${FAULT_TAG}overflow`;
/** Parents of failed tests that are remembered, if they never end. */
const MAX_PARENTS = 10_000;
const LOST_TAG = "lost";

/** What a finder does besides. */
export interface FinderOptions {
  /** How many faults a run may have; others are left over. */
  readonly maxFaults: number;
  /** Takes the texts of tests that do not fail. */
  readonly passed?: (texts: readonly NamedText[]) => void;
}

/** Finds faults. */
export class FaultFinder {
  readonly #fingerprinter: Fingerprinter;
  readonly #texts: HeldTexts;
  readonly #maxFaults: number;
  readonly #passed: FinderOptions["passed"];
  readonly #known = new Set<string>();
  /** Parents of tests that failed. */
  readonly #parents = new TestTable<true>();
  #partsFailed = 0;

  /** @param hash SHA-256 of a text */
  constructor(
    hash: (text: string) => Uint8Array,
    rules: Rules,
    { maxFaults, passed }: FinderOptions,
  ) {
    this.#fingerprinter = new Fingerprinter(hash, rules);
    this.#texts = new HeldTexts(rules.keyFile ?? KEY_FILE);
    this.#maxFaults = maxFaults;
    this.#passed = passed;
  }

  /** The id of a kind. */
  kindIdOf(fingerprint: Fingerprint): string {
    return this.#fingerprinter.kindIdOf(fingerprint);
  }

  /** How many tests failed only because their subtests did. */
  get partsFailed(): number {
    return this.#partsFailed;
  }

  /** Adds a packet; returns the fault of the test that it ends, if there is one. */
  add(rows: Rows, i: number): Found | undefined {
    if (rows.idAt(i) < 0 || rows.isExists(i)) return undefined;
    if (!rows.isFinal(i)) {
      if (rows.fileAt(i) >= 0) this.#texts.add(rows.packet(i));
      return undefined;
    }
    const status = rows.status(i)!;
    if (status !== "fail" && status !== "uxsuccess") {
      if (this.#passed !== undefined) this.#pass(rows, i);
      else if (this.#texts.size > 0) this.#texts.drop(rows.packet(i).testKey);
      if (this.#parents.size > 0) this.#parents.delete(rows.packet(i).testKey);
      return undefined;
    }
    const packet = rows.packet(i);
    if (rows.fileAt(i) >= 0) this.#texts.add(packet);
    if (rows.parentAt(i) >= 0) {
      if (this.#parents.size >= MAX_PARENTS) this.#parents.clear();
      this.#parents.set(parentKey(packet), true);
    }
    const tags = packet.tags ?? [];
    const outcome = status === "fail" && tags.includes(LOST_TAG)
      ? "lost"
      : status;
    return this.#found(
      { testId: packet.testId!, routeCode: packet.routeCode, tags, outcome },
      packet.testKey,
    );
  }

  /** The fault of a test that never ended, which no packet can be tagged with. */
  addLost({ testId, routeCode, tags }: Test): Found | undefined {
    const key = new EventKey().of({ testId, routeCode });
    return this.#found({ testId, routeCode, tags, outcome: "lost" }, key);
  }

  /** Copies what is needed later, before the bytes of packets change. */
  endChunk(): void {
    this.#texts.own();
  }

  #pass(rows: Rows, i: number): void {
    const packet = rows.packet(i);
    if (rows.fileAt(i) >= 0) this.#texts.add(packet);
    const texts = this.#texts.take(packet.testKey);
    if (texts.length > 0) this.#passed!(texts);
  }

  #found(
    { testId, routeCode, tags, outcome }: {
      readonly testId: string;
      readonly routeCode: string | undefined;
      readonly tags: readonly string[];
      readonly outcome: Exclude<Outcome, "success" | "skip" | "xfail">;
    },
    key: Key,
  ): Found | undefined {
    const fingerprint = this.#fingerprinter.of({
      testId,
      outcome,
      texts: this.#texts.take(key),
      hasFailedPart: this.#parents.size > 0 &&
        this.#parents.delete(key) !== undefined,
    });
    const given = faultTagIn(tags);
    if (fingerprint === undefined) {
      this.#partsFailed++;
      return undefined;
    }
    const tag = this.#limited(given ?? FAULT_TAG + fingerprint.id);
    return {
      testId,
      routeCode,
      tag,
      isTagged: given !== undefined,
      fingerprint,
    };
  }

  /** A run with no end of faults must not take memory without end. */
  #limited(tag: string): string {
    if (this.#known.has(tag)) return tag;
    if (this.#known.size >= this.#maxFaults) return OVERFLOW_TAG;
    this.#known.add(tag);
    return tag;
  }
}
