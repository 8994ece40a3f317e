import { assertEquals } from "@std/assert";
import { addTo, ended, started } from "../../../tests/support/live.ts";
import { file, textFile } from "../../../tests/support/streams.ts";
import { Forecast } from "./forecast.ts";
import { LiveRun } from "./run.ts";
import { Style } from "./spans.ts";
import { Stalls } from "./stalls.ts";

const plain = new Style(false);

/** A run that is watched, on a clock of the test's own. */
class Watched {
  readonly run = new LiveRun(
    new Forecast(),
    { failed() {}, failedToo() {}, other() {} },
    0,
  );
  readonly #stalls = new Stalls(60, 0);

  /** Parts of a stream come after so many seconds. */
  add(seconds: number, ...parts: Parameters<typeof addTo>[1][]): void {
    this.run.advance(1000 * seconds);
    this.#stalls.receive(1000 * seconds);
    addTo(this.run, ...parts);
  }

  /** What is found after so many seconds. */
  find(seconds: number): string[] {
    this.run.advance(1000 * seconds);
    return this.#stalls.find(this.run, 1000 * seconds)
      .map((line) => plain.text(line));
  }
}

Deno.test("Stalls names a test once that has been silent for long, and its last lines", () => {
  const watched = new Watched();
  const log = {
    testId: "slow",
    routeCode: "0",
    ...textFile("log", "one\ntwo\n\tthree\nfour\x1b[0m"),
  };
  watched.add(
    1,
    started("slow", { routeCode: "0" }),
    { ...log, eof: false },
    { ...log, ...file("core", Uint8Array.of(0, 1, 2), "application/x-core") },
    started("mute"),
  );
  watched.add(30, started("later"));
  assertEquals(watched.find(60), []);
  assertEquals(watched.find(61.5), [
    "STALLED  [0] slow  silent for 60.5 s, after:",
    "      two",
    "          three",
    "      four",
    "STALLED  mute  silent for 60.5 s",
  ]);
  assertEquals(watched.find(89), []);
  assertEquals(watched.find(90), ["STALLED  later  silent for 60.0 s"]);
  assertEquals(watched.find(1000), []);
});

Deno.test("Stalls names a test again when it has written and is silent again", () => {
  const watched = new Watched();
  watched.add(0, started("a"), started("b"));
  assertEquals(watched.find(60).length, 2);
  watched.add(70, { testId: "a", ...textFile("log", "go on") });
  assertEquals(watched.find(129), []);
  assertEquals(watched.find(131), [
    "STALLED  a  silent for 61.0 s, after:",
    "      go on",
  ]);
});

Deno.test("Stalls reports silence without a test to name, once", () => {
  const watched = new Watched();
  const silence = (seconds: string) => [
    `STALLED  nothing has come for ${seconds}, and no test is running`,
  ];
  assertEquals(watched.find(59), []);
  assertEquals(watched.find(60), silence("60.0 s"));
  assertEquals(watched.find(300), []);
  watched.add(301, started("a"), ended("a"));
  assertEquals(watched.find(360), []);
  assertEquals(watched.find(401), silence("1:40"));
});

Deno.test("Stalls names 20 tests, and counts the others", () => {
  const watched = new Watched();
  watched.add(0, ...Array.from({ length: 3000 }, (_, i) => started(`${i}`)));
  const lines = watched.find(60);
  assertEquals(lines.length, 21);
  assertEquals(lines[0], "STALLED  0  silent for 60.0 s");
  assertEquals(lines.at(-1), "and 2980 more silent tests");
  assertEquals(watched.find(61), []);
});
