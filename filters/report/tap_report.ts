/**
 * TAP reports: a test point for each test as it ends, subtests before their
 * parents.
 *
 * In TAP, subtests come right before their parent's test point, so they are
 * held until their parent ends. Those that cannot come there are test points of
 * the outermost level, and name their parent: so the report of any stream is
 * well-formed and has each test once.
 *
 * @module
 */

import { isFailure, type Rows } from "@subunit/codec";
import type { Output } from "../kit/io/output.ts";
import type { Verdict } from "../kit/stream/verdict.ts";
import type { Report, ReportedTest } from "./report.ts";
import {
  formatTestPoint,
  parentLine,
  SUBTEST_INDENT,
  type TestPoint,
  testPointOf,
} from "./tap_point.ts";
import { TapRows } from "./tap_rows.ts";

/** How many bytes of subtests are held for parents that have not ended. */
const MAX_HELD_BYTES = 8 * 1024 * 1024;
/** Our own reader takes lines that are indented further for text. */
const MAX_LEVELS = 256;

/** A test without its subtests; JSON can hold it. */
interface Node {
  readonly point: TestPoint;
  readonly testId: string;
  readonly routeCode?: string;
  readonly parentTestId?: string;
  readonly isFailure: boolean;
}

/** What names a test, and its parent, among those of all routes. */
function keyOf({ testId, routeCode }: Node): string {
  return JSON.stringify([testId, routeCode]);
}

function parentKeyOf({ parentTestId, routeCode }: Node): string | undefined {
  return parentTestId === undefined
    ? undefined
    : JSON.stringify([parentTestId, routeCode]);
}

/** Texts of more characters are held as bytes. */
const BLOCK_CHARACTERS = 16 * 1024;

/**
 * Held tests, each with its subtests. Many are held as bytes: as objects they
 * would take several times the memory, and time to collect.
 */
class Subtests {
  readonly #blocks: Uint8Array[] = [];
  /** The last ones, a line of JSON each. */
  #lines: string[] = [];
  #characters = 0;
  /** The subtests of those that have any, by index. */
  readonly #inner = new Map<number, Subtests>();

  /** How many there are, without their own subtests. */
  count = 0;
  /** How many levels they take. */
  levels = 0;
  /** Roughly the memory they take. */
  bytes = 0;
  hasFailure = false;

  add(node: Node, subtests: Subtests | undefined): void {
    const line = JSON.stringify(node);
    if (subtests !== undefined) this.#inner.set(this.count, subtests);
    this.count++;
    this.levels = Math.max(this.levels, levelsOf(subtests));
    this.bytes += line.length + (subtests?.bytes ?? 0);
    this.hasFailure ||= node.isFailure;
    this.#lines.push(line);
    this.#characters += line.length;
    if (this.#characters < BLOCK_CHARACTERS) return;
    this.#blocks.push(new TextEncoder().encode(this.#lines.join("\n")));
    this.#lines = [];
    this.#characters = 0;
  }

  *[Symbol.iterator](): Generator<[Node, Subtests | undefined]> {
    let index = 0;
    for (const line of this.#allLines()) {
      yield [JSON.parse(line), this.#inner.get(index++)];
    }
  }

  *#allLines(): Generator<string> {
    for (const block of this.#blocks) {
      yield* new TextDecoder().decode(block).split("\n");
    }
    yield* this.#lines;
  }
}

/** How many levels a test with such subtests takes. */
function levelsOf(subtests: Subtests | undefined): number {
  return 1 + (subtests?.levels ?? 0);
}

/** Writes a report; subtests are held until their parents end. */
export class TapReport implements Report {
  readonly #out: Output;
  #rows: TapRows | undefined;
  /** How many test points are at the outermost level. */
  #count = 0;
  /** Subtests by their parents' keys. */
  readonly #held = new Map<string, Subtests>();
  #heldBytes = 0;
  /** Lost tests: they come last, parents before their subtests. */
  readonly #lost: Node[] = [];

  constructor(out: Output) {
    this.#out = out;
    this.#write("TAP version 14\n");
  }

  #write(text: string): void {
    this.#out.writeText(text);
  }

  addRow(rows: Rows, i: number, tests: Verdict): void {
    const fast = this.#rows ??= new TapRows(this.#out);
    // Subtests that are held may belong to any test.
    const isFast = this.#held.size === 0 && !this.#out.isTerminal;
    if (isFast && fast.write(rows, i, tests, this.#count + 1)) {
      this.#count++;
    } else {
      fast.flush();
      this.add(tests.endedTest(rows, i));
    }
  }

  endRows(): void {
    this.#rows?.flush();
  }

  add(test: ReportedTest): void {
    const { testId, routeCode, parentTestId, outcome } = test;
    const node: Node = {
      point: testPointOf(test),
      testId,
      routeCode,
      parentTestId,
      isFailure: isFailure(outcome),
    };
    if (outcome === "lost") this.#lost.push(node);
    else this.#place(node);
    if (this.#heldBytes > MAX_HELD_BYTES) this.#release();
  }

  end(): void {
    const lost = new Set(this.#lost.map(keyOf));
    this.#release((parentKey) => !lost.has(parentKey));
    const isBelow = (node: Node) => lost.has(parentKeyOf(node) ?? "");
    const below = Map.groupBy(this.#lost.filter(isBelow), parentKeyOf);
    const open = this.#lost.filter((node) => !isBelow(node)).reverse();
    for (let node; (node = open.pop()) !== undefined;) {
      const subtests = below.get(keyOf(node));
      below.delete(keyOf(node));
      if (subtests === undefined) this.#place(node);
      else for (const next of [node, ...subtests.reverse()]) open.push(next);
    }
    // Each of these is a subtest of itself, by way of others.
    for (const nodes of below.values()) nodes.forEach(this.#place);
    this.#release();
    this.#write(`1..${this.#count}\n`);
  }

  /** Writes or holds a test that has ended, with its subtests. */
  readonly #place = (node: Node): void => {
    const held = this.#held.size === 0 ? undefined : this.#take(keyOf(node));
    const subtests = held && this.#sift(held, node);
    const parentKey = parentKeyOf(node);
    if (parentKey === undefined) this.#writeOut(node, subtests);
    else this.#hold(node, subtests, parentKey);
  };

  /** The subtests that can come before their parent; writes the others. */
  #sift(held: Subtests, parent: Node): Subtests | undefined {
    // Many readers look at the outermost level alone: a parent that passed must
    // not hide a failure.
    const mayFail = parent.isFailure;
    if (held.levels < MAX_LEVELS && (mayFail || !held.hasFailure)) return held;
    const fitting = new Subtests();
    for (const [node, subtests] of held) {
      const fits = levelsOf(subtests) < MAX_LEVELS &&
        (mayFail || !node.isFailure);
      if (fits) fitting.add(node, subtests);
      else this.#writeOut(node, subtests);
    }
    return fitting.count > 0 ? fitting : undefined;
  }

  #hold(node: Node, subtests: Subtests | undefined, parentKey: string): void {
    let held = this.#held.get(parentKey);
    if (held === undefined) this.#held.set(parentKey, held = new Subtests());
    this.#heldBytes -= held.bytes;
    held.add(node, subtests);
    this.#heldBytes += held.bytes;
  }

  /** Takes out the subtests that are held for a parent. */
  #take(parentKey: string): Subtests | undefined {
    const held = this.#held.get(parentKey);
    this.#held.delete(parentKey);
    this.#heldBytes -= held?.bytes ?? 0;
    return held;
  }

  /** Writes the subtests of parents that have not ended. */
  #release(isToGo: (parentKey: string) => boolean = () => true): void {
    for (const parentKey of Array.from(this.#held.keys()).filter(isToGo)) {
      for (const [node, subtests] of this.#take(parentKey)!) {
        this.#writeOut(node, subtests);
      }
    }
  }

  /** Writes a test at the outermost level. */
  #writeOut(node: Node, subtests: Subtests | undefined): void {
    this.#writeNode(node, subtests, ++this.#count, "");
  }

  #writeNode(
    node: Node,
    subtests: Subtests | undefined,
    number: number,
    indent: string,
  ): void {
    const { point, parentTestId } = node;
    const isInParent = indent !== "";
    const text = isInParent && point.nameInParent || point.name;
    if (subtests !== undefined) {
      const inner = indent + SUBTEST_INDENT;
      const name = text && `: ${text}`;
      this.#write(`${indent}# Subtest${name}\n`);
      let count = 0;
      for (const [subtest, below] of subtests) {
        this.#writeNode(subtest, below, ++count, inner);
      }
      this.#write(`${inner}1..${count}\n`);
    }
    const diagnostics = isInParent || parentTestId === undefined
      ? point.diagnostics
      : parentLine(parentTestId) + point.diagnostics;
    const own = { ...point, diagnostics };
    this.#write(formatTestPoint(own, text, number, indent));
  }
}
