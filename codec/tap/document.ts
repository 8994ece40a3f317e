/**
 * Makes events from the lines of a TAP document.
 *
 * @module
 */

import type { StatusEvent, TestStatus } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { cutId } from "../text/ids.ts";
import type { LineReader } from "../text/line_feeder.ts";
import { numberedId } from "./ids.ts";
import type { Subtest } from "./level.ts";
import { LEVEL_INDENT, Levels } from "./levels.ts";
import {
  contentEnd,
  indentationEnd,
  isYamlEnd,
  mayBecomeTap,
  parseLine,
  type PlanLine,
  type StructureLine,
  type TestPointLine,
  type TextLine,
  type VersionLine,
} from "./line.ts";
import { Outlet } from "./outlet.ts";
import type { TestResult } from "./test_result.ts";

/** The last test point, while it may still get diagnostics. */
interface Current {
  readonly result: TestResult;
  readonly depth: number;
  readonly line: TestPointLine;
  readonly number: number;
  /** The announcement of it, if there was one. */
  readonly subtest: Subtest | undefined;
}

/**
 * Makes events from lines. Ids, statuses and reports of missing tests are those
 * of Python's `tap2subunit` for what it reads: TAP 12 and 13, one level.
 *
 * Where TAP leaves it open, or Python loses something:
 *
 * - A test that is reported twice, or is not planned, is a failure, whatever
 *   its result. If the plan comes last, the test has been emitted by then, and
 *   a failure is added.
 * - Up to TAP 13, tests come in the order of their numbers. In TAP 14 they come
 *   in any order, and missing ones are reported at the end.
 * - A document without a plan is a failure, as in prove(1): a producer that
 *   dies before it prints the plan at the end must not look green.
 * - A subtest without a result is a failure.
 * - `Bail out!` ends all levels at once; what follows is text.
 * - A comment belongs to the test point before it. A comment after anything
 *   else is text, and so are pragmas: `pragma +strict` would turn any stray
 *   output of a test program into a failure.
 * - A version line after a document begins another one, as after `cat a b`.
 * - In TAP 14 a subtest ends at its parent's test point, found by name. Here
 *   any test point of the parent's level ends it: if a producer spelled a name
 *   in two ways, the rest of the document would be text.
 */
export class TapDocument implements LineReader {
  readonly #outlet: Outlet;
  readonly #levels: Levels;
  #current: Current | undefined;
  /** The indentation of the current YAML block. */
  #yamlIndent: number | undefined;
  #hasVersion = false;
  #isOver = false;

  constructor(emitEvent: (event: StatusEvent) => void) {
    this.#outlet = new Outlet(emitEvent);
    this.#levels = new Levels(this.#outlet);
  }

  /** The time of the following lines, if there is a clock. */
  get time(): Timestamp | undefined {
    return this.#outlet.time;
  }

  set time(time: Timestamp | undefined) {
    this.#outlet.time = time;
  }

  /**
   * Reads a line, with or without its line end. Returns false when it is text.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#isOver) return false;
    this.#levels.releaseHeld();
    if (this.#readYaml(bytes, start, end)) return true;
    const line = parseLine(bytes, start, end);
    switch (line.kind) {
      case "blank":
        // May be between a test point and its YAML block.
        return false;
      case "other":
        break;
      case "comment":
        return this.#readComment(bytes, start + line.indent, end);
      case "yaml":
        if (this.#beginYaml(line.indent)) return true;
        break;
      case "subtest":
        return this.#readStructure(line) ||
          this.#readComment(bytes, start + line.indent, end);
      default:
        if (this.#readStructure(line)) return true;
    }
    this.#settle();
    return false;
  }

  /** Ends what a line of text ends, without reading the line. */
  pass(): void {
    this.#levels.releaseHeld();
    this.#settle();
  }

  /**
   * Returns whether a line that begins with these bytes may be more than text.
   */
  mayRead(bytes: Uint8Array, start: number, end: number): boolean {
    return !this.#isOver && (
      this.#isYaml(bytes, start, end) || mayBecomeTap(bytes, start, end)
    );
  }

  /** Emits the last test: nothing more belongs to it. */
  #settle(): void {
    if (this.#current === undefined) return;
    const { depth, result } = this.#current;
    this.#current = undefined;
    this.#yamlIndent = undefined;
    this.#levels.end(depth, result);
  }

  /** Ends the input. */
  end(): void {
    this.#settle();
    if (!this.#isOver) this.#endDocument();
    this.#isOver = true;
  }

  // Diagnostics

  #readComment(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#current === undefined) return false;
    const stop = contentEnd(bytes, start, end);
    this.#current.result.addComment(bytes.subarray(start, stop));
    this.#emitPart(this.#current);
    return true;
  }

  #beginYaml(indent: number): boolean {
    const current = this.#current;
    if (
      current === undefined || current.result.hasYaml ||
      indent <= current.line.indent
    ) {
      return false;
    }
    this.#yamlIndent = indent;
    return true;
  }

  /** Reads a line of the YAML block; false when it is none. */
  #readYaml(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#isYaml(bytes, start, end)) {
      this.#yamlIndent = undefined;
      return false;
    }
    const stop = contentEnd(bytes, start, end);
    const at = Math.min(start + this.#yamlIndent!, stop);
    if (isYamlEnd(bytes, at, stop)) {
      this.#yamlIndent = undefined;
      return true;
    }
    this.#current!.result.addYaml(bytes.subarray(at, stop));
    this.#emitPart(this.#current!);
    return true;
  }

  /**
   * Returns whether a line that begins with these bytes is part of the YAML
   * block.
   */
  #isYaml(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#yamlIndent === undefined) return false;
    const stop = contentEnd(bytes, start, end);
    const needed = Math.min(start + this.#yamlIndent, stop);
    return indentationEnd(bytes, start, needed) === needed;
  }

  #emitPart({ depth, result }: Current): void {
    const part = result.takePart();
    if (part !== undefined) this.#levels.emit(depth, part);
  }

  // Structure

  #readStructure(line: StructureLine): boolean {
    const depth = this.#place(line);
    if (depth === undefined) return false;
    switch (line.kind) {
      case "version":
        return this.#readVersion(line, depth);
      case "plan":
        return this.#readPlan(line, depth);
      case "point":
        return this.#readPoint(line, depth);
      case "subtest":
        return this.#readSubtest(line, depth);
      case "bailout":
        return this.#bailOut(line);
      case "brace":
        return this.#closeBrace(depth);
    }
  }

  /**
   * The depth of the level that a line belongs to, by its indentation;
   * undefined when there is none. A line with more indentation begins a
   * subtest.
   */
  #place(line: StructureLine): number | undefined {
    const { top } = this.#levels;
    const further = line.indent - this.#levels.at(top).indent;
    if (further <= 0) return this.#levels.depthOf(line.indent);
    const count = this.#levelsBelow(line, further);
    if (count === 0 || line.kind === "brace") return undefined;
    if (line.kind === "bailout") return top;
    if (this.#opensBrace()) this.#openBrace(this.#current!);
    this.#settle();
    this.#levels.open(line.indent, count);
    return top + count;
  }

  /**
   * How many levels a line opens that is indented `further` than the innermost.
   *
   * TAP 14 has four blanks per level. Other indentations, such as KTAP's two,
   * are accepted after a subtest was announced, and in lines that announce one:
   * anywhere else, "ok" on an indented line may be anything.
   */
  #levelsBelow({ kind }: StructureLine, further: number): number {
    if (further % LEVEL_INDENT === 0) return further / LEVEL_INDENT;
    const isAnnounced = kind === "version" || kind === "subtest" ||
      this.#levels.hasOpenSubtest(this.#levels.top) || this.#opensBrace();
    return isAnnounced ? 1 : 0;
  }

  #readVersion({ version }: VersionLine, depth: number): boolean {
    if (this.#levels.hasOpenSubtest(depth)) return false;
    this.#settle();
    const { isFresh } = this.#levels.at(depth);
    if (depth > 0) return isFresh;
    if (!isFresh) this.#endDocument();
    this.#hasVersion = true;
    this.#levels.isAnyOrder = version >= 14;
    return true;
  }

  #readPlan({ last, reason }: PlanLine, depth: number): boolean {
    const { planned } = this.#levels.at(depth);
    if (this.#levels.hasOpenSubtest(depth) || planned !== undefined) {
      return false;
    }
    this.#settle();
    const isSkip = last === 0 && this.#levels.at(depth).isFresh;
    this.#levels.setPlan(depth, last);
    if (isSkip) this.#skipLevel(depth, reason);
    return isSkip || reason === "";
  }

  #skipLevel(depth: number, reason: string): void {
    const result = this.#levels.newResult("file skip", "skip");
    if (reason !== "") result.addReason(reason);
    this.#levels.end(depth, result);
  }

  #readPoint(line: TestPointLine, depth: number): boolean {
    this.#settle();
    const level = this.#levels.at(depth);
    if (level.subtest && !isResultOf(line, level.subtest)) {
      this.#levels.abandon(depth);
    }
    const { subtest } = level;
    const number = line.number ?? subtest?.number ?? level.numbers.next;
    const result = this.#levels.newResult(
      subtest?.testId ?? numberedId(number, line.description),
      statusOf(line),
      subtest?.started,
    );
    this.#levels.close(depth, result.testId);
    level.subtest = undefined;
    addDetails(result, line, subtest);
    this.#levels.addNumber(depth, number, result);
    this.#current = { depth, line, number, result, subtest };
    return true;
  }

  #readSubtest({ text }: TextLine, depth: number): boolean {
    if (this.#levels.hasOpenSubtest(depth)) return false;
    this.#settle();
    const { isFresh, parentTestId } = this.#levels.at(depth);
    // The comment is at the parent's indentation, or the first line of the
    // subtest.
    if (depth > 0 && isFresh && parentTestId === undefined) {
      this.#levels.announceParent(depth, text);
    } else {
      this.#levels.announce(depth, text);
    }
    return true;
  }

  #bailOut({ text }: TextLine): boolean {
    this.#settle();
    this.#isOver = true;
    const testId = text === "" ? "Bail out!" : `Bail out! ${text}`;
    this.#levels.end(0, this.#levels.newResult(testId, "fail"));
    this.#levels.closeDocument();
    return true;
  }

  /** Whether the last line was the test point of a buffered subtest. */
  #opensBrace(): boolean {
    return this.#current?.depth === this.#levels.top &&
      this.#current.line.opensBrace;
  }

  /** Turns the test point that ended in "{" into a subtest. */
  #openBrace({ depth, line, number, result, subtest }: Current): void {
    this.#current = undefined;
    if (subtest !== undefined) {
      this.#levels.at(depth).subtest = { ...subtest, result };
      return;
    }
    const description = line.description.replace(/ ?\{$/, "");
    const testId = cutId(numberedId(number, description));
    result.testId = testId;
    result.started = this.time;
    const { started } = result;
    this.#levels.begin(depth, { testId, number, name: "", started, result });
  }

  #closeBrace(depth: number): boolean {
    const level = this.#levels.at(depth);
    const result = level.subtest?.result;
    if (result === undefined) return false;
    this.#settle();
    this.#levels.close(depth);
    level.subtest = undefined;
    this.#levels.end(depth, result);
    return true;
  }

  #endDocument(): void {
    const { planned, isFresh } = this.#levels.at(0);
    const isBroken = planned === undefined && (this.#hasVersion || !isFresh);
    this.#levels.closeDocument();
    if (isBroken) {
      this.#levels.report(0, "tap plan", "plan missing from TAP output");
    }
  }
}

function statusOf({ ok, directive }: TestPointLine): TestStatus {
  if (directive === "skip") return "skip";
  if (directive === "todo") return ok ? "uxsuccess" : "xfail";
  return ok ? "success" : "fail";
}

/** Returns whether the line is the result of the subtest. */
function isResultOf(line: TestPointLine, subtest: Subtest): boolean {
  const { number = subtest.number } = line;
  return subtest.result === undefined &&
    (number === subtest.number || nameOf(line) === subtest.name);
}

/** The description without a leading "- ". */
function nameOf({ description }: TestPointLine): string {
  return description.replace(/^-(?:\s+|$)/, "");
}

/** Adds everything in a test point besides its result. */
function addDetails(
  result: TestResult,
  line: TestPointLine,
  subtest: Subtest | undefined,
): void {
  const { directive, reason, comment, description } = line;
  if (reason !== "") {
    if (directive === "skip") result.addReason(reason);
    else result.addText(reason);
  }
  if (comment !== "") result.addText(comment);
  const name = nameOf(line);
  if (subtest !== undefined && name !== "" && name !== subtest.name) {
    result.note(`the test point says ${JSON.stringify(description)}`);
  }
}
