import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { StatusEvent } from "@subunit/codec";
import { type Format, formatOf, ResultsReader } from "./results_reader.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Describes the events of chunks, one line each, with adjacent text joined. */
function read(format: Format, chunks: Iterable<Uint8Array>): string[] {
  const reader = new ResultsReader(format);
  const lines: string[] = [];
  let text: Uint8Array[] = [];
  const endText = () => {
    const joined = new TextDecoder().decode(concat(text));
    if (joined !== "") lines.push(`text ${joined}`);
    text = [];
  };
  const take = (events: readonly StatusEvent[]) => {
    for (const { testId, status, fileBytes } of events) {
      if (testId === undefined) {
        text.push(fileBytes!.slice());
        continue;
      }
      endText();
      lines.push(`${testId} ${status}`);
    }
  };
  for (const chunk of chunks) take(reader.push(chunk));
  take(reader.end());
  endText();
  return lines;
}

/** Yields the bytes whole, and cut at every offset. */
function* cuts(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes];
  for (let at = 1; at < bytes.length; at++) {
    yield [bytes.subarray(0, at), bytes.subarray(at)];
  }
}

Deno.test("formatOf finds the form of results in the line that begins them", () => {
  const cases: [line: string, format: string | undefined][] = [
    ["TAP version 13", "tap"],
    ["1..3", "tap"],
    ["ok 1 - it works", "tap"],
    ["not ok 1\r", "tap"],
    ["ok", undefined],
    ["test: a", "v1"],
    ["time: 2026-01-31 12:00:00Z", "v1"],
    ['{"Time":"x","Action":"run","Test":"T"}', "gojson"],
    ["{}", undefined],
    ["running 3 tests", undefined],
    [`ok 1 ${"x".repeat(4096)}`, undefined],
  ];
  for (const [line, format] of cases) {
    assertEquals(formatOf(utf8(line)), format);
  }
});

Deno.test("ResultsReader finds the form of results however they are cut", () => {
  const cases: [stream: string, expected: string[]][] = [
    ["building\nok 1 - a\n", ["text building\n", "a success"]],
    [
      "building\ntest: a\nsuccess: a\nbye\n",
      ["text building\n", "a inprogress", "a success", "text bye\n"],
    ],
    ["only text, no end", ["text only text, no end"]],
  ];
  for (const [stream, expected] of cases) {
    for (const chunks of cuts(utf8(stream))) {
      const found = read("detect", chunks);
      assertEquals(found.slice(0, expected.length), expected, stream);
    }
  }
});

Deno.test("ResultsReader finds no results inside of a long line", () => {
  const long = "x".repeat(5000);
  const stream = `${long}ok 1 - a\nnot ok 2 - b\n`;
  const expected = [`text ${long}ok 1 - a\n`, "b fail"];
  for (const size of [1, 100, 4096, 4097, 5000, 10_000]) {
    const chunks: Uint8Array[] = [];
    const bytes = utf8(stream);
    for (let at = 0; at < bytes.length; at += size) {
      chunks.push(bytes.subarray(at, at + size));
    }
    const found = read("detect", chunks);
    assertEquals(found.slice(0, 1), expected.slice(0, 1), `chunks of ${size}`);
    assertEquals(found.includes(expected[1]), true, `chunks of ${size}`);
  }
});
