/**
 * What has changed between two runs, for people: tests by the kind of change, and
 * why those fail that did not before.
 *
 * @module
 */

import {
  isFailure,
  type Outcome,
  type Packet,
  type Test,
  TestCollator,
  type TestKeyBytes,
  TestTable,
} from "@subunit/codec";
import type { Output } from "../kit/io/output.ts";
import { formatSeconds } from "../kit/python/format.ts";
import { cutContent, endsFor } from "../kit/text/content.ts";
import { cutLine } from "../kit/text/shorten.ts";
import { visibleText } from "../kit/text/visible.ts";
import {
  headlineOf,
  isText,
  MAX_READ_LENGTH,
  reasonIn,
} from "../traceback/reason.ts";
import type { TimedOutcome } from "./run_diff.ts";

/** The kinds of change, the most important ones last: nearest to the prompt. */
const KINDS = [
  ["vanished", "Vanished", "vanished"],
  ["appeared", "Appeared", "appeared"],
  ["slower", "Slower", "slower"],
  ["changed", "Changed", "changed"],
  ["fixed", "Fixed", "fixed"],
  ["flaky", "Flaky", "flaky"],
  ["new-fail", "New failures", "new failures"],
] as const;

type Kind = typeof KINDS[number][0];

/** How many tests of a kind are listed; of new failures all are. */
const MAX_LISTED = 20;
/** How many UTF-16 units of a headline are shown. */
const MAX_HEADLINE_LENGTH = 300;

/** A test of the newer run, as its last attempt has it. */
interface Shown {
  kind: Kind | undefined;
  stillFails: boolean;
}

/** The tests of one kind. */
interface Group {
  /** By what they are about. */
  readonly lines: Map<Shown, string>;
  count: number;
}

/** Collects changes, and writes them when the runs have ended. */
export class DiffView {
  readonly #groups = new Map<Kind, Group>(
    KINDS.map(([kind]) => [kind, { lines: new Map(), count: 0 }]),
  );
  readonly #shown = new TestTable<Shown>();
  #stillFailing = 0;

  /**
   * Adds an attempt at a test of the newer run, in place of the one before.
   *
   * @param tags those of its change; none when it has not changed
   * @param packets returns its packets
   */
  add(
    key: TestKeyBytes,
    test: Test,
    tags: readonly string[],
    old: TimedOutcome | undefined,
    packets: () => readonly Packet[],
  ): void {
    const shown = this.#shown.getOrAdd(key, newShown);
    this.#remove(shown);
    if (old && isFailure(old.outcome) && isFailure(test.outcome)) {
      shown.stillFails = true;
      this.#stillFailing++;
    }
    const kind = KINDS.findLast(([kind]) => tags.includes(kind))?.[0];
    if (kind === undefined) return;
    const route = test.routeCode === undefined ? "" : ` (on ${test.routeCode})`;
    const name = visibleText(test.testId + route);
    if (kind !== "new-fail") {
      return this.#list(kind, name + changeText(kind, test, old), shown);
    }
    const isNew = old === undefined ? "  (new)" : "";
    const why = whyText(test, packets());
    this.#list(kind, `${name}${isNew}\n      ${why}`, shown);
  }

  /** Adds a test that only the older run has. */
  addVanished(testId: string): void {
    this.#list("vanished", visibleText(testId), newShown());
  }

  #list(kind: Kind, line: string, shown: Shown): void {
    const group = this.#groups.get(kind)!;
    group.count++;
    shown.kind = kind;
    if (kind === "new-fail" || group.lines.size < MAX_LISTED) {
      group.lines.set(shown, line);
    }
  }

  /** Takes back what an earlier attempt has shown. */
  #remove(shown: Shown): void {
    const group = shown.kind && this.#groups.get(shown.kind);
    if (group !== undefined) {
      group.count--;
      group.lines.delete(shown);
    }
    if (shown.stillFails) this.#stillFailing--;
    Object.assign(shown, newShown());
  }

  /** Writes what has changed. */
  end(out: Output): void {
    const counts: string[] = [];
    for (const [kind, title, words] of KINDS) {
      const { lines, count } = this.#groups.get(kind)!;
      if (count === 0) continue;
      counts.unshift(
        `${count} ${count === 1 ? words.replace(/s$/, "") : words}`,
      );
      out.writeText(`${title} (${count})\n`);
      for (const line of lines.values()) out.writeText(`  ${line}\n`);
      const more = count - lines.size;
      out.writeText(more > 0 ? `  … and ${more} more\n\n` : "\n");
    }
    if (counts.length === 0) counts.push("no test has changed");
    if (this.#stillFailing > 0) counts.push(`${this.#stillFailing} still fail`);
    const { size } = this.#shown;
    const tests = size === 1 ? "1 test" : `${size} tests`;
    out.writeText(`${tests}: ${counts.join(", ")}\n`);
  }
}

function newShown(): Shown {
  return { kind: undefined, stillFails: false };
}

/** What is different about a test, behind its name. */
function changeText(
  kind: Kind,
  { outcome, seconds }: Test,
  old: TimedOutcome | undefined,
): string {
  switch (kind) {
    case "appeared":
      return `  ${outcome}`;
    case "fixed":
    case "changed":
      return `  ${old!.outcome}, now ${outcome}`;
    case "flaky":
      return `  failed and passed, now ${outcome}`;
    case "slower":
      return `  ${formatSeconds(old!.seconds!)} s, now ${
        formatSeconds(seconds!)
      } s`;
    default:
      return "";
  }
}

const WITHOUT_REASON: Partial<Record<Outcome, string>> = {
  lost: "the test started and never ended",
  uxsuccess: "the test passed, and was expected to fail",
};

/** Why a test fails, in a line. */
function whyText(test: Test, packets: readonly Packet[]): string {
  const { outcome } = test;
  const headline = outcome === "lost" ? undefined : headlineIn(packets);
  return headline === undefined
    ? WITHOUT_REASON[outcome] ?? "no reason is given"
    : visibleText(cutLine(headline, MAX_HEADLINE_LENGTH));
}

/** The line of the test's reason that a person would quote. */
function headlineIn(packets: readonly Packet[]): string | undefined {
  const collator = new TestCollator({
    attachments: endsFor(MAX_READ_LENGTH),
    borrows: false,
  });
  let test: Test | undefined;
  for (const packet of packets) test = collator.add(packet) ?? test;
  const texts = (test?.attachments ?? [])
    .filter((file) => isText(file) && file.bytes.length > 0);
  const reason = reasonIn(texts, true);
  if (reason === undefined) return undefined;
  return headlineOf(reason.name, cutContent(reason, MAX_READ_LENGTH));
}
