import { assert, assertEquals } from "@std/assert";
import { hasColors, movesCursor, onSignal, terminalSize } from "./terminal.ts";

Deno.test("hasColors obeys FORCE_COLOR, then NO_COLOR, then the terminal", () => {
  const cases: [
    isTerminal: boolean,
    Record<string, string>,
    colors: boolean,
  ][] = [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [false, { FORCE_COLOR: "1" }, true],
    [false, { FORCE_COLOR: "" }, false],
    [true, { FORCE_COLOR: "0" }, false],
    [true, { FORCE_COLOR: "false" }, false],
    [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
    [true, { TERM: "dumb" }, false],
    [true, { TERM: "dumb", FORCE_COLOR: "3" }, true],
    [true, { TERM: "xterm" }, true],
  ];
  for (const [isTerminal, variables, colors] of cases) {
    assertEquals(
      hasColors(isTerminal, (name) => variables[name]),
      colors,
      JSON.stringify([isTerminal, variables]),
    );
  }
});

Deno.test("movesCursor is false of a dumb terminal only", () => {
  assertEquals(movesCursor(() => "dumb"), false);
  assertEquals(movesCursor(() => "vt100"), true);
  assertEquals(movesCursor(() => undefined), true);
});

Deno.test("terminalSize is the usual one without a terminal that has a size", () => {
  const real = Deno.consoleSize;
  const usual = { columns: 80, rows: 24 };
  try {
    Deno.consoleSize = () => ({ columns: 100, rows: 30 });
    assertEquals(terminalSize(), { columns: 100, rows: 30 });
    Deno.consoleSize = () => ({ columns: 0, rows: 0 });
    assertEquals(terminalSize(), usual);
    Deno.consoleSize = () => {
      throw new Error("not a terminal");
    };
    assertEquals(terminalSize(), usual);
  } finally {
    Deno.consoleSize = real;
  }
});

Deno.test("onSignal listens until it is stopped, and says when it cannot", () => {
  const stop = onSignal("SIGUSR1", () => {});
  assert(stop !== undefined);
  stop();
  const real = Deno.addSignalListener;
  try {
    Deno.addSignalListener = () => {
      throw new TypeError("not on this system");
    };
    assertEquals(onSignal("SIGUSR1", () => {}), undefined);
  } finally {
    Deno.addSignalListener = real;
  }
});
