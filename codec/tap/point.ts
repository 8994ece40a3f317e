/**
 * What a test point says about its test.
 *
 * @module
 */

import type { TestStatus } from "../event.ts";
import { nameOf } from "./ids.ts";
import type { TestPointLine } from "./line.ts";
import type { TestResult } from "./test_result.ts";

/** The tag of a TODO test that passes. */
const TODO_TAG = "todo";

/** How `bats -T` ends a description. */
const TIMING = /^(?!-)(.*\S)\s+(in \d+ms)$/s;

/** @param strictTodo whether a TODO test that passes is a `uxsuccess` */
export function statusOf(
  { ok, directive }: TestPointLine,
  strictTodo: boolean,
): TestStatus {
  if (directive === "skip") return "skip";
  if (directive === undefined) return ok ? "success" : "fail";
  if (!ok) return "xfail";
  return strictTodo ? "uxsuccess" : "success";
}

/**
 * Makes a comment of the duration in a description, as `bats -T` writes it:
 * "adds coins in 76ms". Its test points have numbers, and no dash.
 */
export function withTiming(line: TestPointLine): TestPointLine {
  const match = line.number === undefined
    ? null
    : TIMING.exec(line.description);
  if (match === null) return line;
  const [, description, duration] = match;
  return { ...line, description, comment: `# ${duration}` };
}

/**
 * Adds everything in a test point besides its result.
 *
 * @param announced the name by which the test was announced, if it was
 */
export function addDetails(
  result: TestResult,
  line: TestPointLine,
  strictTodo: boolean,
  announced: string | undefined,
): void {
  const { ok, directive, reason, comment, description } = line;
  if (ok && directive === "todo" && !strictTodo) result.tags = [TODO_TAG];
  if (reason !== "") {
    if (directive === "skip") result.addReason(reason);
    else result.addText(reason);
  }
  if (comment !== "") result.addText(comment);
  if (announced === undefined) return;
  const name = nameOf(description);
  if (name !== "" && name !== announced) {
    result.note(`the test point says ${JSON.stringify(description)}`);
  }
}
