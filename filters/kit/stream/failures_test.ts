import { assertEquals } from "@std/assert";
import { memoryOutput } from "../../../tests/support/memory.ts";
import {
  at,
  eventsIn,
  file,
  stream,
  textFile,
} from "../../../tests/support/streams.ts";
import type { Output } from "../io/output.ts";
import {
  commandEnding,
  describeEnding,
  type Ending,
  type Missing,
  writeEnding,
  writeFailure,
} from "./failures.ts";

/** The bytes that `write` writes. */
function written(write: (out: Output) => void): Uint8Array {
  const { out, written } = memoryOutput();
  write(out);
  return written();
}

/** The fields of each event, without the time. */
function fieldsIn(bytes: Uint8Array): object[] {
  return eventsIn(bytes).map(({ timestamp: _, ...event }) =>
    Object.fromEntries(
      Object.entries(event).filter(([, value]) => value !== undefined),
    )
  );
}

const reason = (text: string) => textFile("reason", text);

Deno.test("writeFailure writes the last output, then the failure", () => {
  const test: Missing = {
    testId: "a",
    routeCode: "1",
    tags: ["slow"],
    runnable: true,
    parentTestId: "suite",
    reason: "It never ended.",
  };
  const time = at("10:00:00");
  const common = {
    testId: "a",
    routeCode: "1",
    runnable: true,
    parentTestId: "suite",
  };
  const failure = {
    ...common,
    ...reason("It never ended."),
    status: "fail",
    tags: ["lost", "slow"],
  };
  const silent = written((out) => writeFailure(out, test, undefined, time));
  assertEquals<object>(fieldsIn(silent), [failure]);
  const output = stream("last words");
  const bytes = written((out) => writeFailure(out, test, output, time));
  assertEquals<object>(fieldsIn(bytes), [
    {
      ...common,
      ...file("last output", output),
      mimeType: "text/plain;charset=utf8",
    },
    failure,
  ]);
  assertEquals(eventsIn(bytes).map(({ timestamp }) => timestamp), [time, time]);
});

Deno.test("writeEnding writes a test that cannot be run", () => {
  const ending: Ending = {
    testId: "make: exit status",
    status: "fail",
    reason: "exit status 2",
    routeCode: "ci",
  };
  assertEquals<object>(fieldsIn(written((out) => writeEnding(out, ending))), [{
    testId: "make: exit status",
    status: "fail",
    runnable: false,
    routeCode: "ci",
    ...reason("exit status 2"),
  }]);
});

Deno.test("commandEnding is a failure only where nothing else shows it", () => {
  const good = { success: true, code: 0, signal: null };
  const failed = { success: false, code: 3, signal: null };
  const killed = { success: false, code: 143, signal: "SIGTERM" } as const;
  const cases = [
    [good, false, "exists", "exit status 0"],
    [good, true, "exists", "exit status 0"],
    [failed, false, "fail", "exit status 3"],
    [failed, true, "exists", "exit status 3"],
    // A failed test explains no signal.
    [killed, true, "fail", "killed by SIGTERM"],
  ] as const;
  for (const [status, isExplained, expected, reason] of cases) {
    assertEquals<object>(commandEnding({ testId: "t" }, status, isExplained), {
      testId: "t",
      status: expected,
      reason,
    });
  }
});

Deno.test("describeEnding names the exit status or the signal", () => {
  const ended = { success: false, code: 143 };
  assertEquals(describeEnding({ ...ended, signal: null }), "exit status 143");
  assertEquals(
    describeEnding({ ...ended, signal: "SIGTERM" }),
    "killed by SIGTERM",
  );
});
