import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { callTool, peerCallTest, test } from "../support/call.ts";
import { importTraces } from "../support/catapult.ts";
import { assertForwards } from "../support/checks.ts";
import { text } from "../support/run.ts";
import {
  anyRun,
  at,
  damaged,
  type EventFields,
  forEachPrefix,
  sample,
  stream,
  testsIn,
  textFile,
} from "../support/streams.ts";
import {
  assertTree,
  attributesOf,
  type ChromeEvent,
  chromeEvents,
  chromeEventsOfPart,
  type OtlpSpan,
  otlpSpans,
} from "../support/traces.ts";

const SEED = 20121119;

type Part = EventFields | string | Uint8Array;

async function chromeTrace(...parts: Part[]): Promise<ChromeEvent[]> {
  const { stdout } = await callTool("subunit2trace", [], {
    stdin: stream(...parts),
  });
  return chromeEvents(text(stdout));
}

async function otlpTrace(...parts: Part[]): Promise<OtlpSpan[]> {
  const { stdout } = await callTool("subunit2trace", ["--otlp"], {
    stdin: stream(...parts),
  });
  const spans = otlpSpans(text(stdout));
  assertTree(spans);
  return spans;
}

/** A time so many seconds after 01:00:00. */
function after(seconds: number) {
  const { seconds: start } = at("01:00:00");
  const whole = Math.floor(seconds);
  return {
    seconds: start + whole,
    nanoseconds: Math.round((seconds - whole) * 1e9),
  };
}

type Row = [
  testId: string,
  start: number,
  end: number | undefined,
  parentTestId?: string,
  more?: EventFields,
];

/** Tests with the seconds at which they start and end, as events in order. */
function run(...rows: Row[]): EventFields[] {
  return rows.flatMap(([testId, start, end, parentTestId, more]) => {
    const fields = { testId, parentTestId };
    const started: EventFields = {
      ...fields,
      status: "inprogress",
      timestamp: after(start),
    };
    if (end === undefined) return [[start, 1, started] as const];
    const ended: EventFields = {
      ...fields,
      status: "success",
      timestamp: after(end),
      ...more,
    };
    // The end follows the start, whatever the clock says.
    const isOrdered = start < end;
    return [
      [start, 1, started] as const,
      [isOrdered ? end : start, isOrdered ? 0 : 2, ended] as const,
    ];
  }).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , event]) => event);
}

/** The lanes of a trace: "lane: test start-end …", in seconds. */
function lanesIn(events: readonly ChromeEvent[]): string[] {
  const base = at("01:00:00").seconds * 1e6;
  const lanes = events.filter(({ name }) => name === "thread_name");
  return lanes.map(({ tid, args }) => {
    const tests = events.filter((event) =>
      event.tid === tid && (event.ph === "X" || event.s === "t")
    ).map(({ name, ts, dur }) => {
      const start = (ts! - base) / 1e6;
      return `${name} ${start}-${dur === undefined ? "" : start + dur / 1e6}`;
    });
    return `${args!.name}: ${tests.join(", ")}`;
  });
}

test("subunit2trace puts tests on lanes, and subtests within their parents", async () => {
  const cases: [rows: Row[], expected: string[]][] = [
    [
      [["a", 0, 1], ["b", 1, 2], ["c", 3, 4]],
      ["tests: a 0-1, b 1-2, c 3-4"],
    ],
    // Tests that overlap.
    [
      [["a", 0, 9], ["b", 1, 2], ["c", 2, 3], ["d", 2, 4], ["e", 9, 10]],
      ["tests: b 1-2, c 2-3", "tests (2): d 2-4", "tests (3): a 0-9, e 9-10"],
    ],
    // Subtests of subtests.
    [
      [["p", 0, 9], ["c", 1, 5, "p"], ["g", 2, 3, "c"], ["d", 6, 7, "p"]],
      ["tests: g 2-3, c 1-5, d 6-7, p 0-9"],
    ],
    // They start together.
    [
      [["p", 0, 9], ["c", 0, 5, "p"], ["g", 0, 3, "c"], ["d", 6, 7, "p"]],
      ["tests: d 6-7, p 0-9, c 0-5, g 0-3"],
    ],
    [
      [["p", 0, 4], ["c", 0, 5, "p"], ["g", 0, 3, "c"], ["z", 0, 0, "c"]],
      ["tests: c 0-5, z 0-0, g 0-3", "tests (2): p 0-4"],
    ],
    // Subtests that overlap.
    [
      [["p", 0, 9], ["c", 1, 5, "p"], ["d", 2, 6, "p"], ["e", 6, 7, "p"]],
      ["tests: c 1-5, e 6-7, p 0-9", "tests (2): d 2-6"],
    ],
    // The parent ends before its subtest, whose own has ended.
    [
      [["p", 0, 5], ["c", 1, 7, "p"], ["g", 2, 3, "c"]],
      ["tests: g 2-3, c 1-7", "tests (2): p 0-5"],
    ],
    // The parent of a subtest is not in progress, or is itself.
    [
      [["p", 0, 1], ["c", 2, 3, "p"], ["x", 4, 5, "x"], ["y", 6, 7, "z"]],
      ["tests: p 0-1, c 2-3, x 4-5, y 6-7"],
    ],
    // Each is a subtest of the other.
    [
      [["a", 0, 3, "b"], ["b", 1, 2, "a"]],
      ["tests: b 1-2, a 0-3"],
    ],
    // Lost tests last until the latest time.
    [
      [["p", 0, undefined], ["c", 1, undefined, "p"], ["a", 2, 3]],
      ["tests: a 2-3", "tests (2): c 1-3, p 0-3"],
    ],
    // The clock goes back.
    [
      [["a", 5, 6], ["b", 7, 2], ["c", 7, 8]],
      ["tests: a 5-6, b 7-7, c 7-8"],
    ],
    // Without a duration.
    [
      [["a", 1, 1], ["b", 1, 1], ["c", 1, 2], ["d", 2, 2]],
      ["tests: a 1-1, b 1-1, c 1-2, d 2-2"],
    ],
  ];
  for (const [rows, expected] of cases) {
    assertEquals(lanesIn(await chromeTrace(...run(...rows))), expected);
  }
});

test("subunit2trace has lanes for each route, sorted by their names", async () => {
  const routes = ["10", "2", undefined, "2"];
  const events = await chromeTrace(
    ...routes.flatMap((routeCode, i) =>
      run([`t${i}`, 0, 1]).map((event) => ({ ...event, routeCode }))
    ),
  );
  assertEquals(lanesIn(events), [
    "route 10: t0 0-1",
    "route 2: t1 0-1",
    "tests: t2 0-1",
    "route 2 (2): t3 0-1",
  ]);
  const order = events.filter(({ name }) => name === "thread_sort_index")
    .sort((a, b) => Number(a.args!.sort_index) - Number(b.args!.sort_index));
  const names = new Map(
    events.filter(({ name }) => name === "thread_name")
      .map(({ tid, args }) => [tid, args!.name]),
  );
  assertEquals(
    order.map(({ tid }) => names.get(tid)),
    ["route 2", "route 2 (2)", "route 10", "tests"],
  );
});

test("subunit2trace marks failures and has their reasons", async () => {
  const traceback = textFile("traceback", "Traceback:\nValueError: \x1bno\n");
  const { stdout, stderr, status } = await callTool("subunit2trace", [], {
    stdin: stream(
      "text\n",
      ...run(["a", 0, 1, "p", {
        status: "fail",
        tags: ["x", "y"],
        ...traceback,
      }]),
      { testId: "s", status: "skip", ...textFile("reason", "no disk\n") },
      ...run(["l", 2, undefined]),
      damaged({ testId: "d" }),
    ),
  });
  assertEquals(status, 1);
  assert(stderr.startsWith("text\nsubunit2trace: Cannot decode"), stderr);
  const events = chromeEvents(text(stdout));
  const named = (wanted: string) =>
    events.filter(({ name }) => name === wanted).map((event) => {
      const { cname, ph, s, args } = event;
      return { cname, ph, ...(s === undefined ? {} : { s }), ...args };
    });
  const reason = "ValueError: \\u001bno";
  assertEquals(named("a"), [{
    cname: "terrible",
    ph: "X",
    outcome: "fail",
    reason,
    tags: "x y",
    parent: "p",
    seconds: 1,
  } as never]);
  assertEquals(named("fail: a"), [
    { cname: "terrible", ph: "i", s: "p", reason } as never,
  ]);
  assertEquals(named("s"), [{
    cname: "grey",
    ph: "i",
    s: "t",
    outcome: "skip",
    reason: "no disk",
    times: "none",
  } as never]);
  assertEquals(named("l"), [
    { cname: "bad", ph: "X", outcome: "lost", times: "start" } as never,
  ]);
  assertEquals(named("1 test lost").length, 1);
  const [damage] = named("damage");
  assertEquals([damage.ph, damage.s], ["i", "g"]);
  assertEquals(named("process_labels"), [
    {
      cname: undefined,
      ph: "M",
      labels: "1 lost, 1 damaged, 1 without times",
    } as never,
  ]);
});

test("subunit2trace shows tests without times in order, at times of their own", async () => {
  const untimed = Array.from({ length: 600 }, (_, i): EventFields => ({
    testId: `t${i}`,
    status: "success",
  }));
  const shown = (events: ChromeEvent[]) =>
    events.filter(({ args }) => args?.times === "none");
  const none = shown(await chromeTrace(...untimed));
  assertEquals(none.map(({ name }) => name), untimed.map((t) => t.testId));
  assertEquals(none.map(({ ts }) => ts), untimed.map((_, i) => i));
  // Others have times.
  const [before, behind] = [untimed.slice(0, 300), untimed.slice(300)];
  const some = shown(
    await chromeTrace(...before, ...run(["a", 0, 1]), ...behind),
  );
  const start = at("01:00:00").seconds * 1e6;
  assertEquals(some.map(({ name }) => name), untimed.map((t) => t.testId));
  assertEquals(
    some.map(({ ts }) => ts! - start),
    untimed.map((_, i) => i < 300 ? i - 300 : 1e6 + i - 300),
  );
});

test("subunit2trace stacks no more tests than a viewer shows", async () => {
  // All at once, without a duration; and each within the one before it.
  const flat = Array.from(
    { length: 1000 },
    (_, i) => run([`t${i}`, 1, 1]),
  ).flat();
  const flatTrace = await chromeTrace(...flat);
  assertEquals(flatTrace.filter(({ ph }) => ph === "X").length, 1000);
  const deep = Array.from(
    { length: 300 },
    (_, i): Row => [`t${i}`, i, 1000 - i, i === 0 ? undefined : `t${i - 1}`],
  );
  const deepTrace = await chromeTrace(...run(...deep));
  assertEquals(deepTrace.filter(({ ph }) => ph === "X").length, 300);
  // More at once than a route has lanes.
  const wide = Array.from({ length: 1100 }, (_, i): Row => [`t${i}`, 0, 9]);
  const wideTrace = await chromeTrace(...run(...wide));
  assertEquals(wideTrace.filter(({ ph }) => ph === "X").length, 1000);
  assertEquals(wideTrace.filter(({ ph }) => ph === "b").length, 100);
});

test("subunit2trace --otlp writes spans for the run, its tests and subtests", async () => {
  const parts: Part[] = [
    ...run(
      ["p", 0, 9, undefined, {
        status: "fail",
        tags: ["x"],
        ...textFile("traceback", "Traceback:\nValueError: no\n"),
      }],
      ["c", 1, 5.000000001, "p"],
      ["g", 2, 3, "c", { status: "xfail" }],
      ["l", 4, undefined],
      ["m", 5, undefined, "l"],
    ),
    { testId: "u", status: "skip", routeCode: "0" },
  ];
  const spans = await otlpTrace(...parts);
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  const base = BigInt(at("01:00:00").seconds) * 1_000_000_000n;
  const rows = spans.map((span) => {
    const { name, parentSpanId, status, startTimeUnixNano } = span;
    const start = BigInt(startTimeUnixNano) - base;
    const end = BigInt(span.endTimeUnixNano) - base;
    const result = attributesOf(span)["test.case.result.status"];
    const parent = names.get(parentSpanId ?? "");
    return [name, parent, `${start}-${end}`, status.code, result];
  });
  assertEquals(rows, [
    ["g", "c", "2000000000-3000000000", 1, "xfail"],
    ["c", "p", "1000000000-5000000001", 1, "pass"],
    ["p", "tests", "0-9000000000", 2, "fail"],
    ["u", "tests", "9000000000-9000000000", undefined, "skip"],
    ["m", "l", "5000000000-9000000000", 2, "fail"],
    ["l", "tests", "4000000000-9000000000", 2, "fail"],
    ["tests", undefined, "0-9000000000", 2, undefined],
  ]);
  const [, , failed, untimed] = spans;
  assertEquals(failed.status, { code: 2, message: "ValueError: no" });
  assertEquals(
    failed.attributes.find(({ key }) => key === "subunit.tags")!.value,
    { arrayValue: { values: [{ stringValue: "x" }] } },
  );
  assertEquals(attributesOf(untimed), {
    "test.case.name": "u",
    "test.case.result.status": "skip",
    "subunit.outcome": "skip",
    "subunit.route": "0",
    "subunit.times": "none",
  });
  assertEquals(attributesOf(spans.at(-1)!), {
    "test.suite.name": "tests",
    "test.suite.run.status": "failure",
  });
  assertEquals(spans.at(-1)!.status.message, "1 failed, 2 lost");
  // The same stream has the same ids, another one others.
  assertEquals(await otlpTrace(...parts), spans);
  const [other] = await otlpTrace(...run(["g", 2, 4]));
  assert(other.traceId !== spans[0].traceId);
  assertEquals(await otlpTrace(), []);
});

test(`subunit2trace writes valid traces of any run (seed ${SEED})`, async () => {
  const runs = sample(
    fc.tuple(
      anyRun({ parents: true, routes: [undefined, "0", "1/0"] }),
      fc.infiniteStream(fc.nat(9)),
    ).map(([events, dice]) =>
      events.map((event): EventFields => {
        // Some have no time, or one that is too early.
        const die = dice.next().value;
        if (die === 0) return { ...event, timestamp: undefined };
        if (die > 1) return event;
        const { seconds, nanoseconds } = event.timestamp!;
        return { ...event, timestamp: { seconds: seconds - 300, nanoseconds } };
      })
    ),
    200,
    SEED,
  );
  for (const events of runs) {
    const expected = testsIn(stream(...events)).map((test) => {
      assert("outcome" in test);
      return `${test.routeCode} ${test.testId} ${test.outcome}`;
    }).sort();
    const chrome = (await chromeTrace(...events))
      .filter(({ cat, ph }) => cat === "test" && ph !== "e");
    assertEquals(
      chrome.map(({ name, args }) => `${args!.route} ${name} ${args!.outcome}`)
        .sort(),
      expected,
    );
    const otlp = (await otlpTrace(...events)).map(attributesOf)
      .filter((attributes) => "test.case.name" in attributes);
    assertEquals(
      otlp.map((attributes) =>
        [
          attributes["subunit.route"],
          attributes["test.case.name"],
          attributes["subunit.outcome"],
        ].map(String).join(" ")
      ).sort(),
      expected,
    );
  }
});

test("subunit2trace writes what can be read wherever the trace breaks off", async () => {
  const input = stream(
    ...run(["p", 0, 9], ["c\n},\n]", 1, 5, "p"], ["d", 2, 6, "p"]),
    { testId: "u", status: "fail" },
  );
  const { stdout } = await callTool("subunit2trace", [], { stdin: input });
  const whole = text(stdout);
  for (let end = 1; end <= whole.length; end++) {
    const part = whole.slice(0, end);
    const events = chromeEventsOfPart(part);
    const written = part.split("\n").filter((line) => line.startsWith("{"));
    assert(events.length >= written.length - 1, part);
  }
  await forEachPrefix(input, async (stdin) => {
    const { stdout } = await callTool("subunit2trace", [], { stdin });
    chromeEvents(text(stdout));
    const otlp = await callTool("subunit2trace", ["--otlp"], { stdin });
    otlpSpans(text(otlp.stdout));
  }, 5);
});

test("subunit2trace --otlp writes many spans in lines of bounded size", async () => {
  const stdin = stream(
    ...run(...Array.from({ length: 2000 }, (_, i): Row => [`t${i}`, i, i])),
  );
  const { stdout } = await callTool("subunit2trace", ["--otlp"], { stdin });
  assertEquals(otlpSpans(text(stdout)).length, 2001);
  assert(text(stdout).split("\n").length >= 2001 / 512);
});

peerCallTest(
  "subunit2trace writes what the viewer of chrome://tracing reads",
  ["chromium and golang-src"],
  async () => {
    const events = run(
      ["p", 0, 9, undefined, { status: "fail" }],
      ["c", 0, 5, "p"],
      ["g", 1, 3, "c"],
      ["d", 2, 6, "p"],
      ["l", 4, undefined],
    );
    const { stdout } = await callTool("subunit2trace", [], {
      stdin: stream({ testId: "u", status: "skip" }, ...events),
    });
    const whole = text(stdout);
    const lines = whole.split("\n");
    const rows = sample(anyRun({ parents: true, maxTests: 40 }), 10, SEED);
    const traces = await Promise.all(rows.map(async (events) => {
      const input = { stdin: stream(...events) };
      return text((await callTool("subunit2trace", [], input)).stdout);
    }));
    const [model, part, ...models] = await importTraces([
      whole,
      // Broken off behind an event.
      lines.slice(0, -4).join("\n"),
      ...traces,
    ]);
    const threads = model.threads.map(({ name, sortIndex, slices }) => [
      name,
      sortIndex,
      ...slices.map(([title, parent]) => `${parent ?? ""}>${title}`),
    ]);
    assertEquals(threads, [
      ["no times", 0, ">u"],
      ["tests", 1, ">p", "p>c", "c>g"],
      ["tests (2)", 2, ">d"],
      ["tests (3)", 3, ">l"],
    ]);
    assertEquals(model.marks, ["fail: p", "1 test lost"]);
    assertEquals(part.threads.map(({ name }) => name), [
      "no times",
      "tests",
      "tests (2)",
      "tests (3)",
    ]);
    for (
      const [i, { warnings, threads }] of [part, model, ...models].entries()
    ) {
      assertEquals(warnings, [], `trace ${i}`);
      assert(threads.length > 0);
    }
    for (const [i, { threads }] of models.entries()) {
      const shown = threads.flatMap(({ slices }) =>
        slices.map(([title]) => title)
      );
      const tests = testsIn(stream(...rows[i])).map((test) =>
        "outcome" in test ? test.testId : ""
      );
      assertEquals(shown.sort(), tests.sort());
    }
  },
);

Deno.test("subunit2trace passes the stream on, the trace beside it", async () => {
  const input = stream("text\n", { testId: "a", status: "success" });
  const trace = await assertForwards("subunit2trace", input);
  assertEquals(
    chromeEvents(trace).filter(({ cat }) => cat === "test").length,
    1,
  );
});
