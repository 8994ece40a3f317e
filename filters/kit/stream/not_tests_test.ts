import { assertEquals } from "@std/assert";
import { ENCODER_TEST_ID, PARSER_TEST_ID } from "@subunit/codec";
import { isTest } from "./not_tests.ts";

Deno.test("isTest tells tests from what stands for something else", () => {
  const others = [
    "make: exit status",
    "linux: missing shard",
    "subunit-merge: missing shards",
    "subunit-run",
    "tap plan",
    "tap plan #2",
    "Bail out! no database",
    "tests/a_test.ts::(load)",
    "tests/a_test.ts::(afterAll)",
    "(unit)::(uncaught)",
    "(build)",
    "(list)",
    ENCODER_TEST_ID,
  ];
  for (const testId of others) {
    assertEquals([testId, isTest({ testId, runnable: false })], [
      testId,
      false,
    ]);
    // A runner may call its tests as it likes.
    assertEquals([testId, isTest({ testId, runnable: true })], [testId, true]);
  }
  // Those of TAP and JUnit cannot be run.
  const tests = ["a", "test_f(1)", "a::b", "exit status", "plan", "f (build)"];
  for (const testId of tests) {
    assertEquals([testId, isTest({ testId, runnable: false })], [testId, true]);
  }
  for (const runnable of [false, true]) {
    assertEquals(isTest({ testId: PARSER_TEST_ID, runnable }), false);
  }
});
