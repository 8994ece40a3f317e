/**
 * Makes events from the lines of `go test -json`.
 *
 * @module
 */

import {
  type EventDraft,
  isFailureStatus,
  type StatusEvent,
  type TestStatus,
  TEXT_TYPE,
  textFile,
} from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import type { BrokenPackage, GoAction, GoEvent } from "./line.ts";
import { GoPackage, type GoTest, idText } from "./package.ts";
import { Tail } from "./tail.ts";

/** The file, without a test, that text is reported as. */
export const TEXT_FILE_NAME = "stdout";
/** The file with the output of a test. */
const OUTPUT = "output";
/** The file with the reason of a failure. */
const REASON = "reason";

/** The name of a package that `go tool test2json` was not given. */
const NO_PACKAGE = "go test";

const STATUSES: Partial<Record<GoAction, TestStatus>> = {
  pass: "success",
  bench: "success",
  fail: "fail",
  skip: "skip",
};

const encoder = new TextEncoder();

/**
 * Makes events from the lines of a run. Besides tests that report it, these
 * fail:
 *
 * - A test that has started and has no result when its package or the input
 *   ends: the process panicked, exited or was killed.
 * - A package that fails without a failing test that explains it: it could not
 *   be built, ran out of time, or its TestMain failed. It becomes a test with
 *   its name that is not runnable, with its last output.
 * - A package that does not end before the input does.
 * - A build that fails without failing a package.
 * - Input without a line of Go's: the producer died before it printed one.
 *
 * Some tests that pass have no result either: {@linkcode GoTest.impliedStatus}.
 */
export class GoRun {
  readonly #emit: (event: StatusEvent) => void;
  readonly #packages = new Map<string, GoPackage>();
  /** The output of builds, by import path. */
  readonly #builds = new Map<string, Tail>();
  readonly #failedBuilds = new Set<string>();
  #time: Timestamp | undefined;
  /** Whether there was a line of Go's. */
  #hasRead = false;
  /** The end of the text, while there was none. */
  readonly #text = new Tail();
  /** Its parts may end within a character. */
  readonly #textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(emit: (event: StatusEvent) => void) {
    this.#emit = emit;
  }

  /** Reads an event of Go. */
  read(event: GoEvent): void {
    this.#hasRead = true;
    this.#time = event.time ?? this.#time;
    switch (event.action) {
      case "build-output":
        this.#build(event.importPath).add(event.output);
        return this.#emitText(event);
      case "build-fail":
        this.#failedBuilds.add(event.importPath);
        return;
    }
    const pkg = this.#package(event.package);
    if (event.test === "") this.#readPackage(event, pkg);
    else this.#readTest(event, pkg);
  }

  /** Fails a package that cannot be built and that no event reports. */
  failPackage({ name, reason }: BrokenPackage): void {
    this.#hasRead = true;
    if (!this.#packages.has(name)) this.#fail(name, reason);
  }

  /** Reads text that is not of Go. */
  readText(text: Uint8Array): void {
    if (this.#hasRead) return;
    this.#text.add(this.#textDecoder.decode(text, { stream: true }));
  }

  /** Ends the input. */
  end(): void {
    if (!this.#hasRead) {
      const reason = "the input has no line of go test -json";
      this.#text.add(this.#textDecoder.decode());
      this.#fail(NO_PACKAGE, reason, this.#text.text);
    }
    for (const pkg of this.#packages.values()) {
      this.#endTests(pkg, "fail", "the run broke off before it ended");
      this.#fail(
        pkg.name || NO_PACKAGE,
        "the run broke off before the package ended",
        pkg.output.text,
      );
    }
    this.#packages.clear();
    for (const path of this.#failedBuilds) {
      this.#fail(path, "the build failed", this.#build(path).text);
    }
    this.#failedBuilds.clear();
  }

  // Packages

  #readPackage(event: GoEvent, pkg: GoPackage): void {
    switch (event.action) {
      case "output":
        pkg.output.add(event.output);
        return this.#emitText(event);
      case "pass":
      case "fail":
      case "skip":
        return this.#endPackage(event, pkg);
    }
  }

  #endPackage({ action, failedBuild }: GoEvent, pkg: GoPackage): void {
    this.#endTests(pkg, action, `no result when the package ended`);
    this.#packages.delete(pkg.name);
    this.#failedBuilds.delete(failedBuild);
    if (action !== "fail" || pkg.hasFailure) return;
    const [reason, printed] = failedBuild === ""
      ? ["the package failed, and none of its tests did", ""]
      : [`the build of ${failedBuild} failed`, this.#build(failedBuild).text];
    this.#fail(
      pkg.name || NO_PACKAGE,
      reason,
      printed + pkg.output.text,
    );
  }

  /** Ends the tests that have no result when their package has one. */
  #endTests(pkg: GoPackage, action: GoAction, reason: string): void {
    const isExplained = action !== "fail" || pkg.hasFailure;
    for (const test of pkg.tests.values()) {
      const status = test.impliedStatus(isExplained);
      if (status === "fail") this.#lose(pkg, test, reason);
      else this.#endTest(pkg, test, status);
    }
  }

  // Tests

  #readTest(event: GoEvent, pkg: GoPackage): void {
    const { action, test: name } = event;
    const test = pkg.find(name);
    switch (action) {
      case "run":
        if (test?.name === name) this.#restart(pkg, test);
        return this.#startTest(pkg.start(name));
      case "output":
        return test ? this.#addOutput(test, event) : this.#emitText(event);
      case "attr":
        test?.addAttribute(event.key, event.value);
        return;
    }
    const status = STATUSES[action];
    if (status === undefined) return;
    const { elapsed } = event;
    this.#endTest(pkg, test ?? pkg.newTest(name), status, elapsed);
  }

  #startTest(test: GoTest): void {
    test.started = this.#time;
    const event = this.#eventOf(test);
    event.status = "inprogress";
    this.#emit(event);
  }

  /**
   * A test that is in progress starts again: with -count, benchmarks have no
   * result.
   */
  #restart(pkg: GoPackage, test: GoTest): void {
    if (test.isBenchmark) this.#endTest(pkg, test, "success");
    else this.#lose(pkg, test, "no result when it was started again");
  }

  #addOutput(test: GoTest, { output }: GoEvent): void {
    test.notice(output);
    const event = this.#eventOf(test);
    event.fileName = OUTPUT;
    event.fileBytes = encoder.encode(output);
    if (!test.hasOutput) event.mimeType = TEXT_TYPE;
    this.#emit(event);
    test.hasOutput = true;
  }

  #lose(pkg: GoPackage, test: GoTest, reason: string): void {
    this.#emit({
      ...this.#eventOf(test),
      ...textFile(REASON, reason),
    });
    this.#endTest(pkg, test, "fail");
  }

  #endTest(
    pkg: GoPackage,
    test: GoTest,
    status: TestStatus,
    elapsed?: number,
  ): void {
    const { tags, hasOutput } = test;
    const timestamp = test.endTime(this.#time, elapsed);
    pkg.tests.delete(test.name);
    pkg.hasFailure ||= isFailureStatus(status);
    const event = this.#eventOf(test);
    if (timestamp !== undefined) event.timestamp = timestamp;
    event.status = status;
    if (tags.length > 0) event.tags = tags;
    if (hasOutput) {
      event.fileName = OUTPUT;
      event.fileBytes = new Uint8Array(0);
      event.eof = true;
    }
    this.#emit(event);
  }

  // Events

  #eventOf({ testId, parentTestId }: GoTest): EventDraft {
    const event: EventDraft = { testId, runnable: true };
    if (parentTestId !== undefined) event.parentTestId = parentTestId;
    if (this.#time !== undefined) event.timestamp = this.#time;
    return event;
  }

  #emitText({ output, time }: GoEvent): void {
    this.#emit({
      runnable: true,
      fileName: TEXT_FILE_NAME,
      fileBytes: encoder.encode(output),
      ...(time && { timestamp: time }),
    });
  }

  /** Emits a failure that belongs to no test. */
  #fail(name: string, reason: string, printed = ""): void {
    const event = {
      testId: idText(name),
      runnable: false,
      ...(this.#time && { timestamp: this.#time }),
    };
    if (printed !== "") {
      this.#emit({ ...event, ...textFile(OUTPUT, printed) });
    }
    this.#emit({ ...event, ...textFile(REASON, reason), status: "fail" });
  }

  #package(name: string): GoPackage {
    return getOrAdd(this.#packages, name, () => new GoPackage(name));
  }

  #build(importPath: string): Tail {
    return getOrAdd(this.#builds, importPath, () => new Tail());
  }
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
