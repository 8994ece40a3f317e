/**
 * Failures that are excused by a list, and what else the list says of a run.
 *
 * @module
 */

import {
  encodePackets,
  isFailure,
  type Outcome,
  PacketChange,
  PacketEditor,
  type Rows,
  type Test,
  textFile,
} from "@subunit/codec";
import { isTest } from "../kit/stream/not_tests.ts";
import { Verdict } from "../kit/stream/verdict.ts";
import { type Output, parseCount } from "../kit/tool/tool.ts";
import {
  type Entry,
  isAboutFault,
  type QuarantineList,
} from "../select/quarantine_list.ts";

/** Attachments of parents are read up to this, from both ends. */
const MAX_OWN_BYTES = 4096;

/** The tag of a failure that stands for a test that never ended. */
const LOST = "lost";

/** The tag of a failure that was excused. */
const WAS_FAIL = "was:fail";

/** Why a failure is not excused whatever the list says. */
function isBeyondExcuse(test: Test): boolean {
  return test.outcome !== "fail" || !isTest(test) || test.tags.includes(LOST);
}

/** Lines with which runners say no more than that subtests failed. */
const OF_CHILDREN = [
  /^\s*$/,
  // Go.
  /^\s*(=== [A-Z]+ |--- (FAIL|PASS|SKIP): |FAIL\b)/,
  // Deno and Node.
  /^\s*(error: )?['"]?\d+ (subtests?|tests?|test steps?) failed\.?['"]?\s*$/,
];
/** Node says it in one field of several. */
const NODE_PARENT = /^failureType: ['"]?subtestsFailed/m;

/** Whether a test that failed says why, beyond that its subtests did. */
function failsItself({ attachments, tags }: Test): boolean {
  if (tags.some((tag) => tag.startsWith("fault:"))) return true;
  return attachments.some(({ bytes, omitted }) => {
    const text = new TextDecoder().decode(bytes);
    if (NODE_PARENT.test(text)) return false;
    return omitted !== undefined ||
      text.split(/\r?\n/).some((line) =>
        !OF_CHILDREN.some((pattern) => pattern.test(line))
      );
  });
}

/** More than this at once is an outage, whichever is more. */
export const MOST = { tests: 10, percent: 5 } as const;

/**
 * Returns whether so many tests of so many may be excused.
 *
 * @throws {UsageError} if the value is neither a count nor a percentage
 */
export function parseMost(
  value: string | undefined,
): (excused: number, tests: number) => boolean {
  if (value === undefined) {
    return (excused, tests) =>
      excused <= Math.max(MOST.tests, tests * MOST.percent / 100);
  }
  const [, percent] = /^(\d{1,2}|100)%$/.exec(value) ?? [];
  if (percent !== undefined) {
    return (excused, tests) => excused <= tests * Number(percent) / 100;
  }
  const most = parseCount("max-excused", value);
  return (excused) => excused <= most;
}

/** A test by its id on a route. */
function keyOf(testId: string, routeCode: string | undefined): string {
  return JSON.stringify([routeCode, testId]);
}

/** The parent that a test names. */
function parentKey({ parentTestId, routeCode }: Test): string | undefined {
  return parentTestId === undefined
    ? undefined
    : keyOf(parentTestId, routeCode);
}

/** A failure, until it is known whether it is excused. */
interface Failure {
  /** The number of the packet that ends it. */
  readonly packet: number;
  readonly key: string;
  readonly parent: string | undefined;
  readonly tags: readonly string[];
  /** The entry that excuses it, if nothing else speaks against it. */
  entry: Entry | undefined;
  /** An entry that would have, but has expired. */
  readonly expired: Entry | undefined;
  /** Whether its children may excuse it. */
  readonly isOnlyParent: boolean;
}

/** What is changed in the packet that ends a test. */
interface Change {
  readonly status?: "xfail" | "uxsuccess";
  readonly tags: readonly string[];
  readonly entry?: Entry;
}

/** What a run has to do with an entry. */
export interface Met {
  /** How many failures it named. */
  failures: number;
  /** How many successes it named; to skip a test is neither. */
  passes: number;
}

/** A run, read once, and the list. */
export class Quarantine {
  readonly #list: QuarantineList;
  readonly #strict: boolean;
  readonly #verdict = new Verdict({ attachments: { endBytes: MAX_OWN_BYTES } });
  readonly #failures: Failure[] = [];
  /** Tests that passed and are not expected to, each with its entry. */
  readonly #passes: Pick<Failure, "packet" | "tags" | "entry">[] = [];
  readonly #met = new Map<Entry, Met>();
  /** Failures that nothing excuses, by the parent that each names. */
  readonly #blocked = new Set<string>();
  #packets = 0;
  /** What is wrong that no entry is about. */
  #others = 0;
  #tests = 0;
  readonly #changes = new Map<number, Change>();
  #excused = 0;
  #isOutage = false;
  #left = 0;

  /** @param strict whether a quarantined test that passes is unexpected */
  constructor(list: QuarantineList, strict = false) {
    this.#list = list;
    this.#strict = strict;
  }

  takeRows(rows: Rows): void {
    for (let i = 0; i < rows.count; i++) {
      const packet = this.#packets++;
      if (this.#verdict.addRow(rows, i) === 0) continue;
      this.#take(this.#verdict.endedTest(rows, i), packet);
    }
  }

  takeOther(item: Parameters<Verdict["add"]>[0]): void {
    this.#verdict.add(item);
  }

  endChunk(): void {
    this.#verdict.endChunk();
  }

  #take(test: Test, packet: number): void {
    this.#tests++;
    const { outcome, testId, routeCode, tags } = test;
    const fails = isFailure(outcome);
    const entries = this.#entriesOf(test);
    const entry = entries.find(({ isExpired }) => !isExpired);
    if (!fails) {
      if (outcome === "success" && this.#strict && entry !== undefined) {
        this.#passes.push({ packet, tags, entry });
      }
      return;
    }
    if (isBeyondExcuse(test)) return this.#block(test);
    this.#failures.push({
      packet,
      key: keyOf(testId, routeCode),
      parent: parentKey(test),
      tags,
      entry,
      expired: entry === undefined ? entries[0] : undefined,
      isOnlyParent: entry === undefined && !failsItself(test),
    });
  }

  /** The entries that a test meets. */
  #entriesOf({ testId, tags, outcome }: Test): Entry[] {
    // What an earlier call has excused is no better for that.
    const fails = isFailure(outcome) || tags.includes(WAS_FAIL);
    const entries = [
      ...(fails ? this.#list.withFault(tags) : []),
      ...this.#list.naming(testId),
    ];
    for (const entry of entries) this.#meet(entry, fails, outcome);
    return entries;
  }

  /** Takes a failure that nothing excuses. */
  #block(test: Test): void {
    this.#others++;
    const parent = parentKey(test);
    if (parent !== undefined) this.#blocked.add(parent);
  }

  #meet(entry: Entry, fails: boolean, outcome: Outcome): void {
    let met = this.#met.get(entry);
    if (met === undefined) {
      this.#met.set(entry, met = { failures: 0, passes: 0 });
    }
    if (fails) met.failures++;
    else if (outcome === "success") met.passes++;
  }

  /**
   * Ends the first pass.
   *
   * @param mayExcuse given how many tests the list excuses, and of how many
   */
  end(mayExcuse: (excused: number, tests: number) => boolean): void {
    for (const test of this.#verdict.end()) {
      this.#tests++;
      this.#entriesOf(test);
      this.#block(test);
    }
    const excused = this.#failures.filter(({ entry }) => entry !== undefined);
    this.#excused = new Set(excused.map(({ key }) => key)).size;
    this.#isOutage = !mayExcuse(this.#excused, this.#tests);
    if (!this.#isOutage) this.#excuseParents();
    for (const { packet, tags, entry, expired } of this.#failures) {
      if (entry !== undefined && !this.#isOutage) {
        this.#changes.set(packet, {
          status: "xfail",
          tags: withTags(tags, "quarantined", WAS_FAIL),
          entry,
        });
        continue;
      }
      this.#left++;
      if (expired !== undefined) {
        this.#changes.set(packet, {
          tags: withTags(tags, "quarantine-expired"),
        });
      }
    }
    for (const { packet, tags, entry } of this.#passes) {
      this.#others++;
      this.#changes.set(packet, {
        status: "uxsuccess",
        tags: withTags(tags, "quarantined", "was:success"),
        entry: entry!,
      });
    }
  }

  /** Excuses parents of which nothing but excused children failed. */
  #excuseParents(): void {
    const children = new Map<string, Failure[]>();
    for (const failure of this.#failures) {
      if (failure.parent === undefined) continue;
      const known = children.get(failure.parent);
      if (known === undefined) children.set(failure.parent, [failure]);
      else known.push(failure);
    }
    // From the leaves up: a round for each level at most.
    for (let isDone = false; !isDone;) {
      isDone = true;
      for (const failure of this.#failures) {
        if (failure.entry !== undefined || !failure.isOnlyParent) continue;
        const own = children.get(failure.key);
        if (own === undefined || this.#blocked.has(failure.key)) continue;
        if (own.includes(failure)) continue;
        if (!own.every(({ entry }) => entry !== undefined)) continue;
        failure.entry = own[0].entry;
        isDone = false;
      }
    }
  }

  get tests(): number {
    return this.#tests;
  }

  /** What the run has to do with an entry; undefined if nothing. */
  met(entry: Entry): Met | undefined {
    return this.#met.get(entry);
  }

  /** The entries that name tests, of which the run has none. */
  get stale(): Entry[] {
    // A fault that does not occur is no reason to forget it: it comes and goes.
    return this.#list.entries.filter((entry) =>
      !isAboutFault(entry) && !this.#met.has(entry)
    );
  }

  /** What people should know: an outage, and entries that are of no use. */
  get complaints(): string[] {
    const outage =
      `${this.#excused} of ${this.#tests} tests would be excused: that looks like an outage, so none is`;
    return [
      ...(this.#isOutage ? [outage] : []),
      ...this.#list.entries.filter(({ isExpired }) => isExpired).map(
        (entry) => {
          const failures = this.#met.get(entry)?.failures ?? 0;
          return `The entry "${entry.what}" ended on ${entry.until}: ${failures} failures count`;
        },
      ),
      ...this.stale.map(({ what }) =>
        `The entry "${what}" is stale: the run has no such test`
      ),
    ];
  }

  /** Whether nothing is wrong that is not excused. */
  get isGood(): boolean {
    return this.#left === 0 && this.#others === 0 &&
      this.#verdict.summary.damage === 0 && this.complaint === undefined;
  }

  /** Why the input is no stream at all. */
  get complaint(): string | undefined {
    return this.#verdict.complaint;
  }

  /** The second pass: writes the stream with the changes. */
  writer(out: Output): (rows: Rows) => void {
    const editor = new PacketEditor();
    let packet = 0;
    return (rows) => {
      for (let i = 0; i < rows.count; i++) {
        const change = this.#changes.get(packet++);
        if (change === undefined) {
          out.writeRows(rows, i, i);
          continue;
        }
        const ended = rows.packet(i);
        const { testId, routeCode, parentTestId, timestamp, runnable } = ended;
        if (change.entry !== undefined) {
          const file = encodePackets({
            testId,
            routeCode,
            parentTestId,
            timestamp,
            runnable,
            ...textFile("quarantine", change.entry.line + "\n"),
          });
          for (const part of file) out.write(part);
        }
        const { status, tags } = change;
        editor.editEach(
          ended,
          new PacketChange({ tags, ...(status && { status }) }),
          (bytes) => out.write(bytes),
        );
      }
    };
  }
}

/** The tags with others behind them, each once. */
function withTags(
  tags: readonly string[],
  ...more: readonly string[]
): readonly string[] {
  return [...new Set([...tags, ...more])];
}
