/**
 * Converts the events of `node:test` to events of subunit: for the reporter of
 * the npm package, and for whatever else runs Node's tests.
 *
 * Node reports tests in the order in which they are written, whatever order they
 * run in; only `test:enqueue`, `test:dequeue` and `test:complete` come when the
 * thing happens. It holds back all events of a file while an earlier file is
 * running. No event has a time, and before Node 24 none names the parent of a
 * test.
 *
 * @module
 */

import {
  type EventInput,
  isFailureStatus,
  type TestStatus,
  TEXT_TYPE,
  textFile,
  type Timestamp,
} from "@subunit/codec";
import { resolve } from "node:path";
import { detailsOf, endingOf, tracebackOf } from "./node_error.ts";
import { cleaned, NodeFile, type NodeTest, pathFrom } from "./node_tests.ts";

/** An event of `node:test`, as a reporter receives it. */
export interface NodeEvent {
  /** "test:pass", say; types that are unknown here are left out. */
  readonly type: string;
  readonly data?: NodeEventData;
}

/** What the events of `node:test` have, as far as it is needed here. */
export interface NodeEventData {
  readonly name?: string;
  /** 0 for a test that is not within another one. */
  readonly nesting?: number;
  /** An absolute path, or one relative to the working directory. */
  readonly file?: string;
  /** The file that Node runs, where the test is in a module of it; since Node 24. */
  readonly entryFile?: string;
  /** Numbers of the test and of the one around it, in its process; since Node 24. */
  readonly testId?: number;
  readonly parentId?: number;
  readonly tags?: readonly string[];
  readonly line?: number;
  readonly column?: number;
  readonly details?: {
    readonly duration_ms?: number;
    readonly error?: unknown;
    /** Whether a test passed that `test:complete` is about. */
    readonly passed?: boolean;
  };
  /** The reason, which may be empty, or true. */
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
  /** Why the test is expected to fail, or true. */
  readonly expectFailure?: unknown;
  /** Output of a file, or a diagnostic. */
  readonly message?: string;
  /** The result of the run, in `test:summary`; of a file, if it has one. */
  readonly success?: boolean;
  /** Coverage, in `test:coverage`. */
  readonly summary?: { readonly totals?: CoverageTotals };
}

interface CoverageTotals {
  readonly coveredLinePercent: number;
  readonly coveredBranchPercent: number;
  readonly coveredFunctionPercent: number;
}

/** Where the events come from, and where they go. */
export interface NodeEventsOptions {
  /** The working directory, absolute: ids begin with a path from there. */
  readonly cwd: string;
  /** Returns the path of a file that ids begin with, if it is another one. */
  pathOf?(file: string): string;
  /** Returns the time in milliseconds since 1970; fractions count. */
  now(): number;
  /** Takes each event of subunit; it owns the bytes. */
  write(event: EventInput): void;
}

/** The test that fails when no other says why the run failed. */
const RUN_ID = "node --test";
/** How much of a file's output is kept until it is known whether it failed. */
const MAX_OUTPUT_LENGTH = 65536;
/** The counts that end a run; they follow from the events. */
const COUNTS =
  /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

/** A result that waits for the diagnostics of its test, which come after it. */
interface HeldResult {
  readonly test: NodeTest;
  readonly data: NodeEventData;
  readonly isPassed: boolean;
  /** What a file printed. */
  readonly output: string;
  readonly diagnostics: string[];
}

/**
 * Converts the events of one run. An id is the path of the file, "::", and the
 * names of the test and those around it: "a.test.js::cart > adds up". The second
 * test of a name is "a.test.js::cart #2".
 */
export class NodeEvents {
  readonly #options: NodeEventsOptions;
  /** The files of which more may come, by path. */
  readonly #files = new Map<string, NodeFile>();
  /** Those with processes, in the order in which Node reports their tests. */
  #queue: NodeFile[] = [];
  #held: HeldResult | undefined;
  #isWaiting = false;
  /** Whether a test failed, so that the failure of the run has a reason. */
  #hasFailed = false;
  #isRunFailed = false;
  /** The end of what was said about the run as a whole. */
  #remarks = "";

  constructor(options: NodeEventsOptions) {
    this.#options = options;
  }

  /** Whether {@linkcode pause} has something to do. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Adds an event of Node. */
  add({ type, data = {} }: NodeEvent): void {
    if (type === "test:diagnostic") return this.#diagnose(data);
    this.#release();
    switch (type) {
      case "test:enqueue":
        return this.#enqueue(data);
      case "test:dequeue":
        return this.#dequeue(data);
      case "test:start":
        return this.#start(data);
      case "test:complete":
        return this.#complete(data);
      case "test:pass":
        return this.#report(data, true);
      case "test:fail":
        return this.#report(data, false);
      case "test:stdout":
      case "test:stderr":
        return this.#print(type.slice("test:".length), data);
      case "test:coverage":
        return this.#cover(data);
      case "test:summary":
        return this.#summarize(data);
      case "test:watch:drained":
        return this.#endFiles();
    }
  }

  /**
   * Nothing has come for a moment: the last test gets no more diagnostics, and
   * what Node held back of a file has arrived.
   */
  pause(): void {
    this.#isWaiting = false;
    this.#release();
    for (const file of this.#files.values()) {
      if (!file.hasArrived) continue;
      file.isHeldBack = false;
      if (file.ending !== undefined) this.#endFile(file);
    }
  }

  /**
   * Ends the run.
   *
   * @param exitStatus that of Node, if it is known
   */
  end(exitStatus = 0): void {
    this.#release();
    this.#endFiles();
    if (this.#hasFailed || (exitStatus === 0 && !this.#isRunFailed)) return;
    const reason = this.#remarks || `exit status ${exitStatus || 1}`;
    this.#write({
      testId: RUN_ID,
      status: "fail",
      ...textFile("traceback", reason),
    });
  }

  /** No process runs: in watch mode, files may run again, with the same tests. */
  #endFiles(): void {
    for (const file of this.#files.values()) this.#endFile(file);
  }

  // --- Files

  #fileAt(path: string): NodeFile {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = new NodeFile(path, (it) => this.#pathOf(it));
      this.#files.set(path, file);
    }
    return file;
  }

  #pathOf(file: string): string {
    return this.#options.pathOf?.(file) ?? pathFrom(this.#options.cwd, file);
  }

  /**
   * The file whose process runs the test of an event; the one without a path where
   * there are no processes. The test may be written in a module of that file.
   */
  #fileOf({ entryFile, file, nesting }: NodeEventData): NodeFile {
    if (entryFile !== undefined) return this.#fileAt(this.#pathOf(entryFile));
    const [first] = this.#queue;
    if (first === undefined) return this.#fileAt("");
    if (first.ending === undefined || nesting !== 0 || file === undefined) {
      return first;
    }
    // What Node held back of one file ends where the next one begins.
    const path = this.#pathOf(file);
    const next = this.#queue.find((it) => it.path === path);
    if (next !== undefined) this.#skipTo(next);
    return this.#queue[0];
  }

  #skipTo(file: NodeFile): void {
    const at = this.#queue.indexOf(file);
    if (at > 0) this.#queue.splice(0, at);
  }

  /** Node has no more to report of a file's tests. */
  #dismiss(file: NodeFile): void {
    const at = this.#queue.indexOf(file);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  /** As {@linkcode #fileOf}, of an event that Node holds back. */
  #arrivedIn(data: NodeEventData): NodeFile {
    return this.#arrived(this.#fileOf(data));
  }

  #arrived(file: NodeFile): NodeFile {
    file.hasArrived = true;
    if (file.isHeldBack || file.ending !== undefined) this.#isWaiting = true;
    return file;
  }

  #timeIn(file: NodeFile): number {
    return file.isHeldBack ? file.clock : this.#options.now();
  }

  /** Whether an event is about a file, which Node reports as a test. */
  #isFile({ name, nesting, file }: NodeEventData): boolean {
    if (nesting !== 0 || name === undefined || file === undefined) return false;
    const { cwd } = this.#options;
    return name === file || resolve(cwd, name) === resolve(cwd, file);
  }

  /** Where a test is written: "a.test.js:3:1". */
  #placeOf({ file, line, column }: NodeEventData): string | undefined {
    return file === undefined || line === undefined
      ? undefined
      : `${pathFrom(this.#options.cwd, file)}:${line}:${column}`;
  }

  /** A file whose process has started; in watch mode perhaps again. */
  #startFile(data: NodeEventData): void {
    const path = this.#pathOf(data.file!);
    const earlier = this.#files.get(path);
    if (earlier !== undefined) this.#endFile(earlier);
    const file = this.#fileAt(path);
    file.isHeldBack = this.#queue.length > 0;
    file.started = file.clock = this.#options.now();
    this.#queue.push(file);
  }

  /** Ends the tests that were not reported before the process of a file ended. */
  #endFile(file: NodeFile): void {
    const { ending, path } = file;
    for (const test of file.unreported()) {
      file.place(test);
      this.#begin(test);
      const { completed } = test;
      if (completed !== undefined) {
        // Node waited for the report of a test that was written before it.
        this.#end(test, completed, completed.details?.passed === true, []);
      } else if (test.hasBegun) {
        this.#hasFailed = true;
        if (ending === undefined) continue;
        const reason = `${ending} before the test ended`;
        this.#writeOf(test, textFile("traceback", reason));
      }
    }
    if (ending?.startsWith("killed") && !file.isReported) {
      // Node reports no file in which a test failed.
      const reason = textFile("traceback", ending);
      this.#write({ testId: path, status: "exists", ...reason });
    }
    this.#files.delete(path);
    this.#dismiss(file);
  }

  // --- Tests

  #enqueue(data: NodeEventData): void {
    if (this.#isFile(data)) return;
    const file = this.#arrivedIn(data);
    const test = file.add(data);
    if (test.id === undefined) return;
    this.#writeOf(test, { status: "exists" }, this.#timeIn(file));
  }

  #dequeue(data: NodeEventData): void {
    if (this.#isFile(data)) return this.#startFile(data);
    const file = this.#arrivedIn(data);
    const test = file.begin(data);
    test.started = this.#timeIn(file);
    if (test.id !== undefined && !test.isUnsure) this.#begin(test);
  }

  #begin(test: NodeTest): void {
    if (test.started === undefined || test.hasBegun) return;
    test.hasBegun = true;
    this.#writeOf(test, { status: "inprogress" }, test.started);
  }

  /** From here on reports come in order, which shows whose a test is. */
  #start(data: NodeEventData): void {
    if (this.#isFile(data)) return;
    this.#begin(this.#arrivedIn(data).report(data));
  }

  #complete(data: NodeEventData): void {
    if (this.#isFile(data)) {
      const file = this.#fileAt(this.#pathOf(data.file!));
      file.ending = endingOf(data.details?.error) ?? "exit status 0";
      if (!file.hasArrived) return;
      // Otherwise all that Node held back of it comes now.
      this.#isWaiting = true;
      if (this.#queue[0] === file) this.#dismiss(file);
      return;
    }
    const file = this.#arrivedIn(data);
    const test = file.complete(data);
    if (test?.started === undefined) return;
    file.clock = Math.max(file.clock, test.started + durationOf(data));
  }

  #report(data: NodeEventData, isPassed: boolean): void {
    const isFile = this.#isFile(data);
    const file = isFile
      ? this.#arrived(this.#fileAt(this.#pathOf(data.file!)))
      : this.#arrivedIn(data);
    const test = isFile ? file.asTest() : file.take(data);
    this.#begin(test);
    const output = isFile ? file.output : "";
    if (isFile && file.ending !== undefined) this.#dismiss(file);
    this.#held = { test, data, isPassed, output, diagnostics: [] };
    this.#isWaiting = true;
  }

  /** Writes the result that was held. */
  #release(): void {
    if (this.#held === undefined) return;
    const { test, data, isPassed, diagnostics, output } = this.#held;
    this.#held = undefined;
    this.#end(test, data, isPassed, diagnostics, output);
  }

  /** @param output what a file printed, which may have the reason */
  #end(
    test: NodeTest,
    data: NodeEventData,
    isPassed: boolean,
    diagnostics: readonly string[],
    output = "",
  ): void {
    const { started, parent } = test;
    const ended = started === undefined
      ? this.#options.now()
      : Math.max(started + durationOf(data), test.latest);
    if (parent !== undefined) parent.latest = Math.max(parent.latest, ended);
    const status = statusOf(data, isPassed);
    this.#hasFailed ||= isFailureStatus(status);
    const files = [
      ...Array.from(test.output, (fileName) => (
        { fileName, fileBytes: NOTHING, mimeType: TEXT_TYPE, eof: true }
      )),
      ...textsOf(data, this.#placeOf(data), output).map(([name, text]) =>
        textFile(name, text)
      ),
    ];
    if (diagnostics.length > 0) {
      files.push(textFile("diagnostic", diagnostics.join("\n")));
    }
    const last = files.pop();
    for (const file of files) this.#writeOf(test, file, ended);
    const tags = tagsOf(data, status);
    const tagged = tags.length === 0 ? {} : { tags };
    this.#writeOf(test, { ...last, ...tagged, status }, ended);
  }

  // --- Text

  #print(fileName: string, data: NodeEventData): void {
    const { message = "" } = data;
    const file = this.#arrived(this.#printerOf(data));
    const part = {
      fileName,
      fileBytes: encoder.encode(message),
      mimeType: TEXT_TYPE,
    };
    const test = file.innermost();
    if (test?.id === undefined) {
      file.keep(message, MAX_OUTPUT_LENGTH);
      this.#write({ ...part, runnable: false }, this.#timeIn(file));
    } else {
      test.output.add(fileName);
      this.#writeOf(test, part, this.#timeIn(file));
    }
  }

  /** The file whose process printed something. */
  #printerOf({ file }: NodeEventData): NodeFile {
    const known = this.#files.get(file === undefined ? "" : this.#pathOf(file));
    if (known === undefined) return this.#fileAt("");
    this.#skipTo(known);
    return known;
  }

  #summarize({ file, success }: NodeEventData): void {
    if (file === undefined) this.#isRunFailed ||= success === false;
    else {
      const known = this.#files.get(this.#pathOf(file));
      if (known !== undefined) this.#dismiss(known);
    }
  }

  #diagnose(data: NodeEventData): void {
    const { message = "", nesting } = data;
    const held = this.#held;
    if (held !== undefined && isSameTest(held.data, data)) {
      held.diagnostics.push(message);
      return;
    }
    this.#release();
    if (nesting === 0 && COUNTS.test(message)) return;
    if (data.file !== undefined) {
      this.#printerOf(data).keep(`${message}\n`, MAX_OUTPUT_LENGTH);
    }
    this.#remark(message);
  }

  #remark(message: string): void {
    const text = `${message}\n`;
    this.#remarks = (this.#remarks + text).slice(-MAX_OUTPUT_LENGTH);
    this.#write({ ...textFile("diagnostic", text), runnable: false });
  }

  #cover({ summary }: NodeEventData): void {
    const totals = summary?.totals;
    if (totals === undefined) return;
    const percent = (number: number) => `${number.toFixed(2)} %`;
    this.#remark(
      `coverage: ${percent(totals.coveredLinePercent)} of lines, ` +
        `${percent(totals.coveredBranchPercent)} of branches, ` +
        `${percent(totals.coveredFunctionPercent)} of functions`,
    );
  }

  // --- Events

  /** Writes an event of a test. */
  #writeOf(
    { id: testId, parent }: NodeTest,
    fields: Partial<EventInput>,
    time?: number,
  ): void {
    const place = parent === undefined
      ? { testId, runnable: true }
      : { testId, runnable: false, parentTestId: parent.id };
    this.#write({ ...fields, ...place }, time);
  }

  #write(event: EventInput, time = this.#options.now()): void {
    this.#options.write({ ...event, timestamp: timestampAt(time) });
  }
}

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

function statusOf(data: NodeEventData, isPassed: boolean): TestStatus {
  if (isSet(data.skip)) return "skip";
  if (isPassed) return isSet(data.expectFailure) ? "xfail" : "success";
  if (isSet(data.todo)) return "xfail";
  const { failureType } = (data.details?.error ?? {}) as {
    readonly failureType?: unknown;
  };
  return failureType === "expectedFailure" ? "uxsuccess" : "fail";
}

function tagsOf({ tags = [], todo }: NodeEventData, status: TestStatus) {
  const written = tags.map(cleaned);
  return status === "success" && isSet(todo) ? [...written, "todo"] : written;
}

/** Whether an option of a test is given: a reason may be empty. */
function isSet(option: unknown): boolean {
  return option !== undefined && option !== false;
}

function durationOf({ details }: NodeEventData): number {
  return details?.duration_ms ?? 0;
}

/** The texts that explain a result, by the names of their files. */
function textsOf(
  { details, skip, todo }: NodeEventData,
  place: string | undefined,
  output: string,
): [string, string][] {
  const texts: [string, string][] = [];
  const reason = [skip, todo].find((it) => typeof it === "string" && it !== "");
  if (reason !== undefined) texts.push(["reason", `${reason}`]);
  const error = details?.error;
  if (error === undefined) return texts;
  const ending = endingOf(error);
  return [
    ...texts,
    ["details", detailsOf(error, place)],
    [
      "traceback",
      ending === undefined
        ? tracebackOf(error, place)
        : [output.trimEnd(), ending].filter((it) => it !== "").join("\n\n"),
    ],
  ];
}

/** Whether a diagnostic is of the test of a result. */
function isSameTest(result: NodeEventData, data: NodeEventData): boolean {
  return result.nesting === data.nesting && result.file === data.file &&
    result.line === data.line && result.column === data.column;
}

/** A time to the microsecond: a number of its size is no more precise. */
function timestampAt(milliseconds: number): Timestamp {
  const microseconds = Math.round(milliseconds * 1000);
  const seconds = Math.floor(microseconds / 1e6);
  return { seconds, nanoseconds: (microseconds - seconds * 1e6) * 1000 };
}
