import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { StatusEvent } from "../event.ts";
import { RunReporter } from "./reporter.ts";
import type { EventSink } from "./sinks.ts";

const at = (seconds: number) => ({ seconds, nanoseconds: 0 });

/** Keeps events and the calls around them. */
function keeping(log: (StatusEvent | string)[]): EventSink {
  return {
    start: () => log.push("start"),
    status: (event) => log.push(event),
    stop: () => log.push("stop"),
  };
}

Deno.test("RunReporter reports a test from start to end", () => {
  const log: (StatusEvent | string)[] = [];
  let time = 0;
  const reporter = new RunReporter(keeping(log), { clock: () => at(++time) });
  reporter.start();
  reporter.tag({ add: ["net", "slow"] });
  const test = reporter.startTest("a", { runnable: false, parentTestId: "p" });
  test.tag({ add: ["mine"], discard: ["slow"] });
  test.attach("log", "text");
  test.attach("core", Uint8Array.of(0), "application/x-core");
  test.success();
  reporter.startTest("b").end("uxsuccess");
  reporter.exists("c");
  reporter.stop();
  const base = { testId: "a", runnable: false, parentTestId: "p" };
  assertEquals(log, [
    "start",
    { ...base, status: "inprogress", timestamp: at(1) },
    {
      ...base,
      fileName: "log",
      fileBytes: new TextEncoder().encode("text"),
      mimeType: "text/plain;charset=utf8",
      eof: true,
      timestamp: at(2),
    },
    {
      ...base,
      fileName: "core",
      fileBytes: Uint8Array.of(0),
      mimeType: "application/x-core",
      eof: true,
      timestamp: at(3),
    },
    { ...base, status: "success", tags: ["mine", "net"], timestamp: at(4) },
    { testId: "b", runnable: true, status: "inprogress", timestamp: at(5) },
    {
      testId: "b",
      runnable: true,
      status: "uxsuccess",
      tags: ["net", "slow"],
      timestamp: at(6),
    },
    { testId: "c", runnable: true, status: "exists", timestamp: at(7) },
    "stop",
  ]);
});

Deno.test("RunReporter attaches why a test did not simply pass", () => {
  const seen: [string?, string?, string?][] = [];
  const reporter = new RunReporter({
    status({ status, fileName, fileBytes }) {
      if (status === "inprogress") return;
      const text = fileBytes && new TextDecoder().decode(fileBytes);
      seen.push([status, fileName, text?.split("\n")[0]]);
    },
  });
  reporter.startTest("a").fail(new RangeError("too far"));
  reporter.startTest("b").fail("only words");
  reporter.startTest("c").xfail(new Error("known"));
  reporter.startTest("d").skip("no network");
  reporter.startTest("e").skip();
  reporter.startTest("f").fail();
  assertEquals(seen, [
    [undefined, "traceback", "RangeError: too far"],
    ["fail", undefined, undefined],
    [undefined, "traceback", "only words"],
    ["fail", undefined, undefined],
    [undefined, "traceback", "Error: known"],
    ["xfail", undefined, undefined],
    [undefined, "reason", "no network"],
    ["skip", undefined, undefined],
    ["skip", undefined, undefined],
    ["fail", undefined, undefined],
  ]);
});

Deno.test("RunReporter refuses reports on a test that has ended", () => {
  const reporter = new RunReporter({ status: () => {} });
  const test = reporter.startTest("a");
  test.success();
  const message = 'test "a": it has ended';
  assertThrows(() => test.fail(new Error("late")), TypeError, message);
  assertThrows(() => test.attach("log", ""), TypeError, message);
  assertThrows(
    () => reporter.startTest("b").end("exists" as "success"),
    RangeError,
    "exists",
  );
});

Deno.test("RunReporter asks to stop at the first failure, if it is to", () => {
  for (const failFast of [false, true]) {
    const reporter = new RunReporter({ status: () => {} }, { failFast });
    reporter.start();
    reporter.startTest("a").xfail();
    assertEquals(reporter.shouldStop, false);
    reporter.startTest("b").uxsuccess();
    assertEquals(reporter.shouldStop, failFast);
    reporter.start();
    assertEquals(reporter.shouldStop, false);
    reporter.requestStop();
    assertEquals(reporter.shouldStop, true);
  }
});

Deno.test("RunReporter reports a resource that cannot be made as a failure", async () => {
  const seen: unknown[] = [];
  const reporter = new RunReporter({
    status: ({ testId, status, fileName, runnable }) =>
      seen.push([testId, status ?? fileName, runnable]),
  });
  const resource = reporter.resource("db");
  assertEquals(await resource.make(() => Promise.resolve(5432)), 5432);
  await assertRejects(
    () => resource.clean(() => Promise.reject(new RangeError("busy"))),
    RangeError,
    "busy",
  );
  assertEquals(seen, [
    ["db.make", "inprogress", false],
    ["db.make", "success", false],
    ["db.clean", "inprogress", false],
    ["db.clean", "traceback", false],
    ["db.clean", "fail", false],
  ]);
});
