/**
 * subunit-progress on a real terminal. The screens are compared with recorded
 * ones; SUBUNIT_RECORD=1 records them again. The clocks stand still, so that they
 * are the same each time.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { quote } from "../../scripts/tool_path.ts";
import { STOPPED_CLOCK } from "../support/clock.ts";
import { ended, started, TRACEBACK } from "../support/live.ts";
import {
  checkoutCommandOf,
  commandOf,
  ENDING_SIGNALS,
  fixture,
  peerTest,
  ROOT,
  TempDir,
} from "../support/run.ts";
import { at, type EventFields, stream, textFile } from "../support/streams.ts";
import { Terminal } from "../support/terminal.ts";

const NAME = "subunit-progress";

const NAMES = [
  "tests.checkout.test_cart.CartTest.test_total_of_an_empty_cart_is_zero",
  "tests.checkout.test_cart.CartTest.test_total",
  "tests/測試/漢字の名前がとても長いテスト::これは本当に長い名前ですから切られます",
  "tests.combining e\u0301e\u0301e\u0301 n\u0303a\u0308me",
  "tests.hostile \x1b[2J\x1b[31m\x07\nname",
  "tests.emoji 👍 🎉 party",
];

/** What comes before the screen is looked at. */
const FIRST: (EventFields | string)[] = [
  ...Array.from({ length: 40 }, (_, i): EventFields => ({
    testId: i < NAMES.length ? NAMES[i] : `tests.test_${i}`,
    status: "exists",
  })),
  ...Array.from({ length: 12 }, (_, i) => ended(`tests.test_${6 + i}`)),
  ended("tests.test_18", "skip"),
  started("tests.test_19", { timestamp: at("01:00:00"), routeCode: "1" }),
  {
    testId: "tests.test_19",
    routeCode: "1",
    ...textFile("traceback", TRACEBACK),
  },
  ended("tests.test_19", "fail", {
    timestamp: at("01:00:01.5"),
    routeCode: "1",
  }),
  "a line of a log\nhalf a line",
  ...NAMES.map((testId, i) => started(testId, { routeCode: String(i % 2) })),
];
/** What comes then. */
const REST: (EventFields | string)[] = [
  " and its rest\n",
  ...NAMES.slice(1).map((testId, i) =>
    ended(testId, "success", {
      routeCode: String((i + 1) % 2),
      timestamp: at("01:00:02"),
    })
  ),
];

/** The command line, on a clock that stands still. */
function onStoppedClock(dir: TempDir, args: string): string {
  const clock = dir.file("clock.cjs", STOPPED_CLOCK);
  const [deno, verb, ...words] = checkoutCommandOf(NAME);
  return `${
    [deno, verb, "--preload", clock, ...words].map(quote).join(" ")
  } ${args}`;
}

/** Compares a screen with a recorded one. */
function assertRecorded(name: string, screen: string): void {
  const path = fixture(`progress/${name}.txt`);
  const text = screen.trimEnd() + "\n";
  if (Deno.env.get("SUBUNIT_RECORD")) Deno.writeTextFileSync(path, text);
  assertEquals(text, Deno.readTextFileSync(path), name);
}

/** A fifo held open by the test: what is written comes at once. */
class Feed implements Disposable {
  readonly #file: Deno.FsFile;
  #isOpen = true;

  constructor(path: string) {
    // With a reader of its own, opening it never waits.
    this.#file = Deno.openSync(path, { read: true, write: true });
  }

  write(...parts: Parameters<typeof stream>): void {
    const bytes = stream(...parts);
    for (let at = 0; at < bytes.length;) {
      at += this.#file.writeSync(bytes.subarray(at));
    }
  }

  /** Ends what is read. */
  [Symbol.dispose](): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }
}

for (const [columns, rows] of [[80, 24], [40, 10], [200, 50], [20, 6]]) {
  peerTest(
    `subunit-progress on a terminal of ${columns} by ${rows} has the recorded screens`,
    ["tmux"],
    async () => {
      using dir = new TempDir();
      await using terminal = await Terminal.open(columns, rows);
      const path = await terminal.fifo("feed");
      using feed = new Feed(path);
      const command = onStoppedClock(dir, "");
      await terminal.type(
        `clear; ${command} < ${quote(path)}; echo status=$?`,
      );
      feed.write(...FIRST);
      const more = columns > 40 ? /party/ : /and \d+ more$|0:00$/;
      const live = await terminal.sees((screen) =>
        more.test(screen) && /14 of 40/.test(screen)
      );
      const colors = await terminal.screen(true);
      assertEquals(await terminal.cursor(), "1");
      assertRecorded(`${columns}x${rows}-live`, live);
      if (columns === 80) assertRecorded("colors", colors);
      feed.write(...REST);
      feed[Symbol.dispose]();
      const end = await terminal.sees(/status=1/);
      assertRecorded(`${columns}x${rows}-end`, end);
      assertEquals(await terminal.cursor(), "1");
    },
  );
}

Deno.test("docs/watching.md and README show the recorded screens", () => {
  const markdown = Deno.readTextFileSync(new URL("docs/watching.md", ROOT));
  const recorded = (name: string) =>
    Deno.readTextFileSync(fixture(`progress/${name}.txt`));
  const live = recorded("80x24-live");
  const end = recorded("80x24-end").replace(/status=\d+\n$/, "");
  for (const screen of [live, end]) {
    assert(markdown.includes(`\`\`\`text\n${screen}\`\`\``), screen);
  }
  // README has no room for all of it.
  const lines = live.split("\n");
  const excerpt = [0, 1, 6, 7, 8, 9].map((i) => `${lines[i]}\n`).join("");
  const readme = Deno.readTextFileSync(new URL("README.md", ROOT));
  assert(readme.includes(`\`\`\`text\n${excerpt}\`\`\``), excerpt);
});

peerTest(
  "subunit-progress draws anew after a resize, narrower, wider and shorter",
  ["tmux"],
  async () => {
    using dir = new TempDir();
    await using terminal = await Terminal.open(100, 24);
    const path = await terminal.fifo("feed");
    using feed = new Feed(path);
    await terminal.type(`clear; ${onStoppedClock(dir, "")} < ${quote(path)}`);
    feed.write(...FIRST);
    await terminal.sees(/party/);
    for (const [columns, rows] of [[50, 24], [120, 24], [60, 12], [100, 30]]) {
      await terminal.resize(columns, rows);
      // One block, whole, and nothing left of the one before.
      const screen = await terminal.sees((screen) => {
        const lines = screen.split("\n");
        return lines.filter((line) => /^\[=*-*#* *\]/.test(line)).length ===
            1 &&
          lines.filter((line) => /14 of 40/.test(line)).length === 1 &&
          lines.every((line) => line.length <= columns) &&
          new RegExp(`^\\[.{${Math.min(60, columns - 1 - 14 - 2)}}\\]`, "m")
            .test(screen);
      });
      assertEquals(screen.match(/12 passed/g)?.length, 1, screen);
      assertEquals(screen.match(/hostile/g)?.length ?? 1, 1, screen);
      assertRecorded(`resized-${columns}x${rows}`, screen);
    }
  },
);

const ENDINGS = [
  ...ENDING_SIGNALS.map(([signal, status]) =>
    [`kill -${signal}`, status] as const
  ),
  ["Ctrl-C", 130],
] as const;

for (const [how, status] of ENDINGS) {
  peerTest(
    `subunit-progress leaves the terminal as it was after ${how}`,
    ["tmux"],
    async () => {
      await using terminal = await Terminal.open(80, 24);
      const path = await terminal.fifo("feed");
      using feed = new Feed(path);
      const before = await terminal.state();
      assertEquals(before.cursor, "1");
      const command = commandOf(NAME).map(quote).join(" ");
      await terminal.type(
        `clear; sh -c 'echo $$ > "$1".pid; shift; exec "$@"' sh ${
          quote(path)
        } ${command} < ${quote(path)}; echo status=$?`,
      );
      feed.write(ended("bad", "fail"), started("slow", { routeCode: "0" }));
      await terminal.sees(/s {2}\[0\] slow/);
      assertEquals(await terminal.cursor(), "1");
      if (how === "Ctrl-C") await terminal.press("C-c");
      else {
        const pid = Number(Deno.readTextFileSync(`${path}.pid`));
        Deno.kill(pid, how.slice("kill -".length) as Deno.Signal);
      }
      const screen = await terminal.sees(/status=\d+/);
      assertMatch(screen, new RegExp(`status=${status}`));
      assertMatch(
        screen,
        /FAIL {2}bad\nFailed\n {2}bad\nStill running\n {2}\[0\] slow\nEnded by SIG/,
      );
      // The block is gone.
      assert(!/0 passed {2}1 failed/.test(screen), screen);
      assertEquals(await terminal.state(), before);
    },
  );
}

peerTest(
  "subunit-progress leaves the terminal as it was when it is stopped, goes on, and is killed",
  ["tmux"],
  async () => {
    await using terminal = await Terminal.open(80, 24);
    const path = await terminal.fifo("feed");
    using feed = new Feed(path);
    const before = await terminal.state();
    const command = commandOf(NAME).map(quote).join(" ");
    await terminal.type(`clear; ${command} < ${quote(path)}`);
    feed.write(ended("bad", "fail"), started("slow"));
    await terminal.sees(/s {2}slow/);
    await terminal.press("C-z");
    await terminal.sees(/Stopped/);
    assertEquals(await terminal.state(), before);
    await terminal.type("clear");
    await terminal.sees(/^$/);
    await terminal.type("fg > /dev/null");
    feed.write(ended("worse", "fail"));
    // The block is drawn anew, once.
    await terminal.sees(
      /^FAIL {2}worse\n0 passed {2}2 failed [^\n]*\n +[\d.]+ s {2}slow$/m,
    );
    await terminal.press("C-z");
    await terminal.sees(/Stopped/);
    await terminal.type("kill -KILL %1; wait; clear; echo gone");
    await terminal.sees(/^gone$/m);
    assertEquals(await terminal.state(), before);
  },
);

peerTest(
  "subunit-progress leaves the terminal as it was after an error, and when its reader leaves",
  ["tmux"],
  async () => {
    await using terminal = await Terminal.open(80, 24);
    const before = await terminal.state();
    const command = commandOf(NAME).map(quote).join(" ");
    const path = await terminal.fifo("feed");
    {
      using feed = new Feed(path);
      await terminal.type(
        `clear; head -c ${stream(started("slow")).length} ${
          quote(path)
        } > /dev/null; ${command} ${
          quote(path)
        }.run no/such.file; echo status=$?`,
      );
      Deno.writeFileSync(`${path}.run`, stream(started("slow")));
      feed.write(started("slow"));
      assertMatch(await terminal.sees(/status=\d/), /no such file[^]*status=2/);
    }
    assertEquals(await terminal.state(), before);
    {
      using feed = new Feed(path);
      await terminal.type(
        `clear; ${command} -f < ${
          quote(path)
        } | head -c 1 > /dev/null; echo left=\${PIPESTATUS[0]}`,
      );
      feed.write(started("slow"));
      await terminal.sees((screen) => {
        // It ends with the first write that nobody reads.
        feed.write(started("slow"));
        return /left=\d+/.test(screen);
      });
      assertMatch(await terminal.screen(), /left=141/);
    }
    assertEquals(await terminal.state(), before);
  },
);

peerTest(
  "subunit-progress has lines on a dumb terminal, and colors by NO_COLOR and FORCE_COLOR",
  ["tmux"],
  async () => {
    await using terminal = await Terminal.open(80, 24);
    using dir = new TempDir();
    const file = quote(dir.file("run", stream(ended("bad", "fail"))));
    const command = commandOf(NAME).map(quote).join(" ");
    for (
      const [environment, isColored] of [
        ["", true],
        ["NO_COLOR=1", false],
        ["NO_COLOR=", true],
        ["TERM=dumb", false],
        ["TERM=dumb FORCE_COLOR=1", true],
        ["FORCE_COLOR=0", false],
      ] as const
    ) {
      await terminal.type(
        `clear; ${environment} ${command} ${file}; echo status=$?`,
      );
      const screen = await terminal.sees(/status=1/, true);
      // deno-lint-ignore no-control-regex -- colors start with one
      assertEquals(/\x1b\[31mFAIL/.test(screen), isColored, environment);
      assertEquals(await terminal.cursor(), "1");
      await terminal.type("clear");
      await terminal.sees(/^$/);
    }
  },
);

peerTest(
  "subunit-progress asked by SIGUSR1 says above the block what runs",
  ["tmux"],
  async () => {
    await using terminal = await Terminal.open(80, 24);
    const path = await terminal.fifo("feed");
    using feed = new Feed(path);
    const command = commandOf(NAME).map(quote).join(" ");
    await terminal.type(
      `clear; sh -c 'echo $$ > "$1".pid; shift; exec "$@"' sh ${
        quote(path)
      } ${command} < ${quote(path)}`,
    );
    feed.write(started("slow"));
    await terminal.sees(/s {2}slow/);
    Deno.kill(Number(Deno.readTextFileSync(`${path}.pid`)), "SIGUSR1");
    await terminal.sees(
      /1 running, for [\d.]+ s slow\n +[\d.]+ s {2}slow\n0 passed {2}\d+:\d\d\n +[\d.]+ s {2}slow$/,
    );
  },
);
