/**
 * What fails in a stream and is not a test.
 *
 * @module
 */

import { ENCODER_TEST_ID, PARSER_TEST_ID, type Test } from "@subunit/codec";

/** How a command ended, shards that are missing, and what is added to a run. */
const ENDING = /: (exit status|missing shards?)$|^subunit-run$/;

/** What converters and engines report of a document, a list, a build or a file. */
const STEP = /^tap plan( ?#\d+)?$|^Bail out!|(^|::)\(\w+\)$/;

/**
 * Whether an outcome is that of a test, which could be run again or excused. Of
 * what cannot be run, some ids stand for something else: how a command ended, a
 * shard that is missing, a file that was not loaded, a plan that is not there.
 * Damage is never a test.
 */
export function isTest(
  { testId, runnable }: Pick<Test, "testId" | "runnable">,
) {
  if (testId === PARSER_TEST_ID) return false;
  return runnable || testId !== ENCODER_TEST_ID && !ENDING.test(testId) &&
      !STEP.test(testId);
}
