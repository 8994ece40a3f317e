import { assertEquals } from "@std/assert";
import type { RunningTest } from "@subunit/codec";
import { Limits, progressLines } from "./limits.ts";

const limit = (seconds: number) => ({ seconds, text: `${seconds}s` });

Deno.test("Limits.look says why a command must end, or when to look again", () => {
  const limits = new Limits({ timeout: limit(10), noOutput: limit(3) }, 1000);
  assertEquals(limits.look(1000), 3000);
  limits.hasOutput(3500);
  assertEquals(limits.look(4000), 2500);
  assertEquals(limits.look(6500), "it wrote nothing for 3s");
  limits.hasOutput(8000);
  assertEquals(limits.look(10_000), 1000);
  limits.hasOutput(10_900);
  assertEquals(limits.look(10_900), 100);
  assertEquals(limits.look(11_000), "it took longer than 10s");
  assertEquals(new Limits({}, 0).look(1e9), Infinity);
});

const encode = (text: string) => new TextEncoder().encode(text);

function running(testId: string, first: number, log?: string): RunningTest {
  const files = log === undefined ? [] : [
    { name: "log", mimeType: undefined, bytes: encode(log) },
    { name: "image", mimeType: undefined, bytes: new Uint8Array([1, 0, 2]) },
  ];
  return { testId, routeCode: "0", first, last: first, files: () => files };
}

Deno.test("progressLines names tests in progress, with their last words", () => {
  const outputOf = (route: string | undefined) =>
    encode(`of ${route}\r\none\n\ntwo\nthree  \n`);
  assertEquals(
    progressLines(
      [running("a", 0, "waiting for the lock\n"), running("b", 500)],
      2000,
      outputOf,
    ),
    [
      "In progress for 2.0 s: a, after:",
      "  waiting for the lock",
      "In progress for 1.5 s: b, after:",
      "  one",
      "  two",
      "  three",
    ],
  );
  assertEquals(progressLines([], 0, () => undefined), [
    "No test is in progress",
  ]);
  assertEquals(progressLines([], 0, () => encode("last\n")), [
    "No test is in progress; the last output:",
    "  last",
  ]);
  const many = Array.from({ length: 25 }, (_, i) => running(`t${i}`, 0, ""));
  const lines = progressLines(many, 0, () => undefined);
  assertEquals(lines.length, 21);
  assertEquals(lines.at(-1), "5 more tests are in progress");
});
