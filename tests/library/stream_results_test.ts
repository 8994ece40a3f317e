/** The StreamResult family beside testtools', on the same events. */

import { assert, assertEquals } from "@std/assert";
import type { StatusEvent, Timestamp } from "@subunit/codec";
import {
  attachmentText,
  byTest,
  copyTo,
  type EventSink,
  failFast,
  oneTestAtATime,
  plainTest,
  Router,
  type RunMessage,
  RunReporter,
  RunSummary,
  tagger,
  type Test,
  timestamper,
  toQueue,
} from "@subunit/codec/results";
import fc from "fast-check";
import { runScript, toPython } from "../support/peers.ts";
import { peer, peerTest } from "../support/run.ts";
import { anyRun, type EventFields, sample } from "../support/streams.ts";

const SEED = 20130301;

/** Runs, with events that are no test's, and some without a time. */
const RUNS: EventFields[][] = sample(
  fc.tuple(
    anyRun({ routes: [undefined, "0", "0/1", "1", "10"] }),
    fc.infiniteStream(fc.nat(9)),
  ).map(([events, digits]) =>
    events.flatMap((event) => {
      const { value: digit } = digits.next();
      // testtools looks for the reason of a skip in this file.
      const named = event.fileName === "log" && digit > 4
        ? { ...event, fileName: "reason" }
        : event;
      return digit > 1 ? [named] : [named, {
        fileName: "stdout",
        fileBytes: new TextEncoder().encode("building"),
        ...(digit === 0 ? { routeCode: "0/7" } : {}),
      }];
    })
  ),
  40,
  SEED,
);

function microseconds(time: Timestamp | undefined): number | null {
  return time === undefined
    ? null
    : time.seconds * 1e6 + time.nanoseconds / 1e3;
}

/** An event as testtools' StreamResult.status() logs it: with a list of tags. */
function toLog(event: StatusEvent): Record<string, unknown> {
  return { ...toPython(event), test_tags: event.tags?.toSorted() ?? [] };
}

/** What a sink is called with, as Python's peer logs it. */
type Log = [string, unknown][];

/** testtools leaves out what is the default. */
const NOTHING = toLog({ runnable: true });

/** A log of Python's peer, with what is left out. */
function whole(log: Log): Log {
  return log.map(([name, event]) => [
    name,
    typeof event === "string" ? event : { ...NOTHING, ...event as object },
  ]);
}

function logging(log: Log, name = ""): EventSink {
  return {
    start: () => log.push([name, "start"]),
    status: (event) => log.push([name, toLog(event)]),
    stop: () => log.push([name, "stop"]),
  };
}

function send(sink: EventSink, events: readonly EventFields[]): void {
  sink.start?.();
  for (const event of events) sink.status({ runnable: true, ...event });
  sink.stop?.();
}

/** What a runner does with a test or a resource. */
interface Step {
  readonly kind: "test" | "resource";
  readonly id: string;
  readonly status: "success" | "fail" | "skip" | "xfail" | "uxsuccess";
  readonly files: readonly [string, string][];
  /** Tags added and discarded before it starts, and within it. */
  readonly before: readonly [string[], string[]];
  readonly within: readonly [string[], string[]];
}

const tags = fc.tuple(
  fc.subarray(["a", "b", "c"]),
  fc.subarray(["a", "b", "c"]),
);

const PROGRAM: readonly Step[] = sample(
  fc.record<Step>({
    kind: fc.constantFrom("test", "test", "resource"),
    id: fc.constantFrom("pkg.one", "pkg.two"),
    status: fc.constantFrom("success", "fail", "skip", "xfail", "uxsuccess"),
    files: fc.uniqueArray(
      fc.tuple(fc.constantFrom("log", "traceback"), fc.string()),
      { selector: ([name]) => name, maxLength: 2 },
    ),
    before: tags,
    within: tags,
  }),
  100,
  SEED,
);

const OUTCOME_CALLS = {
  success: "addSuccess",
  fail: "addFailure",
  skip: "addSkip",
  xfail: "addExpectedFailure",
  uxsuccess: "addUnexpectedSuccess",
} as const;

function callsOf(program: readonly Step[]): unknown[] {
  return program.flatMap(({ kind, id, status, files, before, within }, i) => {
    const time = ["time", (i + 1) * 1e6];
    return kind === "resource"
      ? [
        time,
        ["startMakeResource", id],
        ["stopMakeResource", id],
        ["startCleanResource", id],
        ["stopCleanResource", id],
      ]
      : [
        time,
        ["tags", ...before],
        ["startTest", id],
        ["tags", ...within],
        [OUTCOME_CALLS[status], id, files],
        ["stopTest", id],
      ];
  });
}

async function report(program: readonly Step[], sink: EventSink) {
  let seconds = 0;
  const clock = () => ({ seconds, nanoseconds: 0 });
  const reporter = new RunReporter(sink, { clock });
  reporter.start();
  for (const { kind, id, status, files, before, within } of program) {
    seconds++;
    if (kind === "resource") {
      const resource = reporter.resource(id);
      await resource.make(() => {});
      await resource.clean(() => {});
      continue;
    }
    reporter.tag({ add: before[0], discard: before[1] });
    const test = reporter.startTest(id);
    test.tag({ add: within[0], discard: within[1] });
    for (const [name, text] of files) test.attach(name, text, "text/plain");
    test.end(status);
  }
}

/** What Python's peer found, by member of the family. */
// deno-lint-ignore no-explicit-any
async function peerOn(events: readonly EventFields[]): Promise<any> {
  const { stdout, stderr, status } = await runScript("stream_results.py", [], {
    stdin: JSON.stringify({
      events: events.map((event) => ({
        ...toPython({ runnable: true, ...event }),
        // An empty set of tags differs from None there.
        test_tags: event.tags ?? null,
      })),
      calls: callsOf(PROGRAM),
    }),
  });
  assertEquals(stderr, "");
  assertEquals(status, 0);
  return JSON.parse(new TextDecoder().decode(stdout));
}

// Once for all tests.
const found = peer("python3-subunit")
  ? await Promise.all(RUNS.map(peerOn))
  : [];

/** Registers a test on every run: its events, and what Python's peer found. */
function compare(
  name: string,
  // deno-lint-ignore no-explicit-any
  check: (events: readonly EventFields[], found: any) => void | Promise<void>,
): void {
  peerTest(`${name} (seed ${SEED})`, ["python3-subunit"], async () => {
    for (const [i, events] of RUNS.entries()) await check(events, found[i]);
  });
}

compare("copyTo does what CopyStreamResult does", (events, { copied }) => {
  const log: Log = [];
  send(copyTo(logging(log, "one"), logging(log, "two")), events);
  assertEquals(log, copied);
});

compare("tagger does what StreamTagger does", (events, { tagged }) => {
  const log: Log = [];
  const change = { add: ["new", "net"], discard: ["slow", "new"] };
  send(tagger(logging(log), change), events);
  assertEquals(log, tagged);
});

compare(
  "timestamper does what TimestampingStreamResult does",
  (events, { timestamped }) => {
    const log: Log = [];
    send(timestamper(logging(log)), events);
    // The clock's times differ; that there is one does not.
    const timed = new Set(
      events.map(({ timestamp }) => microseconds(timestamp)),
    );
    const settle = (log: Log) =>
      log.map(([, event]) => {
        if (typeof event === "string") return event;
        const { timestamp, ...rest } = event as ReturnType<typeof toPython>;
        assert(typeof timestamp === "number");
        return { ...rest, timestamp: timed.has(timestamp) ? timestamp : "now" };
      });
    assertEquals(settle(log), settle(timestamped));
  },
);

compare("failFast calls as often as StreamFailFast", (events, { failed }) => {
  let count = 0;
  send(failFast(() => count++), events);
  assertEquals(count, failed);
});

compare("Router routes as StreamResultRouter does", (events, { routed }) => {
  const log: Log = [];
  const router = new Router(logging(log, "fallback"));
  router.onRoute("0", logging(log, "0"), { consume: true });
  router.onRoute("1", logging(log, "1"));
  router.onTest("pkg.test_1", logging(log, "test"));
  router.onTest(undefined, logging(log, "none"));
  send(router, events);
  assertEquals(log, routed);
});

/** The statuses that testtools leaves lost tests with. */
const LOST = ["inprogress", "unknown"];

const byId = (a: { id: string }, b: { id: string }) => a.id < b.id ? -1 : 1;

compare("byTest finds the tests of StreamToDict", (events, { as_dicts }) => {
  const tests: unknown[] = [];
  const sink = byTest((test) => {
    const { testId, outcome, tags, attachments, started, ended } = plainTest(
      test,
    );
    tests.push({
      id: testId,
      tags: tags.toSorted(),
      details: attachments
        // testtools knows no empty files.
        .filter(({ bytes }) => bytes.length > 0)
        .map(({ name, bytes }) => [name, bytes.toHex()]),
      status: outcome,
      timestamps: [microseconds(started ?? ended), microseconds(ended)],
    });
  });
  send(sink, events);
  const theirs = as_dicts
    // Here `exists` is not the end of a test.
    .filter(({ status }: { status: string }) => status !== "exists")
    .map((test: { status: string }) =>
      LOST.includes(test.status) ? { ...test, status: "lost" } : test
    );
  // Tests that ended come as they end; those that are lost in any order.
  const isLost = ({ status }: { status: string }) => status === "lost";
  const order = (list: { id: string; status: string }[]) => [
    ...list.filter((test) => !isLost(test)),
    ...list.filter(isLost).sort(byId),
  ];
  // deno-lint-ignore no-explicit-any
  assertEquals(order(tests as any), order(theirs));
});

compare(
  "RunSummary lists what StreamSummary does",
  (events, { summarised }) => {
    const summary = new RunSummary();
    send(summary, events);
    const { fail, lost, skip, xfail, uxsuccess } = summary.tests;
    const ids = (tests: readonly Test[]) => tests.map(({ testId }) => testId);
    assertEquals(
      {
        testsRun: summary.counts.total,
        errors: [...ids(fail), ...ids(lost)].sort(),
        skipped: skip.map((
          test,
        ) => [test.testId, attachmentText(test, "reason") || "Unknown"]),
        expectedFailures: ids(xfail),
        unexpectedSuccesses: ids(uxsuccess),
        // Here a uxsuccess is a failure.
        wasSuccessful: summary.counts.isGood || fail.length + lost.length === 0,
      },
      { ...summarised, errors: summarised.errors.toSorted() },
    );
  },
);

compare("toQueue appends what StreamToQueue puts", (events, { queued }) => {
  const messages: RunMessage[] = [];
  send(toQueue(messages, "linux"), events);
  const names = { start: "startTestRun", stop: "stopTestRun" } as const;
  assertEquals(
    messages.map((message) =>
      message.type === "status"
        ? ["status", toLog(message.event)]
        : [names[message.type], null]
    ),
    queued,
  );
});

/** The tests that a log has one after another, their files joined. */
function testsIn(log: Log): unknown[] {
  const tests: unknown[] = [];
  let files = new Map<unknown, string>();
  let started: unknown;
  for (const [, event] of log) {
    if (typeof event === "string") continue;
    const { test_id, test_status, file_name, file_bytes, test_tags } =
      event as ReturnType<typeof toPython>;
    if (test_id === null || test_status === "exists") continue;
    if (test_status === "inprogress") {
      started = test_id;
      files = new Map();
    } else if (test_status === null) {
      // testtools knows no empty files.
      if (file_bytes === "") continue;
      files.set(file_name, (files.get(file_name) ?? "") + file_bytes);
    } else tests.push([started, test_id, [...files], test_status, test_tags]);
  }
  return tests;
}

compare(
  "oneTestAtATime parts tests as StreamToExtendedDecorator does",
  (events, { one_at_a_time }) => {
    const log: Log = [];
    send(oneTestAtATime(logging(log)), events);
    const ours = testsIn(log);
    const theirs = testsIn(whole(one_at_a_time));
    // There lost tests fail, at the end.
    const lost = theirs.splice(ours.length);
    assertEquals(ours, theirs);
    for (const test of lost) assertEquals((test as unknown[])[3], "fail");
  },
);

peerTest(
  `RunReporter reports as ResourcedToStreamDecorator does (seed ${SEED})`,
  ["python3-subunit"],
  async () => {
    const log: Log = [];
    await report(PROGRAM, logging(log));
    assertEquals(log, whole(found[0].reported));
  },
);
