import { assertEquals } from "@std/assert";
import { headlineOf, isText, reasonIn } from "./reason.ts";

const fixtures = new URL("../../tests/fixtures/tracebacks", import.meta.url);

function files(...names: string[]) {
  const bytes = Uint8Array.of(0x61);
  return names.map((name) => ({ name, mimeType: undefined, bytes }));
}

Deno.test("isText goes by the type, or else by the bytes", () => {
  const cases: [mimeType: string | undefined, bytes: number[], is: boolean][] =
    [
      ["text/plain;charset=utf8", [0], true],
      ["application/json", [], true],
      ["image/png", [0x61], false],
      [undefined, [0x61], true],
      ["", [0x61], true],
      [undefined, [0], false],
    ];
  for (const [mimeType, bytes, is] of cases) {
    const file = { name: "f", mimeType, bytes: Uint8Array.from(bytes) };
    assertEquals(isText(file), is, `${mimeType} ${bytes}`);
  }
});

Deno.test("reasonIn prefers names that say so", () => {
  const cases: [names: string[], isFailed: boolean, reason?: string][] = [
    [["log", "reason", "traceback", "stderr"], true, "traceback"],
    [["log", "reason"], false, "reason"],
    [["a", "b"], true, "b"],
    [["a", "b"], false, undefined],
    [[], true, undefined],
    [
      ["attempt-1 traceback", "attempt-2 traceback", "attempt-2 stdout"],
      true,
      "attempt-2 traceback",
    ],
    [["attempt-1 traceback", "traceback"], true, "traceback"],
    [["nottraceback", "z"], true, "z"],
  ];
  for (const [names, isFailed, reason] of cases) {
    assertEquals(reasonIn(files(...names), isFailed)?.name, reason);
  }
});

Deno.test("headlineOf says what was raised", () => {
  const cases: [name: string, text: string, headline: string | undefined][] = [
    ["reason", "\n \nfirst\nsecond\n", "first"],
    ["traceback", "Traceback:\n  File\nError: x\n  more\n", "Error: x"],
    ["attempt-1 traceback", "Error: x\r\n    at f (a.js:1:2)\r\n", "Error: x"],
    ["traceback", "  File\n  Error: x", "  Error: x"],
    ["traceback", " \n", undefined],
    ["reason", "", undefined],
  ];
  for (const [name, text, headline] of cases) {
    assertEquals(headlineOf(name, text), headline);
  }
  const java = Deno.readTextFileSync(`${fixtures.pathname}/java_price.txt`);
  const [, trace] = /^1\).*\n((?:.|\n)*)\nFAILURES/m.exec(java)!;
  assertEquals(
    headlineOf("traceback", trace),
    "Caused by: java.lang.IndexOutOfBoundsException: Index: 3 Size: 1",
  );
});
