/**
 * Makes events from the lines of a TAP document.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { cutId } from "../text/ids.ts";
import type { LineReader } from "../text/line_feeder.ts";
import { Groups } from "./groups.ts";
import { nameOf } from "./ids.ts";
import type { Level, Subtest } from "./level.ts";
import { LEVEL_INDENT, Levels } from "./levels.ts";
import {
  contentEnd,
  type Dialect,
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
import { addDetails, statusOf, withTiming } from "./point.ts";
import type { TestResult } from "./test_result.ts";

/** Options of a {@linkcode TapDocument}. */
export interface TapDocumentOptions {
  /**
   * Whether ids are those of Python's `tap2subunit`, "test N - description".
   * They repeat where documents follow one another.
   */
  readonly numbered?: boolean;
  /** Whether a TODO test that passes is a `uxsuccess`. */
  readonly strictTodo?: boolean;
}

/** The last test point, while it may still get diagnostics. */
interface Current {
  readonly result: TestResult;
  readonly depth: number;
  readonly line: TestPointLine;
  readonly number: number;
  /** The announcement of it, if there was one. */
  readonly subtest: Subtest | undefined;
  /** The group that it is in, if a comment named one. */
  readonly group: string | undefined;
  /** Whether it may begin a buffered subtest: it has had no other. */
  readonly opensBrace: boolean;
}

/**
 * Makes events from lines. Statuses and reports of missing tests are those of
 * Python's `tap2subunit` for what it reads: TAP 12 and 13, one level.
 *
 * Where TAP leaves it open, or Python loses something:
 *
 * - Ids contain no position, so that they last when tests are added: a test is
 *   called by its description, a second one of that name has " #2" behind it,
 *   and only a test without a description is "test N".
 * - A test that is reported twice, or is not planned, is a failure, whatever
 *   its result. If the plan comes last, the test has been emitted by then, and
 *   a failure is added. One wrong number is one failure: the test that is
 *   missing in its place is not another.
 * - Up to TAP 13, tests come in the order of their numbers. In TAP 14 they come
 *   in any order, and missing ones are reported at the end.
 * - A TODO test that passes is a success with the tag "todo": to its producer,
 *   to prove(1) and to TAP 13 and 14 it is not a failure.
 * - A document without a plan is a failure, as in prove(1): a producer that
 *   dies before it prints the plan at the end must not look green. So is input
 *   that contains no TAP.
 * - A subtest without a result is a failure. One that was skipped as a whole,
 *   by its plan, is one skipped test.
 * - `Bail out!` ends all levels at once; what follows is text.
 * - A comment belongs to the test point before it. A comment after anything
 *   else is text, and so are pragmas: `pragma +strict` would turn any stray
 *   output of a test program into a failure.
 * - Another document begins with a version line, with a second plan, and with a
 *   test point after a plan that came last, as after `for t in t/*; do $t;
 *   done`.
 * - In TAP 14 a subtest ends at its parent's test point, found by name. Here
 *   any test point of the parent's level ends it: if a producer spelled a name
 *   in two ways, the rest of the document would be text.
 */
export class TapDocument implements LineReader {
  readonly #outlet: Outlet;
  readonly #levels: Levels;
  readonly #strictTodo: boolean;
  readonly #groups = new Groups();
  #current: Current | undefined;
  /** The indentation of the current YAML block. */
  #yamlIndent: number | undefined;
  #dialect: Dialect = "tap";
  #hasVersion = false;
  /** Whether there was a line that is not TAP. */
  #hasText = false;
  #isOver = false;

  constructor(
    emitEvent: (event: StatusEvent) => void,
    { numbered = false, strictTodo = false }: TapDocumentOptions = {},
  ) {
    this.#outlet = new Outlet(emitEvent);
    this.#levels = new Levels(this.#outlet, numbered);
    this.#strictTodo = strictTodo;
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
    const line = parseLine(bytes, start, end, this.#dialect);
    switch (line.kind) {
      case "blank":
        // May be between a test point and its YAML block.
        return false;
      case "other":
        this.#hasText = true;
        break;
      case "comment":
        return this.#readComment(bytes, start + line.indent, end, line.indent);
      case "yaml":
        if (this.#beginYaml(line.indent)) return true;
        break;
      case "subtest":
        return this.#readStructure(line) ||
          this.#readComment(bytes, start + line.indent, end, line.indent);
      default:
        if (this.#readStructure(line)) return true;
    }
    this.#settle();
    return false;
  }

  /** Ends what a line of text ends, without reading the line. */
  pass(): void {
    this.#hasText = true;
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
    this.#name(this.#current);
    this.#current = undefined;
    this.#yamlIndent = undefined;
    this.#levels.end(depth, result);
  }

  /** Gives a test its id, unless it has had one from its announcement. */
  #name({ result, depth, number, line, group }: Current): void {
    if (result.testId !== "") return;
    this.#levels.name(depth, result, number, line.description, group);
  }

  /** Ends the input, where another may follow. */
  end(): void {
    this.#settle();
    this.#endDocument();
    this.#hasText = false;
    this.#isOver = false;
  }

  // Diagnostics

  #readComment(
    bytes: Uint8Array,
    start: number,
    end: number,
    indent: number,
  ): boolean {
    const stop = contentEnd(bytes, start, end);
    if (indent === 0) this.#groups.addComment(bytes, start, stop);
    if (this.#current === undefined) return false;
    this.#current.result.addComment(bytes.subarray(start, stop));
    this.#emitPart(this.#current);
    return true;
  }

  #beginYaml(indent: number): boolean {
    const current = this.#current;
    if (current === undefined || indent <= current.line.indent) return false;
    current.result.beginYaml();
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

  #emitPart(current: Current): void {
    const { depth, result } = current;
    if (!result.isLong) return;
    this.#name(current);
    this.#levels.emit(depth, result.takePart());
  }

  // Structure

  #readStructure(line: StructureLine): boolean {
    if (this.#isVerdict(line)) return false;
    if (this.#beginsDocument(line)) {
      this.#settle();
      this.#endDocument();
    }
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
   * Returns whether a line is what prove(1) prints after a document that is
   * fine, "ok" or "ok   78 ms ( 0.00 usr …". It has printed the name of the
   * file before.
   */
  #isVerdict(line: StructureLine): boolean {
    if (line.kind !== "point" || line.indent > 0 || !this.#hasText) {
      return false;
    }
    const level = this.#levels.at(0);
    if (!level.isComplete || this.#levels.hasOpenSubtest(0)) return false;
    const { ok, number, description, directive } = line;
    return ok && directive === undefined &&
      (number === undefined
        ? description === "" && level.isNumbered
        : description.startsWith("ms ( ") && description.includes(" usr "));
  }

  /**
   * Returns whether a line begins another document without saying so, as after
   * `for t in t/*; do $t; done`: a second plan; a first test after a plan that
   * came last, or after all that the plan has. If it is not truly another one
   * it has no plan, and so fails.
   */
  #beginsDocument(line: StructureLine): boolean {
    const level = this.#levels.at(0);
    const { kind, indent } = line;
    if (this.#levels.hasOpenSubtest(0)) return false;
    if (indent === 0) {
      if (kind === "plan") return level.planned !== undefined;
      if (kind === "point") {
        const { number = 1 } = line;
        return number === 1 && level.isPlanLast || isFirstAgain(line, level);
      }
    } else if (this.#levelsBelow(line, indent) === 0) {
      return false;
    }
    return level.isPlanLast && kind !== "bailout" && kind !== "brace";
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
    this.#groups.giveUp();
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
    this.#dialect = version === 0 ? "ktap" : "tap";
    this.#levels.isAnyOrder = version >= 14;
    this.#groups.begin(version);
    return true;
  }

  #readPlan({ last, reason }: PlanLine, depth: number): boolean {
    const { planned } = this.#levels.at(depth);
    if (this.#levels.hasOpenSubtest(depth) || planned !== undefined) {
      return false;
    }
    this.#settle();
    const level = this.#levels.at(depth);
    const isSkip = last === 0 && level.isFresh;
    this.#levels.setPlan(depth, last);
    if (depth === 0) this.#groups.giveUp();
    if (isSkip && depth === 0) this.#skipDocument(reason);
    else if (isSkip) level.skipReason = reason;
    return isSkip || reason === "";
  }

  #skipDocument(reason: string): void {
    const testId = this.#levels.at(0).takeId("file skip");
    const result = this.#levels.newResult(testId, "skip");
    if (reason !== "") result.addReason(reason);
    this.#levels.end(0, result);
  }

  #readPoint(written: TestPointLine, depth: number): boolean {
    this.#settle();
    const line = this.#isFromBats(depth) ? withTiming(written) : written;
    const level = this.#levels.at(depth);
    if (depth === 0 && isFirstAgain(line, level)) level.restart();
    if (level.subtest && !isResultOf(line, level.subtest)) {
      this.#levels.abandon(depth);
    }
    const { subtest } = level;
    const number = line.number ?? subtest?.number ?? level.nextNumber;
    const result = this.#levels.newResult(
      subtest?.testId ?? "",
      statusOf(line, this.#strictTodo),
      subtest?.started,
    );
    const group = depth === 0 ? this.#groups.of(line) : undefined;
    const opensBrace = line.opensBrace && depth === this.#levels.top;
    const current: Current = {
      depth,
      line,
      number,
      result,
      subtest,
      group,
      opensBrace,
    };
    // The next line may show that the "{" is not part of the name.
    if (!opensBrace) this.#name(current);
    const skipReason = this.#levels.skipReasonBelow(depth);
    this.#levels.close(depth, result.testId);
    level.subtest = undefined;
    if (line.number !== undefined) level.isNumbered = true;
    addDetails(result, line, this.#strictTodo, subtest?.name);
    if (skipReason) result.addSkipReason(skipReason);
    this.#levels.addNumber(depth, number, result);
    this.#current = current;
    return true;
  }

  /** Whether the document has the form of bats: the plan first, no version. */
  #isFromBats(depth: number): boolean {
    const { planned, isPlanLast } = this.#levels.at(0);
    return depth === 0 && !this.#hasVersion && planned !== undefined &&
      !isPlanLast;
  }

  #readSubtest({ text }: TextLine, depth: number): boolean {
    if (this.#levels.hasOpenSubtest(depth)) return false;
    this.#settle();
    this.#groups.giveUp();
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
    const description = text === "" ? "Bail out!" : `Bail out! ${text}`;
    const short = cutId(description);
    const testId = this.#levels.at(0).takeId(short);
    const result = this.#levels.newResult(testId, "fail");
    if (short !== description) result.addText(description);
    this.#levels.end(0, result);
    this.#levels.closeDocument();
    return true;
  }

  /** Whether the last line was the test point of a buffered subtest. */
  #opensBrace(): boolean {
    return this.#current?.depth === this.#levels.top &&
      this.#current.opensBrace;
  }

  /** Turns the test point that ended in "{" into a subtest. */
  #openBrace({ depth, line, number, result, subtest }: Current): void {
    this.#current = undefined;
    if (subtest !== undefined) {
      this.#levels.at(depth).subtest = { ...subtest, result };
      return;
    }
    if (result.testId === "") {
      const description = line.description.replace(/ ?\{$/, "");
      result.testId = this.#levels.takeId(depth, number, description);
    }
    result.started = this.time;
    const { testId, started } = result;
    this.#levels.begin(depth, { testId, number, name: "", started, result });
  }

  #closeBrace(depth: number): boolean {
    const level = this.#levels.at(depth);
    const result = level.subtest?.result;
    if (result === undefined) return false;
    this.#settle();
    const skipReason = this.#levels.skipReasonBelow(depth);
    this.#levels.close(depth);
    level.subtest = undefined;
    if (skipReason) result.addSkipReason(skipReason);
    this.#levels.end(depth, result);
    return true;
  }

  /** Ends the document and begins another. */
  #endDocument(): void {
    const { planned } = this.#levels.at(0);
    this.#levels.closeDocument();
    if (planned === undefined && !this.#isOver) {
      const testId = this.#levels.at(0).takeId("tap plan");
      this.#levels.report(0, testId, "plan missing from TAP output");
    }
    this.#hasVersion = false;
    this.#dialect = "tap";
    this.#levels.isAnyOrder = false;
    this.#groups.giveUp();
  }
}

/**
 * Returns whether the first test has come a second time, after all others of a
 * plan that came first.
 */
function isFirstAgain({ number }: TestPointLine, level: Level): boolean {
  return number === 1 && level.isComplete && !level.isPlanLast;
}

/** Returns whether the line is the result of the subtest. */
function isResultOf(line: TestPointLine, subtest: Subtest): boolean {
  const { number = subtest.number } = line;
  return subtest.result === undefined &&
    (number === subtest.number || nameOf(line.description) === subtest.name);
}
