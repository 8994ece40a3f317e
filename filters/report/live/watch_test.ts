// deno-lint-ignore-file no-control-regex -- looks for what moves a cursor
import { assertEquals, assertMatch } from "@std/assert";
import { memoryOutput } from "../../../tests/support/memory.ts";
import {
  addTo,
  ended,
  started,
  TRACEBACK,
} from "../../../tests/support/live.ts";
import { text } from "../../../tests/support/run.ts";
import {
  at,
  damaged,
  type EventFields,
  textFile,
} from "../../../tests/support/streams.ts";
import { Forecast } from "./forecast.ts";
import { PlainScreen, type Screen, TerminalScreen } from "./screens.ts";
import { Style } from "./spans.ts";
import { LiveView, type ViewOptions } from "./watch.ts";

const USUAL: ViewOptions = {
  detail: "failures",
  showsText: true,
  every: 30,
  stall: undefined,
};

/** A view into memory, on a clock of the test's own. */
class Seen {
  readonly view: LiveView;
  readonly #memory = memoryOutput();
  #read = 0;

  constructor(
    options: Partial<ViewOptions> = {},
    forecast = new Forecast(),
    screenOf: (memory: Seen["memory"]) => Screen = ({ out }) =>
      new PlainScreen(out, new Style(false)),
  ) {
    const screen = screenOf(this.memory);
    this.view = new LiveView(screen, forecast, { ...USUAL, ...options }, 0);
  }

  get memory() {
    return this.#memory;
  }

  /** Parts of a stream come after so many seconds. */
  add(seconds: number, ...parts: Parameters<typeof addTo>[1][]): void {
    this.view.receive(1000 * seconds);
    addTo(this.view.run, ...parts);
    this.view.flush();
  }

  look(seconds: number): boolean {
    return this.view.look(1000 * seconds);
  }

  /** What was shown since. */
  get shown(): string {
    const all = text(this.#memory.written());
    const shown = all.slice(this.#read);
    this.#read = all.length;
    return shown;
  }
}

const fails: EventFields[] = [
  started("cart.total", { routeCode: "1", timestamp: at("01:00:00") }),
  { testId: "cart.total", routeCode: "1", ...textFile("traceback", TRACEBACK) },
  ended("cart.total", "fail", { routeCode: "1", timestamp: at("01:00:01.5") }),
];
const FAILURE = `FAIL  [1] cart.total  1.500 s
      AssertionError: 4 != 3
      Traceback (most recent call last):
        File "tests/test_cart.py", line 12, in test_total
          self.assertEqual(cart.total(), 3)
`;

Deno.test("LiveView shows failures as they come, with the first lines of their reasons", () => {
  const seen = new Seen();
  seen.add(1, ended("good"), ...fails);
  assertEquals(seen.shown, FAILURE);
  seen.add(2, "text between\n", damaged(ended("x")), ended("odd", "uxsuccess"));
  assertEquals(
    seen.shown.replace(/DAMAGE .*/, "DAMAGE"),
    "text between\nDAMAGE\nUXPASS  odd\n",
  );
});

Deno.test("LiveView has a line from time to time while something runs", () => {
  const seen = new Seen({}, new Forecast({ total: 4 }));
  seen.look(29.9);
  assertEquals(seen.shown, "");
  // Nothing runs.
  seen.look(30);
  assertEquals(seen.shown, "");
  seen.add(40, ended("done"), started("slow", { routeCode: "0/2" }));
  seen.look(59);
  assertEquals(seen.shown, "");
  seen.look(60);
  assertEquals(
    seen.shown,
    "1:00  1 of 4 tests, 1 passed, 1 running, for 20.0 s [0/2] slow, 3:00 left\n",
  );
  seen.look(61);
  assertEquals(seen.shown, "");
  seen.look(90);
  assertMatch(seen.shown, /^1:30 {2}1 of 4 tests, .* for 50.0 s \[0\/2\] slow/);
  // It ended since, so something ran.
  seen.add(100, ended("slow", "success", { routeCode: "0/2" }));
  seen.look(120);
  assertEquals(seen.shown, "2:00  2 of 4 tests, 2 passed, 2:00 left\n");
  seen.look(150);
  assertEquals(seen.shown, "");
});

Deno.test("LiveView ends with failures once each, lost, flaky, slowest, counts and time", () => {
  const seen = new Seen();
  seen.add(
    1,
    ...fails,
    ...fails,
    ended("odd", "uxsuccess"),
    ended("retried", "fail"),
    ended("retried"),
    ended("tagged", "success", { tags: ["flaky"] }),
    started("lost", { routeCode: "3" }),
    { testId: "lost", routeCode: "3", ...textFile("log", "it began\n") },
    ended("later", "skip", { timestamp: at("01:02:03") }),
  );
  seen.shown;
  seen.view.end(500_000);
  assertEquals(
    seen.shown,
    `Failed
  [1] cart.total
      AssertionError: 4 != 3
  odd  UXPASS
Lost: started and never ended
  [3] lost
      it began
Flaky: passed, but not at once
  retried
  tagged  tagged "flaky"
Slowest
  1.500 s  [1] cart.total
  1.500 s  [1] cart.total
Failed  8 tests: 2 passed, 3 failed, 1 unexpectedly passed, 1 lost, 1 skipped, in 2:03
`,
  );
});

Deno.test("LiveView takes its own time for a stream without times", () => {
  const seen = new Seen();
  seen.add(1, ended("a"));
  seen.view.end(61_000);
  assertEquals(seen.shown, "Passed  1 test: 1 passed, in 1:01\n");
});

Deno.test("LiveView with names has a line per test", () => {
  const seen = new Seen({ detail: "names" });
  seen.add(
    1,
    started("a", { timestamp: at("01:00:00") }),
    ended("a", "success", { timestamp: at("01:00:01.25") }),
    ended("b\x1b[2J", "skip", { routeCode: "0" }),
    ended("c", "xfail"),
    ...fails,
  );
  assertEquals(
    seen.shown,
    `ok    a  1.250 s
skip  [0] b\\u001b[2J
xfail c
${FAILURE}`,
  );
  const flood = Array.from({ length: 1002 }, (_, i) => ended(`${i}`, "fail"));
  seen.add(1, ...flood);
  assertEquals(
    seen.shown.split("\n").filter((line) => /^FAIL /.test(line)).length,
    1002,
  );
});

Deno.test("LiveView with dots has a letter per test, in rows", () => {
  const seen = new Seen({ detail: "letters" });
  const good = Array.from({ length: 70 }, (_, i) => ended(`${i}`));
  seen.add(1, ...good, ended("s", "skip"), ended("x", "xfail"), ended("a"));
  assertEquals(seen.shown, `${".".repeat(70)}sx\n.`);
  seen.add(2, ended("b"), ...fails, ended("u", "uxsuccess"));
  assertEquals(seen.shown, `.F\n${FAILURE}X\nUXPASS  u\n`);
  seen.add(3, ended("c"), "text\n", ended("d"), started("lost"));
  assertEquals(seen.shown, ".\ntext\n.");
  seen.view.end(4000);
  assertMatch(seen.shown, /^L\nFailed\n/);
});

Deno.test("LiveView of a flood of failures counts those that nobody can read", () => {
  const seen = new Seen();
  seen.add(0, ...Array.from({ length: 1003 }, (_, i) => ended(`${i}`, "fail")));
  assertEquals(seen.shown.split("\n").length, 1001);
  seen.look(0);
  assertEquals(seen.shown, "and 3 more failures, listed at the end\n");
  seen.view.end(1000);
  const lines = seen.shown.split("\n");
  assertEquals(lines.slice(1000, 1005), [
    "  999",
    "  1000",
    "  1001",
    "  1002",
    "Failed  1003 tests: 0 passed, 1003 failed, in 0:01",
  ]);
});

Deno.test("LiveView names stalled tests, and says that there was one", () => {
  const seen = new Seen({ stall: 60 });
  seen.add(1, started("a"), {
    testId: "a",
    ...textFile("log", "waiting for b"),
  });
  assertEquals(seen.look(60), false);
  assertEquals(seen.look(61), true);
  assertMatch(
    seen.shown,
    /STALLED {2}a {2}silent for 60.0 s, after:\n {6}waiting for b\n/,
  );
  assertEquals(seen.look(62), false);
});

Deno.test("LiveView says what runs when it is asked", () => {
  const seen = new Seen();
  seen.add(1, started("a"), started("b", { routeCode: "0" }));
  seen.view.status(11_000);
  assertEquals(
    seen.shown,
    `0:11  0 tests, 0 passed, 2 running, for 10.0 s a
  10.0 s  a
  10.0 s  [0] b
`,
  );
});

Deno.test("LiveView that ends early says why, and what was still running", () => {
  const seen = new Seen();
  seen.add(1, started("a"));
  seen.view.end(5000, "Ended by SIGINT");
  assertEquals(
    seen.shown,
    `Still running
  a
Ended by SIGINT
Failed  1 test: 0 passed, 1 lost, in 0:05
`,
  );
});

Deno.test("LiveView hides text between the packets when it is told to", () => {
  const seen = new Seen({ showsText: false });
  seen.add(1, "text\n", ended("a"));
  assertEquals(seen.shown, "");
});

// --- On a terminal

const SIZE = { columns: 40, rows: 10 };

function onTerminal(options: Partial<ViewOptions> = {}): Seen {
  const screenOf = ({ out }: Seen["memory"]) =>
    new TerminalScreen(out, new Style(false), () => SIZE);
  return new Seen(options, new Forecast({ total: 4 }), screenOf);
}

/** A frame without what surrounds it. */
function frame(shown: string): string {
  return shown.replaceAll("\x1b[K", "").replaceAll("\r\n", "\n")
    .replaceAll(/\x1b\[\?(2026|25|7)[hl]/g, "");
}

Deno.test("LiveView on a terminal draws a frame when it looks, and only if something changed", () => {
  const seen = onTerminal();
  seen.add(1, started("a"));
  assertEquals(seen.shown, "");
  seen.look(1);
  assertEquals(
    frame(seen.shown),
    "\r\x1b[J[                          ] 0 of 4  0%\n0 passed  0:01\n   0.0 s  a\x1b[J",
  );
  seen.look(1.04);
  assertEquals(seen.shown, "");
  seen.look(1.1);
  assertEquals(
    frame(seen.shown),
    "\r\x1b[2A[                          ] 0 of 4  0%\n0 passed  0:01\n   0.1 s  a\x1b[J",
  );
});

Deno.test("LiveView on a terminal shows failures and whole lines of text above the block", () => {
  const seen = onTerminal({ detail: "letters" });
  seen.look(0);
  seen.shown;
  seen.add(1, ended("a"), ended("b", "skip"), "half a ");
  seen.look(1);
  // The row of letters is the first line of the block; half a line waits.
  assertMatch(frame(seen.shown), /^\r\x1b\[1A\.s\n\[=/);
  seen.add(1, "line г \x1b[2J\r\nmore", ended("c", "fail"));
  seen.look(1.1);
  assertMatch(
    frame(seen.shown),
    /^\r\x1b\[3A\x1b\[Jhalf a line г \\u001b\[2J\n\.sF\nFAIL {2}c\n\[/,
  );
  seen.view.end(2000);
  assertEquals(
    frame(seen.shown),
    "\r\x1b[2A\x1b[Jmore\nFailed\n  c\nFailed  3 tests: 1 passed, 1 failed, 1 skipped, in 0:02\n",
  );
});

Deno.test("LiveView on a terminal hides the cursor, and shows it at the end", () => {
  const seen = onTerminal();
  seen.look(0);
  assertMatch(seen.shown, /^\x1b\[\?2026h\x1b\[\?25l.*\x1b\[\?2026l$/s);
  seen.view.close();
  assertMatch(seen.shown, /\x1b\[\?25h\x1b\[\?2026l$/);
  seen.view.close();
  assertEquals(seen.shown, "");
});

Deno.test("LiveView on a terminal does not let text pile up between frames", () => {
  const seen = onTerminal();
  seen.add(1, "a line of text\n".repeat(2000));
  assertEquals(seen.shown.length > 20_000, true);
  seen.add(1, "x".repeat(70_000));
  assertMatch(seen.shown, /x{70000}/);
});
